/**
 * The portion of the kills that the gate runs; `deno task stress:kill` runs the rest.
 *
 * The kills at every named point are there only, and not here: each point is to be reached under the load, which takes
 * minutes on a busy machine.
 */
import { assertEquals } from "@std/assert";
import { Xoroshiro128 } from "../../runtime/rng.ts";
import { anyWrite, killSchedulers } from "./harness.ts";

Deno.test("schedulers that die at random, under load, are replaced", async () => {
  const random = new Xoroshiro128(8);
  const { kills } = await killSchedulers(3, anyWrite(12, 5000, () => random.below(2 ** 20) / 2 ** 20));
  assertEquals(kills, 12);
});
