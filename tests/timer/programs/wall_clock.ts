// A program of tests/timer/monotonic_test.ts: the wall clock of each of its threads jumps by a day at every look at it.
import { assert, assertEquals } from "@std/assert";
import type { Actor, Call, Pid } from "smarm";
import { stubDate } from "./stub_date.ts";

stubDate();

export async function main(self: Actor<unknown>): Promise<string> {
  for (let where = 0; where < self.stats().schedulerCount; where++) {
    const outcome = await self.spawnWith({ scheduler: where }, keepsTime).join();
    if (outcome.kind === "panic") throw outcome.error;
  }
  return "kept";
}

/** A deadline on a wall clock that jumps forward would be over at once, on one that jumps back it would never come. */
export async function keepsTime(self: Actor<unknown>): Promise<void> {
  const looks = Date.now() - Date.now();
  assert(Math.abs(looks) > 80_000_000, "the wall clock does not jump");

  const order: number[] = [];
  const sleepers = [1, 2, 3, 4, 5].map((ms) =>
    self.spawn(async (other: Actor) => {
      await other.sleep(ms);
      order.push(ms);
    })
  );
  for (const sleeper of sleepers) await sleeper.join();
  assertEquals(order, [1, 2, 3, 4, 5]);

  for (let i = 0; i < 5; i++) {
    self.after(2, self.pid, i);
    assertEquals(await self.receive({ timeout: 3_600_000 }), i);
    assertEquals(await nameOf(self.receive({ timeout: 2 })), "TimeoutError");
  }
  assertEquals(await nameOf(self.call(self.pid as Pid<Call>, 1, { timeout: 2 })), "TimeoutError");
  await self.receive();

  const ticks = self.every(2, self.pid, "tick");
  for (let i = 0; i < 5; i++) assertEquals(await self.receive({ timeout: 3_600_000 }), "tick");
  assert(self.missedTicks(ticks) < 1_000_000, "a jump was taken for missed ticks");
  self.cancel(ticks);

  // Two crashes within the period are one too many: a period that jumps over would make every crash the first one.
  const supervised = self.spawn((other: Actor) => {
    other.supervise({ intensity: 1, period: 3_600_000, children: [{ id: "crashes", start: [crashes] }] });
    return other.receive();
  });
  const outcome = await supervised.join();
  assertEquals(outcome.kind, "panic");
}

export async function crashes(self: Actor): Promise<never> {
  await self.sleep(1);
  throw new Error("again");
}

async function nameOf(promise: Promise<unknown>): Promise<string> {
  return await promise.then(() => "it was answered", (error) => error.name);
}
