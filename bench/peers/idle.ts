/**
 * idle: a program that sleeps, with `timers=` timed messages pending that are due in an hour to two. How much of one core
 * the whole process uses meanwhile, in percent.
 *
 * @module
 */
import process from "node:process";
import type { Actor } from "smarm";
import { lcg, numberOption, parseOptions, round, secondsSince } from "./common.ts";

/** Until then the threads have started, the first compilations are done, and V8 has marked the heap. */
const SETTLE_MS = 500;
const SETTLE_WITH_TIMERS_MS = 3000;
const HOUR_MS = 3_600_000;

export async function main(self: Actor<never>, ...args: string[]): Promise<void> {
  const options = parseOptions(args, ["ms", "timers"]);
  const ms = numberOption(options, "ms", 5000);
  const timers = numberOption(options, "timers", 0);
  let random = 1;
  for (let i = 0; i < timers; i++) {
    random = lcg(random);
    self.after(HOUR_MS * (1 + random / 65536), self.pid, undefined as never);
  }
  await self.sleep(timers === 0 ? SETTLE_MS : SETTLE_WITH_TIMERS_MS);
  const start = performance.now();
  const cpuBefore = process.cpuUsage();
  await self.sleep(ms);
  const cpu = process.cpuUsage(cpuBefore);
  const seconds = secondsSince(start);
  const cpuSeconds = (cpu.user + cpu.system) / 1e6;
  console.log(JSON.stringify({
    peer: "smarm",
    sched: self.stats().schedulerCount,
    bench: "idle",
    timers,
    seconds: round(seconds, 6),
    cpu_s: round(cpuSeconds, 6),
    cpu_percent: round(100 * cpuSeconds / seconds, 3),
  }));
}
