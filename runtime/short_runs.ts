/**
 * Which functions make actors that are over sooner than they could be moved.
 *
 * To offer an actor, to take it, to tell its death and to wake whoever waits for that takes 5 to 10 µs on two schedulers;
 * one that only adds two numbers takes half a microsecond where it is. Half of 100,000 such actors went to an idle
 * scheduler all the same, and all of them took five times as long as on one. Nobody knows beforehand how long a function
 * takes, so it is observed: from one look at the clock to the next, how many actors have begun, how many of them were over
 * without having waited, and how long all of it took. An idle scheduler does not get what is known to be short, unless its
 * spawner does not give way.
 *
 * @module
 */
import type { Target } from "./targets.ts";

/** An actor that takes less is not worth its move. */
const MOVE_MS = 0.008;
/** So many must have begun for one observation. */
const FEWEST = 8;
/** An observation that says short counts 1, one that does not takes 2 away, for a thread that was put aside looks slow. */
const MOST = 8;
const ENOUGH = 4;
/** Every so-many-th is offered all the same: it may be the root of a tree, or the first that takes long. */
const OFFERED = 256;

export class ShortRuns {
  /** Since the last look. */
  #begun = 0;
  #over = 0;
  /** Before it, and since the last observation. */
  #begunBefore = 0;
  #overBefore = 0;
  #elapsedMs = 0;
  #last: Target | null = null;
  #kept = 0;

  began(target: Target): void {
    this.#begun++;
    this.#last = target;
  }

  /** One that has begun was over without having waited. */
  wasOver(): void {
    this.#over++;
  }

  /** All that has begun since the last look, or since {@link forget}, took so long; others may have run too. */
  look(elapsedMs: number): void {
    if (this.#begun === 0) return;
    this.#begunBefore += this.#begun;
    this.#overBefore += this.#over;
    this.#elapsedMs += elapsedMs;
    this.forget();
    if (this.#begunBefore < FEWEST && this.#elapsedMs < FEWEST * MOVE_MS) return;
    const isShort = this.#overBefore * 32 >= this.#begunBefore * 31 &&
      this.#elapsedMs < this.#begunBefore * MOVE_MS;
    const target = this.#last!;
    target.shortness = isShort ? Math.min(MOST, target.shortness + 1) : Math.max(0, target.shortness - 2);
    this.#begunBefore = this.#overBefore = this.#elapsedMs = 0;
  }

  /** Nobody knows how long those took that have begun since the last look. */
  forget(): void {
    this.#begun = this.#over = 0;
  }

  isShort(target: Target): boolean {
    return target.shortness >= ENOUGH;
  }

  /** Whether the next actor of this function is to stay where it is spawned. */
  staysHome(target: Target): boolean {
    if (!this.isShort(target)) return false;
    this.#kept = (this.#kept + 1) % OFFERED;
    return this.#kept !== 0;
  }
}
