/**
 * Several pending waits of one actor: what came first is seen first, also by callbacks, whenever its timeslice ends.
 */
import { getEventListeners } from "node:events";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Config } from "smarm";
import { runActors } from "smarm/testing";
import { Wait } from "../../runtime/wait.ts";
import type { Actor, Call, ChannelReceiver } from "smarm";

/** Timeslices as short as can be: of waits that are over at once, every one gives way, or every few. */
const configs = fc.integer({ min: 1, max: 4 }).map((ops) =>
  Config.default().checkInterval(ops).timesliceMicros(1)
);

type Way = (self: Actor<number>, receiver: ChannelReceiver<number>) => Promise<unknown>;

const fromChannel: Record<string, Way> = {
  receive: (_self, receiver) => receiver.receive(),
  "receive with a timeout": (_self, receiver) => receiver.receive({ timeout: 1000 }),
  select: (self, receiver) => self.select({ receiver }),
};
const fromMailbox: typeof fromChannel = {
  receive: (self) => self.receive(),
  "receive with a timeout": (self) => self.receive({ timeout: 1000 }),
  "receive what matches": (self) => self.receive(() => true),
  select: (self) => self.select({ self }),
};
const valueOf = (got: unknown) => typeof got === "object" ? (got as { value: number }).value : got;

for (const [from, kinds] of Object.entries({ channel: fromChannel, mailbox: fromMailbox })) {
  const way = fc.constantFrom(...Object.keys(kinds));
  Deno.test(`pending receives from the ${from} go on in the order of the calls, wherever one gives way`, async () => {
    await fc.assert(
      fc.asyncProperty(configs, fc.array(way, { minLength: 2, maxLength: 8 }), async (config, ways) => {
        await runActors(async (self: Actor<number>) => {
          const { sender, receiver } = self.channel<number>();
          const send = (n: number) => from === "channel" ? sender.trySend(n) : self.send(self.pid, n);
          for (let n = 0; n < ways.length; n++) send(n);
          let over = false;
          self.spawn(async (other: Actor) => {
            while (!over) await other.yield(); // there is somebody to give way to
          });
          for (let n = 0; n < 2000; n++) await self.check(); // from here on looks at the virtual clock take time
          const seen: unknown[] = [];
          await Promise.all(
            ways.map((kind) => kinds[kind](self, receiver).then((got) => seen.push(valueOf(got)))),
          );
          over = true;
          assertEquals(seen, ways.map((_, n) => n));
        }, { config });
      }),
    );
  });
}

Deno.test("a value for a receive that has been pending is seen before the next one is", async () => {
  await runActors(async (self: Actor) => {
    const { sender, receiver } = self.channel<number>();
    const seen: number[] = [];
    const first = receiver.receive().then((value) => seen.push(value));
    await self.sleep(1); // this actor holds the baton, and the receive is pending
    await sender.send(1);
    await sender.send(2);
    await Promise.all([first, receiver.receive().then((value) => seen.push(value))]);
    assertEquals(seen, [1, 2]);
  });
});

Deno.test("waits of one actor are settled once each, in whatever order they are given up", async () => {
  const order = fc.integer({ min: 1, max: 12 }).chain((count) =>
    fc.shuffledSubarray(Array.from({ length: count }, (_, n) => n)).map((given) => ({ count, given }))
  );
  await fc.assert(fc.asyncProperty(order, fc.boolean(), async ({ count, given }, oneByOne) => {
    await runActors(async (self: Actor<number>) => {
      const ends: string[][] = Array.from({ length: count }, () => []);
      const controllers = ends.map(() => new AbortController());
      const waits = ends.map((end, n) => {
        const { signal } = controllers[n];
        const wait = n % 2 === 0 ? self.sleep(100, { signal }) : self.receive({ timeout: 100, signal });
        return wait.then(() => end.push("slept"), (error) => end.push(error.name));
      });
      for (const n of given) {
        controllers[n].abort();
        if (oneByOne) await self.sleep(1);
      }
      await Promise.all(waits);
      const inTime = (n: number) => n % 2 === 0 ? "slept" : "TimeoutError";
      assertEquals(ends, ends.map((_, n) => [given.includes(n) ? "AbortError" : inTime(n)]));
    });
  }));
});

Deno.test("a hundred thousand waits of one actor are no more work each than a few", async () => {
  await runActors(async (self: Actor) => {
    await Promise.all(Array.from({ length: 100_000 }, (_, n) => self.sleep(n % 10)));
  });
});

/** How many waits are looked at meanwhile: `looks` gives it, and begins anew. */
async function countingLooks(body: (looks: () => number) => Promise<void>): Promise<void> {
  const isOpen = Object.getOwnPropertyDescriptor(Wait.prototype, "isOpen")!;
  let looks = 0;
  Object.defineProperty(Wait.prototype, "isOpen", {
    ...isOpen,
    get(this: Wait) {
      looks++;
      return isOpen.get!.call(this);
    },
  });
  try {
    await body(() => {
      const before = looks;
      looks = 0;
      return before;
    });
  } finally {
    Object.defineProperty(Wait.prototype, "isOpen", isOpen);
  }
}

Deno.test("an actor with a thousand open calls looks at few of them for each message and each answer", async () => {
  await countingLooks((looks) =>
    runActors(async (self: Actor<number>) => {
      const calls: Call<number, number>[] = [];
      const callee = self.spawn(async (other: Actor<Call<number, number>>) => {
        for await (const call of other) calls.push(call);
      });
      const echo = self.spawn(async (other: Actor<number>) => {
        for await (const n of other) self.send(self.pid, n);
      });
      const answers = Array.from({ length: 1000 }, (_, n) => self.call(callee, n, { timeout: 1e6 }));
      const rounds = async () => {
        looks();
        for (let n = 0; n < 100; n++) {
          self.send(echo, n);
          assertEquals(await self.receive(), n);
          const call = calls.shift();
          call?.reply(call.request);
        }
        return looks() / 100;
      };
      await self.sleep(1);
      assertEquals(calls.length, 1000);
      const answered = await rounds();
      assertEquals(await Promise.all(answers.slice(0, 100)), Array.from({ length: 100 }, (_, n) => n));
      assert(answered < 20, `${answered} looks a round`);
      for (const call of calls) call.reply(call.request);
      await Promise.all(answers);
    })
  );
});

Deno.test("an actor with a thousand pending receives looks at few of them for each message", async () => {
  const timeouts = [undefined, { timeout: 1e6 }];
  await countingLooks((looks) =>
    runActors(async (self: Actor<number>) => {
      const { pid } = self;
      for (const options of timeouts) {
        const never = new AbortController();
        const refusing = self.receive((n) => n < 0, { signal: never.signal }).catch(() => {});
        const receives = Array.from({ length: 1000 }, () => self.receive(options));
        looks();
        const sender = self.spawn(async (other: Actor) => {
          for (let n = 0; n < 1000; n++) {
            other.send(pid, n);
            await other.yield();
          }
        });
        for (let n = 0; n < 1000; n++) assertEquals(await receives[n], n);
        const each = looks() / 1000;
        assert(each < 20, `${each} looks a message`);
        await sender.join();
        never.abort();
        await refusing;
      }
    })
  );
});

type Accepts = (n: number) => boolean;
const any: Accepts = () => true, even: Accepts = (n) => n % 2 === 0, none: Accepts = () => false;
const receives: [Accepts, (self: Actor<number>, signal: AbortSignal) => Promise<unknown>][] = [
  [any, (self) => self.receive()],
  [any, (self, signal) => self.receive({ signal })],
  [any, (self, signal) => self.receive({ signal, timeout: 1e9 })],
  [even, (self, signal) => self.receive(even, { signal })],
  [none, (self, signal) => self.receive(none, { signal })],
  [even, (self, signal) => self.select({ even }, { signal })],
  [any, (self, signal) => self.select({ self }, { signal })],
];

Deno.test("each message goes to the first pending receive that takes it, whatever was given up before", async () => {
  const step = fc.oneof(
    fc.record({ opens: fc.nat(receives.length - 1) }),
    fc.record({ sends: fc.integer({ min: 1, max: 4 }) }),
    fc.record({ aborts: fc.nat(20) }),
  );
  await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
    await runActors(async (self: Actor<number>) => {
      const seen: [number, unknown][] = [], expected: typeof seen = [];
      const queued: number[] = [];
      let pending: { id: number; accepts: Accepts; isHeeding: boolean }[] = [];
      const controllers: AbortController[] = [];
      let sent = 0;
      for (const step of steps) {
        if ("opens" in step) {
          const id = controllers.length, controller = new AbortController();
          controllers.push(controller);
          const [accepts, open] = receives[step.opens];
          open(self, controller.signal).then((got) => seen.push([id, valueOf(got)]), () => {});
          pending.push({ id, accepts, isHeeding: step.opens > 0 }); // the first way takes no signal
        } else if ("sends" in step) {
          for (let n = 0; n < step.sends; n++) {
            queued.push(sent);
            self.send(self.pid, sent++);
          }
        } else {
          const id = step.aborts % Math.max(1, controllers.length);
          controllers[id]?.abort();
          pending = pending.filter((one) => one.id !== id || !one.isHeeding);
        }
        pending = pending.filter(({ id, accepts }) => {
          const at = queued.findIndex(accepts);
          if (at >= 0) expected.push([id, queued.splice(at, 1)[0]]);
          return at < 0;
        });
        await self.sleep(1);
        assertEquals(seen, expected);
      }
    });
  }));
});

Deno.test("waits with one signal have one listener, which goes with the last of them, and are all given up by it", async () => {
  await runActors(async (self: Actor) => {
    const controller = new AbortController();
    const { signal } = controller;
    // deno-lint-ignore no-explicit-any
    const listeners = () => getEventListeners(signal as any, "abort").length; // their type knows Node's emitters only
    const begin = (ms: number) => [self.sleep(ms, { signal }), self.receive({ timeout: ms, signal })];
    const first = Promise.allSettled([...begin(1), ...begin(2), ...begin(3)]);
    assertEquals(listeners(), 1);
    await first;
    assertEquals(listeners(), 0);
    const waits = Promise.allSettled([...begin(1), ...begin(5), ...begin(5)]);
    await self.sleep(2);
    controller.abort(new Error("given up"));
    const ends = (await waits).map((end) => end.status === "fulfilled" ? "slept" : end.reason.message);
    assertEquals(ends.with(1, ""), ["slept", "", ...Array(4).fill("given up")]);
    assertEquals(listeners(), 0);
  });
});
