import { assertEquals, assertStringIncludes } from "@std/assert";
import { runSmarm } from "../cli/harness.ts";
import { gives } from "../support/run_case.ts";
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

Deno.test("what belongs to its actor is refused by its name", async () => {
  const why = [
    "a group stays with the actor that asked for it. Send its name",
    "the signals stay with the actor that asked for them. Send what they tell",
    "a command stays with the actor that made it. Send the child that it has started",
    "self.io stays with its actor, each has its own. Send what is open, such as a file",
    "stdin, stdout and stderr are every actor's. Use those of the receiver's self.io",
    "lines stay with the actor that reads them. Send what they are read from",
  ];
  const told = why.map((text) => `Cannot send message.value: ${text}`);
  await gives("staysHere", [...told, "the call was failed with a value that is no Error: no"], [2, 4]);
});
