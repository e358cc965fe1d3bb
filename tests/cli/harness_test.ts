import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { runDeno, type RunOptions } from "./harness.ts";

/** Runs a program that is given as text. */
function runText(program: string, options?: RunOptions) {
  return runDeno(["eval", program], options);
}

Deno.test("harness tells the exit code, stdout and stderr apart", async () => {
  const result = await runText(`console.log("out"); console.error("err"); Deno.exit(7)`);
  assertEquals(result, { code: 7, signal: null, stdout: "out\n", stderr: "err\n" });
});

Deno.test("harness hands stdin and the environment on, and asks for no colours", async () => {
  const program = `
    const input = await new Response(Deno.stdin.readable).text();
    console.log(input.length, Deno.env.get("GREETING"), Deno.env.get("NO_COLOR"));`;
  const stdin = "x".repeat(200_000);
  assertEquals((await runText(program, { stdin, env: { GREETING: "hi" } })).stdout, "200000 hi 1\n");
  const result = await runText(program, { stdin, env: { NO_COLOR: undefined } });
  assertEquals(result.stdout, "200000 undefined undefined\n");
});

Deno.test("harness does not mind a program that leaves its stdin unread", async () => {
  const result = await runText(`Deno.exit(0)`, { stdin: "x".repeat(2_000_000) });
  assertEquals(result.code, 0);
});

Deno.test("harness kills a program that hangs and tells what it printed", async () => {
  const error = await assertRejects(
    () => runText(`console.log("so far"); for (;;);`, { timeoutMs: 1500 }),
    Error,
    "did not end within 1500 ms",
  );
  assertStringIncludes(error.message, "so far");
});

Deno.test("harness lets a program that hangs say what it does, and tells that", async () => {
  const program = `
    Deno.addSignalListener("SIGQUIT", () => {
      console.error("a dump");
      Deno.exit();
    });
    setInterval(() => {}, 1000);
    console.log("ready");`;
  const error = await assertRejects(
    () => runText(program, { timeoutMs: 1500, lastSignals: ["SIGQUIT"] }),
    Error,
    "did not end within 1500 ms",
  );
  assertStringIncludes(error.message, "a dump");
});

Deno.test("harness sends its signals in turn, each when its text was printed", async () => {
  const program = `
    Deno.addSignalListener("SIGTERM", () => console.error("again"));
    setInterval(() => {}, 1000);
    console.log("ready");`;
  const result = await runText(program, {
    signalAfter: [{ text: "ready", signal: "SIGTERM" }, { text: /again/, signal: "SIGKILL" }],
  });
  assertEquals(result, { code: 137, signal: "SIGKILL", stdout: "ready\n", stderr: "again\n" });
});

Deno.test("harness fails when a program ends before it printed what a signal waits for", async () => {
  await assertRejects(
    () => runText(`console.log("done")`, { signalAfter: { text: "ready", signal: "SIGTERM" } }),
    Error,
    "ended before it printed ready",
  );
});
