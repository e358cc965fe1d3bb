import { assert, assertEquals, assertMatch, assertNotEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { Routes, SlotTable } from "../../runtime/slot_table.ts";
import { SlotLimitError } from "../../runtime/errors.ts";
import { WHERE_BITS, WHERE_FREE, WHERE_HOME, WHERE_MASK, WHERE_STEALABLE } from "../../runtime/layout.ts";
import {
  birthOf,
  generationOf,
  indexOf,
  LAST_SMALL_GENERATION,
  makePid,
  RETIRED_GENERATION,
  ROOT_PID,
} from "../../runtime/pid.ts";

const HOME = 0;
const THIEF = 2;
const OTHER_THIEF = 3;

function setup(capacity = 4) {
  const words = Array.from({ length: 4 }, () => new Int32Array(new SharedArrayBuffer(capacity * 4)));
  const table = new SlotTable(words[HOME], HOME, capacity);
  return { table, routes: new Routes(words), words: words[HOME] };
}

const placeOf = (words: Int32Array, pid: number) => words[indexOf(pid)] & WHERE_MASK;

Deno.test("S6: a slot's next tenant has another pid, and the former pid is dead", () => {
  const { table, routes } = setup();
  const first = table.take(HOME);
  assert(routes.isLive(first));
  table.free(first);
  assert(!routes.isLive(first));
  const second = table.take(HOME);
  assertEquals(indexOf(second), indexOf(first));
  assertEquals(generationOf(second), generationOf(first) + 1);
  assert(routes.isLive(second) && !routes.isLive(first));
  assertEquals(routes.settled(first), -1);
  assertEquals(routes.settled(second), HOME);
});

Deno.test("S6: as many live actors as slots, then an error that says what to do; a freed slot serves again", () => {
  const { table } = setup(3);
  const pids = [table.take(HOME), table.take(HOME), table.take(HOME)];
  assertEquals(new Set(pids.map(indexOf)).size, 3);
  const error = assertThrows(() => table.take(HOME), SlotLimitError);
  assertMatch(error.message, /^Cannot spawn: all 3 slots of scheduler 0 are in use\. End actors .*[^.]$/);
  table.free(pids[1]);
  assertEquals(indexOf(table.take(HOME)), indexOf(pids[1]));
});

Deno.test("S6: a slot whose generations are used up is retired, never wrapped", () => {
  const { table, routes, words } = setup(1);
  const first = table.take(HOME);
  table.free(first);
  words[0] = ((RETIRED_GENERATION - 1) << WHERE_BITS) | WHERE_FREE; // four million lives later
  const last = table.take(HOME);
  assertEquals(generationOf(last), RETIRED_GENERATION - 1);
  assert(routes.isLive(last));
  table.free(last);
  assertEquals(table.retired, 1);
  assert(!routes.isLive(last) && !routes.isLive(makePid(HOME, 0, RETIRED_GENERATION)));
  assertMatch(assertThrows(() => table.take(HOME), SlotLimitError).message, /1 of them retired/);
});

Deno.test("S6: a slot rests once its pids are no small integers, while another has some", () => {
  const { table } = setup(2);
  const given: number[] = [];
  const live = () => {
    const pid = table.take(HOME);
    table.free(pid);
    given.push(pid);
  };
  for (let i = 0; i < 2 * LAST_SMALL_GENERATION; i++) live();
  assert(given.every((pid) => pid === (pid | 0)), "as many as there are");
  assertEquals(new Set(given).size, given.length);
  live();
  assertEquals(generationOf(given.at(-1)!), LAST_SMALL_GENERATION + 1);
  const pids = [table.take(HOME), table.take(HOME)];
  assertEquals(new Set(pids.map(indexOf)).size, 2);
  assertThrows(() => table.take(HOME), SlotLimitError);
});

Deno.test("S6: no pid is given twice, and exactly the taken ones live, however takes and frees follow", () => {
  const step = fc.oneof(fc.constant(-1), fc.nat(30));
  fc.assert(fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
    const { table, routes } = setup(8);
    const live: number[] = [];
    const dead: number[] = [];
    for (const step of steps) {
      if (step < 0) {
        if (live.length === 8) assertThrows(() => table.take(HOME), SlotLimitError);
        else {
          const pid = table.take(HOME);
          assert(!live.includes(pid) && !dead.includes(pid));
          live.push(pid);
        }
      } else if (live.length > 0) {
        const [pid] = live.splice(step % live.length, 1);
        table.free(pid as never);
        dead.push(pid);
      }
    }
    for (const pid of live) assert(routes.isLive(pid as never));
    for (const pid of dead) assert(!routes.isLive(pid as never) && routes.settled(pid as never) === -1);
  }));
});

Deno.test("S14: nothing lives at ROOT_PID, nor at a pid of a scheduler that does not exist", () => {
  const { routes } = setup();
  assert(!routes.isLive(ROOT_PID));
  assertEquals(routes.settled(ROOT_PID), -1);
  assertEquals(routes.settled(makePid(300, 0, 1)), -1);
});

// The races for an actor that has not begun, in each order in which they can come out.

Deno.test("M9: whoever sends first settles the actor at its birthplace, and no thief gets it any more", () => {
  const { table, routes } = setup();
  const pid = table.take(WHERE_STEALABLE);
  assertEquals(routes.settled(pid), HOME);
  assertEquals(routes.steal(pid, THIEF), false);
  assertEquals(routes.settled(pid), HOME);
  assertEquals(table.keepHome(pid), false, "it can not be given away any more");
  assert(table.isSettledHere(pid));
  assert(table.claim(pid), "and its birth scheduler runs it");
});

Deno.test("M9: a thief that comes first has it, for the sender, the owner and a second thief alike", () => {
  const { table, routes } = setup();
  const pid = table.take(WHERE_STEALABLE);
  assert(routes.steal(pid, THIEF));
  assertEquals(routes.settled(pid), THIEF);
  assertEquals(routes.steal(pid, OTHER_THIEF), false);
  assertEquals(table.claim(pid), false);
  assertEquals(table.keepHome(pid), false);
  assertEquals(table.giveAway(pid, OTHER_THIEF), false);
  assert(routes.isLive(pid));
});

Deno.test("M9: an owner that claims it to run it keeps it", () => {
  const { table, routes } = setup();
  const pid = table.take(WHERE_STEALABLE);
  assert(table.claim(pid));
  assertEquals(routes.steal(pid, THIEF), false);
  assertEquals(table.giveAway(pid, THIEF), false);
  assertEquals(routes.settled(pid), HOME);
});

Deno.test("M9: what the owner has kept home it may still give away with its messages, until somebody else sends", () => {
  const { table, routes, words } = setup();
  const kept = table.take(WHERE_STEALABLE);
  assert(table.keepHome(kept));
  assertEquals(placeOf(words, kept), WHERE_HOME);
  assertEquals(routes.steal(kept, THIEF), false);
  assert(table.giveAway(kept, THIEF));
  assertEquals(routes.settled(kept), THIEF);

  const asked = table.take(WHERE_STEALABLE);
  assert(table.keepHome(asked));
  assertEquals(routes.settled(asked), HOME, "a sender elsewhere settles it");
  assertEquals(table.giveAway(asked, THIEF), false);
});

Deno.test("M9: a stealable actor can be given away before anybody has sent to it", () => {
  const { table, routes } = setup();
  const pid = table.take(WHERE_STEALABLE);
  assert(table.giveAway(pid, THIEF));
  assertEquals(routes.settled(pid), THIEF);
});

Deno.test("S6: a stale pid steals, settles, keeps and gives away nothing of the slot's next tenant", () => {
  const { table, routes } = setup();
  const stale = table.take(WHERE_STEALABLE);
  table.free(stale);
  const tenant = table.take(WHERE_STEALABLE);
  assertEquals(indexOf(tenant), indexOf(stale));
  assertEquals(routes.steal(stale, THIEF), false);
  assertEquals(table.claim(stale), false);
  assertEquals(table.keepHome(stale), false);
  assertEquals(table.giveAway(stale, THIEF), false);
  assertEquals(routes.settled(stale), -1);
  assert(routes.steal(tenant, THIEF), "the tenant is as free as before");
});

Deno.test("S6: an actor that died abroad is dead for all at once, and its slot is free only when its birthplace knows", () => {
  const { table, routes } = setup(1);
  const pid = table.take(WHERE_STEALABLE);
  assert(routes.steal(pid, THIEF));
  routes.declareDead(pid);
  assert(!routes.isLive(pid));
  assertEquals(routes.settled(pid), -1);
  assertThrows(() => table.take(HOME), SlotLimitError);
  table.free(pid);
  const next = table.take(HOME);
  assertNotEquals(next, pid);
  assertEquals(birthOf(next), HOME);
});
