import { testScenarios } from "./scenarios.ts";

testScenarios(new URL("./scenarios/receive.ts", import.meta.url), {
  keepsOrder: "a selective receive takes the first message that matches and leaves the others in their order",
  looksOnce: "a selective receive looks at each of 100,000 skipped messages once, whatever comes later",
  firstMatches: "a selective receive that takes the first message looks at no other",
  throwingPredicate: "a predicate that throws rejects its own receive and takes no message",
  ordersOfCalls: "pending receives of all kinds take messages in the order of the calls",
  laterReceiveFindsQueued: "a receive finds what is queued although one before it waits for something else",
  narrows: "a type guard narrows the message",
  givesWay: "S20: a loop of selective receives gives way when its timeslice is used up",
  badArguments: "receive refuses what is neither a predicate nor options, with the value quoted",
});
