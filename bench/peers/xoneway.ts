/**
 * xoneway: counting with the producer and the counter on two schedulers. What a message costs from thread to thread
 * when many are on their way. `window=1024` bounds how many.
 *
 * @module
 */
import type { Actor } from "smarm";
import { measure } from "./common.ts";
import { count, type CountingResult } from "./counting.ts";

export { counter, producer } from "./counting.ts";

export function main(self: Actor<CountingResult>, ...args: string[]): Promise<void> {
  return measure(
    self,
    { name: "xoneway", unit: "msgs", n: 3_000_000, options: ["window"] },
    args,
    (n, options) => count(self, n, options, true),
  );
}
