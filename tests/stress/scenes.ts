/**
 * Random scenes of actors, each of which knows what must come of it, in runs with random options and random ends.
 *
 *     deno task stress:scenes [--minutes 5] [--runs <n>] [--seed 1] [--threads 1,2,3,4,8] [--only calls,channels]
 *
 * Ends with 1 at the first run of which anything else comes than was foretold, and prints the command that runs it again.
 *
 * @module
 */
import { optionsOf } from "../support/options.ts";
import { SCENES } from "./scenes/main.ts";
import { play, runOf } from "./scenes_run.ts";

const SCENE_NAMES = Object.keys(SCENES);

const options = optionsOf({
  "minutes": 5,
  "runs": Number.MAX_SAFE_INTEGER,
  "seed": 1,
  "threads": [1, 2, 3, 4, 8],
  "only": SCENE_NAMES,
});

const startMs = performance.now();
const passedMs = () => performance.now() - startMs;
let runs = 0, scenes = 0;
for (; runs < options.runs && passedMs() < options.minutes * 60_000; runs++) {
  const run = runOf(options.seed + runs, options.threads, options.only);
  try {
    await play(run);
    scenes += run.count;
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    const only = options.only === SCENE_NAMES ? "" : ` --only ${options.only}`;
    console.error(
      `\nAgain: deno task stress:scenes --runs 1 --seed ${run.seed} --threads ${options.threads}${only}`,
    );
    Deno.exit(1);
  }
}
console.log(`${runs} runs with ${scenes} scenes, ${(passedMs() / 1000).toFixed(1)} s, all as foretold`);
