import { assert, assertEquals, assertInstanceOf, assertStringIncludes } from "@std/assert";
import { packOutcome, unpackOutcome } from "../../runtime/wire.ts";
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

Deno.test("S13: a cause that cannot be cloned is told in words, and a circle of causes has an end", () => {
  assertEquals(sentError(new Error("x", { cause: () => {} })).cause, "[Function: cause]");
  const error: Error = new Error("round");
  error.cause = error;
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
