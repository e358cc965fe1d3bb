/**
 * Functions that block, on the threads for that: values go there and come back, errors too, and some are not waited for.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { Actor } from "../../../smarm.ts";
import type { Random } from "../plan.ts";
import { times, unlessTimedOut } from "./support.ts";
import { assertIsFrom, valueFrom } from "./values.ts";

export function hash(n: number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) sum = (sum * 31 + i) | 0;
  return sum;
}

const isRefused = (seed: number) => seed % 5 === 0;

export function givesBack(seed: number, value: unknown): unknown {
  assertIsFrom(seed, value, "an argument");
  if (isRefused(seed)) throw new RangeError(`refused ${seed}`);
  return value;
}

export function nap(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

async function blocking(self: Actor, random: Random): Promise<void> {
  await Promise.all(times(1 + random.below(5), async () => {
    const n = random.below(1000), seed = random.next(), alsoNaps = random.below(3) === 0;
    assertEquals(await self.blocking(hash, n), hash(n));
    const result = self.blocking(givesBack, seed, valueFrom(seed));
    if (isRefused(seed)) {
      const error = await result.then(() => undefined, (error: Error) => error);
      assert(`${error}` === `RangeError: refused ${seed}`, `refused otherwise: ${error}`);
    } else assertIsFrom(seed, await result, "a result");
    if (alsoNaps) await unlessTimedOut(self.blockingWith({ timeout: 1 }, nap, 30));
  }));
}

export const blockingScenes = { blocking };
