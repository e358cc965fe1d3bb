/** The portion of the kills that the gate runs; `deno task stress:kill` runs the rest. */
import { assertEquals } from "@std/assert";
import { Xoroshiro128 } from "../../runtime/rng.ts";
import { anyWrite, everyPoint, killSchedulers } from "./harness.ts";
import { POINTS, RARE } from "./points.ts";

Deno.test("a scheduler may die before any write to shared memory: nothing else is corrupted, nothing left behind", async () => {
  // What this load seldom or never writes; all others must be points of death.
  const seldom = [...RARE, "peer IO_PARKED", "peer BELL", "run NOTICE_PENDING", "ring WRITER_WAITING"];
  const { points } = await killSchedulers(2, everyPoint([0], seldom));
  assertEquals(POINTS.filter((name) => !points.has(name) && !seldom.includes(name)), []);
});

Deno.test("schedulers that die at random, under load, are replaced", async () => {
  const random = new Xoroshiro128(8);
  const { kills } = await killSchedulers(3, anyWrite(12, 5000, () => random.below(2 ** 20) / 2 ** 20));
  assertEquals(kills, 12);
});
