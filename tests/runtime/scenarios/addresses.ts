// Programs of tests/runtime/addresses_test.ts.
import { assert, assertEquals } from "@std/assert";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { promisify } from "node:util";
import type { Actor, Call, ChannelSender, Down, Handle, Pid } from "smarm";
import { mainOf, schedulerAt } from "../scenario_main.ts";
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
