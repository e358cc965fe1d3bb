import { testScenarios } from "./scenarios.ts";

testScenarios(new URL("./scenarios/select.ts", import.meta.url), {
  firstReady: "select gives what is ready first, whichever kind of source it comes from",
  asWritten: "select gives the first as written when several sources are ready, and takes from that one only",
  matching: "select takes the messages that match, by several predicates, and leaves the others in order",
  losesNothing: "select loses and reorders nothing of many senders on all schedulers",
  timesOut: "select is given up by timeout and signal, and takes nothing then",
  closes: "select tells the end of a channel once its values are received",
  throwingPredicate: "a predicate that throws rejects its select and takes no message",
  beforeAndAfterReceives:
    "select and receives that are pending at once take messages in the order of the calls",
  findsQueued: "select finds what is queued although a receive before it waits for something else",
  leavesNothing: "a select that is over leaves nothing registered, whatever ended it",
  foreignReceiver: "select refuses sources that are none, and receivers of other actors",
});
