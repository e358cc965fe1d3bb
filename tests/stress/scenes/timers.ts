/**
 * Timed messages, many of them cancelled: each that was not comes once, and none that was.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { Actor, Pid, TimerRef } from "../../../smarm.ts";
import type { Random } from "../plan.ts";
import { pause, start } from "./support.ts";

type Timed = number | "tick";
interface Letter {
  readonly to: Pid<Timed>;
  readonly message: Timed;
}

/** Sends on what it is sent. */
export async function forwarder(self: Actor<Letter>): Promise<void> {
  for await (const { to, message } of self) self.send(to, message);
}

const LONGEST_MS = 6;

async function timedMessages(self: Actor<Timed>, random: Random): Promise<void> {
  const forwards = start(self, random, forwarder);
  const refs: TimerRef[] = [];
  const due = new Set<number>(), cancelled = new Set<number>(), came = new Set<number>();
  const take = (message: Timed | undefined) => {
    assert(typeof message === "number" && !came.has(message), `came twice: ${message}`);
    assert(!cancelled.has(message), `came though it was cancelled: ${message}`);
    came.add(message);
  };
  for (let i = 0; i < 20; i++) {
    const ms = random.below(LONGEST_MS);
    refs.push(
      random.below(3) === 0
        ? self.after(ms, forwards, { to: self.pid, message: i })
        : self.after(ms, self.pid, i),
    );
    due.add(i);
    if (random.below(4) === 0) {
      const other = random.below(refs.length);
      if (self.cancel(refs[other])) {
        assert(!came.has(other), `cancelled after it came: ${other}`);
        due.delete(other);
        cancelled.add(other);
      }
    }
    if (random.below(4) === 0) await pause(self, random);
    for (let one; (one = self.tryReceive()) !== undefined;) take(one);
  }
  while (came.size < due.size) take(await self.receive());
  await self.sleep(LONGEST_MS);
  assertEquals(self.tryReceive(), undefined, "a cancelled message came late");
  self.kill(forwards);
  await forwards.join();
}

async function ticks(self: Actor<Timed>, random: Random): Promise<void> {
  const every = self.every(1 + random.below(2), self.pid, "tick");
  for (let i = 0; i < 3; i++) assertEquals(await self.receive(), "tick");
  if (random.below(2) === 0) await pause(self, random);
  assertEquals(self.cancel(every), true);
  while (self.tryReceive() !== undefined); // those that had come before
  await self.sleep(5);
  assertEquals(self.tryReceive(), undefined, "a tick after its timer was cancelled");
}

/** Sleeps that overlap: none is shorter than asked, and each ends. */
async function sleeps(self: Actor, random: Random): Promise<void> {
  const one = async (ms: number) => {
    const startMs = performance.now();
    await self.sleep(ms);
    const tookMs = performance.now() - startMs;
    assert(tookMs >= ms - 0.5, `a sleep of ${ms} ms took ${tookMs} ms`); // clocks are compared across roundings
  };
  await Promise.all(Array.from({ length: 1 + random.below(20) }, () => one(random.below(LONGEST_MS))));
}

export const timerScenes = { timedMessages, ticks, sleeps };
