/**
 * Values of all kinds as arguments, results, messages, requests and answers: what comes is what was sent, down to what
 * is shared within it and to its circles.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { Actor, Call, Handle, Pid } from "../../../smarm.ts";
import { Random } from "../plan.ts";
import { type AnyActor, PATIENT_MS, pause, start, times, valueOf } from "./support.ts";
import { victim } from "./ends.ts";

const LARGE_BYTES = 400_000;

/** The value of that seed: whoever knows the seed can tell whether a value is the right one. */
export function valueFrom(seed: number): unknown {
  return anyValue(new Random(seed), 3);
}

function anyValue(random: Random, depth: number): unknown {
  const inner = () => anyValue(random, depth - 1);
  switch (random.below(depth === 0 ? 15 : 21)) {
    case 0:
      return random.next();
    case 1:
      return -random.next() / 7;
    case 2:
      return "é\u{1F600}x".repeat(random.below(40));
    case 3:
      return "a".repeat(sizeBelow(random, 100));
    case 4:
      return BigInt(random.next()) ** BigInt(random.below(6)) * (random.below(2) === 0 ? 1n : -1n);
    case 5:
      return null;
    case 6:
      return undefined;
    case 7:
      return new Date(random.next());
    case 8:
      return /a+b/giu;
    case 9:
      return NaN;
    case 10:
      return -0;
    case 11:
      return bytesFrom(random, sizeBelow(random, 50));
    case 12:
      return new Float64Array([1.5, NaN, -0, Infinity]).subarray(1, 3);
    case 13:
      return new RangeError(`error ${random.below(9)}`, { cause: "a cause" });
    case 14:
      return random.below(2) === 0;
    case 15:
      return times(random.below(6), inner);
    case 16:
      return new Map(times(random.below(5), (i) => [i, inner()]));
    case 17:
      return new Set(times(random.below(5), (i) => `member ${i}`));
    case 18:
      return Object.fromEntries(times(random.below(6), (i) => [`key${i}`, inner()]));
    case 19: {
      const shared = { inner: inner() };
      return { first: shared, second: shared };
    }
    default: {
      const circle: Record<string, unknown> = { inner: inner() };
      circle.itself = circle;
      return circle;
    }
  }
}

function sizeBelow(random: Random, usual: number): number {
  return random.below(random.below(8) === 0 ? LARGE_BYTES : usual);
}

function bytesFrom(random: Random, length: number): Uint8Array {
  const first = random.next();
  return Uint8Array.from({ length }, (_, i) => first + i * 31);
}

/** All there is to tell of a value. Objects are numbered as they are met, so that sharing and circles tell, too. */
export function inWords(value: unknown, met: Map<object, number> = new Map()): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value !== "object" || value === null) return Object.is(value, -0) ? "-0" : String(value);
  const number = met.get(value);
  if (number !== undefined) return `#${number}`;
  met.set(value, met.size);
  const all = (values: Iterable<unknown>) => Array.from(values, (one) => inWords(one, met)).join();
  if (Array.isArray(value)) return `[${all(value)}]`;
  if (value instanceof Map) return `Map{${all(value)}}`;
  if (value instanceof Set) return `Set{${all(value)}}`;
  if (value instanceof Error) return `${value.name}(${all([value.message, value.cause])})`;
  if (value instanceof Date) return `Date ${value.getTime()}`;
  if (value instanceof RegExp) return String(value);
  if (value instanceof Uint8Array || value instanceof Float64Array) {
    return `${value.constructor.name}(${Array.from(value, (one) => Object.is(one, -0) ? "-0" : one).join()})`;
  }
  return `{${all(Object.entries(value))}}`;
}

export function assertIsFrom(seed: number, value: unknown, what: string): void {
  const found = inWords(value), wanted = inWords(valueFrom(seed));
  if (found === wanted) return;
  let same = 0;
  while (found[same] === wanted[same]) same++;
  const around = (text: string) => text.slice(Math.max(0, same - 40), same + 80);
  throw new Error(
    `${what} of seed ${seed} is wrong at ${same}: ${around(found)}, expected ${around(wanted)}`,
  );
}

interface Branch {
  readonly count: number;
  readonly seed: number;
  readonly value: unknown;
}

function childrenOf(seed: number, depth: number): number[] {
  const random = new Random(seed);
  return times(depth === 0 ? 0 : random.below(4), () => random.next());
}

function sizeOf(seed: number, depth: number): number {
  return childrenOf(seed, depth).reduce((sum, child) => sum + sizeOf(child, depth - 1), 1);
}

/** An actor of a tree: gets a value, gives one, and counts those below it. */
export async function treeNode(
  self: Actor,
  seed: number,
  depth: number,
  value: unknown,
  valueSeed: number,
): Promise<Branch> {
  assertIsFrom(valueSeed, value, "an argument");
  const random = new Random(~seed);
  const children: Handle<Branch>[] = [];
  for (const child of childrenOf(seed, depth)) {
    const valueSeed = random.next();
    children.push(start(self, random, treeNode, child, depth - 1, valueFrom(valueSeed), valueSeed));
    await pause(self, random);
  }
  let count = 1;
  for (const child of children) {
    const below = await valueOf(child, "a node of a tree");
    assertIsFrom(below.seed, below.value, "a result");
    count += below.count;
  }
  const resultSeed = random.next();
  return { count, seed: resultSeed, value: valueFrom(resultSeed) };
}

async function tree(self: AnyActor, random: Random): Promise<void> {
  const seed = random.next(), valueSeed = random.next();
  const root = await valueOf(
    start(self, random, treeNode, seed, 4, valueFrom(valueSeed), valueSeed),
    "the root of a tree",
  );
  assertEquals(root.count, sizeOf(seed, 4), "actors of the tree");
}

interface Parcel {
  readonly type: "parcel";
  readonly value: unknown;
  readonly handle: Handle;
  readonly back: Pid<Returned>;
}

interface Returned {
  readonly value: unknown;
  readonly handle: Handle;
  readonly from: Pid<never>;
}

/** Sends back what it is sent, and answers with what it is asked. */
export async function returner(self: Actor<Parcel | Call>): Promise<void> {
  for await (const message of self) {
    if (message.type === "CALL") message.reply(message.request);
    else self.send(message.back, { value: message.value, handle: message.handle, from: self.pid });
  }
}

async function values(self: Actor<Returned>, random: Random): Promise<void> {
  const there = start(self, random, returner);
  const handle = start(self, random, victim, random.next());
  for (let i = 0; i < 15; i++) {
    const seed = random.next();
    if (random.below(2) === 0) {
      assertIsFrom(seed, await self.call(there, valueFrom(seed), { timeout: PATIENT_MS }), "an answer");
      continue;
    }
    self.send(there, { type: "parcel", value: valueFrom(seed), handle, back: self.pid });
    const returned = await self.receive();
    assertIsFrom(seed, returned.value, "a message");
    assertEquals<Pid<never>[]>([returned.from, returned.handle.pid], [there.pid, handle.pid]);
    if (random.below(4) > 0) continue;
    self.kill(handle);
    const [copied, own] = await Promise.all([returned.handle.join(), handle.join()]);
    assert(copied.kind === own.kind, `a handle's copy says ${copied.kind}, and it ${own.kind}`);
  }
  self.kill(there);
  self.kill(handle);
  await there.join();
  await handle.join();
}

export const valueScenes = { tree, values };
