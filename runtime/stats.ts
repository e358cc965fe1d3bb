/**
 * A snapshot of the counters in shared memory: any thread can take it at any time, without asking a scheduler (S4, S5).
 *
 * @module
 */
import type { RuntimeStats, SchedulerStats } from "./api.ts";
import {
  ASLEEP,
  COUNTER_WORDS,
  type CounterName,
  COUNTERS,
  CURRENT_KEY,
  ENDED,
  IO_PARKED,
  NO_ACTOR,
  PEER_WORDS,
  RUN_QUEUE_LENGTH,
  type SharedMemory,
  SLEEPING,
  SPAWNED,
  TIMERS,
  WHERE_BITS,
} from "./layout.ts";
import { birthOf, indexOf, pidFromKey } from "./pid.ts";

type Blocks = Pick<SharedMemory, "schedulers" | "peerWords" | "counters" | "routes">;

export function readStats(memory: Blocks): RuntimeStats {
  const words = new Int32Array(memory.peerWords);
  const schedulers: SchedulerStats[] = [];
  let ended = 0, spawned = 0;
  // Ends first, then spawns: the difference is never negative.
  for (let id = 0; id < memory.schedulers; id++) ended += Atomics.load(words, id * PEER_WORDS + ENDED);
  for (let id = 0; id < memory.schedulers; id++) {
    spawned += Atomics.load(words, id * PEER_WORDS + SPAWNED);
    schedulers.push(readScheduler(memory, words, id));
  }
  const sum = (pick: (one: SchedulerStats) => number) =>
    schedulers.reduce((total, one) => total + pick(one), 0);
  return {
    schedulerCount: memory.schedulers,
    live: (spawned - ended) | 0,
    runQueueLength: sum((one) => one.runQueueLength),
    ioParked: sum((one) => one.ioParked),
    sleeping: sum((one) => one.sleeping),
    deadLetters: sum((one) => one.deadLetters),
    panicked: sum((one) => one.panicked),
    stolen: sum((one) => one.stolen),
    schedulers,
  };
}

function readScheduler(memory: Blocks, words: Int32Array, id: number): SchedulerStats {
  const base = id * PEER_WORDS;
  const values = new Float64Array(memory.counters, id * COUNTER_WORDS * 8, COUNTER_WORDS);
  const counters = {} as Record<CounterName, number>;
  COUNTERS.forEach((name, i) => counters[name] = values[i]);
  const key = Atomics.load(words, base + CURRENT_KEY);
  let currentPid = null;
  if (key !== NO_ACTOR) {
    const routes = new Int32Array(memory.routes[birthOf(key)]);
    currentPid = pidFromKey(key, Atomics.load(routes, indexOf(key)) >>> WHERE_BITS);
  }
  return {
    id,
    currentPid,
    runQueueLength: Atomics.load(words, base + RUN_QUEUE_LENGTH),
    spawned: Atomics.load(words, base + SPAWNED) >>> 0,
    ended: Atomics.load(words, base + ENDED) >>> 0,
    sleeping: Atomics.load(words, base + SLEEPING),
    ioParked: Atomics.load(words, base + IO_PARKED),
    timers: Atomics.load(words, base + TIMERS),
    parked: Atomics.load(words, base + ASLEEP) !== 0,
    ...counters,
  };
}
