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

Deno.test("pids of slots below 131,072 of eight schedulers are small integers for 2,047 generations", () => {
  const isSmall = (s: number, i: number, g: number) => makePid(s, i, g) === (makePid(s, i, g) | 0);
  assert(isSmall(7, 131_071, 2047) && isSmall(0, 0, FIRST_GENERATION));
  assert(!isSmall(8, 0, 1) && !isSmall(0, 131_072, 1) && !isSmall(0, 0, 2048));
});

Deno.test("S14: ROOT_PID is a pid that no actor gets", () => {
  assert(isPid(ROOT_PID));
  assertEquals(generationOf(ROOT_PID), RETIRED_GENERATION);
  assert(makePid(MAX_SCHEDULERS - 1, SLOTS_PER_SCHEDULER - 1, RETIRED_GENERATION - 1) < ROOT_PID);
  assertEquals(formatPid(ROOT_PID), "<root>");
});

Deno.test("isPid refuses what cannot be one", () => {
  for (const bad of [0, 1, -1, 2 ** 20 - 1, 0.5, NaN, Infinity, 2 ** 53, "1", null, undefined, {}, 5n]) {
    assertEquals(isPid(bad), false, String(bad));
  }
});
