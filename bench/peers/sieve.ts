/**
 * sieve: a chain of filters, each holding 1,000 primes, finds the primes below `n`. A pipeline that grows.
 *
 * @module
 */
import type { Actor, Pid } from "smarm";
import { check, measure, type Measurement, numberOption, type Options, secondsSince } from "./common.ts";

export type FilterMessage = { readonly type: "candidate"; readonly value: number } | {
  readonly type: "exit";
};

export interface ProducerMessage {
  readonly type: "filter";
  readonly first: Pid<FilterMessage>;
}

export interface PrimesResult {
  readonly type: "primes";
  readonly count: number;
}

export function main(self: Actor<PrimesResult>, ...args: string[]): Promise<void> {
  return measure(
    self,
    { name: "sieve", unit: "candidates", n: 100_000, options: ["m"] },
    args,
    (n, options) => sieve(self, n, options),
  );
}

async function sieve(self: Actor<PrimesResult>, n: number, options: Options): Promise<Measurement> {
  const capacity = numberOption(options, "m", 1000);
  const expected = countPrimes(n);
  const start = performance.now();
  const first = self.spawn(filter, self.pid, 0, capacity, 2).pid;
  const source = self.spawn(producer, n);
  self.send(source, { type: "filter", first });
  const { count } = await self.receive();
  const seconds = secondsSince(start);
  check("the number of primes", count, expected);
  return { n: Math.max(0, Math.ceil((n - 3) / 2)), seconds, extra: { primes: count } };
}

export async function producer(self: Actor<ProducerMessage>, limit: number): Promise<void> {
  const { first } = await self.receive();
  for (let value = 3; value < limit; value += 2) self.send(first, { type: "candidate", value });
  self.send(first, { type: "exit" });
}

/** @param before how many primes the filters before this one hold */
export async function filter(
  self: Actor<FilterMessage>,
  driver: Pid<PrimesResult>,
  before: number,
  capacity: number,
  firstPrime: number,
): Promise<void> {
  const primes = [firstPrime];
  let next: Pid<FilterMessage> | undefined;
  for (;;) {
    const message = await self.receive();
    if (message.type === "exit") {
      if (next === undefined) self.send(driver, { type: "primes", count: before + primes.length });
      else self.send(next, { type: "exit" });
      return;
    }
    if (isDivisible(message.value, primes)) continue;
    if (next !== undefined) self.send(next, { type: "candidate", value: message.value });
    else if (primes.length < capacity) primes.push(message.value);
    else next = self.spawn(filter, driver, before + primes.length, capacity, message.value).pid;
  }
}

function isDivisible(value: number, primes: readonly number[]): boolean {
  for (let i = 0; i < primes.length; i++) {
    if (value % primes[i] === 0) return true;
  }
  return false;
}

/** Primes below `limit`, with 2 counted in any case: the first filter is born with it. */
function countPrimes(limit: number): number {
  const composite = new Uint8Array(limit);
  let count = 1;
  for (let value = 3; value < limit; value += 2) {
    if (composite[value]) continue;
    count++;
    for (let multiple = value * value; multiple < limit; multiple += 2 * value) composite[multiple] = 1;
  }
  return count;
}
