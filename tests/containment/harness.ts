/**
 * Runs the load and kills its schedulers, at given points or at random, then looks whether anything is left behind.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { Config } from "../../runtime/config.ts";
import { Runtime, seamsOf } from "../../runtime/runtime.ts";
import type { LogRecord, Outcome } from "../../runtime/api.ts";
import { ENDED, HUNGRY, PEER_WORDS, type SharedMemory, SPAWNED } from "../../runtime/layout.ts";
import { takerOf } from "../../runtime/offers.ts";
import { NameTable } from "../../runtime/names.ts";
import { Routes } from "../../runtime/slot_table.ts";
import {
  ANY,
  ARMED,
  BLOCKS,
  DISARMED,
  HIT,
  LEFT,
  NAMELESS,
  NAMELESS_AT,
  POINT,
  POINTS,
  READY,
  VICTIM,
} from "./points.ts";
import { BEGUN, OVER, SHARED_WORDS, WANTED_POINT, WANTED_VICTIM } from "./load_program.ts";

const LOAD = new URL("./load_program.ts", import.meta.url);
const KILLABLE = new URL("./killable_worker.ts", import.meta.url);
const MEMORY = { slotCapacity: 16_384, names: 512, ringBytes: 2 ** 14 };
/** They are there to end hangs. */
const DEADLINE_MS = 60_000;
/** A point that is not written for so long is none under this load. */
const UNREACHED_MS = 1000;
/** This one takes a second in which no panic goes unobserved. */
const LATE_POINT = "run NOTICE_PENDING";
const LATE_MS = 6000;

export interface Killed {
  /** Kills at each point. */
  readonly points: Map<string, number>;
  readonly kills: number;
  readonly lost: number;
  readonly waves: number;
}

/** Where to kill next: a point's number and how many writes there go well before. */
export type Plan = Iterator<{ point: number; after: number }>;

export function* everyPoint(
  after: readonly number[],
  except: readonly string[] = [],
): Generator<{ point: number; after: number }> {
  for (const n of after) {
    for (let point = 0; point < POINTS.length; point++) {
      if (!except.includes(POINTS[point])) yield { point, after: n };
    }
  }
}

/** Any write, at random. */
export function* anyWrite(times: number, below: number, random: () => number) {
  for (let i = 0; i < times; i++) yield { point: ANY, after: Math.floor(random() * below) };
}

export async function killSchedulers(schedulers: number, plan: Plan): Promise<Killed> {
  const told: string[] = [];
  const hearLog = (record: LogRecord) => {
    checkLog(record);
    if (record.pid === null) told.push(`scheduler ${record.scheduler} ${record.message}`); // how far its start is
  };
  const runtime = new Runtime(
    Config.exact(schedulers).contain().watchdogMillis(30_000).logLevel("info"),
    { write: (text) => void told.push(text), colors: false },
    MEMORY,
  );
  const seams = seamsOf(runtime);
  seams.schedulerEntry = KILLABLE;
  const shared = new Int32Array(new SharedArrayBuffer(SHARED_WORDS * 4));
  let ended: Outcome | Error | null = null;
  const run = runtime.run(LOAD, { args: [String(schedulers), shared] as never, onLog: hearLog })
    .then((outcome) => ended = outcome, (error) => ended = error);
  const memory = seams.memory!;
  const words = new Int32Array(memory.run);
  const isUp = (scheduler: number) => seams.active?.isUp(scheduler) === true;
  const isOver = () => ended !== null;

  const until = async (what: string, condition: () => boolean, withinMs = DEADLINE_MS): Promise<boolean> => {
    const deadline = performance.now() + withinMs;
    while (!condition()) {
      if (isOver()) {
        throw new Error(`the run ended while ${what}: ${Deno.inspect(ended)}\n${told.join("\n")}`);
      }
      if (performance.now() > deadline) {
        if (withinMs < DEADLINE_MS) return false;
        throw new Error(
          `${what}: not within ${withinMs} ms\n${await runtime.dump()}\n${told.slice(-20).join("\n")}`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    return true;
  };

  await until("main begins", () => Atomics.load(shared, BEGUN) === 1);
  const home = takerOf(memory, 0);
  const points = new Map<string, number>();
  let kills = 0;
  for (let next = plan.next(); !next.done; next = plan.next()) {
    const victim = (home + 1 + kills % (schedulers - 1)) % schedulers;
    const { point, after } = next.value;
    await until(`scheduler ${victim} is up`, () => isUp(victim));
    words[VICTIM] = victim;
    words[POINT] = point;
    Atomics.store(shared, WANTED_VICTIM, victim);
    Atomics.store(shared, WANTED_POINT, point);
    const isReached = () => {
      assert(
        Atomics.load(words, ARMED) !== NAMELESS,
        `byte ${words[NAMELESS_AT + 1]} of ${
          BLOCKS[words[NAMELESS_AT]]
        } is written and has no name in points.ts`,
      );
      return Atomics.load(words, ARMED) === HIT;
    };
    /** Kills at the write after so many. False: not within the time. */
    const arm = async (left: number): Promise<boolean> => {
      words[LEFT] = left;
      Atomics.store(words, ARMED, READY);
      const withinMs = point === ANY ? DEADLINE_MS : POINTS[point] === LATE_POINT ? LATE_MS : UNREACHED_MS;
      return await until("the point is reached", isReached, withinMs) ||
        Atomics.compareExchange(words, ARMED, READY, DISARMED) !== READY;
    };
    const isHit = await arm(after) || (after > 0 && await arm(0)); // what is seldom written: at the first write
    if (!isHit) {
      continue;
    }
    seams.active?.lose(victim, "it was killed by a test");
    Atomics.store(words, ARMED, DISARMED);
    kills++;
    const name = POINTS[point] ?? "any";
    points.set(name, (points.get(name) ?? 0) + 1);
    await until(`scheduler ${victim} is replaced after ${name}`, () => !isUp(victim));
  }
  await until(
    "all are up",
    () => Array.from({ length: schedulers }, (_, i) => i).every(isUp),
  );
  Atomics.store(shared, OVER, 1);
  const deadline = performance.now() + DEADLINE_MS;
  while (!isOver()) {
    if (performance.now() > deadline) {
      throw new Error(`the run did not end\n${await runtime.dump()}\n${told.slice(-20).join("\n")}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await run;
  const outcome = ended as unknown as Outcome;
  if (outcome instanceof Error) throw outcome;
  if (outcome.kind === "panic") throw outcome.error;
  const value = outcome.value as {
    waves: number;
    ended: number;
    downs: number;
    lost: number;
    active: number;
  };
  assertEquals(value.ended, value.downs, "each death is told once");
  assertEquals(value.active, schedulers, "the supervisor has all its children");
  assertNothingLeft(memory);
  assert(told.every((line) => /was lost|Uncaught in actor|^scheduler \d /.test(line)), told.join("\n"));
  return { points, kills, lost: value.lost, waves: value.waves };
}

/** A scheduler that takes another's place goes on with its counts of records, and tells of drops only when there were any. */
function checkLog({ message, fields }: LogRecord): void {
  if (message.includes("were dropped")) assert(Number(fields.dropped) > 0, message);
}

/** Counts meet, slots and names are free. */
function assertNothingLeft(memory: SharedMemory): void {
  const words = new Int32Array(memory.peerWords);
  let spawned = 0, ended = 0;
  for (let id = 0; id < memory.schedulers; id++) {
    spawned += words[id * PEER_WORDS + SPAWNED];
    ended += words[id * PEER_WORDS + ENDED];
  }
  assertEquals(ended, spawned, "as many ends as spawns");
  const routes = new Routes(memory.routes.map((buffer) => new Int32Array(buffer)));
  assertEquals(routes.taken, 0, "every slot is free");
  const names = new NameTable(memory, 0, routes);
  for (let i = 0; i < memory.schedulers; i++) assertEquals(names.whereis(`server-${i}`), undefined);
  const hungry = new Int32Array(memory.run)[HUNGRY];
  assert(hungry >= 0 && hungry <= memory.schedulers, `${hungry} are hungry`);
}
