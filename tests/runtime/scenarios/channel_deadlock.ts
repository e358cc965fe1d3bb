// A program of tests/runtime/channel_test.ts: main waits for one channel, its child for room in another.
import type { Actor, ChannelSender } from "smarm";

export async function main(self: Actor): Promise<void> {
  const empty = self.channel<number>(1), full = self.channel<number>(1);
  self.spawnWith({ scheduler: self.stats().schedulerCount - 1 }, fills, full.sender);
  await empty.receiver.receive();
  await full.receiver.receive();
}

export async function fills(_self: Actor, to: ChannelSender<number>): Promise<void> {
  for (;;) await to.send(1);
}
