import { assertEquals, assertStringIncludes } from "@std/assert";
import { runSmarm } from "../cli/harness.ts";
import { testScenarios } from "./scenarios.ts";

testScenarios(new URL("./scenarios/strict.ts", import.meta.url), {
  refuses: "--strict: what cannot be sent throws with its path, on every way that a message can take",
  freezes: "--strict: what was sent is frozen, at every depth, on every way that a message can take",
  receivedIsFrozen: "--strict: what was received is frozen, wherever it came from",
  returned: "--strict: what an exported function returns is checked and frozen, wherever it ran",
  takenIsFrozen: "--strict: an actor that was stolen has frozen arguments and messages",
  staysAlive: "--strict: handles, senders of channels and calls in messages work as before",
  closures:
    "--strict: a closure never leaves its scheduler: neither its arguments nor what it returns are checked",
  transfers: "--strict: transferred buffers are moved as before",
}, { configure: (config) => config.strict() });

testScenarios(new URL("./scenarios/strict.ts", import.meta.url), {
  laxByReference: "without --strict a message on the same scheduler travels as it is",
}, { counts: [1] });

testScenarios(new URL("./scenarios/strict.ts", import.meta.url), {
  laxReason: "without --strict a reason that cannot go to another scheduler is refused by its path",
}, { counts: [2] });

Deno.test("--strict on the command line refuses what a run on one scheduler would let pass", async () => {
  const program = new URL("./scenarios/unsendable_program.ts", import.meta.url).pathname;
  const lax = await runSmarm(["--threads", "1", program]);
  assertEquals(lax.code, 0, lax.stderr);
  const strict = await runSmarm(["--threads", "1", "--strict", program]);
  assertEquals(strict.code, 1);
  assertStringIncludes(
    strict.stderr,
    "NotSendableError: Cannot send message.user.save: a function cannot be sent",
  );
  assertStringIncludes(strict.stderr, "unsendable_program.ts:");
});
