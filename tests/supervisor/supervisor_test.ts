import { assertEquals, assertRejects } from "@std/assert";
import { type Actor, Config, type Pid } from "smarm";
import { runActors } from "smarm/testing";
import { Runtime } from "../../runtime/runtime.ts";

const PROGRAM = new URL("./programs/trees.ts", import.meta.url);

// deno-lint-ignore no-explicit-any
async function scenario(threads: number, ...args: string[]): Promise<any> {
  const runtime = new Runtime(Config.exact(threads), { write: () => {}, colors: false });
  const outcome = await runtime.run(PROGRAM, { args });
  if (outcome.kind === "panic") throw outcome.error;
  return outcome.value;
}

const GAVE_UP = (name: string, intensity: number, period: number) =>
  `SupervisorError: supervisor <pid> gave up: child "${name}" ended, and ${intensity} restarts within ${period} ms ` +
  `are the most that it makes`;

for (const threads of [1, 2, 4]) {
  const on = ` on ${threads} schedulers`;

  Deno.test(`supervisor starts children in order, each when the one before waits, and stops them in reverse${on}`, async () => {
    assertEquals(await scenario(threads, "order"), {
      log: "start a, slow b, start b, start c, stop c, stop b, stop a",
      ids: ["a worker permanent", "b worker permanent", "c worker permanent"],
      reason: "shutdown",
    });
  });

  Deno.test(`supervisor restarts permanent, transient and temporary children as they ended${on}`, async () => {
    const table = await scenario(threads, "restarts");
    const expected: Record<string, [string, string]> = {
      throw: ["restarted", "restarted"],
      exit: ["restarted", "restarted"],
      kill: ["restarted", "restarted"],
      return: ["restarted", "stopped"],
      shutdown: ["restarted", "stopped"],
    };
    for (const [way, [permanent, transient]] of Object.entries(expected)) {
      assertEquals(table[`permanent after ${way}`], permanent, way);
      assertEquals(table[`transient after ${way}`], transient, way);
      assertEquals(table[`temporary after ${way}`], "dropped", way);
    }
  });

  Deno.test(`supervisor one_for_one restarts only the child that ended${on}`, async () => {
    assertEquals(await scenario(threads, "strategy", "one_for_one", "b", "2"), {
      log: "stop b, start b",
      ids: "a,b,c,t,d",
    });
  });

  Deno.test(`supervisor one_for_all stops all in reverse order and starts all but temporary children${on}`, async () => {
    assertEquals(await scenario(threads, "strategy", "one_for_all", "b", "9"), {
      log: "stop b, stop d, stop t, stop c, stop a, start a, start b, start c, start d",
      ids: "a,b,c,d",
    });
  });

  Deno.test(`supervisor rest_for_one restarts the child that ended and those after it${on}`, async () => {
    assertEquals(await scenario(threads, "strategy", "rest_for_one", "b", "7"), {
      log: "stop b, stop d, stop t, stop c, start b, start c, start d",
      ids: "a,b,c,d",
    });
  });

  Deno.test(`supervisor lives after intensity restarts and stops after one more within period${on}`, async () => {
    for (const intensity of [0, 1, 3]) {
      assertEquals(await scenario(threads, "intensity", `${intensity}`, `${intensity}`), {
        active: 3,
        starts: intensity + 1,
        causes: ["ExitError: the actor was told to end: shutdown"],
      });
      assertEquals(await scenario(threads, "intensity", `${intensity}`, `${intensity + 1}`), {
        active: 0,
        starts: intensity + 1,
        causes: [GAVE_UP("b", intensity, 60_000), "RangeError: boom of b"],
      });
    }
  });

  Deno.test(`supervisor forgets restarts that are older than period${on}`, async () => {
    assertEquals((await scenario(threads, "period")).active, 1);
  });

  Deno.test(`supervisor whose child fails to start stops what it had started and tells its caller${on}`, async () => {
    assertEquals(await scenario(threads, "firstStartFails"), {
      log: "start a, start b, stop a",
      causes: [
        'SupervisorError: supervisor <pid> could not start child "b"',
        "RangeError: b cannot start",
      ],
    });
  });

  Deno.test(`supervisor counts each start that fails in a restart${on}`, async () => {
    assertEquals(await scenario(threads, "restartFails"), {
      log: "start a, start b, start b, start b, start b, stop a",
      causes: [GAVE_UP("b", 3, 5000), "RangeError: b cannot start again"],
    });
  });

  Deno.test(`supervisor gives each child its own time to stop${on}`, async () => {
    const { ends, order, log } = await scenario(threads, "shutdowns");
    // Of ends on several schedulers the news may come in another order than the ends.
    const news = threads === 1 ? order : order.split(",").sort().join();
    assertEquals(
      news,
      threads === 1 ? "well,foreign,stubborn,kill,infinity" : "foreign,infinity,kill,stubborn,well",
    );
    const { foreign, ...others } = ends;
    assertEquals(["shutdown", "killed"].includes(foreign), true); // its own limit and its supervisor's are the same
    assertEquals(others, { well: "shutdown", stubborn: "killed", kill: "killed", infinity: "shutdown" });
    assertEquals(log, "stop well, stop infinity");
  });

  Deno.test(`supervisor answers its handle${on}`, async () => {
    assertEquals(await scenario(threads, "requests"), [
      true,
      'SupervisorError: supervisor <pid> has a child "b" already: <pid>',
      'SupervisorError: supervisor <pid> could not start child "x"',
      'TypeError: child "y" needs start: [function or URL, ...args], got undefined',
      'SupervisorError: supervisor <pid> has child "b" running already: <pid>',
      'SupervisorError: supervisor <pid> cannot delete child "b": it runs as <pid>. Terminate it first',
      { specs: 2, active: 1, supervisors: 0, workers: 2 },
      'SupervisorError: supervisor <pid> has a child "b" already, which is stopped: restart or delete it',
      true,
      'SupervisorError: supervisor <pid> has no child "b"',
      "a",
      "DeadActorError: call: actor <pid> is dead",
    ]);
  });

  Deno.test(`supervisor under a supervisor gives up, and is restarted whole${on}`, async () => {
    assertEquals(await scenario(threads, "nested"), {
      started: "start a, start x1, start x2, start z",
      log: "stop x2, start x2, stop x2, stop x1, start x1, start x2",
      count: { specs: 3, active: 3, supervisors: 1, workers: 2 },
      stopped: "stop z, stop x2, stop x1, stop a",
    });
  });

  Deno.test(`an actor that has started a supervisor ends after it${on}`, async () => {
    assertEquals(await scenario(threads, "function"), "stop z, stop y, stop x, stop subtree, stop a");
    assertEquals(await scenario(threads, "callerIsToldToEnd"), "stop c, stop b, stop a, stop caller");
  });

  Deno.test(`supervisor that is killed leaves no orphan${on}`, async () => {
    assertEquals(await scenario(threads, "killed"), "no orphan");
  });

  Deno.test(`supervisor ends with a caller that panics and outlives one that returns${on}`, async () => {
    assertEquals(await scenario(threads, "callerPanics"), "stop c, stop b, stop a");
    assertEquals(await scenario(threads, "callerReturns"), {
      specs: 3,
      active: 3,
      supervisors: 0,
      workers: 3,
    });
  });

  Deno.test(`supervisor gives a restarted child its name again${on}`, async () => {
    assertEquals(await scenario(threads, "names"), { restarted: true, top: true, left: null });
  });

  Deno.test(`supervisor obeys a copy of its handle on another scheduler${on}`, async () => {
    assertEquals(await scenario(threads, "abroad"), [
      "a,far",
      "shutdown",
      { specs: 1, active: 1, supervisors: 0, workers: 1 },
    ]);
  });

  Deno.test(`superviseMany keeps thousands of alike children${on}`, async () => {
    const count = 3000;
    assertEquals(await scenario(threads, "many", `${count}`), {
      counted: { specs: count, active: count, supervisors: 0, workers: count },
      again: "start 1, start 1",
      left: count - 2,
      alive: 1,
      failed: [
        'SupervisorError: supervisor <pid> could not start child "many"',
        "RangeError: no worker is number -1",
      ],
    });
  });
}

Deno.test("supervisor starts a child that it is asked for though its target could not be sent, and --strict is on", async () => {
  await runActors(async (self: Actor) => {
    const supervisor = self.supervise({});
    const waits = (self: Actor) => self.receive();
    await supervisor.startChild({ id: "a", start: [waits] });
    await supervisor.startChild({ id: "b", supervise: { children: [{ id: "c", start: [waits] }] } });
    await assertRejects(
      () => supervisor.startChild({ id: "d", start: [waits, () => {}] }),
      Error,
      "a function cannot be sent",
    );
    assertEquals((await supervisor.count()).active, 2);
    self.exit(supervisor, "shutdown");
  });
});

Deno.test("supervisor refuses with --strict as without, and at the line of who asks on any scheduler", async () => {
  for (const strict of [false, true]) {
    const runtime = new Runtime(Config.exact(2).strict(strict), { write: () => {}, colors: false });
    const refusals = [
      'SupervisorError: supervisor <pid> has no child "none", here',
      'SupervisorError: supervisor <pid> could not start child "a" ← RangeError: no worker is number -1, here',
      'TypeError: child "b" has no option "restrat". Did you mean restart?, here',
      'RangeError: child "b": shutdown needs milliseconds from 0 to 9007199254740991, got -1, here',
    ];
    assertEquals(await runtime.run(PROGRAM, { args: ["refusals"] }), {
      kind: "exit",
      value: [refusals, refusals],
    });
  }
});

Deno.test("supervisor says which child it does not have, whatever it is asked for", async () => {
  await runActors(async (self: Actor) => {
    const supervisor = self.supervise({});
    for (const which of ["x", undefined, null, {}, NaN] as string[]) {
      await assertRejects(() => supervisor.terminateChild(which), Error, "has no child ");
    }
    await assertRejects(
      () => supervisor.deleteChild(undefined as unknown as string),
      Error,
      "has no child undefined",
    );
    self.exit(supervisor, "shutdown");
  });
});

Deno.test("superviseMany has its name to itself, and starts children without one", async () => {
  await runActors(async (self: Actor) => {
    const supervisor = self.superviseMany({ name: "many", start: [(self: Actor) => self.receive()] });
    await Promise.all([supervisor.startChild(), supervisor.startChild()]);
    assertEquals(self.whereis("many"), supervisor.pid);
    assertEquals((await supervisor.count()).active, 2);
    self.exit(supervisor, "shutdown");
  });
});

Deno.test("supervisor hears of the end of a child that has taken its link back", async () => {
  await runActors(async (self: Actor) => {
    const child = async (self: Actor) => {
      self.unlink("supervisor");
      await self.receive();
    };
    const supervisor = self.supervise({ name: "supervisor", children: [{ id: "a", start: [child] }] });
    const [{ pid }] = await supervisor.children();
    self.kill(pid!);
    const [again] = await supervisor.children();
    assertEquals(again.pid !== pid && again.pid !== null, true);
    await supervisor.terminateChild("a");
    self.exit(supervisor, "shutdown");
  });
});

Deno.test("superviseMany has nothing to do for a child that has ended already, and refuses who is none", async () => {
  await runActors(async (self: Actor) => {
    const supervisor = self.superviseMany({ start: [(self: Actor) => self.receive()] });
    const [old, other] = [await supervisor.startChild(), await supervisor.startChild()];
    self.kill(old);
    await supervisor.terminateChild(old); // restarted or not: this one is gone
    await supervisor.terminateChild(other);
    await supervisor.terminateChild(other);
    assertEquals((await supervisor.children()).map(({ pid }) => pid === old), [false]);
    for (const which of [self.pid, NaN, "x"] as Pid[]) {
      await assertRejects(() => supervisor.terminateChild(which), Error, "has no child ");
    }
    self.exit(supervisor, "shutdown");
  });
});

Deno.test("superviseMany has nothing to do for a child whose end it has seen, though its scheduler is still busy with that", async () => {
  assertEquals(await scenario(2, "justEnded"), "terminated");
});
