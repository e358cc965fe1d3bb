// Programs of tests/runtime/timed_test.ts.
import { assertEquals, assertMatch } from "@std/assert";
import type { Actor, Pid } from "smarm";
import { mainOf, schedulerAt } from "../scenario_main.ts";
import * as scenarios from "./timed.ts";

export const main = mainOf(() => scenarios);

export async function echoes(self: Actor<unknown>, to: Pid<unknown>): Promise<void> {
  for await (const message of self) self.send(to, message);
}

export async function acrossSchedulers(self: Actor<unknown>): Promise<void> {
  const peer = self.spawnWith(schedulerAt(self, 1), echoes, self.pid);
  const ticks = self.every(1, peer.pid, "tick");
  for (let i = 0; i < 5; i++) assertEquals(await self.receive(), "tick");
  self.cancel(ticks);
  self.after(1, peer.pid, "once");
  assertEquals(await self.receive((m) => m === "once"), "once");
  if (self.stats().schedulerCount > 1) {
    let error: Error | undefined;
    try {
      self.after(1, peer.pid, { f: () => {} });
    } catch (caught) {
      error = caught as Error;
    }
    assertMatch(String(error), /NotSendableError: Cannot send message\.f/);
  }
  self.exit(peer, "shutdown");
}

export async function takesOne(self: Actor<unknown>): Promise<void> {
  await self.receive();
}

export async function ticksForTheDead(self: Actor<unknown>): Promise<void> {
  for (let where = 0; where < 2; where++) {
    const peer = self.spawnWith(schedulerAt(self, where), takesOne);
    const ticks = self.every(1, peer.pid, "tick");
    await peer.join();
    await self.sleep(3); // timers fire in order: a tick was due meanwhile
    assertEquals(self.cancel(ticks), false);
  }
}
