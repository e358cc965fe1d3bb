// Programs of tests/runtime/channel_test.ts.
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Actor, ChannelSender, Pid } from "smarm";
import { mainOf, rejection, schedulerAt } from "../scenario_main.ts";
import * as scenarios from "./channel.ts";

export const main = mainOf(() => scenarios);

type Numbers = ChannelSender<number>;
type Tagged = ChannelSender<{ from: number; n: number }>;

export async function produce(self: Actor, to: Tagged, from: number, count: number): Promise<number> {
  for (let n = 0; n < count; n++) {
    await to.send({ from, n });
    if (n % 16 === 0) await self.check();
  }
  return count;
}

export async function manySenders(self: Actor): Promise<void> {
  const { sender, receiver } = self.channel<{ from: number; n: number }>(4);
  const senders = 6, count = 500;
  const handles = [];
  for (let i = 0; i < senders; i++) {
    handles.push(self.spawnWith(schedulerAt(self, i), produce, sender, i, count));
  }
  const next = new Array(senders).fill(0);
  for (let i = 0; i < senders * count; i++) {
    const { from, n } = await receiver.receive();
    assertEquals(n, next[from]++);
  }
  for (const handle of handles) assertEquals(await handle.join(), { kind: "exit", value: count });
  assertEquals(receiver.tryReceive(), undefined);
}

export async function tries(self: Actor<unknown>, to: Numbers, report: Pid<number>): Promise<void> {
  let sent = 0;
  while (to.trySend(sent)) sent++;
  self.send(report, sent);
  await self.receive();
  self.send(report, to.trySend(sent) ? 1 : 0);
}

export async function exactBound(self: Actor<number>): Promise<void> {
  for (let where = 0; where < self.stats().schedulerCount; where++) {
    const { sender, receiver } = self.channel<number>(3);
    const peer = self.spawnWith(schedulerAt(self, where), tries, sender, self.pid);
    assertEquals(await self.receive(), 3);
    assertEquals(sender.trySend(9), false);
    assertEquals(await receiver.receive(), 0);
    self.send(peer, "again");
    assertEquals(await self.receive(), 1);
    assertEquals(sender.trySend(9), false);
    for (const expected of [1, 2, 3]) assertEquals(await receiver.receive(), expected);
    assertEquals(receiver.tryReceive(), undefined);
  }
}

export async function floods(self: Actor, to: Numbers, report: Pid<number>): Promise<void> {
  for (let n = 0; n < 10; n++) {
    await to.send(n);
    self.send(report, n);
  }
}

export async function sendWaitsWhileFull(self: Actor<number>): Promise<void> {
  const { sender, receiver } = self.channel<number>(2);
  self.spawnWith(schedulerAt(self, 1), floods, sender, self.pid);
  assertEquals(await self.receive(), 0);
  assertEquals(await self.receive(), 1);
  for (let n = 2; n < 10; n++) {
    assertEquals(self.tryReceive(), undefined); // it waits: the channel is full
    assertEquals(await receiver.receive(), n - 2);
    assertEquals(await self.receive(), n);
  }
  assertEquals(await receiver.receive(), 8);
  assertEquals(await receiver.receive(), 9);
}

export async function sendOnce(self: Actor, to: Numbers, value: number, ready: Pid<string>): Promise<string> {
  const sending = to.send(value);
  self.send(ready, "sending");
  try {
    await sending;
    return "sent";
  } catch (error) {
    return (error as Error).name;
  }
}

export async function fairness(self: Actor<string>): Promise<void> {
  const { sender, receiver } = self.channel<number>(1);
  await sender.send(-1);
  const handles = [];
  for (let i = 0; i < 8; i++) { // one after the other begins to wait
    handles.push(self.spawnWith(schedulerAt(self, i), sendOnce, sender, i, self.pid));
    await self.receive();
  }
  const got = [];
  for (let i = -1; i < 8; i++) got.push(await receiver.receive());
  assertEquals(got, [-1, 0, 1, 2, 3, 4, 5, 6, 7]);
  for (const handle of handles) assertEquals((await handle.join()).kind, "exit");
}

export async function sleepsWhileFull(self: Actor<string>): Promise<void> {
  const { scheduler } = schedulerAt(self, 1);
  if (scheduler === schedulerAt(self, 0).scheduler) return; // it is kept awake by this actor
  const { sender, receiver } = self.channel<number>(1);
  await sender.send(0);
  const peer = self.spawnWith({ scheduler }, sendOnce, sender, 1, self.pid);
  await self.receive();
  const there = () => self.stats().schedulers[scheduler];
  while (!there().parked) await self.yield();
  assertEquals([there().timers, there().runQueueLength], [0, 0]); // nothing but the room that it waits for wakes it
  const { resumed } = there();
  assertEquals(await receiver.receive(), 0);
  assertEquals(await peer.join(), { kind: "exit", value: "sent" });
  while (!there().parked) await self.yield();
  assertEquals(there().resumed, resumed + 1);
  assertEquals(await receiver.receive(), 1);
}

export async function closes(self: Actor, to: Numbers): Promise<string> {
  await to.send(1);
  await to.send(2);
  to.close();
  assert(to.isClosed);
  assertEquals(to.trySend(3), false);
  await self.yield();
  return (await rejection(to.send(3))).name;
}

export async function closeBySender(self: Actor): Promise<void> {
  const { sender, receiver } = self.channel<number>();
  const peer = self.spawnWith(schedulerAt(self, 1), closes, sender);
  assertEquals(await peer.join(), { kind: "exit", value: "ChannelClosedError" });
  const got = [];
  for await (const value of receiver) got.push(value);
  assertEquals(got, [1, 2]);
  assert(receiver.isClosed && sender.isClosed);
  assertEquals(sender.trySend(5), false);
  assertEquals((await rejection(sender.send(5))).name, "ChannelClosedError");
  const error = await rejection(receiver.receive());
  assertEquals(error.name, "ChannelClosedError");
  assertMatch(error.message, /Cannot receive: the channel of actor <.*> is closed and empty/);
}

export async function closeByReceiver(self: Actor<string>): Promise<void> {
  const { sender, receiver } = self.channel<number>(1);
  await sender.send(0);
  const handles = [0, 1, 2].map((i) => self.spawnWith(schedulerAt(self, i), sendOnce, sender, i, self.pid));
  for (const _ of handles) await self.receive();
  receiver.close();
  for (const handle of handles) {
    assertEquals(await handle.join(), { kind: "exit", value: "ChannelClosedError" });
  }
  assertEquals(await receiver.receive(), 0);
  assertEquals((await rejection(receiver.receive())).name, "ChannelClosedError");
}

export async function owns(self: Actor<string>, to: Pid<Numbers>): Promise<void> {
  const { sender, receiver } = self.channel<number>(1);
  await sender.send(0);
  self.send(to, sender);
  await self.receive();
  void receiver;
}

export async function endOfOwner(self: Actor<Numbers>): Promise<void> {
  for (let where = 0; where < 2; where++) {
    const owner = self.spawnWith(schedulerAt(self, where), owns, self.pid);
    const sender = await self.receive();
    const waiting = rejection(sender.send(1));
    self.send(owner, "end");
    assertEquals((await waiting).name, "ChannelClosedError");
    assertEquals((await owner.join()).kind, "exit");
    assertEquals((await rejection(sender.send(1))).name, "ChannelClosedError");
    assertEquals(sender.trySend(1), false);
  }
}

export async function endOfSender(self: Actor<string>): Promise<void> {
  const { sender, receiver } = self.channel<number>(1);
  await sender.send(0);
  const peer = self.spawnWith(schedulerAt(self, 1), sendOnce, sender, 1, self.pid);
  await self.receive();
  self.kill(peer); // what it was about to send is not sent
  await peer.join();
  assertEquals(await receiver.receive(), 0);
  await sender.send(2);
  assertEquals(await receiver.receive(), 2);
  assert(!receiver.isClosed);
}

export async function receiveTimesOut(self: Actor): Promise<void> {
  const { sender, receiver } = self.channel<number>(1);
  const error = await rejection(receiver.receive({ timeout: 1 }));
  assertEquals(error.name, "TimeoutError");
  assertMatch(error.message, /channel receive/);
  await sender.send(1);
  assertEquals(await receiver.receive({ timeout: 1 }), 1);
  const controller = new AbortController();
  const aborted = rejection(receiver.receive({ signal: controller.signal }));
  controller.abort(new Error("enough"));
  assertEquals((await aborted).message, "enough");
  await sender.send(2);
  assertEquals(await receiver.receive(), 2);
}

export async function givesUp(self: Actor<string>, to: Numbers, ready: Pid<string>): Promise<string[]> {
  const names = [(await rejection(to.send(1, { timeout: 1 }))).name];
  const controller = new AbortController();
  const aborted = rejection(to.send(2, { signal: controller.signal }));
  controller.abort(new Error("enough"));
  names.push((await aborted).message);
  self.send(ready, "given up");
  await to.send(3);
  return names;
}

export async function sendGivenUp(self: Actor<string>): Promise<void> {
  for (let where = 0; where < 2; where++) {
    const { sender, receiver } = self.channel<number>(1);
    await sender.send(0);
    const peer = self.spawnWith(schedulerAt(self, where), givesUp, sender, self.pid);
    await self.receive();
    assertEquals(await receiver.receive(), 0);
    assertEquals(await receiver.receive(), 3);
    assertEquals(await peer.join(), { kind: "exit", value: ["TimeoutError", "enough"] });
    assertEquals(receiver.tryReceive(), undefined);
  }
}

export async function relay(self: Actor<Numbers>, to: Pid<Numbers>): Promise<void> {
  const sender = await self.receive();
  await sender.send(1);
  self.send(to, sender);
}

export async function sentHome(self: Actor<Numbers>): Promise<void> {
  const { sender, receiver } = self.channel<number>(8);
  let at: Pid<Numbers> = self.pid;
  for (let i = 0; i < 5; i++) at = self.spawnWith(schedulerAt(self, i + 1), relay, at).pid;
  self.send(at, sender);
  const home = await self.receive();
  await home.send(2);
  for (let i = 0; i < 5; i++) assertEquals(await receiver.receive(), 1);
  assertEquals(await receiver.receive(), 2);
  home.close();
  assert(receiver.isClosed);
}

export async function requestReply(self: Actor): Promise<void> {
  const server = self.spawnWith(schedulerAt(self, 1), serve);
  for (let i = 0; i < 50; i++) {
    const { sender, receiver } = self.channel<number>(1);
    self.send(server, { n: i, reply: sender });
    assertEquals(await receiver.receive(), i * 2);
  }
  self.exit(server, "shutdown");
}

export async function serve(self: Actor<{ n: number; reply: Numbers }>): Promise<void> {
  for await (const { n, reply } of self) await reply.send(n * 2);
}

export async function receiverStays(self: Actor): Promise<void> {
  const { receiver } = self.channel<number>();
  const peer = self.spawnWith(schedulerAt(self, 1), idle);
  if (self.stats().schedulerCount > 1) {
    let error: Error | undefined;
    try {
      self.send(peer, { rx: receiver });
    } catch (caught) {
      error = caught as Error;
    }
    assertEquals(error?.name, "NotSendableError");
    assertMatch(error!.message, /message\.rx: a channel's receiver stays with the actor .* Send its sender/);
  }
  const stranger = self.spawn(async () => (await rejection(receiver.receive())).message);
  const outcome = await stranger.join();
  assert(outcome.kind === "exit");
  assertMatch(outcome.value, /the channel's receiver belongs to actor <.*>/);
  self.exit(peer, "shutdown");
}

export async function idle(self: Actor<unknown>): Promise<void> {
  await self.receive();
}

export async function unsendable(self: Actor): Promise<void> {
  const { sender, receiver } = self.channel<unknown>(1);
  const peer = self.spawnWith(schedulerAt(self, 1), sendsFunction, sender);
  const outcome = await peer.join();
  if (self.stats().schedulerCount > 1) assertEquals(outcome, { kind: "exit", value: "NotSendableError" });
  else assertEquals(typeof await receiver.receive(), "function");
  await sender.send(1); // the slot that it had taken is free again
  assertEquals(await receiver.receive(), 1);
}

export async function sendsFunction(self: Actor, to: ChannelSender<unknown>): Promise<string> {
  void self;
  try {
    await to.send(() => {});
    return "sent";
  } catch (error) {
    return (error as Error).name;
  }
}

export async function pendingReceives(self: Actor): Promise<void> {
  const { sender, receiver } = self.channel<number>(2);
  const order: string[] = [];
  const all = ["a", "b", "c"].map((name) =>
    receiver.receive().then((value) => {
      order.push(`${name}${value}`);
    })
  );
  for (let n = 0; n < 3; n++) await sender.send(n);
  await Promise.all(all);
  assertEquals(order, ["a0", "b1", "c2"]);
}

export function badCapacity(self: Actor): void {
  for (const bad of [0, -1, 1.5, NaN, Infinity, "3", null]) {
    let error: Error | undefined;
    try {
      self.channel(bad as number);
    } catch (caught) {
      error = caught as Error;
    }
    assertEquals(error?.name, typeof bad === "number" ? "RangeError" : "TypeError");
    assertMatch(error!.message, new RegExp(`channel needs .*, got ${Deno.inspect(bad)}`));
  }
}

export async function closeWithValuesOnTheirWay(self: Actor): Promise<void> {
  for (let round = 0; round < 20; round++) {
    const { sender, receiver } = self.channel<number>();
    const peers = [1, 2, 3].map((i) => self.spawnWith(schedulerAt(self, i), pushUntilClosed, sender));
    for (let i = 0; i < 50; i++) await receiver.receive();
    receiver.close();
    let received = 50;
    for await (const _ of receiver) received++;
    let sent = 0;
    for (const peer of peers) {
      const outcome = await peer.join();
      assert(outcome.kind === "exit");
      sent += outcome.value;
    }
    assertEquals(received, sent); // what was accepted is received, nothing else is
  }
}

export async function pushUntilClosed(self: Actor, to: Numbers): Promise<number> {
  let sent = 0;
  while (to.trySend(sent)) {
    sent++;
    if (sent % 8 === 0) await self.yield();
  }
  return sent;
}

export async function impatient(self: Actor, to: Numbers, rounds: number): Promise<number> {
  let sent = 0;
  for (let i = 0; i < rounds; i++) {
    try {
      await to.send(i, { timeout: i % 3 === 0 ? 0 : 0.05 });
      sent++;
    } catch (error) {
      assertEquals((error as Error).name, "TimeoutError");
    }
    if (i % 8 === 0) await self.yield();
  }
  return sent;
}

export async function slotsAreNotLost(self: Actor): Promise<void> {
  const capacity = 2;
  const { sender, receiver } = self.channel<number>(capacity);
  const peers = [1, 2, 3].map((i) => self.spawnWith(schedulerAt(self, i), impatient, sender, 400));
  let over = false, received = 0;
  const ends = Promise.all(peers.map((peer) => peer.join()));
  ends.then(() => over = true);
  while (!over) {
    await receiver.receive({ timeout: 0.1 }).then(() => received++, () => {});
  }
  let sent = 0;
  for (const outcome of await ends) {
    assert(outcome.kind === "exit", String(outcome));
    sent += outcome.value;
  }
  while (receiver.tryReceive() !== undefined) received++; // a value comes before the end of its sender
  assertEquals(received, sent);
  // A slot that was granted to a send given up meanwhile comes back behind the end of its sender: wait for it.
  for (let i = 0; i < capacity; i++) {
    await sender.send(i, { timeout: 10_000 }).catch((error) => {
      throw new Error(`only ${i} slots are left`, { cause: error });
    });
  }
  assert(!sender.trySend(capacity));
}
