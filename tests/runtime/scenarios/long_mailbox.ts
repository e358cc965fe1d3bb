// A program of tests/runtime/mailbox_test.ts: floods an actor twice.
import type { Actor } from "smarm";

const MESSAGES = 120_000;

export async function main(self: Actor<"done">): Promise<void> {
  const child = self.spawn(slow);
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < MESSAGES; i++) self.send(child, i);
    self.send(child, -1);
    await self.yield();
  }
  await child.join();
}

export async function slow(self: Actor<number>): Promise<void> {
  for (let rounds = 0; rounds < 2;) if (await self.receive() === -1) rounds++;
}
