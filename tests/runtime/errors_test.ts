import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { describeReason, ExitError, isQuietReason, toError } from "../../runtime/errors.ts";
import * as smarm from "../../smarm.ts";

const throwing = {
  get() {
    throw new Error("not to be read");
  },
};

Deno.test("S12: an error stays the error that was thrown", () => {
  const error = new RangeError("bang");
  assertStrictEquals(toError(error), error);
});

Deno.test("S12: whatever else is thrown becomes an error whose message shows it and whose cause it is", () => {
  for (const thrown of ["words", 0, null, undefined, { code: 5 }, Symbol("s"), 1n, () => {}]) {
    const error = toError(thrown);
    assert(error.message.startsWith("the actor threw a value that is no Error: "));
    assertStrictEquals(error.cause, thrown);
    assertEquals(error.stack, `Error: ${error.message}`, "no frames that mislead");
  }
});

Deno.test("S12: what cannot be read becomes an error that says so", () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  const unreadable = [
    proxy,
    ...["name", "message", "cause"].map((key) => Object.defineProperty(new Error(), key, throwing)),
  ];
  for (const thrown of unreadable) {
    const error = toError(thrown);
    assertEquals(error.message, "the actor threw an error whose properties cannot be read");
    void [error.name, error.message, error.stack, error.cause]; // and itself can be read
  }
});

Deno.test("a reason is told in one piece, however odd it is", () => {
  assertEquals(describeReason("shutdown"), "shutdown");
  assertEquals(describeReason(new TypeError("t")), "TypeError: t");
  assertEquals(describeReason({ a: 1 }), "{ a: 1 }");
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  assertEquals(describeReason(proxy), "a value of type object that cannot be shown");
});

Deno.test("only normal and shutdown are no fault", () => {
  assertEquals(["normal", "shutdown", "killed", undefined, 0].map(isQuietReason), [
    true,
    true,
    false,
    false,
    false,
  ]);
  const cause = new Error("why");
  assertStrictEquals(new ExitError(cause).cause, cause);
});

Deno.test("each exported error is told by its name, which is that of its class", () => {
  let errors = 0;
  for (const [name, value] of Object.entries(smarm)) {
    if (!name.endsWith("Error")) continue;
    errors++;
    // deno-lint-ignore no-explicit-any
    const error = new (value as any)("a", "b", "c");
    assertEquals(error.name, name);
    assert(error instanceof Error);
  }
  assert(errors > 10);
});
