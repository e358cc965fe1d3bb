/** A run as its starter sees it: again and again, stopped, refused, with its figures, and with nothing left behind. */
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertMatch,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { Config, init } from "../../smarm.ts";
import { AlreadyRunningError, HaltedError, LoadError, StoppedError } from "../../runtime/errors.ts";
import { CASES, gives, outcomeOf, quietRuntime, withDeadline } from "../support/run_case.ts";
import { until } from "../support/until.ts";

const run = (schedulers: number, name: string, ...args: string[]) => {
  const { runtime, told } = quietRuntime(Config.exact(schedulers));
  return { runtime, told, ended: withDeadline(runtime, runtime.run(CASES, { args: [name, ...args] }), name) };
};

Deno.test("S10: run gives main's outcome, and may be called again, with counters and modules that start anew", async () => {
  const { runtime } = quietRuntime(Config.exact(2));
  for (let i = 0; i < 3; i++) {
    const outcome = await withDeadline(
      runtime,
      runtime.run(CASES, { args: ["modulesArePerScheduler"] }),
      "run",
    );
    const once = { kind: "exit", value: 1 };
    assertEquals(outcome, { kind: "exit", value: [once, once] });
    assertEquals(runtime.stats().schedulers.map((one) => one.spawned).reduce((a, b) => a + b), 3);
    assertEquals([runtime.stats().live, runtime.isRunning], [0, false]);
  }
});

Deno.test("S10, M7: a second run is refused while one is active, and two runtimes may run at once", async () => {
  const { runtime, ended } = run(1, "waitsForever");
  const error = await assertRejects(
    () => runtime.run(CASES, { args: ["argumentsAsStrings"] }),
    AlreadyRunningError,
  );
  assertMatch(error.message, /^Cannot run: a run is active\./);
  assert(runtime.isRunning);
  await gives("argumentsAsStrings", ["x"], [1], "x");
  const stopped = assertRejects(() => ended, StoppedError);
  assertEquals(await runtime.stop(), true);
  await stopped;
  assertEquals(runtime.isRunning, false);
});

Deno.test("M7: stop ends a run at any time, says whether there was one, and another run may follow", async () => {
  const { runtime } = quietRuntime(Config.exact(2));
  assertEquals(await runtime.stop(), false);
  for (const whenReady of [false, true]) { // while its workers start, and while its actors wait
    const ended = runtime.run(CASES, { args: ["waitsForever"] });
    const stopped = assertRejects(() => withDeadline(runtime, ended, "stop"), StoppedError);
    if (whenReady) await until(() => runtime.stats().live === 3);
    assertEquals(await runtime.stop(), true);
    await stopped;
    assertEquals(await runtime.stop(), false);
    assertEquals(runtime.stats().live, 0);
  }
  const outcome = await withDeadline(
    runtime,
    runtime.run(CASES, { args: ["argumentsAsStrings", "a"] }),
    "again",
  );
  assertEquals(outcome, { kind: "exit", value: ["a"] });
});

Deno.test("halt rejects with HaltedError and its code, as Deno.exit would", async () => {
  const { ended } = run(2, "halts", "17");
  assertEquals((await assertRejects(() => ended, HaltedError)).code, 17);
});

Deno.test("a module that does not load rejects with LoadError, and another run may follow", async () => {
  const { runtime } = quietRuntime(Config.exact(2));
  await assertRejects(
    () => runtime.run(new URL("./nowhere.ts", import.meta.url)),
    LoadError,
    "Cannot find module",
  );
  const outcome = await withDeadline(
    runtime,
    runtime.run(CASES.href, { args: ["argumentsAsStrings"] }),
    "again",
  );
  assertEquals(outcome, { kind: "exit", value: [] });
});

Deno.test("a panic of main is an outcome, with name, message, stack and cause", async () => {
  const outcome = await outcomeOf("panicsItself", 1);
  assertEquals(outcome.kind, "panic");
  if (outcome.kind === "exit") return;
  assertInstanceOf(outcome.error, Error);
  assertEquals([outcome.error.name, outcome.error.message], ["RangeError", "bang"]);
  assertMatch(outcome.error.stack!, /at .*cases\.ts:\d+:\d+/);
  assertEquals((outcome.error.cause as Error).message, "why");
});

Deno.test("what main returns and cannot be sent is a panic that says so", async () => {
  const outcome = await outcomeOf("returnsNothingSendable", 1);
  assert(outcome.kind === "panic");
  assertEquals(outcome.error.name, "NotSendableError");
  assertMatch(outcome.error.message, /^Cannot send what main returned\.list\[0\]: a function /);
});

Deno.test("arguments reach main as they are", async () => {
  const args = ["", " ", "--x=1", "é\n", '"'];
  await gives("argumentsAsStrings", args, [1], ...args);
});

Deno.test("S5: stats can be read before, during and after a run, from outside and by actors", async () => {
  const { runtime, ended } = run(2, "waitsForever");
  assertEquals(runtime.stats().schedulerCount, 2);
  await until(() => runtime.stats().live === 3 && runtime.stats().schedulers.every((one) => one.parked));
  const stats = runtime.stats();
  assertEquals([stats.live, stats.runQueueLength, stats.sleeping, stats.ioParked], [3, 0, 0, 0]);
  assertEquals(stats.schedulers.map((one) => [one.id, one.currentPid]), [[0, null], [1, null]]);
  ended.catch(() => {});
  await runtime.stop();
  assertEquals(runtime.stats().live, 0);
  await gives("statsWhileBusy", { live: 5, queued: true, sleeping: 1, ioParked: 1, isMain: true });
});

Deno.test("S4: the actor on the CPU is told for each scheduler, and none when it is idle", async () => {
  await gives("pinnedRunWhereTheyAreTold", true, [1, 2, 8]);
});

Deno.test("M12: schedulers log their start and end with their ids, from level info on", async () => {
  for (const [level, wanted] of [["info", 2], ["error", 0]] as const) {
    const { runtime, told } = quietRuntime(Config.exact(2).logLevel(level));
    await withDeadline(runtime, runtime.run(CASES, { args: ["argumentsAsStrings"] }), "log");
    const records = told.map((line) => JSON.parse(line));
    for (const id of [0, 1]) {
      for (const event of ["initialized", "started", "stopped"]) {
        const lines = records.filter(({ level, scheduler, message }) =>
          level === "info" && scheduler === id && message === event
        );
        assertEquals(lines.length, wanted / 2, `${event} on ${id}: ${told.join("\n")}`);
      }
    }
  }
});

Deno.test("M12: a theft is logged with the ids of both schedulers, at level debug", async () => {
  const { runtime, told } = quietRuntime(Config.exact(2).logLevel("debug"));
  const ended = runtime.run(CASES, { args: ["othersRunWhatABusySpawnerSpawns"] });
  assertEquals(await withDeadline(runtime, ended, "log"), { kind: "exit", value: true });
  const thefts = told.map((line) => JSON.parse(line)).flatMap(({ level, scheduler, message }) => {
    const [, count, victim] = /^stole (\d+) actors from scheduler (\d+)$/.exec(message) ?? [];
    if (count === undefined) return [];
    assertEquals([level, Number(victim)], ["debug", 1 - scheduler], message);
    return [Number(count)];
  });
  assert(thefts.length > 0, told.join("\n"));
  assert(
    thefts.reduce((a, b) => a + b) <= runtime.stats().stolen,
    "those that balance() took are in the count too",
  );
});

Deno.test("init gives a runtime with the config that it was given", () => {
  const config = Config.exact(3);
  assertStrictEquals(init(config).config, config);
  assertEquals(init().stats().schedulerCount, Config.default().threadCount);
});

Deno.test("init refuses what is no Config", () => {
  const plain = { threads: 2 } as unknown as Config;
  assertThrows(
    () => init(plain),
    TypeError,
    "init needs a Config, such as Config.exact(2), got { threads: 2 }",
  );
});
