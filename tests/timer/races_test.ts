/**
 * S16 for each kind of wait: what it waits for and its timeout come at about the same time, in both orders. Either it
 * completes, or it times out and what it waited for is still there; and the timeout that lost wakes no later wait.
 */
import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { runActors } from "smarm/testing";
import type { Actor, Call, ChannelReceiver, ChannelSender } from "smarm";

const TIMEOUT_MS = 10;
const VALUE = "value";

/** One wait, and what happens to it at a time. */
interface Race {
  /** Begins the wait. */
  wait(timeoutMs: number): Promise<unknown>;
  /** What it waits for comes; called in an actor of its own. */
  come(): void | Promise<void>;
  /** What it waited for, taken now: undefined when it was not there. */
  rest(): unknown;
}

type Kind = (self: Actor<unknown>) => Race | Promise<Race>;

const KINDS: Record<string, Kind> = {
  receive: (self) => ({
    wait: (timeout) => self.receive({ timeout }),
    come: () => self.send(self.pid, VALUE),
    rest: () => self.tryReceive(),
  }),
  "selective receive": (self) => {
    self.send(self.pid, "other");
    return {
      wait: (timeout) => self.receive((m) => m === VALUE, { timeout }),
      come: () => self.send(self.pid, VALUE),
      rest: () => {
        assertEquals(self.tryReceive(), "other");
        return self.tryReceive();
      },
    };
  },
  "select of a message": (self) => ({
    wait: async (timeout) =>
      (await self.select({ none: self.channel().receiver, mail: self }, { timeout })).value,
    come: () => self.send(self.pid, VALUE),
    rest: () => self.tryReceive(),
  }),
  "select of a channel": (self) => {
    const { sender, receiver } = self.channel<string>(1);
    return {
      wait: async (timeout) => (await self.select({ mail: self, receiver }, { timeout })).value,
      come: () => sender.send(VALUE),
      rest: () => receiver.tryReceive(),
    };
  },
  "channel receive": (self) => {
    const { sender, receiver } = self.channel<string>(1);
    return {
      wait: (timeout) => receiver.receive({ timeout }),
      come: () => sender.send(VALUE),
      rest: () => receiver.tryReceive(),
    };
  },
  join: (self) => {
    const child = self.spawn(async (other: Actor<unknown>) => {
      await other.receive();
      return VALUE;
    });
    const outcome = async (timeout?: number) => {
      const outcome = await child.join({ timeout });
      return outcome.kind === "exit" ? outcome.value : outcome;
    };
    return { wait: outcome, come: () => self.send(child, "end"), rest: () => outcome() };
  },
  until: (self) => {
    const { promise, resolve } = Promise.withResolvers<string>();
    return {
      wait: (timeout) => self.until(promise, { timeout }),
      come: () => resolve(VALUE),
      rest: () => promise,
    };
  },
};

const SIDES: Record<string, (race: Race, start: (ms: number) => void) => Promise<unknown>> = {
  "the timer of what comes is older": (race, start) => {
    start(TIMEOUT_MS);
    return race.wait(TIMEOUT_MS);
  },
  "the timer of the wait is older": (race, start) => {
    const waiting = race.wait(TIMEOUT_MS);
    start(TIMEOUT_MS);
    return waiting;
  },
  "it comes a millisecond early": (race, start) => {
    start(TIMEOUT_MS - 1);
    return race.wait(TIMEOUT_MS);
  },
  "it comes a millisecond late": (race, start) => {
    start(TIMEOUT_MS + 1);
    return race.wait(TIMEOUT_MS);
  },
};

for (const [kind, make] of Object.entries(KINDS)) {
  for (const [side, run] of Object.entries(SIDES)) {
    Deno.test(`S16: ${kind}: nothing is lost and no later wait is woken when ${side}`, async () => {
      await runActors(async (self: Actor<unknown>) => {
        const race = await make(self);
        const comes = (ms: number) =>
          void self.spawn(async (other: Actor) => {
            await other.sleep(ms);
            await race.come();
          });
        let value: unknown;
        try {
          value = await run(race, comes);
        } catch (error) {
          assertEquals((error as Error).name, "TimeoutError");
          await self.sleep(2);
          value = await race.rest();
        }
        assertEquals(value, VALUE);
        await laterWaitsAreLeftAlone(self);
      }, { strict: false });
    });
  }
}

/** A wait that a stale timeout woke would end before its message comes. */
async function laterWaitsAreLeftAlone(self: Actor<unknown>): Promise<void> {
  for (let i = 0; i < 3; i++) {
    self.after(5 * TIMEOUT_MS, self.pid, i);
    assertEquals(await self.receive((m) => m === i, { timeout: 6 * TIMEOUT_MS }), i);
  }
}

for (const atMs of [TIMEOUT_MS - 1, TIMEOUT_MS, TIMEOUT_MS + 1]) {
  Deno.test(`S16: call: a reply at ${atMs} of ${TIMEOUT_MS} ms counts or is dropped, and the next call has its own`, async () => {
    await runActors(async (self: Actor<unknown>) => {
      const server = self.spawn(async (other: Actor<Call<number, number>>) => {
        for await (const call of other) {
          await other.sleep(call.request);
          call.reply(call.request);
        }
      });
      try {
        assertEquals(await self.call(server, atMs, { timeout: TIMEOUT_MS }), atMs);
      } catch (error) {
        assertEquals((error as Error).name, "TimeoutError");
      }
      assertEquals(await self.call(server, 3, { timeout: 60 }), 3);
      assertEquals(self.tryReceive(), undefined);
      await laterWaitsAreLeftAlone(self);
    });
  });

  Deno.test(`S16: channel send: room at ${atMs} of ${TIMEOUT_MS} ms takes the value or the send has not happened`, async () => {
    await runActors(async (self: Actor<unknown>) => {
      const owner = self.spawn(async (other: Actor<ChannelSender<string>>) => {
        const { sender, receiver } = other.channel<string>(1);
        await sender.send("first");
        self.send(self.pid, sender);
        await other.sleep(atMs);
        return await drain(receiver);
      });
      const sender = await self.receive() as ChannelSender<string>;
      let sent = true;
      try {
        await sender.send(VALUE, { timeout: TIMEOUT_MS });
      } catch (error) {
        assertEquals((error as Error).name, "TimeoutError");
        sent = false;
      }
      const outcome = await owner.join();
      assert(outcome.kind === "exit");
      assertEquals(outcome.value, sent ? ["first", VALUE] : ["first"]);
      await laterWaitsAreLeftAlone(self);
    });
  });

  Deno.test(`S16: sleep: a signal at ${atMs} of ${TIMEOUT_MS} ms gives it up or comes too late`, async () => {
    await runActors(async (self: Actor<unknown>) => {
      const controller = new AbortController();
      self.spawn(async (other: Actor) => {
        await other.sleep(atMs);
        controller.abort(new Error("given up"));
      });
      try {
        await self.sleep(TIMEOUT_MS, { signal: controller.signal });
      } catch (error) {
        assertEquals((error as Error).message, "given up");
      }
      await laterWaitsAreLeftAlone(self);
    });
  });
}

Deno.test("S16: a wait that is given up as its timeout comes rejects with the signal's reason, as it is", async () => {
  await runActors(async (self: Actor<unknown>) => {
    for (const reason of ["a string", Object.freeze(new Error("frozen"))]) {
      const controller = new AbortController();
      self.spawn(async (other: Actor) => {
        await other.sleep(TIMEOUT_MS);
        controller.abort(reason);
      });
      await self.yield(); // its timer is the older one: both fire before anybody is resumed
      const given = await self.receive({ timeout: TIMEOUT_MS, signal: controller.signal }).catch((e) => e);
      assertStrictEquals(given, reason);
    }
  });
});

async function drain(receiver: ChannelReceiver<string>): Promise<string[]> {
  const values: string[] = [];
  try {
    for (;;) values.push(await receiver.receive({ timeout: 30 }));
  } catch (error) {
    if ((error as Error).name !== "TimeoutError") throw error;
  }
  return values;
}
