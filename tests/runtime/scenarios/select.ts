// Programs of tests/runtime/select_test.ts.
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Actor, ChannelSender, Pid } from "smarm";
import { mainOf, rejection, schedulerAt } from "../scenario_main.ts";
import * as scenarios from "./select.ts";

export const main = mainOf(() => scenarios);

export async function sendsTo(self: Actor, to: ChannelSender<number>, n: number): Promise<void> {
  void self;
  await to.send(n);
}

export function mails(self: Actor, to: Pid<unknown>, n: unknown): void {
  self.send(to, n);
}

export async function firstReady(self: Actor<unknown>): Promise<void> {
  const a = self.channel<number>(1), b = self.channel<number>();
  const sources = { a: a.receiver, b: b.receiver, mail: self };
  self.spawnWith(schedulerAt(self, 1), sendsTo, b.sender, 1);
  assertEquals(await self.select(sources), { source: "b", closed: false, value: 1 });
  self.spawnWith(schedulerAt(self, 1), mails, self.pid, "hello");
  assertEquals(await self.select(sources), { source: "mail", closed: false, value: "hello" });
  self.spawnWith(schedulerAt(self, 0), sendsTo, a.sender, 2);
  assertEquals(await self.select(sources), { source: "a", closed: false, value: 2 });
}

export async function asWritten(self: Actor<unknown>): Promise<void> {
  const a = self.channel<number>(1), b = self.channel<number>(1);
  await a.sender.send(1);
  await b.sender.send(2);
  self.send(self.pid, 3);
  assertEquals((await self.select({ mail: self, b: b.receiver, a: a.receiver })).source, "mail");
  assertEquals((await self.select({ mail: self, b: b.receiver, a: a.receiver })).source, "b");
  assertEquals(b.sender.trySend(4), true);
  assertEquals(a.sender.trySend(4), false);
  assertEquals((await self.select({ a: a.receiver, b: b.receiver })).value, 1);
  assertEquals(b.receiver.tryReceive(), 4);
  assertEquals([a.receiver.tryReceive(), self.tryReceive()], [undefined, undefined]);
}

export async function matching(self: Actor<unknown>): Promise<void> {
  const { sender, receiver } = self.channel<number>();
  for (const n of [1, 2, 3, 4]) self.send(self.pid, n);
  self.send(self.pid, "text");
  let looks = 0;
  const isText = (m: unknown): m is string => {
    looks++;
    return typeof m === "string";
  };
  const big = (m: unknown) => typeof m === "number" && m > 2;
  assertEquals(await self.select({ receiver, isText, big }), { source: "big", closed: false, value: 3 });
  looks = 0;
  assertEquals(await self.select({ receiver, isText }), { source: "isText", closed: false, value: "text" });
  assertEquals(looks, 4);
  looks = 0;
  const waiting = self.select({ receiver, isText });
  for (let i = 0; i < 3; i++) {
    self.send(self.pid, 10 + i);
    await self.yield();
  }
  sender.trySend(9);
  assertEquals((await waiting).value, 9);
  assertEquals(looks, 6); // each message once
  const rest = [];
  for (let m = self.tryReceive(); m !== undefined; m = self.tryReceive()) rest.push(m);
  assertEquals(rest, [1, 2, 4, 10, 11, 12]);
}

type Tagged = { readonly from: number; readonly n: number };

export async function floods(
  self: Actor,
  from: number,
  to: Pid<Tagged>,
  channels: ChannelSender<Tagged>[],
  count: number,
): Promise<void> {
  for (let n = 0; n < count; n++) {
    const way = n % (channels.length + 1);
    if (way === channels.length) self.send(to, { from, n });
    else await channels[way].send({ from, n });
    await self.check();
  }
}

export async function losesNothing(self: Actor<Tagged>): Promise<void> {
  const a = self.channel<Tagged>(2), b = self.channel<Tagged>(5);
  const senders = 4, count = 600;
  for (let i = 0; i < senders; i++) {
    self.spawnWith(schedulerAt(self, i), floods, i, self.pid, [a.sender, b.sender], count);
  }
  const seen: Record<string, number> = {};
  for (let i = 0; i < senders * count; i++) {
    const sources = i % 2 === 0
      ? { a: a.receiver, b: b.receiver, mail: self }
      : { mail: self, b: b.receiver, a: a.receiver };
    const event = await self.select(sources);
    assert(!event.closed);
    const { from, n } = event.value as Tagged;
    const key = `${event.source} ${from}`;
    assertEquals(n, seen[key] === undefined ? n % 3 : seen[key] + 3);
    seen[key] = n;
  }
  assertEquals(Object.keys(seen).length, senders * 3);
  assertEquals(
    await rejection(self.select({ a: a.receiver, mail: self }, { timeout: 1 })).then((e) => e.name),
    "TimeoutError",
  );
}

export async function timesOut(self: Actor<unknown>): Promise<void> {
  const { sender, receiver } = self.channel<number>(1);
  const error = await rejection(self.select({ receiver, mail: self }, { timeout: 1 }));
  assertEquals(error.name, "TimeoutError");
  assertMatch(error.message, /select mailbox and 1 channel took longer than its timeout/);
  const controller = new AbortController();
  const aborted = rejection(self.select({ receiver, mail: self }, { signal: controller.signal }));
  controller.abort(new Error("enough"));
  assertEquals((await aborted).message, "enough");
  await sender.send(1);
  self.send(self.pid, 2);
  assertEquals(await self.receive(), 2);
  assertEquals(await receiver.receive(), 1);
}

export async function closesAfter(self: Actor, to: ChannelSender<number>): Promise<void> {
  void self;
  await to.send(1);
  to.close();
}

export async function closes(self: Actor<unknown>): Promise<void> {
  for (let where = 0; where < 2; where++) {
    const { sender, receiver } = self.channel<number>(1);
    self.spawnWith(schedulerAt(self, where), closesAfter, sender);
    assertEquals(await self.select({ receiver, mail: self }), {
      source: "receiver",
      closed: false,
      value: 1,
    });
    for (let i = 0; i < 2; i++) {
      assertEquals(await self.select({ mail: self, receiver }), {
        source: "receiver",
        closed: true,
        value: undefined,
      });
    }
  }
}

export async function throwingPredicate(self: Actor<unknown>): Promise<void> {
  const bad = () => {
    throw new Error("no predicate");
  };
  const later = rejection(self.select({ bad }));
  self.send(self.pid, 1);
  assertEquals((await later).message, "no predicate");
  assertEquals((await rejection(self.select({ bad }))).message, "no predicate");
  assertEquals(await self.receive(), 1);
}

export async function beforeAndAfterReceives(self: Actor<number>): Promise<void> {
  const order: string[] = [];
  const note = (name: string) => (value: unknown) => void order.push(`${name}${Deno.inspect(value)}`);
  const { receiver } = self.channel<number>();
  const pending = [
    self.receive().then(note("a")),
    self.select({ mail: self, receiver }).then((event) => note("b")(event.value)),
    self.receive().then(note("c")),
    self.select({ even: (m) => m % 2 === 0 }).then((event) => note("d")(event.value)),
    self.receive({ timeout: 60_000 }).then(note("e")),
  ];
  for (const n of [1, 2, 3, 5, 6]) self.send(self.pid, n);
  await Promise.all(pending);
  assertEquals(order.sort(), ["a1", "b2", "c3", "d6", "e5"]);
  assertEquals(self.tryReceive(), undefined);
}

export async function foreignReceiver(self: Actor<unknown>): Promise<void> {
  const { sender, receiver } = self.channel<number>();
  const child = self.spawn(async (other: Actor) => (await rejection(other.select({ receiver }))).message);
  const outcome = await child.join();
  assert(outcome.kind === "exit");
  assertMatch(outcome.value, /Cannot select "receiver": that receiver belongs to actor <.*>/);
  assertMatch(
    (await rejection(self.select({ sender } as never))).message,
    /Cannot select "sender": it needs a/,
  );
  assertMatch((await rejection(self.select({}))).message, /at least one source, got \{\}/);
  for (const bare of [[receiver], receiver, self]) {
    assertMatch((await rejection(self.select(bare as never))).message, /select takes an object of sources/);
  }
}

export async function findsQueued(self: Actor<string>): Promise<void> {
  const first = self.receive((m) => m === "first");
  self.send(self.pid, "second");
  await self.yield();
  assertEquals((await self.select({ second: (m) => m === "second" })).value, "second");
  self.send(self.pid, "first");
  assertEquals(await first, "first");
}

export async function leavesNothing(self: Actor<string>): Promise<void> {
  const pending = () => {
    const { receives, rx, waits } = self as unknown as { receives: number; rx: number; waits: unknown };
    return [receives, rx, waits];
  };
  const { sender, receiver } = self.channel<number>(1);
  const way = { receiver, mail: self };
  for (let i = 0; i < 3; i++) {
    const waiting = self.select(way);
    if (i === 0) sender.trySend(1);
    else if (i === 1) self.send(self.pid, "message");
    else receiver.close();
    await waiting;
    assertEquals(pending(), [0, 0, null]);
  }
  await rejection(self.select({ mail: self }, { timeout: 0 }));
  assertEquals(pending(), [0, 0, null]);
}
