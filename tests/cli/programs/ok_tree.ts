/** A tree of actors adds up its leaves: every actor but the leaves waits for its children. */
import type { Actor } from "../../../smarm.ts";

const DEPTH = 10;

export async function sum(self: Actor, depth: number): Promise<number> {
  if (depth === 0) return 1;
  const children = [self.spawn(sum, depth - 1), self.spawn(sum, depth - 1)];
  let total = 0;
  for (const child of children) {
    const outcome = await child.join();
    if (outcome.kind === "panic") throw outcome.error;
    total += outcome.value;
  }
  return total;
}

export async function main(self: Actor): Promise<void> {
  const total = await sum(self, DEPTH);
  if (total !== 2 ** DEPTH) throw new Error(`${total} leaves, expected ${2 ** DEPTH}`);
}
