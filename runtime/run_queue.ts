/**
 * The run queue of one scheduler: actors in the order in which they became runnable (S20).
 *
 * The first one stands in a field of its own, because most of the time there is just one: two actors that play ping-pong
 * never touch the blocks behind it.
 *
 * @module
 */
import type { ActorImpl } from "./actor.ts";
import type { HandleImpl } from "./handle.ts";
import { Fifo } from "./fifo.ts";

/** An actor that has begun, or the handle of one that has not (`state` tells which). */
export type Runnable = ActorImpl | HandleImpl;

export class RunQueue {
  /** The one that is next; null when the queue is empty. */
  first: Runnable | null = null;
  readonly #rest = new Fifo<Runnable>();
  length = 0;

  push(next: Runnable): void {
    if (this.length++ === 0) this.first = next;
    else this.#rest.push(next);
  }

  /** Takes the first one out; the queue must not be empty. */
  shift(): Runnable {
    const next = this.first!;
    this.first = --this.length > 0 ? this.#rest.shift() : null;
    return next;
  }

  at(position: number): Runnable {
    return position === 0 ? this.first! : this.#rest.at(position - 1);
  }
}
