// A program of tests/testing/run_actors_test.ts.
import type { Actor } from "smarm";

export async function main(self: Actor, n: string): Promise<number> {
  const outcome = await self.spawn(double, Number(n)).join();
  if (outcome.kind === "panic") throw outcome.error;
  return outcome.value;
}

export function double(_self: Actor, n: number): number {
  return n * 2;
}
