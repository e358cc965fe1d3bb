/** Panics as joiners see them, on the panicking actor's scheduler and from another. */
import { assertEquals } from "@std/assert";
import { gives } from "../support/run_case.ts";
import { runSmarm } from "../cli/harness.ts";

const others = { kind: "exit", value: "still here" };
const panic = (name: string, message: string, cause?: unknown) => ({
  kind: "panic",
  name,
  message,
  cause,
  isError: true,
  hasStack: true,
  others,
});
const noError = "the actor threw a value that is no Error: ";
const unreadable = panic("Error", "the actor threw an error whose properties cannot be read");

const KINDS: [kind: string, seen: unknown][] = [
  ["throw", panic("RangeError", "bang", "TypeError: why")],
  ["reject", panic("RangeError", "bang", "TypeError: why")],
  ["timer", panic("RangeError", "bang", "TypeError: why")],
  ["dangling", panic("RangeError", "bang", "TypeError: why")],
  ["string", panic("Error", `${noError}words`, "words")],
  ["null", panic("Error", `${noError}null`, null)],
  ["object", panic("Error", `${noError}{ code: 5 }`, { code: 5 })],
  ["revoked proxy", unreadable],
  ["bad message", unreadable],
  ["bad name", unreadable],
  ["bad cause", unreadable],
  ["aggregate", panic("AggregateError", "both")],
  ["overflow", panic("RangeError", "Maximum call stack size exceeded")],
  ["own properties", panic("Error", "with code")],
];

for (const [kind, seen] of KINDS) {
  Deno.test(`S12, S13: a panic by ${kind} reaches the joiner, here and across schedulers, and harms nobody`, async () => {
    await gives("panicAsSeenByAJoiner", seen, [2], kind, "0");
    await gives("panicAsSeenByAJoiner", seen, [2], kind, "1");
  });
}

Deno.test("S12: an error whose stack cannot be read reaches the joiner, here and across schedulers", async () => {
  await gives("panicAsSeenByAJoiner", panic("Error", "unreadable"), [2], "bad stack", "0");
  await gives("panicAsSeenByAJoiner", panic("Error", "unreadable"), [2], "bad stack", "1");
});

Deno.test("S13: name, message, stack and cause of a panic are those of the user's error, on every scheduler", async () => {
  await gives("stackAsSeenByAJoiner", [true, true], [1], "0");
  await gives("stackAsSeenByAJoiner", [true, true], [2], "1");
});

Deno.test("a wait that fails and that nobody awaits ends its own actor, and no other", async () => {
  await gives("leftWaits", [
    "TimeoutError: receive took longer than its timeout: waited",
    "Error: refused",
    "ExitError: the actor was told to end: because",
    "finally ran",
    "exit",
  ]);
});

Deno.test("a listener of an actor's signal that throws does not end whoever has told the actor to end", async () => {
  await gives("throwsInAbort", "panic");
});

Deno.test("errors travel, and ends are told, in a program that has frozen Error", async () => {
  const program = new URL("./programs/frozen_error.ts", import.meta.url).pathname;
  for (const threads of ["1", "2"]) {
    const { code, stdout, stderr } = await runSmarm(["--threads", threads, program]);
    assertEquals({ code, stderr }, { code: 0, stderr: "" });
    const lines = [
      "the actor was told to end: because",
      "too far",
      threads === "1" ? "sent" : "NotSendableError",
    ];
    assertEquals(
      new Set(stdout.trimEnd().split("\n")),
      new Set(threads === "1" ? lines : [...lines, "sent"]),
    );
  }
});
