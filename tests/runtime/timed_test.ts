import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { elapsedMs, runActors } from "smarm/testing";
import type { Actor, Pid, TimerRef } from "smarm";
import { gives } from "../support/run_case.ts";
import { testScenarios } from "./scenarios.ts";

Deno.test("after sends its message once, and not before its time", async () => {
  await runActors(async (self: Actor<string>) => {
    self.after(50, self.pid, "late");
    self.after(20, self.pid, "early");
    self.after(20, self.pid, "as early, set later");
    const got = [];
    for (const due of [20, 20, 50]) {
      got.push(await self.receive());
      assert(elapsedMs(self) >= due);
    }
    assertEquals(got, ["early", "as early, set later", "late"]);
    await self.sleep(1000);
    assertEquals(self.tryReceive(), undefined);
  });
});

Deno.test("a cancelled message is never delivered, and cancel says whether it was pending", async () => {
  await runActors(async (self: Actor<string>) => {
    const once = self.after(10, self.pid, "once");
    const again = self.every(10, self.pid, "again");
    const fired = self.after(1, self.pid, "fired");
    assertEquals(await self.receive(), "fired");
    assertEquals([self.cancel(fired), self.cancel(once), self.cancel(once)], [false, true, false]);
    assertEquals(await self.receive(), "again");
    assert(self.cancel(again));
    await self.sleep(1000);
    assertEquals(self.tryReceive(), undefined);
    assert(!self.cancel(12345 as TimerRef));
  });
});

Deno.test("every keeps to the grid of its first tick, however late each one is handled", async () => {
  await runActors(async (self: Actor<string>) => {
    const ticks = self.every(100, self.pid, "tick");
    for (let i = 1; i <= 50; i++) {
      await self.receive();
      assertEquals(Math.floor(elapsedMs(self) / 100), i);
      await self.sleep(i % 60); // does not add up
    }
    assertEquals(self.missedTicks(ticks), 0);
  });
});

Deno.test("ticks that a stall made late are merged into one and counted, and the grid is kept", async () => {
  await runActors(async (self: Actor<string>) => {
    const ticks = self.every(10, self.pid, "tick");
    await self.receive();
    const { clock } = (self as unknown as { scheduler: { clock: { jumpTo(ms: number): void } } }).scheduler;
    clock.jumpTo(65); // the ticks of 20, 30, 40, 50 and 60 ms are due at once
    for (const at of [65, 70, 80]) {
      await self.receive();
      assertEquals(elapsedMs(self), at);
      assertEquals(self.missedTicks(ticks), 4);
    }
    self.cancel(ticks);
    assertEquals(self.missedTicks(ticks), 0);
  });
});

Deno.test("timed messages end with the actor that set them", async () => {
  await runActors(async (self: Actor<string>) => {
    const child = self.spawn((other: Actor) => {
      other.after(10, self.pid, "after");
      other.every(10, self.pid, "every");
    });
    await child.join();
    await self.sleep(1000);
    assertEquals(self.tryReceive(), undefined);
  });
});

Deno.test("a timed message goes to whoever has the name when its time has come", async () => {
  await runActors(async (self: Actor<string>) => {
    self.after(10, "later", "hello");
    self.after(1, "nobody", "a dead letter");
    await self.sleep(5);
    self.register("later");
    assertEquals(await self.receive(), "hello");
    assertEquals(self.stats().deadLetters, 1);
  });
});

Deno.test("the ticks of every end with the actor that they are for, and go on for a name", async () => {
  await runActors(async (self: Actor<string>) => {
    const child = self.spawn(async (other: Actor<string>) => await other.receive());
    const ticks = [self.every(10, child, "tick"), self.every(10, child.pid, "tick")];
    const named = self.every(10, "nobody", "tick");
    await child.join(); // by its first tick
    await self.sleep(1000);
    assertEquals(ticks.map((timer) => self.cancel(timer)), [false, false]);
    assertEquals(self.stats().schedulers[0].timers, 1);
    self.register("nobody");
    assertEquals(await self.receive(), "tick");
    assert(self.cancel(named));
  });
});

Deno.test("a program in which only the dead are sent ticks comes to its end", async () => {
  const waitsForNothing = async (self: Actor) => {
    self.every(1, self.spawn(() => {}), "tick");
    await self.receive();
  };
  await assertRejects(() => runActors(waitsForNothing), Error, "deadlock");
});

const BAD: [unknown, string][] = [
  [-1, "RangeError"],
  [NaN, "RangeError"],
  [Infinity, "RangeError"],
  [2 ** 53, "RangeError"],
  ["5", "TypeError"],
  [undefined, "TypeError"],
  [null, "TypeError"],
  [5n, "TypeError"],
];

Deno.test("every duration that is none is refused with the value quoted, by every operation that takes one", async () => {
  await runActors(async (self: Actor<unknown>) => {
    const { sender, receiver } = self.channel<number>(1);
    const child = self.spawn(async (other: Actor) => await other.receive());
    for (const [bad, name] of BAD) {
      const ms = bad as number;
      const throwing: Record<string, () => unknown> = {
        after: () => self.after(ms, self.pid, 1),
        every: () => self.every(ms, self.pid, 1),
        sleep: () => self.sleep(ms),
      };
      const rejecting: Record<string, () => Promise<unknown>> = {
        receive: () => self.receive({ timeout: ms }),
        match: () => self.receive(() => true, { timeout: ms }),
        join: () => child.join({ timeout: ms }),
        channel: () => receiver.receive({ timeout: ms }),
        send: () => sender.send(1, { timeout: ms }),
        select: () => self.select({ self }, { timeout: ms }),
        until: () => self.until(Promise.resolve(), { timeout: ms }),
        call: () => self.call(child.pid as Pid, 1 as never, { timeout: ms }),
      };
      const quoted = `got ${typeof bad === "string" ? '"5"' : typeof bad === "bigint" ? "5n" : String(bad)}`;
      for (const [operation, run] of Object.entries(throwing)) {
        const error = await told(run);
        assertEquals(error.name, name, operation);
        assertStringIncludes(error.message, quoted);
      }
      if (bad === undefined) continue; // no timeout
      for (const [operation, run] of Object.entries(rejecting)) {
        const error = await assertRejects(run) as Error;
        assertEquals(error.name, name, operation);
        assertStringIncludes(error.message, quoted, operation);
      }
    }
    assertEquals(receiver.tryReceive(), undefined);
    self.send(child, 1);
  });
});

async function told(run: () => unknown): Promise<Error> {
  try {
    await run();
  } catch (error) {
    return error as Error;
  }
  throw new Error("it was accepted");
}

Deno.test("every refuses less than a millisecond, and both refuse what is no address", async () => {
  await runActors((self: Actor<unknown>) => {
    assertThrows(
      () => self.every(0.5, self.pid, 1),
      RangeError,
      "every needs at least 1 millisecond, got 0.5",
    );
    assertThrows(
      () => self.after(1, {} as Pid, 1),
      TypeError,
      "after needs a pid, a handle or a registered name",
    );
  });
});

testScenarios(new URL("./scenarios/timed.ts", import.meta.url), {
  acrossSchedulers:
    "timed messages reach other schedulers, and what cannot be sent is refused when it is set",
  ticksForTheDead: "the ticks of every end with an actor on any scheduler",
});

Deno.test("each tick, and what each member of a group gets, is its receiver's own", async () => {
  const own = "[[0],[1],[2]]";
  const places = [own, own, own];
  await gives("ownMessages", [...places, ...places, 5, "cannot be copied"], [1, 2, 4]);
});
