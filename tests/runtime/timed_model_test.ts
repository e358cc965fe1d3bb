/**
 * Timed messages against a model of them: whatever is set, cancelled, stalled and killed, what has come, in which order,
 * how many ticks were merged and what is left is what the model says.
 */
import fc from "fast-check";
import { assertEquals } from "@std/assert";
import { runActors } from "smarm/testing";
import type { Actor, Pid, TimerRef } from "smarm";

type Target = "self" | "child" | "dead" | "name";
type Command =
  | { readonly do: "every" | "after"; readonly ms: number; readonly to: Target }
  | { readonly do: "cancel" | "missedTicks"; readonly which: number }
  | { readonly do: "sleep" | "stall"; readonly ms: number }
  | { readonly do: "kill the child" };

const COMMAND: fc.Arbitrary<Command> = fc.oneof(
  fc.record({
    do: fc.constantFrom("every" as const, "after" as const),
    ms: fc.integer({ min: 1, max: 40 }),
    to: fc.constantFrom<Target>("self", "self", "child", "dead", "name"),
  }),
  fc.record({ do: fc.constantFrom("cancel" as const, "missedTicks" as const), which: fc.nat(8) }),
  fc.record({
    do: fc.constantFrom("sleep" as const, "sleep" as const, "stall" as const),
    ms: fc.integer({ min: 1, max: 90 }),
  }),
  fc.constant({ do: "kill the child" as const }),
);

/** One timed message as the model has it. */
interface Timed {
  readonly number: number;
  readonly ref: TimerRef;
  readonly to: Target;
  /** 0: once. */
  readonly everyMs: number;
  dueMs: number;
  /** Among those that are due at one time, who was set first. */
  setAs: number;
  missed: number;
  pending: boolean;
}

class Model {
  readonly timed: Timed[] = [];
  /** What has come to the actor itself, and to its child. */
  readonly inbox: number[] = [];
  readonly childGot: number[] = [];
  childIsDead = false;
  #set = 0;

  start(ref: TimerRef, to: Target, nowMs: number, ms: number, everyMs: number): void {
    const number = this.timed.length;
    const setAs = this.#set++;
    this.timed.push({ number, ref, to, everyMs, dueMs: nowMs + ms, setAs, missed: 0, pending: true });
  }

  get pending(): Timed[] {
    return this.timed.filter((one) => one.pending).sort((a, b) => a.dueMs - b.dueMs || a.setAs - b.setAs);
  }

  /** Time goes on as it should: each is sent when it is due. */
  passTo(nowMs: number, capacity: number): void {
    for (let next = this.pending[0]; next !== undefined && next.dueMs <= nowMs; next = this.pending[0]) {
      this.#fire(next, next.dueMs, capacity);
    }
  }

  /** All that came due during a stall is sent at its end. */
  stallTo(nowMs: number, capacity: number): void {
    for (const one of this.pending) if (one.dueMs <= nowMs) this.#fire(one, nowMs, capacity);
  }

  #fire(one: Timed, nowMs: number, capacity: number): void {
    const isForTheDead = one.to === "dead" || (one.to === "child" && this.childIsDead);
    if (one.everyMs === 0 || isForTheDead) one.pending = false;
    else {
      const late = Math.floor((nowMs - one.dueMs) / one.everyMs);
      one.missed += late;
      one.dueMs += (late + 1) * one.everyMs;
      one.setAs = this.#set++;
    }
    if (isForTheDead) return;
    if (one.to === "child") this.childGot.push(one.number);
    else if (this.inbox.length < capacity) this.inbox.push(one.number);
  }
}

interface Inside {
  readonly scheduler: { readonly clock: { now(): number; jumpTo(ms: number): void } };
  readonly extras: { readonly timed: Map<TimerRef, unknown> };
}

async function follow(self: Actor<number>, commands: readonly Command[], capacity: number): Promise<void> {
  const inside = self as unknown as Inside;
  const { clock } = inside.scheduler;
  const model = new Model();
  const childGot: number[] = [];
  const child = self.spawn(async (other: Actor<number>) => {
    for await (const number of other) childGot.push(number);
  });
  const dead = self.spawn((_: Actor<number>) => {});
  await dead.join();
  self.register("name");
  const addresses: Record<Target, Pid<number> | string> = {
    self: self.pid,
    child: child.pid,
    dead: dead.pid,
    name: "name",
  };
  for (const command of commands) {
    switch (command.do) {
      case "every":
      case "after": {
        const { ms, to } = command;
        const ref = self[command.do](ms, addresses[to] as Pid<number>, model.timed.length);
        model.start(ref, to, clock.now(), ms, command.do === "every" ? ms : 0);
        break;
      }
      case "cancel": {
        const one = model.timed.at(command.which);
        if (one === undefined) break;
        assertEquals(self.cancel(one.ref), one.pending);
        one.pending = false;
        break;
      }
      case "missedTicks": {
        const one = model.timed.at(command.which);
        if (one !== undefined) assertEquals(self.missedTicks(one.ref), one.pending ? one.missed : 0);
        break;
      }
      case "sleep":
        await self.sleep(command.ms);
        model.passTo(clock.now(), capacity);
        break;
      case "stall":
        clock.jumpTo(clock.now() + command.ms);
        await self.sleep(0);
        model.stallTo(clock.now(), capacity);
        break;
      case "kill the child":
        self.kill(child);
        await child.join();
        model.childIsDead = true;
    }
    const inbox: number[] = [];
    for (let number = self.tryReceive(); number !== undefined; number = self.tryReceive()) inbox.push(number);
    assertEquals(inbox, model.inbox.splice(0));
  }
  await self.yield(); // the child takes what has come
  if (!model.childIsDead) assertEquals(childGot, model.childGot);
  assertEquals(inside.extras.timed.size, model.pending.length);
  if (!model.childIsDead) self.kill(child);
  await child.join();
}

Deno.test("timed messages do what a model of them does, stalls, cancels and deaths included", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(COMMAND, { maxLength: 25 }),
      fc.constantFrom(Infinity, 3),
      async (commands, capacity) => {
        await runActors(async (self: Actor) => {
          const options = capacity === Infinity ? {} : { mailbox: { capacity } };
          const one = self.spawnWith(options, (other: Actor<number>) => follow(other, commands, capacity));
          const outcome = await one.join();
          if (outcome.kind === "panic") throw outcome.error;
        });
      },
    ),
    { numRuns: 300 },
  );
});
