/**
 * The run queue of one scheduler: actors in the order in which they became runnable (S20).
 *
 * The first one stands in a field of its own, because most of the time there is just one: two actors that play ping-pong
 * never touch the blocks behind it.
 *
 * @module
 */
import type { ActorImpl } from "./actor.ts";
import { Fifo } from "./fifo.ts";

export class RunQueue {
  /** The one that is next; null when the queue is empty. */
  first: ActorImpl | null = null;
  readonly #rest = new Fifo<ActorImpl>();
  length = 0;

  push(actor: ActorImpl): void {
    if (this.length++ === 0) this.first = actor;
    else this.#rest.push(actor);
  }

  /** Takes the first one out; the queue must not be empty. */
  shift(): ActorImpl {
    const actor = this.first!;
    this.first = --this.length > 0 ? this.#rest.shift() : null;
    return actor;
  }

  at(position: number): ActorImpl {
    return position === 0 ? this.first! : this.#rest.at(position - 1);
  }
}
