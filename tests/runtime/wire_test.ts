import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertStrictEquals,
  assertStringIncludes,
} from "@std/assert";
import { packOutcome, unpackOutcome } from "../../runtime/wire.ts";
import { ExitError } from "../../runtime/errors.ts";
import type { Outcome } from "../../runtime/api.ts";

/** There and back, through what `postMessage` does. */
function sent(outcome: Outcome): Outcome {
  return unpackOutcome(structuredClone(packOutcome(outcome)));
}

function sentError(error: Error): Error {
  const outcome = sent({ kind: "panic", error });
  assert(outcome.kind === "panic");
  return outcome.error;
}

Deno.test("S13: a value crosses to the control thread as structured clone has it", () => {
  const value = { map: new Map([[1, new Date(0)]]), list: [undefined, null, 2n] };
  assertEquals(sent({ kind: "exit", value }), { kind: "exit", value });
});

Deno.test("S13: an error keeps its name, message, stack and causes, whatever its class", () => {
  class OwnError extends RangeError {
    override name = "OwnError";
  }
  const error = new OwnError("outer", { cause: new TypeError("inner", { cause: { deep: [1] } }) });
  const back = sentError(error);
  assertInstanceOf(back, Error);
  assertEquals([back.name, back.message, back.stack], ["OwnError", "outer", error.stack]);
  const cause = back.cause as Error;
  assertEquals([cause.name, cause.message, cause.cause], ["TypeError", "inner", { deep: [1] }]);
});

Deno.test("S13: an error keeps its builtin class, and what it carries, as it does between actors", () => {
  const exit = sentError(new ExitError({ why: 1 })) as ExitError;
  assertEquals([exit.name, exit.reason], ["ExitError", { why: 1 }]);
  assertEquals(Object.keys(sentError(new RangeError("bare"))), []);
  assertInstanceOf(sentError(new RangeError("bare")), RangeError);
  const odd = sentError(
    Object.assign(new TypeError("odd"), { code: "E1", f() {}, inner: new URIError("in") }),
  );
  assertInstanceOf(odd, TypeError);
  const { code, f, inner } = odd as Error & Record<string, unknown>;
  assertEquals([code, f], ["E1", "[Function: f]"]);
  assertInstanceOf(inner, URIError);
  const both = sentError(new AggregateError([new RangeError("one"), "two"], "both")) as AggregateError;
  assertInstanceOf(both, AggregateError);
  assertInstanceOf(both.errors[0], RangeError);
  assertEquals([both.message, both.errors[0].message, both.errors[1]], ["both", "one", "two"]);
});

Deno.test("S13: a cause that cannot be cloned is told in words, and circles of causes stay circles", () => {
  assertEquals(sentError(new Error("x", { cause: () => {} })).cause, "[Function: cause]");
  const error = new Error("round") as Error & { again: Error };
  error.cause = error.again = error;
  const back = sentError(error) as typeof error;
  assertStrictEquals(back.cause, back);
  assertStrictEquals(back.again, back);
});

Deno.test("S13: of a chain of causes without end, so many arrive", () => {
  let error = new Error("innermost");
  for (let i = 0; i < 100_000; i++) error = new Error(`${i}`, { cause: error });
  let depth = 0;
  for (let at: unknown = sentError(error); at instanceof Error; at = at.cause) depth++;
  assert(depth > 1 && depth < 50);
});

Deno.test("S12: getters that throw lose only what they stand for", () => {
  for (const key of ["name", "message", "stack", "cause"]) {
    const error = Object.defineProperty(new Error("kept"), key, {
      get() {
        throw new Error("not to be read");
      },
    });
    const back = sentError(error);
    if (key !== "message") assertEquals(back.message, "kept");
    else assertStringIncludes(back.message, "cannot be read");
  }
});

Deno.test("a value that cannot be cloned is a panic that says so", () => {
  const outcome = sent({ kind: "exit", value: () => {} });
  assert(outcome.kind === "panic");
  assertEquals(outcome.error.name, "NotSendableError");
});
