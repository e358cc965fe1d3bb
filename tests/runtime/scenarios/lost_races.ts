// A program of tests/runtime/giving_up_test.ts: receives that lost a race, 200 of them.
import type { Actor } from "smarm";

export async function main(self: Actor): Promise<void> {
  for (let i = 0; i < 200; i++) await Promise.race([self.receive(), self.yield()]);
}
