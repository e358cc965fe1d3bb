/**
 * timers: `n` actors sleep for 1 to 1,000 ms each; lateness is how much later than asked each one runs again.
 *
 * @module
 */
import type { Actor, Pid } from "smarm";
import { check, ensure, lcg, measure, type Measurement, round, secondsSince } from "./common.ts";

export interface LateMessage {
  readonly type: "late";
  readonly micros: number;
}

export interface AllLateMessage {
  readonly type: "all-late";
  readonly micros: readonly number[];
}

/** So many actors are started between two chances for others to run. */
const SPAWNS_PER_CHECK = 64;

export function main(self: Actor<AllLateMessage>, ...args: string[]): Promise<void> {
  return measure(self, { name: "timers", unit: "sleeps", n: 100_000 }, args, (n) => sleeps(self, n));
}

async function sleeps(self: Actor<AllLateMessage>, n: number): Promise<Measurement> {
  const start = performance.now();
  const to = self.spawn(sink, self.pid, n).pid;
  let random = 1;
  for (let i = 0; i < n; i++) {
    random = lcg(random);
    self.spawn(sleeper, to, 1 + random % 1000);
    // A process of the peer is preempted while it spawns; here the spawner says where it may be.
    if (i % SPAWNS_PER_CHECK === 0) await self.check();
  }
  const spawnSeconds = secondsSince(start);
  const { micros } = await self.receive();
  const seconds = secondsSince(start);
  check("the number of sleeps", micros.length, n);
  const sorted = Float64Array.from(micros).sort();
  ensure(sorted[0] >= 0, `a sleeper woke ${-sorted[0]} µs early`);
  const quantile = (part: number) => round(sorted[Math.max(0, Math.floor(n * part) - 1)], 0);
  return {
    n,
    seconds,
    extra: {
      late_us_p50: quantile(0.5),
      late_us_p99: quantile(0.99),
      late_us_max: quantile(1),
      spawn_seconds: round(spawnSeconds, 3),
    },
  };
}

export async function sleeper(self: Actor<never>, to: Pid<LateMessage>, ms: number): Promise<void> {
  const start = performance.now();
  await self.sleep(ms);
  self.send(to, { type: "late", micros: (performance.now() - start - ms) * 1000 });
}

export async function sink(self: Actor<LateMessage>, driver: Pid<AllLateMessage>, n: number): Promise<void> {
  const micros: number[] = [];
  while (micros.length < n) micros.push((await self.receive()).micros);
  self.send(driver, { type: "all-late", micros });
}
