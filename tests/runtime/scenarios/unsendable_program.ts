// A program of tests/runtime/strict_test.ts: passes on one scheduler only, unless it is strict.
import type { Actor } from "smarm";

export async function main(self: Actor): Promise<void> {
  const child = self.spawnWith({ scheduler: "local" }, uses);
  self.send(child, { user: { save: () => {} } });
  await child.join();
}

export async function uses(self: Actor<{ user: { save(): void } }>): Promise<void> {
  (await self.receive()).user.save();
}
