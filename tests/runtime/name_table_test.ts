import { assertEquals, assertThrows } from "@std/assert";
import { allocate } from "../../runtime/layout.ts";
import { NameTable } from "../../runtime/names.ts";
import { Routes, SlotTable } from "../../runtime/slot_table.ts";
import { Xoroshiro128 } from "../../runtime/rng.ts";
import type { Pid } from "../../runtime/api.ts";

/** Few buckets, so that chains are long, and few nodes, so that they are used again. */
function tables(names: number) {
  const memory = allocate(2, { names, slotCapacity: 256, ringBytes: 4096 });
  const words = memory.routes.map((buffer) => new Int32Array(buffer));
  const routes = new Routes(words);
  return {
    slots: new SlotTable(words[0], 0, 256),
    tables: [0, 1].map((id) => new NameTable(memory, id, routes)),
    again: (id: number) => {
      const table = new NameTable(memory, id, routes);
      table.inherit();
      return table;
    },
  };
}

Deno.test("names that two schedulers register and free in any order are those of a map", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = new Xoroshiro128(seed);
    const { slots, tables: both, again } = tables(4);
    const pids = Array.from({ length: 6 }, () => slots.take(0));
    const wanted = new Map<string, Pid>();
    for (let step = 0; step < 600; step++) {
      const name = `name ${random.below(3)}`;
      const pid = pids[random.below(pids.length)];
      const who = random.below(2);
      if (step % 150 === 149) both[who] = again(who); // it died, and another one took its place
      const owner = wanted.get(name);
      if (random.below(2) === 0) {
        if (owner !== undefined) {
          const told = owner === pid ? "has that name already" : "has that name";
          assertThrows(() => both[who].register(name, pid), Error, told);
        } else {
          both[who].register(name, pid);
          wanted.set(name, pid);
        }
      } else {
        assertEquals(both[who].unregister(name, pid), owner === pid);
        if (owner === pid) wanted.delete(name);
      }
      for (let i = 0; i < 3; i++) assertEquals(both[1 - who].whereis(`name ${i}`), wanted.get(`name ${i}`));
    }
  }
});

Deno.test("names of the dead are free at once, and leave nothing behind", () => {
  const { slots, tables: [first, second], again } = tables(8);
  for (let i = 0; i < 200; i++) {
    const pid = slots.take(0);
    first.register("taken", pid);
    assertThrows(() => second.register("taken", slots.take(0)), Error, "has that name");
    slots.free(pid);
    assertEquals(second.whereis("taken"), undefined);
  }
  const heir = again(0);
  assertEquals(heir.size, 0);
});

Deno.test("as many names as there are nodes, and one more", () => {
  const { slots, tables: [table] } = tables(8);
  const pid = slots.take(0);
  for (let i = 0; i < 8; i++) table.register(`name ${i}`, pid);
  assertThrows(() => table.register("one more", pid), RangeError, "all 8 names are in use");
  for (let i = 7; i >= 0; i--) assertEquals(table.whereis(`name ${i}`), pid);
});
