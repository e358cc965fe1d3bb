/**
 * Pids: one number that names a birthplace, a slot and a generation: 9, 22 and 22 bits, the 53 of the safe integers.
 *
 * The low bits of all three stand together in the low 31, from the low end 3 of the scheduler, 17 of the index and 11 of the
 * generation, the others above. So most pids are what V8 calls small integers (below 2^31), which stand in a field, in
 * a message or an argument without an object of their own. One for each message took 5 to 9 of 100 ns in a ping-pong of two
 * bare async functions.
 *
 * Generations start at 1, so no pid is 0, and {@link RETIRED_GENERATION} is never given out: the slot is retired
 * instead of wrapped (S6), and the largest safe integer stays free for {@link ROOT_PID} (S14).
 *
 * Shared words hold the *key*, scheduler and index in 31 bits, apart from the generation.
 *
 * @module
 */
import type { Pid } from "./api.ts";

export const INDEX_BITS = 22;
export const SCHEDULER_BITS = 9;
/** Slots of one birth scheduler: 4,194,304. */
export const SLOTS_PER_SCHEDULER = 2 ** INDEX_BITS;
/** The most schedulers a run can have (Mycelium's MAX_CORES). */
export const MAX_SCHEDULERS = 2 ** SCHEDULER_BITS;
export const FIRST_GENERATION = 1;
/** A slot that has come to this generation is given to nobody any more. */
export const RETIRED_GENERATION = 2 ** 22 - 1;

const INDEX_MASK = SLOTS_PER_SCHEDULER - 1;

/** Where a part stands: its low bits in the low 31 from `at`, the others above them from `highAt`. */
const LOW_SCHEDULER = 0x7, LOW_SCHEDULER_BITS = 3, HIGH_SCHEDULER = 0x3f;
const INDEX_AT = 3, LOW_INDEX = 0x1_ffff, LOW_INDEX_BITS = 17, HIGH_INDEX_AT = 6, HIGH_INDEX = 0x1f;
const GENERATION_AT = 20, LOW_GENERATION = 0x7ff, LOW_GENERATION_BITS = 11, HIGH_GENERATION_AT = 11;
const LOW_RANGE = 2 ** 31;
/** The last generation with which the pid of a slot below {@link smallSlotsOf} is a small integer. */
export const LAST_SMALL_GENERATION = LOW_GENERATION;
const LEAST_PID = FIRST_GENERATION << GENERATION_AT;

/** The sender of what the runtime itself does, and the parent of the first actor: no actor gets this number. */
export const ROOT_PID: Pid = Number.MAX_SAFE_INTEGER as Pid;

export function makePid(scheduler: number, index: number, generation: number): Pid {
  const low = scheduler & LOW_SCHEDULER | (index & LOW_INDEX) << INDEX_AT |
    (generation & LOW_GENERATION) << GENERATION_AT;
  const high = scheduler >>> LOW_SCHEDULER_BITS | index >>> LOW_INDEX_BITS << HIGH_INDEX_AT |
    generation >>> LOW_GENERATION_BITS << HIGH_GENERATION_AT;
  return (high === 0 ? low : high * LOW_RANGE + low) as Pid;
}

/** How many slots of a scheduler, the first ones, can have small integers for pids. */
export function smallSlotsOf(scheduler: number): number {
  return scheduler <= LOW_SCHEDULER ? LOW_INDEX + 1 : 0;
}

/** The bits above the low 31. */
function highOf(pid: number): number {
  return pid < LOW_RANGE ? 0 : pid / LOW_RANGE | 0;
}

/** The scheduler that the actor was spawned on, which is not always where it lives. */
export function birthOf(pid: number): number {
  return pid & LOW_SCHEDULER | (highOf(pid) & HIGH_SCHEDULER) << LOW_SCHEDULER_BITS;
}

export function indexOf(pid: number): number {
  return pid >>> INDEX_AT & LOW_INDEX | (highOf(pid) >>> HIGH_INDEX_AT & HIGH_INDEX) << LOW_INDEX_BITS;
}

export function generationOf(pid: number): number {
  return pid >>> GENERATION_AT & LOW_GENERATION | highOf(pid) >>> HIGH_GENERATION_AT << LOW_GENERATION_BITS;
}

/** Scheduler and index together, as stored in shared words. */
export function keyOf(pid: number): number {
  return birthOf(pid) << INDEX_BITS | indexOf(pid);
}

export function birthOfKey(key: number): number {
  return key >>> INDEX_BITS;
}

export function indexOfKey(key: number): number {
  return key & INDEX_MASK;
}

export function pidFromKey(key: number, generation: number): Pid {
  return makePid(birthOfKey(key), indexOfKey(key), generation);
}

/** What was read from an array of doubles: V8 goes on with a double, and a field that held one once makes an object for each. */
export function fromDouble(value: number): Pid {
  const small = value | 0;
  return (small === value ? small : value) as Pid;
}

/** Whether a value could be a pid; says nothing about whether the actor lives. */
export function isPid(value: unknown): value is Pid {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= LEAST_PID;
}

/** `<scheduler.index.generation>` */
export function formatPid(pid: number): string {
  if (pid === ROOT_PID) return "<root>";
  return `<${birthOf(pid)}.${indexOf(pid)}.${generationOf(pid)}>`;
}
