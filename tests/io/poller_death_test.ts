import { assertEquals, assertRejects } from "@std/assert";
import { Config, StoppedError } from "../../smarm.ts";
import { seamsOf } from "../../runtime/runtime.ts";
import { quietRuntime, withDeadline } from "../support/run_case.ts";
import { THREADS } from "./helpers.ts";

const PROGRAM = new URL("./programs/poller_dies.ts", import.meta.url);
const MORTAL = new URL("./mortal_poller.ts", import.meta.url);
const TOLD = /^the poller died, and everything open with it: .*it was told to.*\. The run ends$/;

for (const [threads, contained] of [...THREADS.map((n) => [n, false] as const), [2, true] as const]) {
  const how = `${threads} ${contained ? "contained " : ""}scheduler${threads === 1 ? "" : "s"}`;
  Deno.test(`nobody waits on when the poller dies: one line tells of it, and the run ends, with ${how}`, async () => {
    const config = Config.exact(threads);
    const { runtime, told } = quietRuntime(contained ? config.contain().watchdogMillis(60_000) : config);
    seamsOf(runtime).pollerEntry = MORTAL;
    const toPoller = `mortal ${crypto.randomUUID()}`;
    const running = withDeadline(runtime, runtime.run(PROGRAM, { args: [toPoller] }), how);
    const error = await assertRejects(() => running, StoppedError);
    assertEquals([TOLD.test(error.message), error.message], [true, error.message]);
    assertEquals(told, [`error: ${error.message}`]);
    seamsOf(runtime).pollerEntry = new URL("../../io/poller_worker.ts", import.meta.url);
    const next = runtime.run(new URL("./programs/net.ts", import.meta.url), { args: ["halfClose"] });
    const outcome = await withDeadline(runtime, next, "the run after it");
    assertEquals(outcome.kind, "exit");
  });
}
