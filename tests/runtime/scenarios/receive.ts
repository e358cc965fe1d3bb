// Programs of tests/runtime/receive_test.ts.
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Actor, Pid } from "smarm";
import { mainOf, rejection, schedulerAt } from "../scenario_main.ts";
import * as scenarios from "./receive.ts";

export const main = mainOf(() => scenarios);

interface Tagged {
  readonly tag: string;
  readonly n: number;
}

export async function sends(self: Actor, to: Pid<Tagged>, messages: Tagged[]): Promise<void> {
  for (const message of messages) self.send(to, message);
  await self.yield();
}

export async function keepsOrder(self: Actor<Tagged>): Promise<void> {
  for (let where = 0; where < 2; where++) {
    const messages = ["a", "b", "a", "c", "b", "a"].map((tag, n) => ({ tag, n }));
    const peer = self.spawnWith(schedulerAt(self, where), sends, self.pid, messages);
    assertEquals(await self.receive((m) => m.tag === "b"), messages[1]);
    assertEquals(await self.receive((m) => m.tag === "c"), messages[3]);
    assertEquals(await self.receive(), messages[0]);
    assertEquals(await self.receive((m) => m.n > 3), messages[4]);
    assertEquals(await self.receive(), messages[2]);
    assertEquals(await self.receive(), messages[5]);
    assertEquals(self.tryReceive(), undefined);
    await peer.join();
  }
}

export async function looksOnce(self: Actor<Tagged>): Promise<void> {
  const skipped = 100_000;
  for (let n = 0; n < skipped; n++) {
    self.send(self.pid, { tag: "skip", n });
    await self.check();
  }
  let looks = 0;
  const waiting = self.receive((m) => {
    looks++;
    return m.tag === "wanted";
  });
  const peer = self.spawnWith(schedulerAt(self, 1), drip, self.pid, 20);
  assertEquals((await waiting).tag, "wanted");
  assertEquals(looks, skipped + 20); // each message once, and none again for those that came later
  await peer.join();
  for (let n = 0; n < skipped; n++) assertEquals((await self.receive()).n, n);
}

/** One message at a time, each in a turn of its own. */
export async function drip(self: Actor, to: Pid<Tagged>, count: number): Promise<void> {
  for (let n = 1; n < count; n++) {
    self.send(to, { tag: "drip", n });
    await self.sleep(0);
  }
  self.send(to, { tag: "wanted", n: count });
}

export async function firstMatches(self: Actor<Tagged>): Promise<void> {
  for (let n = 0; n < 50_000; n++) self.send(self.pid, { tag: "x", n });
  let looks = 0;
  for (let n = 0; n < 50_000; n++) {
    assertEquals((await self.receive(() => ++looks > 0)).n, n);
  }
  assertEquals(looks, 50_000);
}

export async function throwingPredicate(self: Actor<Tagged>): Promise<void> {
  const other = self.receive((m) => m.tag === "other");
  const bad = rejection(self.receive(() => {
    throw new Error("no predicate");
  }));
  const good = self.receive();
  self.send(self.pid, { tag: "first", n: 1 });
  assertEquals((await bad).message, "no predicate");
  assertEquals((await good).n, 1);
  self.send(self.pid, { tag: "other", n: 2 });
  assertEquals((await other).n, 2);
  self.send(self.pid, { tag: "kept", n: 3 });
  const now = await rejection(self.receive(() => {
    throw new Error("none again");
  }));
  assertEquals(now.message, "none again");
  assertEquals((await self.receive()).n, 3);
}

export async function ordersOfCalls(self: Actor<Tagged>): Promise<void> {
  for (let where = 0; where < 2; where++) {
    const order: string[] = [];
    const note = (name: string) => (m: Tagged) => void order.push(name + m.n);
    const pending = [
      self.receive().then(note("a")),
      self.receive((m) => m.tag === "even").then(note("b")),
      self.receive().then(note("c")),
      self.receive((m) => m.tag === "even", { timeout: 60_000 }).then(note("d")),
      self.receive({ timeout: 60_000 }).then(note("e")),
    ];
    const messages = [1, 2, 3, 4, 5].map((n) => ({ tag: n % 2 === 0 ? "even" : "odd", n }));
    self.spawnWith(schedulerAt(self, where), sends, self.pid, messages);
    await Promise.all(pending);
    assertEquals(order.sort(), ["a1", "b2", "c3", "d4", "e5"]);
  }
}

export async function laterReceiveFindsQueued(self: Actor<Tagged>): Promise<void> {
  const first = self.receive((m) => m.tag === "first");
  self.send(self.pid, { tag: "second", n: 2 });
  await self.yield();
  assertEquals((await self.receive((m) => m.tag === "second")).n, 2); // queued and refused by the one before
  self.send(self.pid, { tag: "third", n: 3 });
  assertEquals((await self.receive()).n, 3);
  self.send(self.pid, { tag: "first", n: 1 });
  assertEquals((await first).n, 1);
}

export async function narrows(
  self: Actor<{ type: "a"; a: number } | { type: "b"; b: string }>,
): Promise<void> {
  self.send(self.pid, { type: "a", a: 1 });
  self.send(self.pid, { type: "b", b: "x" });
  const b = await self.receive((m) => m.type === "b");
  assertEquals(b.b.toUpperCase(), "X");
  assertEquals(await self.receive(), { type: "a", a: 1 });
}

export async function givesWay(self: Actor<Tagged>): Promise<void> {
  for (let n = 0; n < 30_000; n++) self.send(self.pid, { tag: "x", n });
  let others = 0;
  const other = self.spawn(async (o: Actor) => {
    for (let i = 0; i < 10; i++) {
      others++;
      await o.yield();
    }
  });
  for (let n = 0; n < 30_000; n++) await self.receive((m) => m.n >= 0);
  assert(others >= 1, "a loop of selective receives never gave way");
  await other.join();
}

export async function badArguments(self: Actor): Promise<void> {
  for (const bad of [5, "x", true]) {
    assertMatch(
      (await rejection(self.receive(bad as never))).message,
      new RegExp(`receive takes a predicate or { timeout, signal }, got ${Deno.inspect(bad)}`),
    );
  }
  assertEquals((await rejection(self.receive({ timeout: -1 }))).name, "RangeError");
  assertEquals((await rejection(self.receive(() => true, { timeout: "1" as never }))).name, "TypeError");
  for (const signal of [5, null, {}] as never[]) {
    const told = /signal needs an AbortSignal, got/;
    assertMatch((await rejection(self.receive({ signal }))).message, told);
    assertMatch((await rejection(self.call(self.pid, "request", { signal }))).message, told);
    assertMatch((await rejection((async () => await self.sleep(1, { signal }))())).message, told);
  }
}
