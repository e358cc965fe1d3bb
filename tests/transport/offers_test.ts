/** Offers and thieves, step by step: the owner acts in the middle of a theft, as a thread that is not held up would. */
import { CausalClock } from "../../runtime/causal_clock.ts";
import { assert, assertEquals } from "@std/assert";
import type { Pid } from "../../runtime/api.ts";
import { HandleImpl } from "../../runtime/handle.ts";
import { allocate, OFFERS_BYTES, OFFERS_DEFAULT, OFFERS_HEADER_BYTES } from "../../runtime/layout.ts";
import { countOffers, Injector, Offers, takerOf, Thief } from "../../runtime/offers.ts";
import { indexOf, makePid } from "../../runtime/pid.ts";
import { ObjectClasses } from "../../runtime/sendable.ts";
import { Targets } from "../../runtime/targets.ts";

const OWNER = 0;

const target = new Targets().describe(function work() {});

/** What a spawn gives: an actor that has not begun. */
function spawned(index: number, args: unknown[]): HandleImpl {
  const seed = new HandleImpl(makePid(OWNER, index, 1), null);
  seed.plant(target, () => {}, args, null);
  return seed;
}

/** `before`: how many entries there were before. */
function setUp(before = 0) {
  const memory = allocate(2, { slotCapacity: 4096 });
  new Int32Array(memory.offers, OWNER * OFFERS_BYTES, OFFERS_HEADER_BYTES / 4).fill(before);
  const offers = new Offers(memory, OWNER, new ObjectClasses(), new CausalClock());
  const thief = new Thief(memory, 1, new ObjectClasses(), new CausalClock());
  let made = 0;
  const offer = (): HandleImpl => {
    const seed = spawned(made, [`args of ${made++}`]);
    assert(offers.push(seed));
    return seed;
  };
  const numberOf = indexOf;
  return { offers, thief, offer, numberOf };
}

Deno.test("M9: a thief that is held up between taking an actor and reading it still reads that actor", () => {
  const { offers, thief, offer, numberOf } = setUp();
  offer();
  const read: [number, unknown][] = [];
  let isTaken = false;
  const claim = () => {
    if (isTaken) return "gone";
    isTaken = true; // the owner finds it stolen, and offers as many others as there is room for
    while (offers.hasRoom()) offer();
    return "claimed";
  };
  const taken = thief.take(OWNER, 1, claim, (pid, _target, args) => read.push([numberOf(pid), args]));
  assertEquals([taken, read], [1, [[0, ["args of 0"]]]]);
  assert(offers.hasRoom(), "what was read makes room");
});

Deno.test("M9: after two thousand million offers the next ones are offered and taken like the first", () => {
  const { offers, thief, offer, numberOf } = setUp(2 ** 31 - 3);
  const seeds = Array.from({ length: 8 }, offer);
  assertEquals(thief.offers(OWNER), 8);
  assertEquals(offers.everySecond(10).map((seed) => numberOf(seed.pid)), [0, 2, 4, 6]);
  const read: number[] = [];
  assertEquals(thief.take(OWNER, 4, () => "claimed", (pid) => read.push(numberOf(pid))), 4);
  assertEquals(read, [0, 2, 4, 6]);
  for (const seed of seeds) if (numberOf(seed.pid) % 2 === 1) offers.withdraw(seed);
  let more = 0;
  for (; offers.hasRoom(); more++) offer();
  assertEquals([more, thief.offers(OWNER)], [OFFERS_DEFAULT, OFFERS_DEFAULT]);
});

Deno.test("M9: every second offer is given, of those that have not begun", () => {
  const { offers, offer, numberOf } = setUp();
  const seeds = Array.from({ length: 7 }, offer);
  offers.withdraw(seeds[0]);
  assertEquals(offers.everySecond(10).map((seed) => numberOf(seed.pid)), [1, 3, 5]);
  assertEquals(offers.everySecond(2).map((seed) => numberOf(seed.pid)), [1, 3]);
});

Deno.test("M9: a thief takes every second offer, and no more when one of them is not to be had", () => {
  const { thief, offer, numberOf } = setUp();
  const seeds = Array.from({ length: 7 }, offer);
  const read: number[] = [];
  const adopt = (pid: Pid) => void read.push(numberOf(pid));
  const ownerHas = (...numbers: number[]) => (pid: Pid) =>
    numbers.includes(numberOf(pid)) ? "gone" : "claimed";
  assertEquals(thief.take(OWNER, 2, ownerHas(), adopt), 2);
  assertEquals(read.splice(0), [0, 2]);
  assertEquals(thief.offers(OWNER), seeds.length - 2);
  assertEquals(thief.take(OWNER, 4, ownerHas(4), adopt), 1);
  assertEquals(read.splice(0), [1]);
});

Deno.test("M9: a thief passes over those that a sender has settled, and takes every second one of the others", () => {
  const { thief, offer, numberOf } = setUp();
  for (let i = 0; i < 8; i++) offer();
  const read: number[] = [];
  const claim = (pid: Pid) => [0, 3].includes(numberOf(pid)) ? "settled" : "claimed";
  assertEquals(thief.take(OWNER, 4, claim, (pid) => void read.push(numberOf(pid))), 3);
  assertEquals(read, [1, 4, 6]);
});

Deno.test("M2: spawns from outside any scheduler wait in the injector, in order, and one scheduler alone gets each", () => {
  const memory = allocate(3, { slotCapacity: 64 });
  const thieves = [0, 1, 2].map((id) => new Thief(memory, id, new ObjectClasses(), new CausalClock()));
  const got: [by: number, value: unknown][] = [];
  const ask = (by: number) => thieves[by].inject((value) => void got.push([by, value]));
  assertEquals([ask(0), ask(1)], [false, false]);

  const injector = new Injector(memory);
  for (const value of ["first", "second"]) injector.push(value);
  assertEquals([countOffers(memory, 3), takerOf(memory, 0)], [2, -1]);
  assertEquals([ask(2), ask(0), ask(1), ask(2)], [true, true, false, false]);
  assertEquals(got, [[2, "first"], [0, "second"]]);
  assertEquals([countOffers(memory, 3), takerOf(memory, 0), takerOf(memory, 1)], [0, 2, 0]);
});

Deno.test("what a getter spawns and sends while arguments or a message are written stays at home", () => {
  const { offers, thief, offer } = setUp();
  const first = offer();
  const inner = spawned(100, ["another's"]);
  const said: unknown[] = [];
  const message = {
    get lazy() {
      said.push(offers.push(inner), offers.append(first, "another"));
      return 1;
    },
  };
  assert(offers.push(spawned(101, [message])));
  assertEquals(offers.append(first, message), "added");
  assertEquals(said, [false, "full", false, "full"]);
  const read: unknown[] = [];
  const adopt = (_pid: Pid, _target: number, args: unknown[], messages: unknown[]) => {
    read.push([args, messages]);
  };
  while (thief.take(OWNER, 2, () => "claimed", adopt) > 0);
  assertEquals(read, [[["args of 0"], [{ lazy: 1 }]], [[{ lazy: 1 }], []]]);
});
