import { assert, assertEquals, assertMatch } from "@std/assert";
import { runActors } from "smarm/testing";
import type { Actor } from "smarm";
import { runSmarm } from "../cli/harness.ts";
import { testScenarios } from "./scenarios.ts";

testScenarios(new URL("./scenarios/channel.ts", import.meta.url), {
  manySenders: "S22: a bounded channel loses, doubles and reorders nothing of six senders",
  exactBound: "S22: trySend takes exactly as many values as the capacity, on every scheduler",
  sendWaitsWhileFull: "S22: send waits while the channel is full, and goes on with each receive",
  sleepsWhileFull: "S22: while a sender waits for room its scheduler sleeps, and wakes once, for the room",
  fairness: "S22: senders that wait for room, on all schedulers, are served in the order in which they came",
  closeBySender:
    "S22: a sender's close lets the values before it be received, then rejects and ends iteration",
  closeByReceiver: "S22: the receiver's close rejects waiting senders and keeps what is buffered",
  closeWithValuesOnTheirWay: "S22: what was accepted before a close is received, nothing else is",
  endOfOwner: "S22: the end of the receiver's owner closes the channel for senders everywhere",
  endOfSender: "S22: a sender that is killed while it waits sends nothing and closes nothing",
  receiveTimesOut: "S22: a receive that is given up by timeout or signal takes no value",
  sendGivenUp: "S22: a send that is given up by timeout or signal sends nothing",
  slotsAreNotLost: "S22: no room is lost when sends are given up while it is granted",
  sentHome: "S22: a sender works wherever it was sent on the way, and back home",
  requestReply: "S22: a sender in a message carries the reply",
  receiverStays: "S22: a receiver is refused in messages, and to other actors",
  unsendable: "S22: a value that cannot be sent rejects its send and gives its room back",
  pendingReceives: "S22: pending receives take values in the order of the calls",
  badCapacity: "S22: a capacity that is no whole number of at least 1 is refused with the value quoted",
});

Deno.test("S22: a program in which everybody waits at a channel is a deadlock", async () => {
  const program = new URL("./scenarios/channel_deadlock.ts", import.meta.url).pathname;
  for (const threads of ["1", "2"]) {
    const { code, stderr } = await runSmarm(["--threads", threads, program]);
    assertEquals(code, 3, stderr);
    assertMatch(stderr, /main: waiting in channel receive for/);
    assertMatch(stderr, /fills: waiting in channel send <\d+\.\d+\.\d+> for/);
  }
});

Deno.test("a select that waits for messages too is told to end when main has ended", async () => {
  const program = new URL("./scenarios/select_server.ts", import.meta.url).pathname;
  for (const threads of ["1", "2"]) {
    const { code, stdout, stderr } = await runSmarm(["--threads", threads, program]);
    assertEquals([code, stdout], [0, "shutdown\n"], stderr);
  }
});

Deno.test("channels that are over are forgotten, however they ended", async () => {
  await runActors(async (self: Actor<unknown>) => {
    const traffic = (self as unknown as { scheduler: { channels: { size: number } } }).scheduler.channels;
    const shared = (owner: Actor<unknown>) => {
      const channel = self.channel<number>(1);
      owner.send(owner.pid, channel.sender); // a strict send makes it ready to be sent elsewhere
      return channel;
    };
    const closedByReceiver = shared(self), closedBySender = shared(self);
    assertEquals(traffic.size, 2);
    assert(closedByReceiver.sender.trySend(1));
    closedByReceiver.receiver.close();
    closedBySender.sender.close();
    assertEquals(traffic.size, 0);
    assertEquals(await closedByReceiver.receiver.receive(), 1);
    await self.spawn((other: Actor<unknown>) => {
      const { sender } = other.channel<number>(1);
      other.send(other.pid, sender);
      assertEquals(traffic.size, 1);
    }).join();
    assertEquals(traffic.size, 0);
  });
});
