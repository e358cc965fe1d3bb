import { assertEquals } from "@std/assert";
import { ShortRuns } from "../../runtime/short_runs.ts";
import { Targets } from "../../runtime/targets.ts";
import { VirtualClock } from "../../timer/clock.ts";

function setUp() {
  const clock = new VirtualClock();
  const runs = new ShortRuns(clock);
  const target = new Targets().describe(function work() {});
  let resumes = 0;
  /** So many actors begin, one after the other, and are over after so many ms; null: each waits. */
  const run = (count: number, ms: number | null) => {
    for (let i = 0; i < count; i++) {
      runs.began(target, ++resumes);
      if (ms === null) resumes++; // another runs
      else clock.advanceTo(clock.now() + ms);
      runs.wasOver(resumes);
    }
  };
  return { runs, target, run };
}

Deno.test("M9: actors that were over at once, again and again, stay where they are spawned, but for a few each 5 ms", () => {
  const { runs, target, run } = setUp();
  run(24, 0.001);
  assertEquals(runs.staysHome(target, 1), false, "not known well enough");
  run(24, 0.001);
  const staying = (nowMs: number) =>
    Array.from({ length: 1024 }, () => runs.staysHome(target, nowMs)).filter(Boolean).length;
  assertEquals([1, 2, 6.5, 11, 12].map(staying), [1024 - 16, 1024, 1024 - 16, 1024, 1024 - 16]);
});

Deno.test("M9: actors that take long, or wait, do not stay", () => {
  for (const ms of [1, null]) {
    const { runs, target, run } = setUp();
    run(200, 0.001);
    assertEquals(runs.isShort(target), true);
    run(40, ms);
    assertEquals(runs.isShort(target), false, ms === null ? "they wait" : `${ms} ms`);
  }
});

Deno.test("M9: one long run among many short ones, as of a thread that was put aside, changes nothing", () => {
  const { runs, target, run } = setUp();
  run(200, 0.001);
  for (let i = 0; i < 20; i++) {
    run(8, 5);
    assertEquals(runs.isShort(target), true);
    run(80, 0.001);
  }
});
