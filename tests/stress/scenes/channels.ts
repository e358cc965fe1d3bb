/**
 * Channels with many senders, bounded or not, closed at either end and early or late: what a send says was sent is received,
 * once and in order, and nothing else is.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import type { Actor, ChannelReceiver, ChannelSender } from "../../../smarm.ts";
import { Random } from "../plan.ts";
import { pause, start, times, unlessTimedOut, valueOf } from "./support.ts";

interface Item {
  readonly from: number;
  readonly n: number;
}

/** Gives the numbers of the items that it could send. */
export async function channelSender(
  self: Actor,
  to: ChannelSender<Item>,
  from: number,
  count: number,
  seed: number,
): Promise<number[]> {
  const random = new Random(seed);
  const sent: number[] = [];
  for (let n = 0; n < count; n++) {
    if (random.below(5) === 0) {
      if (to.trySend({ from, n })) sent.push(n);
      else if (to.isClosed) break;
      continue;
    }
    const options = random.below(3) === 0 ? { timeout: random.below(3) } : undefined;
    const result = await unlessClosed(unlessTimedOut(to.send({ from, n }, options).then(() => "sent")));
    if (result === "closed") break;
    if (result === "sent") sent.push(n);
    if (random.below(5) === 0) await pause(self, random);
  }
  return sent;
}

async function unlessClosed<T>(wait: Promise<T>): Promise<T | "closed"> {
  try {
    return await wait;
  } catch (error) {
    if (!(error instanceof Error) || error.name !== "ChannelClosedError") throw error;
    return "closed";
  }
}

async function channels(self: Actor, random: Random): Promise<void> {
  const { sender, receiver } = random.below(4) > 0
    ? self.channel<Item>(1 + random.below(5))
    : self.channel<Item>();
  const senders = times(
    1 + random.below(5),
    (from) => start(self, random, channelSender, sender, from, random.below(50), random.next()),
  );
  const closesAfter = random.below(2) === 0 ? random.below(40) : Infinity;
  const received: number[][] = senders.map(() => []);
  const allSent = Promise.all(senders.map((one) => valueOf(one, "a sender"))).finally(() => sender.close());
  for (let total = 0;;) {
    if (total >= closesAfter) receiver.close();
    const item = await unlessClosed(unlessTimedOut(receiveSomehow(self, random, receiver)));
    if (item === "closed") break;
    if (item !== undefined) {
      received[item.from].push(item.n);
      total++;
    }
    if (random.below(6) === 0) await pause(self, random);
  }
  assertEquals(received, await allSent, "received and sent, for each sender");
}

async function receiveSomehow(
  self: Actor,
  random: Random,
  receiver: ChannelReceiver<Item>,
): Promise<Item | "closed" | undefined> {
  switch (random.below(4)) {
    case 0:
      return receiver.tryReceive();
    case 1:
      return await receiver.receive({ timeout: random.below(3) });
    case 2: {
      const first = await self.select({ receiver, nothing: () => false }, { timeout: 5 });
      return first.closed ? "closed" : first.value as Item;
    }
    default:
      return await receiver.receive();
  }
}

export const channelScenes = { channels };
