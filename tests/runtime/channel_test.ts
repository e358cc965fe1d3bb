import { testScenarios } from "./scenarios.ts";

testScenarios(new URL("./scenarios/channel.ts", import.meta.url), {
  manySenders: "S22: a bounded channel loses, doubles and reorders nothing of six senders",
  exactBound: "S22: trySend takes exactly as many values as the capacity, on every scheduler",
  sendWaitsWhileFull: "S22: send waits while the channel is full, and goes on with each receive",
  fairness: "S22: senders that wait for room are served in the order in which they came",
  closeBySender:
    "S22: a sender's close lets the values before it be received, then rejects and ends iteration",
  closeByReceiver: "S22: the receiver's close rejects waiting senders and keeps what is buffered",
  closeWithValuesOnTheirWay: "S22: what was accepted before a close is received, nothing else is",
  endOfOwner: "S22: the end of the receiver's owner closes the channel for senders everywhere",
  endOfSender: "S22: a sender that is killed while it waits sends nothing and closes nothing",
  receiveTimesOut: "S22: a receive that is given up by timeout or signal takes no value",
  sendGivenUp: "S22: a send that is given up by timeout or signal sends nothing",
  sentHome: "S22: a sender works wherever it was sent on the way, and back home",
  requestReply: "S22: a sender in a message carries the reply",
  receiverStays: "S22: a receiver is refused in messages, and to other actors",
  unsendable: "S22: a value that cannot be sent rejects its send and gives its room back",
  pendingReceives: "S22: pending receives take values in the order of the calls",
  badCapacity: "S22: a capacity that is no whole number of at least 1 is refused with the value quoted",
});
