/**
 * A snapshot of the counters in shared memory: any thread can take it at any time, without asking a scheduler (S4, S5).
 *
 * @module
 */
import type { RuntimeStats, SchedulerStats } from "./api.ts";
import {
  ASLEEP,
  BLOCKING_QUEUED,
  BLOCKING_RUNNING,
  BLOCKING_THREADS,
  COUNTER_WORDS,
  type CounterName,
  COUNTERS,
  CURRENT_KEY,
  ENDED,
  IO_PARKED,
  nearest,
  NO_ACTOR,
  PEER_WORDS,
  RUN_QUEUE_LENGTH,
  type SharedMemory,
  SLEEPING,
  SPAWNED,
  TIMERS,
  WHERE_BITS,
} from "./layout.ts";
import { idleMs } from "./idle_time.ts";
import { birthOfKey, indexOfKey, pidFromKey } from "./pid.ts";

type Blocks = Pick<SharedMemory, "schedulers" | "peerWords" | "counters" | "routes">;

/** `nowMs`: the time, in ms since the run began. */
export function readStats(memory: Blocks, nowMs: number): RuntimeStats {
  const words = new Int32Array(memory.peerWords);
  const schedulers: SchedulerStats[] = [];
  let ended = 0, spawned = 0;
  // Ends first, then spawns: the difference is never negative.
  for (let id = 0; id < memory.schedulers; id++) ended += Atomics.load(words, id * PEER_WORDS + ENDED);
  for (let id = 0; id < memory.schedulers; id++) {
    spawned += Atomics.load(words, id * PEER_WORDS + SPAWNED);
    schedulers.push(readScheduler(memory, words, id, nowMs));
  }
  const sum = (pick: (one: SchedulerStats) => number) =>
    schedulers.reduce((total, one) => total + pick(one), 0);
  const live = (spawned - ended) | 0;
  const running = sum((one) => one.currentPid === null ? 0 : 1);
  const runnable = sum((one) => one.runQueueLength);
  const sleeping = sum((one) => one.sleeping);
  const ioParked = sum((one) => one.ioParked);
  const poller = memory.schedulers * PEER_WORDS;
  return {
    schedulerCount: memory.schedulers,
    uptimeMs: nowMs,
    live,
    states: {
      running,
      runnable,
      sleeping,
      io: ioParked,
      waiting: Math.max(0, live - running - runnable - sleeping - ioParked),
    },
    runQueueLength: runnable,
    ioParked,
    sleeping,
    blocking: {
      threads: Atomics.load(words, poller + BLOCKING_THREADS),
      running: Atomics.load(words, poller + BLOCKING_RUNNING),
      queued: Atomics.load(words, poller + BLOCKING_QUEUED),
    },
    spawned: sum((one) => one.spawned),
    ended: sum((one) => one.ended),
    timers: sum((one) => one.timers),
    timersFired: sum((one) => one.timersFired),
    ioDone: sum((one) => one.ioDone),
    deadLetters: sum((one) => one.deadLetters),
    dropped: sum((one) => one.dropped),
    panicked: sum((one) => one.panicked),
    restarts: sum((one) => one.restarts),
    stolen: sum((one) => one.stolen),
    memory: { rssBytes: Deno.memoryUsage().rss, heapUsedBytes: sum((one) => one.heapUsedBytes) },
    schedulers,
  };
}

function readScheduler(memory: Blocks, words: Int32Array, id: number, nowMs: number): SchedulerStats {
  const base = id * PEER_WORDS;
  const values = new Float64Array(memory.counters, id * COUNTER_WORDS * 8, COUNTER_WORDS);
  const counters = {} as Record<CounterName, number>;
  COUNTERS.forEach((name, i) => counters[name] = values[i]);
  const { startedMs, turnedMs, idle, spawnedCount, endedCount, ...shown } = counters;
  const ageMs = startedMs === 0 ? 0 : Math.max(0, nowMs - startedMs);
  const slept = startedMs === 0 ? 0 : Math.min(ageMs, idleMs(idle, nowMs));
  const key = Atomics.load(words, base + CURRENT_KEY);
  let currentPid = null;
  if (key !== NO_ACTOR) {
    const routes = new Int32Array(memory.routes[birthOfKey(key)]);
    currentPid = pidFromKey(key, Atomics.load(routes, indexOfKey(key)) >>> WHERE_BITS);
  }
  return {
    id,
    currentPid,
    runQueueLength: Atomics.load(words, base + RUN_QUEUE_LENGTH),
    spawned: nearest(Atomics.load(words, base + SPAWNED), spawnedCount),
    ended: nearest(Atomics.load(words, base + ENDED), endedCount),
    sleeping: Atomics.load(words, base + SLEEPING),
    ioParked: Atomics.load(words, base + IO_PARKED),
    timers: Atomics.load(words, base + TIMERS),
    parked: key === NO_ACTOR && Atomics.load(words, base + ASLEEP) !== 0, // a sleeper's sockets wake actors without a turn
    ...shown,
    busyMs: ageMs - slept,
    idleMs: slept,
    sinceTurnMs: turnedMs === 0 ? 0 : Math.max(0, nowMs - turnedMs),
  };
}
