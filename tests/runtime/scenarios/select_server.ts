// A program of tests/runtime/channel_test.ts: a server waits for messages or a channel when main ends.
import type { Actor } from "smarm";

export async function main(self: Actor): Promise<void> {
  self.spawnWith({ scheduler: self.stats().schedulerCount - 1 }, serves);
  await self.sleep(5);
}

export async function serves(self: Actor): Promise<void> {
  const { receiver } = self.channel<number>();
  try {
    await self.select({ mail: self, receiver });
  } catch (error) {
    console.log((error as { reason: unknown }).reason);
  }
}
