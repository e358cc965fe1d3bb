/** Time is monotonic: neither jumps of the wall clock nor a process that stands still make timers lie. */
import { assert, assertEquals } from "@std/assert";
import { Config } from "../../runtime/config.ts";
import { runSmarm } from "../cli/harness.ts";
import { quietRuntime, withDeadline } from "../support/run_case.ts";
import { stubDate } from "./programs/stub_date.ts";

Deno.test("a wall clock that jumps to and fro moves no sleep, timeout, tick, restart period or watchdog", async () => {
  const program = new URL("./programs/wall_clock.ts", import.meta.url);
  const { runtime, told } = quietRuntime(Config.exact(2).watchdogMillis(60_000));
  const restore = stubDate();
  try {
    const outcome = await withDeadline(runtime, runtime.run(program), "wall_clock.ts");
    if (outcome.kind === "panic") throw outcome.error;
    assertEquals(told, [], "the watchdog saw nobody stuck");
  } finally {
    restore();
  }
});

Deno.test("a process that stands still wakes its sleepers once, in order, merges ticks and loses nothing", async () => {
  const stoppedMs = 2_000, tickMs = 10;
  const program = new URL("./programs/suspended.ts", import.meta.url).pathname;
  const { code, stdout, stderr } = await runSmarm(["--threads", "2", "--watchdog", "1500", program], {
    signalAfter: { text: "ready", signal: "SIGSTOP", continueAfterMs: stoppedMs },
  });
  assertEquals([code, stderr], [0, ""]); // the watchdog saw nobody stuck
  const { woken, outcomes, elapsedMs } = JSON.parse(stdout.split("\n")[1]);
  assertEquals(woken, Array.from({ length: 300 }, (_, i) => i));
  const [patient, { value: { ticks, missed } }] = outcomes;
  assertEquals(patient, { kind: "exit", value: "still waiting" });
  assert(missed >= stoppedMs / tickMs - 2, `missed ${missed}`);
  assert(ticks + missed <= elapsedMs / tickMs, `${ticks} ticks and ${missed} missed in ${elapsedMs} ms`);
});
