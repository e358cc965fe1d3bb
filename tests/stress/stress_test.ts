/** The portion of the stress that the gate runs; `deno task stress` runs the rest. */
import { assertEquals, assertRejects } from "@std/assert";
import { stress } from "./stress.ts";
import { planOf, totalsOf } from "./plan.ts";

const PROGRAMS = 40;

for (const schedulers of [1, 2, 4, 8]) {
  Deno.test(`S18: random programs on ${schedulers} schedulers all end, none early, and nothing is lost`, async () => {
    const counts = await stress({
      schedulers,
      firstSeed: 1_000_000 + schedulers,
      programs: PROGRAMS,
      perRun: 8,
      atOnce: 4,
      depth: 4,
      deadlineMs: 60_000,
    });
    assertEquals([counts.programs, counts.runs], [PROGRAMS, PROGRAMS / 8]);
  });
}

Deno.test("S18: the stress tells a run that hangs, with its seeds", async () => {
  const options = { schedulers: 1, firstSeed: 7, programs: 1, perRun: 1, atOnce: 1, depth: 4, deadlineMs: 0 };
  await assertRejects(() => stress(options), Error, "seeds 7 to 7 on 1 schedulers: did not end within 0 ms");
});

Deno.test("a plan follows from its seed, and its totals are those of its tree", () => {
  assertEquals(planOf(42, 3), planOf(42, 3));
  for (let seed = 0; seed < 200; seed++) {
    const { children, up, pauses, end } = planOf(seed, 3);
    assertEquals(pauses.length, up + 1);
    const below = children.map((child) => totalsOf(child.seed, 2, child.joined, child.down));
    const totals = totalsOf(seed, 3, false, 2);
    assertEquals(totals.actors, 1 + below.reduce((sum, one) => sum + one.actors, 0));
    assertEquals(totals.messages, up + 2 + below.reduce((sum, one) => sum + one.messages, 0));
    assertEquals(
      totals.unobserved,
      (end === "returns" ? 0 : 1) + below.reduce((sum, one) => sum + one.unobserved, 0),
    );
  }
});
