import { testScenarios } from "./scenarios.ts";

testScenarios(new URL("./scenarios/addresses.ts", import.meta.url), {
  transferred:
    "handles, senders and calls in a message with a transfer list arrive, on the same scheduler too",
  downComesLast: "DOWN comes after all that the dead actor has sent",
  comesHome: "a handle that comes home after its original was collected is answered",
  selectKeepsItsChannel: "a pending select keeps its channel's receiver from being collected",
  ringAtOnce: "what waits for an actor that is given away is not overtaken by what is sent to it there",
  namedWhenSent: "nobody finds an actor by its name before it is sure to begin",
  joinsNoLonger: "a join of a copy that is given up leaves nothing behind, and may be tried again",
  asksNoLonger: "a call that is given up and never answered is not kept for its caller",
  promisified: "promisify(setTimeout) works in an actor",
});
