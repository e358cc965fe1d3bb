/**
 * Random programs by the thousand, each of which must end with the right counts.
 *
 *     deno task stress [--runs 5000] [--schedulers 1,2,4,8] [--per-run 10] [--at-once 4] [--depth 4] [--seed 1]
 *                      [--deadline 60000]
 *
 * Ends with 1 at the first program that hangs, ends early or counts wrong; its seed is printed and starts it again.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { stress } from "./stress.ts";

const options = parseArgs(Deno.args, {
  string: ["runs", "schedulers", "per-run", "at-once", "depth", "seed", "deadline"],
  default: {
    "runs": "5000",
    "schedulers": "1,2,4,8",
    "per-run": "10",
    "at-once": "4",
    "depth": "4",
    "seed": "1",
    "deadline": "60000",
  },
});

for (const schedulers of options.schedulers.split(",").map(Number)) {
  const startMs = performance.now();
  try {
    const counts = await stress({
      schedulers,
      firstSeed: Number(options.seed),
      programs: Number(options.runs),
      perRun: Number(options["per-run"]),
      atOnce: Number(options["at-once"]),
      depth: Number(options.depth),
      deadlineMs: Number(options.deadline),
    });
    const seconds = (performance.now() - startMs) / 1000;
    console.log(
      `${schedulers} schedulers: ${counts.programs} programs in ${counts.runs} runs, ${counts.actors} actors, ` +
        `${counts.messages} messages, ${counts.reports} unobserved panics reported, ${
          seconds.toFixed(1)
        } s, ` +
        `none hung, none ended early`,
    );
  } catch (error) {
    console.error(error);
    Deno.exit(1);
  }
}
