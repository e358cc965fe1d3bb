/**
 * What `--watchdog` costs the hot path: a ping-pong of two actors without it and with it, in turns, each in a process of
 * its own, and the one that begins changes with the round. Compared is the CPU time of the whole process, so what
 * the control thread does counts too, and other processes on the machine count little. The goal is 1 %.
 *
 *     deno run -A bench/watchdog_cost.ts [rounds=10] [round trips=3000000]
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { resultLine, runChild } from "./compare/child.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const DEADLINE_MS = 60_000;
const WATCHDOG_MS = 100; // a look each 12 ms
const [rounds = 10, trips = 3_000_000] = Deno.args.map(Number);

/** CPU seconds, the warm-up not counted. */
async function cpuSeconds(options: string[]): Promise<number> {
  const args = [
    "run",
    "-A",
    "smarm.ts",
    "--threads",
    "1",
    ...options,
    "bench/peers/pingpong.ts",
    `n=${trips}`,
  ];
  const ended = await runChild({ program: Deno.execPath(), args, deadlineMs: DEADLINE_MS }, ROOT);
  if (ended.kind === "failed") throw new Error(ended.reason);
  return Number(resultLine(ended.stdout)!.cpu_s);
}

const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1];

const off: number[] = [], on: number[] = [];
for (let round = 0; round < rounds; round++) {
  const sides = [
    async () => off.push(await cpuSeconds([])),
    async () => on.push(await cpuSeconds(["--watchdog", `${WATCHDOG_MS}`])),
  ];
  if (round % 2 === 1) sides.reverse();
  for (const side of sides) await side();
}
const ratios = on.map((seconds, round) => seconds / off[round]);
console.log(
  `CPU seconds of ${trips} round trips: off ${median(off)}, on ${median(on)}, least ${
    Math.min(...off)
  } and ` +
    `${Math.min(...on)}; with it, of that without: median ${median(ratios).toFixed(3)} of ` +
    ratios.map((ratio) => ratio.toFixed(3)).join(" "),
);
