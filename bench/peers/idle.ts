/**
 * idle: a program that sleeps. How much of one core the whole process uses meanwhile, in percent.
 *
 * @module
 */
import process from "node:process";
import type { Actor } from "smarm";
import { numberOption, parseOptions, round, secondsSince } from "./common.ts";

/** Until then the threads have started and the first compilations are done. */
const SETTLE_MS = 500;

export async function main(self: Actor<never>, ...args: string[]): Promise<void> {
  const ms = numberOption(parseOptions(args), "ms", 5000);
  await self.sleep(SETTLE_MS);
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
    seconds: round(seconds, 6),
    cpu_s: round(cpuSeconds, 6),
    cpu_percent: round(100 * cpuSeconds / seconds, 3),
  }));
}
