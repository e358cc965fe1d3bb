import { testScenarios } from "./scenarios.ts";

testScenarios(new URL("./scenarios/call.ts", import.meta.url), {
  answers: "a call gives the reply, or rejects with what the callee fails it with",
  death: "a call rejects at once when its callee is or becomes dead, with the reason",
  deathElsewhere: "a call that was given to another scheduler with its callee fails with that one's end",
  timeoutTells: "S16: a call's timeout says the callee's function, what it waits for and its mailbox",
  timeoutOfBusyScheduler: "S16: a call to an actor that never gives way times out all the same, and says so",
  circle: "calls that wait for each other in a circle are named in the timeout's message",
  circleBesideACall: "a circle of calls is named also when its actors wait for other answers besides",
  lateReplies: "S16: a reply after the timeout is dropped, and so is a second one",
  forwardedCall: "a call that was passed on to another actor is answered there",
  aborted: "a call is given up by its signal",
  unsendable: "a request or a reply that cannot be sent throws with the path, and the call stays open",
  unsendableEnds: "arguments and values that cannot be sent are named as the program knows them",
  badOptions: "a call refuses what is no timeout and no address, with the value quoted",
});
