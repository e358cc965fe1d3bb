import { assert, assertEquals, assertRejects } from "@std/assert";
import { Config } from "../../smarm.ts";
import { runDeno, runSmarm } from "../cli/harness.ts";
import { threadNames } from "../support/threads.ts";
import { until } from "../support/until.ts";
import { runMain, testAll } from "./helpers.ts";

/** Linux cuts the names of threads at 15 letters. */
const workers = () => (threadNames() ?? []).filter((name) => /^(smarm|worker)/.test(name)).length;

testAll("S17: blocking functions run on threads of their own and give their results", async (threads) => {
  const { notSendable, ...told } = await runMain("blocking.ts", ["results"], threads);
  assert(notSendable.startsWith("Cannot send args[0]"), notSendable);
  assertEquals(told, {
    sum: 5_000_050_000,
    later: "TEXT",
    many: 190,
    bytes: [2, 3, 4],
    moved: 0,
    refusals: [
      "Cannot send transfer[1]: a view cannot be moved. List its buffer",
      "Cannot send args[1]",
      "blockingWith needs an array of what is to be moved as transfer, got ArrayBuffer { [Uint8Contents]: <04 05>, byteLength: 2 }",
    ].join("\n"),
    kept: 2,
    error: [true, "RangeError", "cannot do it", true],
    hidden: "TypeError",
    forActors: [
      "Cannot send args[0]: only an actor can use it",
      "Cannot send args[0]: only an actor can use it",
      "Cannot send args[0]: self stays with its actor",
    ],
    returnsFunction:
      "Cannot send what returnsFunction returned.call: a function cannot be sent to another actor",
    alive: 6,
  });
});

testAll("a thread of the blocking pool keeps nothing of the calls that it has answered", async (threads) => {
  const most = await runMain("blocking.ts", ["portsOfCalls"], threads) as unknown as number;
  assert(most > 1, "no port of a call was closed");
});

testAll("S17: a blocking function that never returns is ended, and its thread replaced", async (threads) => {
  const told = await runMain("blocking.ts", ["neverReturns"], threads);
  assertEquals(told.names, ["TimeoutError", "TimeoutError", "TimeoutError"]);
  assert(told.parked, "the waiting actor is counted");
  assertEquals(told.sum, 10);
  assert(/died|exited/.test(told.died), told.died);
});

testAll("S11: the run ends although a blocking function does not", async (threads) => {
  const error = await assertRejects(() => runMain("blocking.ts", ["leftBehind"], threads));
  assertEquals((error as Error & { code: number }).code, 7);
});

Deno.test("what a blocking function left behind is shown, and fails no other function", async () => {
  const program = new URL("./programs/blocking.ts", import.meta.url).pathname;
  const { stdout, stderr, code } = await runSmarm([program, "notItsFault"]);
  assertEquals(stdout, new Array(6).fill("WENT WELL").join(", ") + "\n");
  const shown = stderr.split("\n").filter((line) => line.startsWith("error: "));
  assertEquals(
    shown,
    ["a throw", "a rejection"].map((what) =>
      `error: Uncaught outside of any actor: Error: left behind: ${what}`
    ),
  );
  assertEquals(code, 0);
});

Deno.test("S17: the pool runs as many functions at once as it is told; the others are seen to queue", async () => {
  const { first, later, after } = await runMain("blocking.ts", ["queues"], Config.exact(1).blockingPool(1));
  assertEquals(first, { threads: 1, running: 1, queued: 2 });
  assertEquals(later, 3);
  assertEquals(after, { threads: 1, running: 0, queued: 0 });
});

Deno.test({
  name: "no thread of the pool outlives its run, whatever it was at",
  ignore: threadNames() === null,
  async fn() {
    await until(() => workers() === 0); // those of earlier tests may still be on their way out
    for (const state of ["starting", "running", "idle"]) {
      for (let i = 0; i < 3; i++) await runMain("blocking.ts", ["endsWhile", state], 1);
      await until(() => workers() === 0);
    }
  },
});

Deno.test("a run that ends while a thread of the pool imports waits for that, which else would panic Deno", async () => {
  const program = new URL("./programs/imports_much.ts", import.meta.url).pathname;
  const { code, stdout, stderr } = await runDeno(["run", "-A", program]);
  assertEquals({ code, stdout, stderr }, { code: 0, stdout: "all ended\n", stderr: "" });
});
