/**
 * parked: `n` actors that wait for a message. What one of them keeps in memory; then each is woken, answers, and ends.
 * Collects garbage before it reads the memory when started with `--v8-flags=--expose-gc`; without, the figure includes
 * what is not collected yet.
 *
 * @module
 */
import type { Actor, Pid } from "smarm";
import { check, collectGarbage, measure, type Measurement, round, secondsSince } from "./common.ts";

export { collectGarbage };

export interface WakeMessage {
  readonly type: "wake";
  readonly from: Pid<AwakeMessage>;
}

export interface AwakeMessage {
  readonly type: "awake";
}

const SETTLE_MS = 1000;
/** How long the actors get to reach their wait, and later to end, before the bench fails. */
const LIMIT_MS = 60_000;
const POLL_MS = 20;
/** So many actors are started between two chances for others to run. */
const SPAWNS_PER_CHECK = 64;

export function main(self: Actor<AwakeMessage>, ...args: string[]): Promise<void> {
  return measure(
    self,
    { name: "parked", unit: "actors", n: 1_000_000, warmUp: () => null },
    args,
    (n) => park(self, n),
  );
}

async function park(self: Actor<AwakeMessage>, n: number): Promise<Measurement> {
  const gc = await collectEverywhere(self) ? "yes" : "no";
  const rssBefore = Deno.memoryUsage().rss;
  const start = performance.now();
  const sleepers: Pid<WakeMessage>[] = [];
  for (let i = 0; i < n; i++) {
    sleepers.push(self.spawn(sleeper).pid);
    // A process of the peer is preempted while it spawns; here the spawner says where it may be.
    if (i % SPAWNS_PER_CHECK === 0) await self.check();
  }
  const seconds = secondsSince(start);
  await self.sleep(SETTLE_MS);
  await until(self, "that all actors wait", () => self.stats().runQueueLength === 0);
  await collectEverywhere(self);
  await self.sleep(SETTLE_MS / 10);
  const rssAfter = Deno.memoryUsage().rss;
  check("the number of live actors beside main", self.stats().live - 1, n);
  const wakeStart = performance.now();
  for (const one of sleepers) self.send(one, { type: "wake", from: self.pid });
  let awake = 0;
  while (awake < n) {
    check("the answer", (await self.receive()).type, "awake");
    awake++;
  }
  const wakeSeconds = secondsSince(wakeStart);
  await until(self, "that all actors ended", () => self.stats().live === 1);
  return {
    n,
    seconds,
    extra: {
      bytes_each_rss: round((rssAfter - rssBefore) / n, 0),
      wake_seconds: round(wakeSeconds, 6),
      wake_per_s: round(n / wakeSeconds, 1),
      gc,
    },
  };
}

export async function sleeper(self: Actor<WakeMessage>): Promise<void> {
  const { from } = await self.receive();
  self.send(from, { type: "awake" });
}

/** Collects garbage on each scheduler; false when V8 was not told to offer that. */
async function collectEverywhere(self: Actor<AwakeMessage>): Promise<boolean> {
  const collectors = self.stats().schedulers.map(({ id }) =>
    self.spawnWith({ scheduler: id }, collectGarbage)
  );
  let all = true;
  for (const collector of collectors) {
    const outcome = await collector.join();
    if (outcome.kind === "panic") throw outcome.error;
    all &&= outcome.value;
  }
  return all;
}

async function until(self: Actor<AwakeMessage>, what: string, isReached: () => boolean): Promise<void> {
  const deadline = performance.now() + LIMIT_MS;
  while (!isReached()) {
    if (performance.now() > deadline) throw new Error(`Waited ${LIMIT_MS} ms in vain for this: ${what}`);
    await self.sleep(POLL_MS);
  }
}
