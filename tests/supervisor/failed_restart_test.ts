import { assertEquals, assertRejects } from "@std/assert";
import { type Actor, type Outcome, type Pid, server, type Strategy, type SupervisorHandle } from "smarm";
import { runActors } from "smarm/testing";

/** More than will be needed, and few enough for a supervisor that hears nobody to come to its end. */
const UNLIMITED = 1e5;

async function stop(self: Actor, supervisor: SupervisorHandle): Promise<Outcome> {
  self.unlink(supervisor);
  self.exit(supervisor, "shutdown");
  return await supervisor.join();
}

async function dies(self: Actor): Promise<void> {
  await self.receive();
  throw new Error("it was told to");
}

async function waits(self: Actor): Promise<void> {
  await self.receive();
}

for (const strategy of ["one_for_one", "one_for_all", "rest_for_one"] as Strategy[]) {
  Deno.test(`supervisor that fails to restart a child at once hears others in between: ${strategy}`, async () => {
    await runActors(async (self: Actor) => {
      const supervisor = self.supervise({
        strategy,
        intensity: UNLIMITED,
        children: [{ id: "a", start: [dies], name: "a" }],
      });
      await supervisor.count();
      const takesItsName = async () => {
        self.kill("a");
        self.register("a"); // it cannot be restarted with its name
        assertEquals(await supervisor.count(), { specs: 1, active: 0, supervisors: 0, workers: 1 });
      };
      await takesItsName();
      await supervisor.terminateChild("a"); // no more attempts
      self.unregister("a");
      await supervisor.restartChild("a");
      await takesItsName();
      await stop(self, supervisor);
    });
  });
}

Deno.test("supervisor starts a child anew that ended, and then failed, while it restarted others", async () => {
  await runActors(async (self: Actor) => {
    let round = 0;
    const supervisor = self.supervise({
      strategy: "one_for_all",
      intensity: 5,
      children: [{
        id: "a",
        name: "a",
        start: [async (self: Actor) => {
          if (++round === 3) throw new Error("a cannot start");
          await self.receive();
        }],
      }, {
        id: "b",
        name: "b",
        start: [async (self: Actor) => {
          if (round === 2) {
            self.kill("a"); // has started by now, and its end is noted first
            throw new Error("b cannot start");
          }
          await dies(self);
        }],
      }],
    });
    await supervisor.count();
    self.send("b", "die");
    await self.sleep(1000);
    assertEquals(await supervisor.count(), { specs: 2, active: 2, supervisors: 0, workers: 2 });
    await stop(self, supervisor);
  });
});

Deno.test("a new child that is stopped before it has started is not kept, as its caller was told", async () => {
  await runActors(async (self: Actor) => {
    const supervisor = self.supervise({
      strategy: "one_for_all",
      children: [{ id: "a", name: "a", start: [dies] }],
    });
    await supervisor.count();
    const slow = async (self: Actor) => {
      self.send("a", "die");
      for (let i = 0; i < 20; i++) await self.yield(); // no wait: it has not started
      await waits(self);
    };
    await assertRejects(() => supervisor.startChild({ id: "b", start: [slow] }), Error, 'stops child "b"');
    assertEquals((await supervisor.children()).map(({ id }) => id), ["a"]);
    await stop(self, supervisor);
  });
});

for (const how of ["receive", "receive with a predicate", "for await", "select", "server"] as const) {
  Deno.test(`a child that dies of a message which was there before it asked for one has started: ${how}`, async () => {
    const dies = (message: unknown) => {
      throw new Error(`of ${message}`);
    };
    const children = {
      "receive": async (self: Actor) => dies(await self.receive()),
      "receive with a predicate": async (self: Actor) => dies(await self.receive(() => true)),
      "for await": async (self: Actor) => {
        for await (const message of self) dies(message);
      },
      "select": async (self: Actor) => dies((await self.select({ self })).value),
      "server": server({ init: () => 0, info: (_context, message) => dies(message) }),
    };
    await runActors(async (self: Actor) => {
      const supervisor = self.supervise({});
      const starting = supervisor.startChild({ id: "a", name: "child", start: [children[how]] });
      let pid: Pid | undefined;
      while ((pid = self.whereis("child")) === undefined) await self.yield();
      self.send(pid, "poison");
      assertEquals(await starting, pid);
      const [child] = await supervisor.children();
      assertEquals([child.id, child.pid !== null, child.pid !== pid], ["a", true, true]);
      self.exit(supervisor, "shutdown");
    });
  });
}
