import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  birthOf,
  FIRST_GENERATION,
  formatPid,
  generationOf,
  indexOf,
  isPid,
  keyOf,
  makePid,
  MAX_SCHEDULERS,
  pidFromKey,
  RETIRED_GENERATION,
  ROOT_PID,
  SLOTS_PER_SCHEDULER,
} from "../../runtime/pid.ts";

const scheduler = fc.integer({ min: 0, max: MAX_SCHEDULERS - 1 });
const index = fc.integer({ min: 0, max: SLOTS_PER_SCHEDULER - 1 });
const generation = fc.integer({ min: FIRST_GENERATION, max: RETIRED_GENERATION - 1 });

Deno.test("S6: a pid gives back the birth scheduler, the slot and the generation that it was made of", () => {
  fc.assert(fc.property(scheduler, index, generation, (s, i, g) => {
    const pid = makePid(s, i, g);
    assertEquals([birthOf(pid), indexOf(pid), generationOf(pid)], [s, i, g]);
    assertEquals(pidFromKey(keyOf(pid), g), pid);
    assert(Number.isSafeInteger(pid) && isPid(pid));
    assertEquals(formatPid(pid), `<${s}.${i}.${g}>`);
  }));
});

Deno.test("S6: the corners of all three parts stay safe integers and apart", () => {
  const pids = [0, MAX_SCHEDULERS - 1].flatMap((s) =>
    [0, SLOTS_PER_SCHEDULER - 1].flatMap((i) =>
      [FIRST_GENERATION, RETIRED_GENERATION - 1].map((g) => makePid(s, i, g))
    )
  );
  assertEquals(new Set(pids).size, 8);
  for (const pid of pids) assert(Number.isSafeInteger(pid));
});

Deno.test("S14: ROOT_PID is a pid that no actor gets", () => {
  assert(isPid(ROOT_PID));
  assertEquals(generationOf(ROOT_PID), RETIRED_GENERATION);
  assert(makePid(MAX_SCHEDULERS - 1, SLOTS_PER_SCHEDULER - 1, RETIRED_GENERATION - 1) < ROOT_PID);
  assertEquals(formatPid(ROOT_PID), "<root>");
});

Deno.test("isPid refuses what cannot be one", () => {
  for (const bad of [0, 1, -1, 2 ** 31 - 1, 0.5, NaN, Infinity, 2 ** 53, "1", null, undefined, {}, 5n]) {
    assertEquals(isPid(bad), false, String(bad));
  }
});
