import { assertEquals } from "@std/assert";
import { ShortRuns } from "../../runtime/short_runs.ts";
import { Targets } from "../../runtime/targets.ts";

function setUp() {
  const runs = new ShortRuns();
  const target = new Targets().describe(function work() {});
  /** So many begin between two looks, which are so many ms apart. */
  const observe = (begun: number, over: number, ms: number, times = 1) => {
    for (; times > 0; times--) {
      for (let i = 0; i < begun; i++) runs.began(target);
      for (let i = 0; i < over; i++) runs.wasOver();
      runs.look(ms);
    }
  };
  return { runs, target, observe };
}

Deno.test("M9: actors that were over at once, again and again, stay where they are spawned, but for a few", () => {
  const { runs, target, observe } = setUp();
  observe(50, 50, 0.05, 3);
  assertEquals(runs.staysHome(target), false, "not known well enough");
  observe(50, 50, 0.05, 2);
  const stay = Array.from({ length: 1000 }, () => runs.staysHome(target)).filter(Boolean).length;
  assertEquals(stay, 1000 - 3);
});

Deno.test("M9: actors that wait, or take long, do not stay", () => {
  for (const [begun, over, ms] of [[50, 40, 0.05], [50, 0, 0.05], [50, 50, 5], [1, 1, 1]]) {
    const { runs, target, observe } = setUp();
    observe(50, 50, 0.05, 20);
    assertEquals(runs.isShort(target), true);
    observe(begun, over, ms, 3);
    assertEquals(runs.isShort(target), false, `${begun} begun, ${over} over, ${ms} ms`);
  }
});

Deno.test("M9: a few that begin between two looks are added up, and those of an interrupted look do not count", () => {
  const { runs, target, observe } = setUp();
  observe(2, 2, 0.002, 20);
  assertEquals(runs.isShort(target), true);
  const others = setUp();
  for (let i = 0; i < 100; i++) {
    others.runs.began(others.target);
    others.runs.wasOver();
    others.runs.forget();
    others.runs.look(0);
  }
  assertEquals(others.runs.isShort(others.target), false);
});
