/**
 * What an actor of a random program does, and what must come of it: everything follows from a seed, so that the actor
 * and whoever checks it agree without a word.
 *
 * @module
 */

/** mulberry32: small, and good enough to choose with. */
export class Random {
  #state: number;
  constructor(seed: number) {
    this.#state = seed | 0;
  }
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (t ^ (t >>> 14)) >>> 0;
  }
  below(n: number): number {
    return this.next() % n;
  }
  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)];
  }
}

const PAUSES = [
  "sleep",
  "yield",
  "check",
  "foreign",
  "macrotask",
  "file",
  "call",
  "none",
  "none",
  "none",
] as const;
export type Pause = typeof PAUSES[number];

const ENDS = [
  "returns",
  "returns",
  "returns",
  "returns",
  "throws",
  "throws",
  "in a timer",
  "dangling",
] as const;
export type End = typeof ENDS[number];

export interface ChildPlan {
  readonly seed: number;
  readonly spawned: "exported" | "pinned" | "closure";
  /** Its scheduler, where it is pinned, modulo how many there are. */
  readonly where: number;
  /** Its parent joins it; else it tells the collector, and nobody hears of its panic. */
  readonly joined: boolean;
  /** Messages from its parent. */
  readonly down: number;
}

export interface Plan {
  readonly children: ChildPlan[];
  /** Messages to its parent. */
  readonly up: number;
  /** One before each message up, and one after the last. */
  readonly pauses: Pause[];
  readonly end: End;
}

const MOST_CHILDREN = 4;
const MOST_MESSAGES = 5;

export function planOf(seed: number, depth: number): Plan {
  const random = new Random(seed);
  const children = Array.from(
    { length: depth === 0 ? 0 : random.below(MOST_CHILDREN + 1) },
    (): ChildPlan => ({
      seed: random.next(),
      spawned: random.pick(["exported", "exported", "pinned", "closure"]),
      where: random.below(512),
      joined: random.below(4) > 0,
      down: random.below(MOST_MESSAGES),
    }),
  );
  const up = random.below(MOST_MESSAGES);
  const pauses = Array.from({ length: up + 1 }, () => random.pick(PAUSES));
  return { children, up, pauses, end: random.pick(ENDS) };
}

/** What a tree of actors comes to. */
export interface Totals {
  actors: number;
  messages: number;
  /** Actors that tell the collector. */
  detached: number;
  /** Panics that nobody hears of: smarm reports each once. */
  unobserved: number;
}

export function totalsOf(seed: number, depth: number, joined: boolean, down: number): Totals {
  const plan = planOf(seed, depth);
  const totals: Totals = {
    actors: 1,
    messages: plan.up + down,
    detached: joined ? 0 : 1,
    unobserved: joined || plan.end === "returns" ? 0 : 1,
  };
  for (const child of plan.children) {
    const below = totalsOf(child.seed, depth - 1, child.joined, child.down);
    totals.actors += below.actors;
    totals.messages += below.messages;
    totals.detached += below.detached;
    totals.unobserved += below.unobserved;
  }
  return totals;
}
