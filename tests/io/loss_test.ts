import { assertEquals } from "@std/assert";
import { Config } from "../../runtime/config.ts";
import { seamsOf } from "../../runtime/runtime.ts";
import { quietRuntime, withDeadline } from "../support/run_case.ts";

const PROGRAM = new URL("./programs/loss.ts", import.meta.url);

Deno.test("what a lost scheduler asked for is no longer waited for, and what its actors had open is closed", async () => {
  const { runtime, told } = quietRuntime(Config.exact(2).contain().watchdogMillis(60_000));
  const toTest = `loss ${crypto.randomUUID()}`;
  const test = new BroadcastChannel(toTest);
  test.onmessage = ({ data }) => seamsOf(runtime).active?.lose(data, "it was killed by a test");
  try {
    const outcome = await withDeadline(runtime, runtime.run(PROGRAM, { args: [toTest] }), "loss");
    if (outcome.kind === "panic") throw outcome.error;
    assertEquals(outcome.value, {
      outcomes: new Array(7).fill("scheduler lost"),
      closed: [null, null, null, null],
      told: ["accepted one", "accepted two", "read shared"],
      fresh: ["fresh 0", "fresh 1", "fresh 2"],
    });
    assertEquals(told.length, 1, told.join("\n"));
  } finally {
    test.close();
  }
});
