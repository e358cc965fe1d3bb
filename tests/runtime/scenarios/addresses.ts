// Programs of tests/runtime/addresses_test.ts.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { promisify } from "node:util";
import type { Actor, Call, ChannelSender, Down, Handle, Pid } from "smarm";
import { mainOf, rejection, schedulerAt } from "../scenario_main.ts";
import * as scenarios from "./addresses.ts";

export const main = mainOf(() => scenarios);

setFlagsFromString("--expose-gc");
const gc: () => void = runInNewContext("gc");

type Parcel = {
  bytes: ArrayBuffer;
  handle: Handle<number>;
  sender: ChannelSender<number>;
  call: Call<null, number>;
};

export function seven(): number {
  return 7;
}

export async function opens(self: Actor<Parcel>): Promise<void> {
  const { bytes, handle, sender, call } = await self.receive();
  const outcome = await handle.join();
  await sender.send(outcome.kind === "exit" ? outcome.value : -1);
  call.reply(bytes.byteLength);
}

export async function asks(self: Actor<unknown>, to: Pid<Call<null, number>>): Promise<number> {
  return await self.call(to, null);
}

export async function transferred(self: Actor<Call<null, number>>): Promise<void> {
  for (let where = 0; where < 2; where++) {
    const opener = self.spawnWith(schedulerAt(self, where), opens);
    const asker = self.spawnWith(schedulerAt(self, where + 1), asks, self.pid);
    const call = await self.receive();
    const { sender, receiver } = self.channel<number>();
    const bytes = new ArrayBuffer(100_000); // more than a ring holds
    const handle = self.spawn(seven); // kept until it was joined: the outcome lives with it
    self.send(opener, { bytes, handle, sender, call }, { transfer: [bytes] });
    assertEquals(bytes.byteLength, 0);
    assertEquals(await receiver.receive(), 7);
    assertEquals(await asker.join(), { kind: "exit", value: 100_000 });
    assertEquals((await handle.join()).kind, "exit");
  }
}

export function talks(self: Actor, to: Pid<number | Down>): string {
  for (let i = 0; i < 50; i++) self.send(to, i);
  return "said";
}

export async function downComesLast(self: Actor<number | Down>): Promise<void> {
  for (let round = 0; round < 40; round++) {
    const child = self.spawnWith(schedulerAt(self, round), talks, self.pid);
    self.monitor(child);
    for (let i = 0; i < 50; i++) assertEquals(await self.receive(), i);
    const down = await self.receive() as Down;
    assertEquals(down.type, "DOWN");
    // The question may have come when the child was dead and forgotten there.
    const { outcome } = down;
    assert(outcome.kind === "exit" ? outcome.value === "said" : outcome.error.name === "DeadActorError");
  }
}

export async function keeps(self: Actor<Handle<number> | Pid<Handle<number>>>): Promise<void> {
  const handle = await self.receive() as Handle<number>;
  const to = await self.receive() as Pid<Handle<number>>;
  self.send(to, handle);
}

/** In a function of its own: nothing of the original is left on the stack. */
function lends(
  self: Actor<Handle<number>>,
  keeper: Handle<void, Handle<number> | Pid<Handle<number>>>,
): void {
  self.send(keeper, self.spawnWith({ scheduler: "local" }, seven));
}

export async function comesHome(self: Actor<Handle<number>>): Promise<void> {
  const keeper = self.spawnWith(schedulerAt(self, 1), keeps);
  lends(self, keeper);
  for (let i = 0; i < 5; i++) {
    await self.sleep(1);
    gc();
  }
  self.send(keeper, self.pid);
  const outcome = await (await self.receive()).join();
  // The collector may be late: then the original is still there.
  assert(outcome.kind === "exit" || outcome.error.name === "DeadActorError", Deno.inspect(outcome));
}

export async function answersLater(self: Actor<ChannelSender<number> | "now">): Promise<void> {
  const sender = await self.receive() as ChannelSender<number>;
  await self.receive();
  await sender.send(5);
}

/** Nobody but the select holds the receiver. */
function selects(self: Actor, to: Handle<void, ChannelSender<number> | "now">) {
  const { sender, receiver } = self.channel<number>(1);
  self.send(to, sender);
  return self.select({ receiver });
}

export async function selectKeepsItsChannel(self: Actor): Promise<void> {
  const answers = self.spawnWith(schedulerAt(self, 1), answersLater);
  const selected = selects(self, answers);
  for (let i = 0; i < 5; i++) {
    await self.sleep(1);
    gc();
  }
  self.send(answers, "now");
  assertEquals(await selected, { source: "receiver", closed: false, value: 5 });
}

export async function promisified(self: Actor): Promise<void> {
  assertEquals(await promisify(setTimeout)(1, "later"), "later");
  assertEquals(await self.until(promisify(setTimeout)(1, "and again")), "and again");
}

export async function link(self: Actor<Pid<number> | number>, main: Pid<number>): Promise<void> {
  const next = await self.receive() as Pid<number>;
  const n = await self.receive() as number;
  self.send(n === 0 ? main : next, n - 1);
}

/** Two schedulers have one ring each way, so what is sent first also comes first where a third actor is between. */
export async function ringAtOnce(self: Actor<number>): Promise<void> {
  if (self.stats().schedulerCount > 2) return; // not promised
  for (let round = 0; round < 30; round++) {
    const links = Array.from({ length: 50 }, () => self.spawn(link, self.pid));
    links.forEach((one, i) => self.send(one, links[(i + 1) % 50].pid));
    self.send(links[0], 49);
    assertEquals(await self.receive(), -1);
  }
}

export function namedWhenSent(self: Actor): void {
  const found: unknown[] = [];
  const args = {
    get last() {
      found.push(self.whereis("unborn"));
      return () => {}; // cannot be sent
    },
  };
  for (let where = 1; where < self.stats().schedulerCount; where++) {
    const options = { ...schedulerAt(self, where), name: "unborn" };
    // deno-lint-ignore no-explicit-any
    const unsendable = assertThrows(() => self.spawnWith(options, seven as any, args), Error, "args[0].last");
    assertEquals(unsendable.name, "NotSendableError");
    assert(found.length > 0 && found.every((pid) => pid === undefined));
    self.register("unborn"); // nobody has it
    assertEquals(assertThrows(() => self.spawnWith(options, seven), Error).name, "NameTakenError");
    self.unregister("unborn");
  }
}

type Joins = { handle: Handle<unknown>; again?: true };

/** One or another may be held by what V8 has not cleared yet. */
async function mostAreCollected(refs: WeakRef<object>[]): Promise<void> {
  do {
    await new Promise((resolve) => setTimeout(resolve, 1)); // what was looked at is kept until its job is over
    gc();
  } while (refs.filter((ref) => ref.deref() !== undefined).length > refs.length / 2);
}

export async function joins(self: Actor<Joins>, to: Pid<string>): Promise<void> {
  const copies: WeakRef<Handle<unknown>>[] = [];
  for (let round = 0; round < 10; round++) await givesUp(self, copies);
  await mostAreCollected(copies);
  self.send(to, "collected");
  const { handle } = await self.receive();
  assertEquals((await rejection(handle.join({ timeout: 0 }))).name, "TimeoutError");
  self.send(to, "again");
  self.send(to, (await handle.join()).kind);
}

async function givesUp(self: Actor<Joins>, copies: WeakRef<Handle<unknown>>[]): Promise<void> {
  const { handle } = await self.receive();
  copies.push(new WeakRef(handle));
  const both = await Promise.all([
    rejection(handle.join({ timeout: 0 })),
    rejection(handle.join({ timeout: 1 })),
  ]);
  assertEquals(both.map(({ name }) => name), ["TimeoutError", "TimeoutError"]);
}

export async function joinsNoLonger(self: Actor<string>): Promise<void> {
  if (self.stats().schedulerCount === 1) return; // there are no copies
  const joiner = self.spawnWith(schedulerAt(self, 1), joins, self.pid);
  const handle = self.spawn(waitsForever);
  const joiners = () => (handle as unknown as { joiners: unknown[] | null }).joiners?.length;
  for (let round = 0; round < 10; round++) self.send(joiner, { handle });
  assertEquals(await self.receive(), "collected");
  while (joiners() !== 0) await self.sleep(1);
  self.send(joiner, { handle });
  assertEquals(await self.receive(), "again");
  self.kill(handle);
  assertEquals(await self.receive(), "panic");
  assertEquals((await joiner.join()).kind, "exit");
}

export async function waitsForever(self: Actor): Promise<void> {
  await self.receive();
}

export async function neverAnswers(self: Actor<Call<string, void>>, to: Pid<string>): Promise<void> {
  const calls: WeakRef<object>[] = [];
  for (let round = 0; round < 8; round++) await ignores(self, to, calls);
  await mostAreCollected(calls);
  (await self.receive()).reply();
}

async function ignores(
  self: Actor<Call<string, void>>,
  to: Pid<string>,
  calls: WeakRef<object>[],
): Promise<void> {
  const call = await self.receive();
  self.send(to, call.request);
  calls.push(new WeakRef(call));
}

export async function asksInVain(self: Actor, to: Pid<Call<string, void>>): Promise<void> {
  await self.call(to, "by one that ends", { timeout: 60_000 });
}

/** Ways to give up a call that has come. */
const GIVES_UP = {
  async timeout(self: Actor<string>, callee: Pid<Call<string, void>>) {
    assertEquals((await rejection(self.call(callee, "in time", { timeout: 1 }))).name, "TimeoutError");
    assertEquals(await self.receive(), "in time");
  },
  async signal(self: Actor<string>, callee: Pid<Call<string, void>>) {
    const stop = new AbortController();
    const call = rejection(self.call(callee, "aborted", { signal: stop.signal }));
    assertEquals(await self.receive(), "aborted");
    stop.abort();
    assertEquals((await call).name, "AbortError");
  },
  async end(self: Actor<string>, callee: Pid<Call<string, void>>) {
    const asker = self.spawnWith({ scheduler: "local" }, asksInVain, callee);
    assertEquals(await self.receive(), "by one that ends");
    self.exit(asker, "shutdown");
    await asker.join();
  },
};

export async function asksNoLonger(self: Actor<string>): Promise<void> {
  for (let where = 0; where < 2; where++) {
    for (const givesUp of Object.values(GIVES_UP)) {
      const callee = self.spawnWith(schedulerAt(self, where), neverAnswers, self.pid);
      for (let round = 0; round < 8; round++) await givesUp(self, callee.pid);
      await self.call(callee, "are they gone?", { timeout: 60_000 });
    }
  }
}
