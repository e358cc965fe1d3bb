/**
 * Names that many want, and groups: one actor a name, wherever they live, each member hears each broadcast once and in
 * order, and both come free when actors end.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { Actor, Pid } from "../../../smarm.ts";
import { Random } from "../plan.ts";
import { newName, pause, start, times, until, valueOf } from "./support.ts";

/** Tries to get the name; gives how often it had it. */
export async function claimer(self: Actor, name: string, boss: Pid<"mine">, seed: number): Promise<number> {
  const random = new Random(seed);
  await pause(self, random);
  let had = 0;
  for (let i = 0; i < 10; i++) {
    if (register(self, name)) {
      had++;
      self.send(boss, "mine");
      assertEquals(self.whereis(name), self.pid, "who has the name that was given");
      await pause(self, random);
      assertEquals(self.whereis(name), self.pid, "who has the name that was not given back");
      if (random.below(3) > 0) break; // it comes free with the end
      assertEquals(self.unregister(name), true);
    } else await pause(self, random);
  }
  return had;
}

function register(self: Actor, name: string): boolean {
  try {
    self.register(name);
    return true;
  } catch (error) {
    if (!(error instanceof Error) || error.name !== "NameTakenError") throw error;
    return false;
  }
}

async function names(self: Actor<"mine">, random: Random): Promise<void> {
  const name = newName(self);
  for (let round = 0; round < 3; round++) {
    const claimers = times(
      1 + random.below(6),
      () => start(self, random, claimer, name, self.pid, random.next()),
    );
    let had = 0;
    for (const one of claimers) had += await valueOf(one, "a claimer");
    assert(had > 0, "nobody got the name");
    assertEquals(self.whereis(name), undefined, "who has the name when all are dead");
    let heard = 0;
    while (self.tryReceive() !== undefined) heard++;
    assertEquals(heard, had);
  }
}

type Told = number | "leave" | "end";

export async function member(self: Actor<Told>, name: string, boss: Pid<"joined" | "left">, seed: number) {
  const random = new Random(seed);
  const group = self.group<Told>(name);
  group.join();
  self.send(boss, "joined");
  for (let heard = 0;;) {
    const message = await self.receive();
    if (message === "end") return heard;
    if (message === "leave") {
      assertEquals(group.leave(), true);
      self.send(boss, "left");
    } else assertEquals(message, heard++, "the number of a broadcast");
    if (random.below(4) === 0) await pause(self, random);
  }
}

async function groups(self: Actor<"joined" | "left">, random: Random): Promise<void> {
  const name = newName(self);
  const group = self.group<Told>(name);
  const members = times(
    1 + random.below(6),
    () => start(self, random, member, name, self.pid, random.next()),
  );
  for (const _ of members) assertEquals(await self.receive(), "joined");
  await until(self, () => group.members().length === members.length, "all members are seen");
  const pids = members.map(({ pid }) => pid).sort((a, b) => a - b);
  assertEquals<Pid<never>[]>(group.members(), pids);
  const broadcasts = random.below(10);
  for (let n = 0; n < broadcasts; n++) {
    assertEquals(group.broadcast(n), members.length);
    if (random.below(3) === 0) await pause(self, random);
  }
  const leaves = random.below(2) === 0;
  if (leaves) {
    self.send(members[0], "leave");
    assertEquals(await self.receive(), "left");
    await until(self, () => group.members().length === members.length - 1, "a member has left");
    assertEquals(group.broadcast(broadcasts), members.length - 1);
  }
  const killed = random.below(members.length);
  for (const [i, one] of members.entries()) {
    if (i === killed) self.kill(one);
    else self.send(one, "end");
  }
  for (const [i, one] of members.entries()) {
    if (i === killed) await one.join();
    else assertEquals(await valueOf(one, "a member"), broadcasts + (leaves && i > 0 ? 1 : 0));
  }
  await until(self, () => group.members().length === 0, "all members have left");
}

export const nameScenes = { names, groups };
