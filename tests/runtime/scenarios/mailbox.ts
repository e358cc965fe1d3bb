// Programs of tests/runtime/mailbox_test.ts.
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Actor, Call, Down, Exit, OnFull, Pid } from "smarm";
import { mainOf, rejection, schedulerAt } from "../scenario_main.ts";
import * as scenarios from "./mailbox.ts";

export const main = mainOf(() => scenarios);

type Numbered = { readonly n: number } | Call<number, number>;

/** Receives nothing until it is told to by its parent's channel, then tells all that its mailbox holds. */
export async function hoards(
  self: Actor<unknown>,
  to: Pid<unknown[]>,
  gate: Pid<"at the gate">,
): Promise<void> {
  const { sender, receiver } = self.channel<"open">(1);
  self.send(gate as never, sender as never);
  await receiver.receive();
  const all: unknown[] = [];
  for (let message = self.tryReceive(); message !== undefined; message = self.tryReceive()) all.push(message);
  self.send(to, all);
}

interface Hoarder {
  readonly pid: Pid<unknown>;
  open(): Promise<unknown[]>;
}

async function hoarder(self: Actor<unknown>, where: number, onFull: OnFull, capacity = 3): Promise<Hoarder> {
  const options = { ...schedulerAt(self, where), mailbox: { capacity, onFull } };
  const { pid } = self.spawnWith(options, hoards, self.pid as never, self.pid as never);
  const gate = await self.receive() as { send(value: "open"): Promise<void> };
  return {
    pid,
    async open() {
      await gate.send("open");
      return await self.receive() as unknown[];
    },
  };
}

const dropped = (self: Actor<unknown>) => self.stats().schedulers.reduce((sum, one) => sum + one.dropped, 0);

export async function dropNewest(self: Actor<unknown>): Promise<void> {
  for (let where = 0; where < 2; where++) {
    const before = dropped(self);
    const one = await hoarder(self, where, "drop-newest");
    for (let n = 0; n < 7; n++) self.send(one.pid, { n });
    assertEquals(await one.open(), [{ n: 0 }, { n: 1 }, { n: 2 }]);
    while (dropped(self) < before + 4) await self.yield();
    assertEquals(dropped(self), before + 4);
  }
}

export async function dropOldest(self: Actor<unknown>): Promise<void> {
  for (let where = 0; where < 2; where++) {
    const one = await hoarder(self, where, "drop-oldest");
    for (let n = 0; n < 7; n++) self.send(one.pid, { n });
    assertEquals(await one.open(), [{ n: 4 }, { n: 5 }, { n: 6 }]);
  }
}

export async function panics(self: Actor<unknown>): Promise<void> {
  for (let where = 0; where < 2; where++) {
    const one = self.spawnWith(
      { ...schedulerAt(self, where), mailbox: { capacity: 2, onFull: "panic" } },
      idle,
    );
    for (let n = 0; n < 3; n++) self.send(one, { n });
    const outcome = await one.join();
    assert(outcome.kind === "panic");
    assertEquals(outcome.error.name, "MailboxFullError");
    assertMatch(outcome.error.message, /came to the mailbox of <.*>, which holds its 2 already/);
  }
}

export async function idle(self: Actor<unknown>): Promise<void> {
  await self.sleep(3_600_000);
}

export async function droppedCalls(self: Actor<unknown>): Promise<void> {
  for (let where = 0; where < 2; where++) {
    const newest = await hoarder(self, where, "drop-newest", 1);
    self.send(newest.pid, 0);
    const refused = await rejection(self.call(newest.pid as never, 1 as never));
    assertEquals(refused.name, "MailboxFullError");
    assertMatch(refused.message, /call: the mailbox of <.*> is full, it holds its 1 already/);
    assertEquals(await newest.open(), [0]);

    const oldest = await hoarder(self, where, "drop-oldest", 1);
    const pushedOut = rejection(self.call(oldest.pid as never, 1 as never));
    self.send(oldest.pid, 2);
    const pushed = await pushedOut;
    assertEquals(pushed.name, "MailboxFullError");
    assertEquals(await oldest.open(), [2]);
    for (const { name, message, stack = "" } of [refused, pushed]) {
      assert(stack.startsWith(`${name}: ${message}\n`), stack);
      assertMatch(stack, /at (async )?droppedCalls \(.*mailbox\.ts:\d+/);
    }

    const fragile = self.spawnWith(
      { ...schedulerAt(self, where), mailbox: { capacity: 1, onFull: "panic" } },
      idle,
    );
    const both = [1, 2].map((n) => rejection(self.call(fragile.pid as never, n as never)));
    for (const error of await Promise.all(both)) {
      assertEquals(error.name, "DeadActorError");
      assertEquals((error.cause as Error).name, "MailboxFullError");
    }
    await fragile.join();
  }
}

export async function ends(_self: Actor): Promise<void> {}

/** Watches actors that end, with a mailbox of one. */
export async function watcher(self: Actor<unknown>, to: Pid<unknown[]>, count: number, onFull: OnFull) {
  self.trapExit(true);
  void onFull;
  const children = [];
  for (let i = 0; i < count; i++) {
    const child = self.spawnWith({ ...schedulerAt(self, i), monitor: true, link: true }, ends);
    children.push(child);
  }
  for (const child of children) await child.join();
  self.send(self.pid, "one");
  self.send(self.pid, "two");
  self.send(self.pid, "three");
  const all: unknown[] = [];
  let seen = 0;
  while (seen < count * 2) {
    const message = await self.receive() as Down | Exit | string;
    all.push(typeof message === "string" ? message : message.type);
    if (typeof message !== "string") seen++;
  }
  for (let last = self.tryReceive(); last !== undefined; last = self.tryReceive()) all.push(last);
  self.send(to, all);
}

export async function systemMessages(self: Actor<unknown>): Promise<void> {
  for (const onFull of ["drop-newest", "drop-oldest"] as const) {
    const options = { ...schedulerAt(self, 1), mailbox: { capacity: 1, onFull } };
    self.spawnWith(options, watcher, self.pid as never, 4, onFull);
    const all = await self.receive() as string[];
    assertEquals(all.filter((one) => one === "DOWN").length, 4);
    assertEquals(all.filter((one) => one === "EXIT").length, 4);
    const others = all.filter((one) => one !== "DOWN" && one !== "EXIT");
    assertEquals(others, [onFull === "drop-newest" ? "one" : "three"]);
  }
}

export async function againRoom(self: Actor<unknown>): Promise<void> {
  // Here: elsewhere it may have taken the first message before the second is sent.
  const child = self.spawnWith({ scheduler: "local", mailbox: { capacity: 2 } }, collects, self.pid as never);
  for (let round = 0; round < 3; round++) {
    for (let n = 0; n < 4; n++) self.send(child, n);
    self.send(child, "lost");
    assertEquals(await self.receive(), [0, 1]);
  }
  self.exit(child, "shutdown");
}

export async function collects(self: Actor<unknown>, to: Pid<unknown[]>): Promise<void> {
  for (;;) {
    const first = await self.receive();
    await self.yield();
    self.send(to, [first, self.tryReceive()]);
    assertEquals(self.tryReceive(), undefined);
  }
}

export function defaults(self: Actor<Numbered>): void {
  for (let n = 0; n < 5; n++) self.send(self.pid, { n });
  const seen = [];
  for (let m = self.tryReceive(); m !== undefined; m = self.tryReceive()) seen.push(m);
  assertEquals(seen, [{ n: 0 }, { n: 1 }]);
  const child = self.spawnWith({ mailbox: { capacity: 3 } }, collects, self.pid as never);
  for (let n = 0; n < 4; n++) self.send(child, n);
  self.exit(child, "shutdown");
}

export async function supervisors(self: Actor<Numbered>): Promise<void> {
  const inner = { id: "inner", supervise: { children: [] } };
  for (const tree of [self.supervise({ children: [] }), self.supervise({ children: [inner] })]) {
    const starts = Array.from({ length: 20 }, (_, i) => tree.startChild({ id: `${i}`, start: [idle] }));
    await Promise.all(starts);
    self.exit(tree, "shutdown");
    await tree.join();
  }
}

export function badBounds(self: Actor): void {
  for (
    const bad of [{ capacity: 0 }, { capacity: 1.5 }, { capacity: "3" }, { capacity: 1, onFull: "drop" }]
  ) {
    let error: Error | undefined;
    try {
      self.spawnWith({ mailbox: bad as never }, idle);
    } catch (caught) {
      error = caught as Error;
    }
    assertMatch(String(error), /(RangeError|TypeError): mailbox\.(capacity|onFull) needs .*, got /);
  }
}
