/**
 * Actors that end one after the other: each waits in its `finally`, for a promise that is not smarm's, until the one before
 * it has ended, and a moment longer. The arguments say how many, and how long that is.
 *
 * @module
 */
import type { Actor } from "smarm";

export function main(self: Actor, count: string, ms: string): void {
  let before = Promise.resolve();
  for (let i = 0; i < Number(count); i++) {
    const { promise, resolve } = Promise.withResolvers<void>();
    const its = before;
    self.spawn(async (other: Actor) => {
      try {
        await other.receive();
      } finally {
        await its;
        await new Promise((resolve) => setTimeout(resolve, Number(ms)));
        console.log("one has ended");
        resolve();
      }
    });
    before = promise;
  }
}
