/** Nothing of a finished run is left: no thread, timer, file or port. Deno's sanitizers watch the control thread. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { Config } from "../../runtime/config.ts";
import { StoppedError } from "../../runtime/errors.ts";
import { NotSendableError } from "../../runtime/sendable.ts";
import { CASES, gives, quietRuntime, withDeadline } from "../support/run_case.ts";
import { processorTicks, threadNames } from "../support/threads.ts";
import { until } from "../support/until.ts";

/** Threads of smarm's workers: Linux cuts their names at 15 letters. */
const workers = () => (threadNames() ?? []).filter((name) => /^(smarm|worker)/.test(name)).length;
const openFiles = () => [...Deno.readDirSync("/proc/self/fd")].length;

async function run(schedulers: number, name: string): Promise<void> {
  const { runtime } = quietRuntime(Config.exact(schedulers).graceMillis(200));
  await withDeadline(runtime, runtime.run(CASES, { args: [name] }), name);
}

Deno.test({
  name: "the detector: a worker that lives is counted",
  ignore: threadNames() === null,
  async fn() {
    await until(() => workers() === 0); // those of earlier tests may still be on their way out
    const { runtime } = quietRuntime(Config.exact(3));
    const ended = assertRejects(() => runtime.run(CASES, { args: ["waitsForever"] }), StoppedError);
    await until(() => runtime.stats().live === 3);
    assertEquals(workers(), 4, "three schedulers and the poller");
    await runtime.stop();
    await ended;
    await until(() => workers() === 0);
  },
});

Deno.test({
  name: "no worker, timer, file or port is left behind, also where actors opened them",
  ignore: threadNames() === null,
  async fn() {
    await run(2, "opensMuch"); // what Deno itself opens once is open now
    await until(() => workers() === 0);
    const files = openFiles();
    for (let i = 0; i < 5; i++) await run(2, "opensMuch");
    await until(() => workers() === 0);
    await until(() => openFiles() <= files);
  },
});

Deno.test({
  name: "a run that is refused for its arguments leaves no thread behind",
  ignore: threadNames() === null,
  async fn() {
    await until(() => workers() === 0);
    const { runtime } = quietRuntime(Config.exact(2));
    // deno-lint-ignore no-explicit-any
    const refuses = (module: any, options: any, kind: new (...args: any[]) => Error, message: string) =>
      assertRejects(() => runtime.run(module, options), kind, message);
    const unsendable = { args: ["x", { y: () => {} }] };
    await refuses(CASES, unsendable, NotSendableError, "Cannot send args[1].y: a function");
    for (const bad of [null, 5, { args: "x" }, { onLog: {} }]) {
      await refuses(CASES, bad, TypeError, "run takes { args: [...], onLog } as its options, got");
    }
    for (const bad of [undefined, null, 5, {}]) {
      await refuses(bad, {}, TypeError, "run needs the URL or the path of a module, got");
    }
    assertEquals([workers(), runtime.isRunning], [0, false]);
  },
});

Deno.test({
  name: "S19, M8: a run in which everybody waits uses next to no processor",
  ignore: processorTicks() === null,
  async fn() {
    const { runtime } = quietRuntime(Config.exact(4));
    const ended = assertRejects(() => runtime.run(CASES, { args: ["waitsForever"] }), StoppedError);
    await until(() => runtime.stats().live === 3 && runtime.stats().schedulers.every((one) => one.parked));
    const resumed = () => runtime.stats().schedulers.map((one) => one.resumed);
    const [before, ticks] = [resumed(), processorTicks()!];
    await new Promise((resolve) => setTimeout(resolve, 500)); // something that would spin, spins now
    const used = processorTicks()! - ticks;
    assertEquals(resumed(), before);
    assert(runtime.stats().schedulers.every((one) => one.parked));
    assert(used < 25, `a spinning thread would have used 50 ticks, this used ${used}`);
    await runtime.stop();
    await ended;
  },
});

/** Bytes of shared memory that the control thread allocates from now on, in blocks that are worth mention. */
function countShared(): { bytes: number; restore(): void } {
  const original = globalThis.SharedArrayBuffer;
  const counted = { bytes: 0, restore: () => void (globalThis.SharedArrayBuffer = original) };
  globalThis.SharedArrayBuffer = new Proxy(original, {
    construct(target, [bytes]) {
      if (bytes > LARGE_BYTES) counted.bytes += bytes;
      return new target(bytes);
    },
  });
  return counted;
}
const LARGE_BYTES = 2 ** 16;

Deno.test("ten runs in one process take the shared memory of the first one, whatever they left in it", async () => {
  const shared = countShared();
  try {
    const seen: number[] = [];
    for (let i = 0; i < 10; i++) {
      await gives("namesAndMessages", { names: 20, messages: 2000, pid: "<0.0.1>" }, [2]);
      seen.push(shared.bytes);
    }
    assertEquals(seen, new Array(10).fill(seen[0]));
  } finally {
    shared.restore();
  }
});

Deno.test("the detector: a run whose threads were given up keeps its memory, and the next one takes its own", async () => {
  await run(3, "argumentsAsStrings"); // its blocks wait for a run
  const shared = countShared();
  try {
    const { runtime } = quietRuntime(Config.exact(3).graceMillis(0));
    const ended = assertRejects(() => runtime.run(CASES, { args: ["neverGivesWay", "4000"] }), StoppedError);
    await until(() => runtime.stats().schedulers.some((one) => one.currentPid !== null));
    await runtime.stop();
    await ended;
    assertEquals(shared.bytes, 0);
    await run(3, "argumentsAsStrings");
    assert(shared.bytes > 0);
  } finally {
    shared.restore();
  }
});
