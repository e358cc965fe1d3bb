import { assertEquals } from "@std/assert";
import { describeError, describeOutcome } from "../../runtime/report.ts";
import { RUNTIME_BASE } from "../../runtime/load.ts";
import { makePid } from "../../runtime/pid.ts";

function errorWith(stack: string, message = "bang"): Error {
  const error = new RangeError(message);
  error.stack = stack;
  return error;
}

Deno.test("an error is shown with the user's frames only", () => {
  const error = errorWith(
    `RangeError: bang\n    at f (file:///app.ts:2:3)\n    at g (${RUNTIME_BASE}runtime/scheduler.ts:1:1)\n` +
      "    at async main (file:///app.ts:9:1)",
  );
  assertEquals(
    describeError(error, false),
    "RangeError: bang\n    at f (file:///app.ts:2:3)\n    at async main (file:///app.ts:9:1)",
  );
});

Deno.test("lines of the message that look like frames are shown once", () => {
  const message = "one\n    at fake (file:///x.ts:1:1)";
  const error = errorWith(`RangeError: ${message}\n    at f (file:///app.ts:2:3)`, message);
  assertEquals(describeError(error, false), `RangeError: ${message}\n    at f (file:///app.ts:2:3)`);
});

Deno.test("colours are used when asked for, and only then", () => {
  const outcome = {
    kind: "panic",
    error: errorWith("RangeError: bang\n    at f (file:///app.ts:2:3)"),
  } as const;
  const [head, frame] = describeOutcome(outcome, true).split("\n");
  assertEquals(head, "\x1b[0m\x1b[1m\x1b[31merror\x1b[0m: Uncaught RangeError: bang");
  assertEquals(
    frame,
    "    at f (\x1b[0m\x1b[36mfile:///app.ts\x1b[0m:\x1b[0m\x1b[33m2\x1b[0m:\x1b[0m\x1b[33m3\x1b[0m)",
  );
  assertEquals(describeOutcome(outcome, false).includes("\x1b"), false);
});

Deno.test("it is told whose error it is", () => {
  const outcome = { kind: "panic", error: errorWith("RangeError: bang") } as const;
  assertEquals(describeOutcome(outcome, false), "error: Uncaught RangeError: bang");
  assertEquals(
    describeOutcome(outcome, false, { pid: makePid(1, 2, 3), name: "worker" }),
    "error: Uncaught in actor <1.2.3> worker: RangeError: bang",
  );
  assertEquals(
    describeOutcome(outcome, false, null),
    "error: Uncaught outside of any actor: RangeError: bang",
  );
});

Deno.test("values that cannot be read are told as such", () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  assertEquals(describeError(proxy, false), "a value whose properties cannot be read");
});
