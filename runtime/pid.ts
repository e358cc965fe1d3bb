/**
 * Pids: one number that names a birthplace, a slot and a generation.
 *
 * Bits, from the low end: 22 of slot index, 9 of birth scheduler, 22 of generation: 53 in all, the safe integers.
 * The low 31 bits are the *key* (scheduler and index); an int32 conversion takes them out without a division.
 * Generations start at 1, so no pid is 0, and {@link RETIRED_GENERATION} is never given out: the slot is retired
 * instead of wrapped (S6), and the largest safe integer stays free for {@link ROOT_PID} (S14).
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
const KEY_MASK = 0x7fff_ffff;
const KEY_RANGE = 2 ** 31;

/** The sender of what the runtime itself does, and the parent of the first actor: no actor gets this number. */
export const ROOT_PID: Pid = Number.MAX_SAFE_INTEGER as Pid;

export function makePid(scheduler: number, index: number, generation: number): Pid {
  return (generation * KEY_RANGE + (scheduler * SLOTS_PER_SCHEDULER + index)) as Pid;
}

/** Scheduler and index together, as stored in shared words. */
export function keyOf(pid: number): number {
  return pid & KEY_MASK;
}

export function indexOf(pid: number): number {
  return pid & INDEX_MASK;
}

/** The scheduler that the actor was spawned on, which is not always where it lives. */
export function birthOf(pid: number): number {
  return (pid & KEY_MASK) >>> INDEX_BITS;
}

export function generationOf(pid: number): number {
  return Math.floor(pid / KEY_RANGE);
}

export function pidFromKey(key: number, generation: number): Pid {
  return (generation * KEY_RANGE + key) as Pid;
}

/** Whether a value could be a pid; says nothing about whether the actor lives. */
export function isPid(value: unknown): value is Pid {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= KEY_RANGE;
}

/** `<scheduler.index.generation>` */
export function formatPid(pid: number): string {
  if (pid === ROOT_PID) return "<root>";
  return `<${birthOf(pid)}.${indexOf(pid)}.${generationOf(pid)}>`;
}
