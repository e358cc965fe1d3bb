import { assertEquals } from "@std/assert";
import { type Actor, Config, type Outcome, type Pid, type Shutdown, type SupervisorHandle } from "smarm";
import { runActors } from "smarm/testing";
import { Runtime } from "../../runtime/runtime.ts";

const PROGRAM = new URL("./programs/left_behind.ts", import.meta.url);

for (const threads of [1, 2, 4]) {
  Deno.test(`a supervisor that is killed gets its named children back with one restart, on ${threads} schedulers`, async () => {
    const runtime = new Runtime(Config.exact(threads), { write: () => {}, colors: false });
    assertEquals(await runtime.run(PROGRAM), { kind: "exit", value: 0 });
  });
}

/** Outlives its supervisor, and whatever asks it to end but this. */
async function lingers(self: Actor<string>): Promise<void> {
  self.trapExit(true);
  await self.receive((message) => message === "end");
}

/** Kills the supervisor of such a child: what it has left is still there, and a new one in its place. */
async function orphan(self: Actor, shutdown: Shutdown): Promise<{ top: SupervisorHandle; child: Pid }> {
  const top = self.supervise({
    intensity: 1,
    children: [{
      id: "middle",
      supervise: { name: "middle", children: [{ id: "child", name: "child", start: [lingers], shutdown }] },
    }],
  });
  await top.count();
  const [middle, child] = [self.whereis("middle"), self.whereis("child")!];
  self.monitor(child);
  self.kill("middle");
  while ((self.whereis("middle") ?? middle) === middle) await self.sleep(1);
  return { top, child };
}

async function stopped(self: Actor, top: SupervisorHandle): Promise<Outcome> {
  self.unlink(top);
  self.exit(top, "shutdown");
  return await top.join();
}

for (const shutdown of [100, "kill"] as Shutdown[]) {
  Deno.test(`a child that a killed supervisor has left is killed after its shutdown time: ${shutdown}`, async () => {
    await runActors(async (self: Actor) => {
      const { top, child } = await orphan(self, shutdown);
      // deno-lint-ignore no-explicit-any
      const { outcome } = await self.receive() as any;
      assertEquals(outcome.error.reason, "killed");
      while ((self.whereis("child") ?? child) === child) await self.sleep(1);
      await stopped(self, top);
    });
  });
}

Deno.test("a child that a killed supervisor has left may take as long as it is given", async () => {
  await runActors(async (self: Actor) => {
    const { top, child } = await orphan(self, "infinity");
    await self.sleep(1e6);
    assertEquals(self.whereis("child"), child);
    self.send(child, "end");
    // deno-lint-ignore no-explicit-any
    assertEquals((await self.receive() as any).outcome.kind, "exit");
    while ((self.whereis("child") ?? child) === child) await self.sleep(1);
    const stopping = stopped(self, top);
    await self.sleep(1); // the new child lingers as well
    self.send("child", "end");
    await stopping;
  });
});

Deno.test("a supervisor that waits for what another has left can be stopped", async () => {
  await runActors(async (self: Actor) => {
    const { top, child } = await orphan(self, "infinity");
    await stopped(self, top);
    assertEquals(self.whereis("child"), child);
    self.kill(child);
  });
});
