/**
 * Counts the primes below a limit on all cores: the range is cut into parts, and each part is an actor.
 *
 *     deno run -A smarm.ts examples/primes.ts [limit] [parts]
 *
 * Compare `--threads 1` with `--threads 2`.
 *
 * @module
 */

import type { Actor } from "smarm";

/** How many numbers are tried between two checks of the timeslice: some 50 µs of work. */
const NUMBERS_PER_CHECK = 256;

/** How many primes there are from `from` up to, but not including, `to`. By trial division: work is the point. */
export async function countPrimes(self: Actor, from: number, to: number): Promise<number> {
  let count = 0;
  for (let n = from; n < to; n++) {
    if (isPrime(n)) count++;
    if (n % NUMBERS_PER_CHECK === 0) await self.check();
  }
  return count;
}

export async function main(self: Actor, limitText = "5000000", partsText = "64"): Promise<void> {
  const limit = wholeNumber("limit", limitText);
  const parts = wholeNumber("parts", partsText);
  const startMs = performance.now();

  const workers = Array.from({ length: parts }, (_, part) => {
    const from = Math.floor(limit * part / parts);
    const to = Math.floor(limit * (part + 1) / parts);
    return self.spawn(countPrimes, from, to);
  });
  let count = 0;
  for (const worker of workers) {
    const outcome = await worker.join();
    if (outcome.kind === "panic") throw outcome.error;
    count += outcome.value;
  }

  const seconds = (performance.now() - startMs) / 1000;
  console.log(`${count} primes below ${limit}`);
  console.log(`${seconds.toFixed(2)} s in ${parts} parts on ${self.stats().schedulerCount} schedulers`);
}

function isPrime(n: number): boolean {
  if (n < 4) return n > 1;
  if (n % 2 === 0 || n % 3 === 0) return false;
  for (let divisor = 5; divisor * divisor <= n; divisor += 6) {
    if (n % divisor === 0 || n % (divisor + 2) === 0) return false;
  }
  return true;
}

function wholeNumber(name: string, text: string): number {
  const n = Number(text);
  if (Number.isSafeInteger(n) && n >= 1) return n;
  throw new RangeError(`Cannot use ${JSON.stringify(text)} as the ${name}. Give a whole number from 1`);
}
