// A program of tests/runtime/giving_up_test.ts: receives that lost a race, 200 of them on each scheduler.
import type { Actor } from "smarm";

export async function main(self: Actor): Promise<void> {
  for (let scheduler = 0; scheduler < self.stats().schedulerCount; scheduler++) {
    await self.spawnWith({ scheduler }, loses).join();
  }
}

export async function loses(self: Actor): Promise<void> {
  for (let i = 0; i < 200; i++) await Promise.race([self.receive(), self.yield()]);
}
