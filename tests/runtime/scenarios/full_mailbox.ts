// A program of tests/runtime/mailbox_test.ts: an actor whose bounded mailbox has dropped three messages.
import type { Actor } from "smarm";

export async function main(self: Actor): Promise<void> {
  const child = self.spawnWith({ scheduler: "local", mailbox: { capacity: 2 } }, full);
  for (let i = 0; i < 5; i++) self.send(child, i);
  await self.yield();
  console.log("ready");
  await child.join();
}

export async function full(self: Actor<number>): Promise<void> {
  await self.sleep(3_600_000);
}
