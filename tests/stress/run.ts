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
import { optionsOf } from "../support/options.ts";
import { stress } from "./stress.ts";

const options = optionsOf({
  "runs": 5000,
  "schedulers": [1, 2, 4, 8],
  "per-run": 10,
  "at-once": 4,
  "depth": 4,
  "seed": 1,
  "deadline": 60_000,
});

for (const schedulers of options.schedulers) {
  const startMs = performance.now();
  try {
    const counts = await stress({
      schedulers,
      firstSeed: options.seed,
      programs: options.runs,
      perRun: options["per-run"],
      atOnce: options["at-once"],
      depth: options.depth,
      deadlineMs: options.deadline,
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
