import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { testScenarios } from "./scenarios.ts";
import { runSmarm } from "../cli/harness.ts";

const MODULE = new URL("./scenarios/mailbox.ts", import.meta.url);

testScenarios(MODULE, {
  dropNewest: "a full mailbox drops the newest message, and counts it",
  dropOldest: "a full mailbox with drop-oldest keeps the latest messages",
  panics: "a full mailbox with the policy panic ends its actor with MailboxFullError",
  droppedCalls:
    "a call that a full mailbox drops rejects at once at its own line, whichever policy dropped it",
  systemMessages: "exits and downs take no room in a bounded mailbox and are never dropped",
  againRoom: "a bounded mailbox that was emptied takes messages again",
  badBounds: "a bound that is none is refused with the value quoted",
});

testScenarios(MODULE, {
  droppedCalls: "so does a call with --strict, which freezes the error that comes from another scheduler",
}, { counts: [2], configure: (config) => config.strict(true) });

testScenarios(MODULE, {
  defaults: "--mailbox-limit bounds every mailbox, main's and a child's, unless its spawn says otherwise",
  supervisors: "--mailbox-limit does not make supervisors drop what they are asked for",
}, { counts: [1, 2], configure: (config) => config.mailboxLimit(2) });

Deno.test("a mailbox that grows past 100,000 messages is told of once, with its actor's name", async () => {
  const program = new URL("./scenarios/long_mailbox.ts", import.meta.url).pathname;
  const { code, stderr } = await runSmarm(["--threads", "1", "--log-level", "warn", program]);
  assertEquals(code, 0, stderr);
  assertEquals(stderr.split("the mailbox of slow holds").length, 2, stderr);
  assertStringIncludes(stderr, "Bound it with spawnWith({ mailbox: { capacity } }) or --mailbox-limit");
});

Deno.test("the dump tells of each mailbox what its bound has dropped", async () => {
  const program = new URL("./scenarios/full_mailbox.ts", import.meta.url).pathname;
  const { code, stderr } = await runSmarm(["--threads", "1", program], {
    signalAfter: [{ text: "ready", signal: "SIGUSR2" }, { text: "dropped 3", signal: "SIGTERM" }],
  });
  assertEquals(code, 0, stderr);
  assert(/full: .*, mailbox 2, dropped 3/.test(stderr), stderr);
});
