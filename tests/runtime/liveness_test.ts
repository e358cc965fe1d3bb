/**
 * Code that catches whatever comes and tries again at once does not keep the thread for itself. Each loop has an end, so
 * that a runtime that never gets its turn fails the test and does not hang it.
 */
import { assertEquals } from "@std/assert";
import { runActors } from "smarm/testing";
import type { Actor } from "smarm";

/** What would be done in a second or so by a loop that nobody comes between. */
const MANY = 2_000_000;

/** Tries again and again, whatever comes of it; false when nothing has ended that in the meantime. */
async function insists(attempt: () => Promise<unknown>, isEnough: () => boolean): Promise<boolean> {
  for (let i = 0; i < MANY; i++) {
    if (isEnough()) return true;
    try {
      await attempt();
    } catch {
      // whatever it is: the next one may do better
    }
  }
  return false;
}

const WAITS: Record<string, (self: Actor<unknown>) => Promise<unknown>> = {
  receive: (self) => self.receive(),
  "receive with a predicate": (self) => self.receive(() => true),
  "for await": async (self) => {
    for await (const _ of self);
  },
  sleep: (self) => self.sleep(1e9),
  yield: (self) => self.yield(),
  check: (self) => self.check(),
  call: (self) => self.call(self.pid as never, 1 as never),
  select: (self) => self.select({ self }),
  until: (self) => self.until(new Promise(() => {})),
  "channel receive": (self) => self.channel(1).receiver.receive(),
  "channel send": (self) => self.channel(1).sender.send(1),
};

for (const [name, wait] of Object.entries(WAITS)) {
  Deno.test(`an actor that goes on with ${name} when it is told to end is cut off`, async () => {
    await runActors(async (self: Actor<unknown>) => {
      let cutOff = true;
      const supervisor = self.supervise({
        children: [{
          id: "stubborn",
          start: [async (child: Actor<unknown>) => {
            await child.sleep(0); // its first wait: now it has started, as its supervisor sees it
            self.send(self.pid, "runs");
            await insists(() => wait(child), () => false);
            cutOff = false;
          }],
          shutdown: 1,
        }],
      });
      assertEquals(await self.receive(), "runs");
      await supervisor.terminateChild("stubborn");
      assertEquals(cutOff, true);
      self.exit(supervisor, "shutdown");
    }, { clock: "real" });
  });
}

Deno.test("what is left of an actor that was killed outside of smarm lets others run", async () => {
  await runActors(async (self: Actor<unknown>) => {
    const outside = Promise.withResolvers<void>();
    const over = Promise.withResolvers<boolean>();
    let others = false;
    const killed = self.spawn(async (other: Actor<unknown>) => {
      self.send(self.pid, "runs");
      await outside.promise;
      over.resolve(await insists(() => other.receive(), () => others));
    });
    assertEquals(await self.receive(), "runs");
    self.kill(killed);
    assertEquals((await killed.join()).kind, "panic");
    outside.resolve();
    await self.sleep(1);
    others = true;
    assertEquals(await self.until(over.promise), true);
  }, { clock: "real" });
});

const RETRIES: Record<string, (self: Actor<unknown>) => Promise<() => Promise<unknown>>> = {
  "a call to a name that nobody has": (self) =>
    Promise.resolve(() => self.call("nobody" as never, 1 as never)),
  "a send into a closed channel": (self) => {
    const { sender, receiver } = self.channel<number>(1);
    receiver.close();
    return Promise.resolve(() => sender.send(1));
  },
  "a join of the dead": async (self) => {
    const dead = self.spawn(() => {});
    await dead.join();
    return () => dead.join();
  },
  "a receive with wrong options": (self) => Promise.resolve(() => self.receive({ timeout: -1 })),
  "a select without sources": (self) => Promise.resolve(() => self.select({})),
};

for (const [name, prepare] of Object.entries(RETRIES)) {
  Deno.test(`${name}, tried for ever, lets timers and other actors run`, async () => {
    await runActors(async (self: Actor<unknown>) => {
      let others = false;
      self.spawn(async (other: Actor<unknown>) => {
        await other.sleep(1);
        others = true;
      });
      assertEquals(await insists(await prepare(self), () => others), true);
    }, { clock: "real" });
  });
}
