/**
 * Thousands of schedulers killed under load: at every point that runtime/layout.ts names, again and again with other
 * numbers of writes before, and at any write at random.
 *
 *     deno task stress:kill [--kills 2000] [--schedulers 2,3,4] [--per-run 200] [--seed 1]
 *
 * Ends with 1 at the first run that hangs, counts wrong or leaves something behind; its seed starts it again.
 *
 * @module
 */
import { optionsOf } from "../support/options.ts";
import { Xoroshiro128 } from "../../runtime/rng.ts";
import { anyWrite, everyPoint, killSchedulers } from "./harness.ts";
import { POINTS, RARE } from "./points.ts";

const options = optionsOf({ "kills": 2000, "schedulers": [2, 3, 4], "per-run": 200, "seed": 1 });
const perRun = options["per-run"];

for (const schedulers of options.schedulers) {
  const startMs = performance.now();
  let kills = 0, lost = 0, runs = 0;
  const points = new Map<string, number>();
  for (let seed = options.seed; kills < options.kills; seed++) {
    const random = new Xoroshiro128(seed);
    const plan = seed % 2 === 0
      ? anyWrite(perRun, 20_000, () => random.below(2 ** 20) / 2 ** 20)
      : everyPoint(Array.from({ length: Math.ceil(perRun / POINTS.length) }, () => random.below(200)));
    try {
      const killed = await killSchedulers(schedulers, plan);
      kills += killed.kills;
      lost += killed.lost;
      runs++;
      console.error(`seed ${seed} on ${schedulers} schedulers: ${killed.kills} kills`);
      for (const [name, n] of killed.points) points.set(name, (points.get(name) ?? 0) + n);
    } catch (error) {
      console.error(`seed ${seed} on ${schedulers} schedulers:`, error);
      Deno.exit(1);
    }
  }
  const unreached = POINTS.filter((name) => !points.has(name) && !RARE.includes(name));
  console.log(
    `${schedulers} schedulers: ${kills} kills in ${runs} runs at ${points.size} points, ${lost} actors lost that were ` +
      `waited for, ${((performance.now() - startMs) / 1000).toFixed(1)} s, nothing left behind` +
      (unreached.length === 0 ? "" : `; not reached: ${unreached.join(", ")}`),
  );
}
Deno.exit(0);
