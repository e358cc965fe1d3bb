/**
 * The actors that live on one scheduler, by pid: those that were born here, and those that came to begin here.
 *
 * A table for each birthplace, by slot index: two loads, where a Map keyed by pids, which are no small integers, takes
 * 25 ns for each message between schedulers. A slot's next tenant has another pid, so that a stale one finds nothing.
 *
 * @module
 */
import type { ActorImpl } from "./actor.ts";
import { birthOf, indexOf } from "./pid.ts";

export class Residents implements Iterable<ActorImpl> {
  readonly #tables: (ActorImpl | undefined)[][];

  constructor(schedulers: number) {
    this.#tables = Array.from({ length: schedulers }, () => []);
  }

  find(pid: number): ActorImpl | undefined {
    const table = this.#tables[birthOf(pid)];
    if (table === undefined) return undefined; // a number that no scheduler gave
    const actor = table[indexOf(pid)];
    return actor !== undefined && actor.pid === pid ? actor : undefined;
  }

  add(actor: ActorImpl): void {
    this.#tables[birthOf(actor.pid)][indexOf(actor.pid)] = actor;
  }

  remove(actor: ActorImpl): void {
    this.#tables[birthOf(actor.pid)][indexOf(actor.pid)] = undefined;
  }

  *[Symbol.iterator](): IterableIterator<ActorImpl> {
    for (const table of this.#tables) for (const actor of table) if (actor !== undefined) yield actor;
  }
}
