/**
 * The actors that live on one scheduler, by pid: those that were born here, and those that came to begin here.
 *
 * A table for each birthplace, by slot index: two loads, where a Map keyed by pids, which are no small integers, takes
 * 25 ns for each message between schedulers. A slot's next tenant has another pid, so that a stale one finds nothing.
 *
 * @module
 */
import type { ActorImpl } from "./actor.ts";
import { type HandleImpl, isSeed } from "./handle.ts";
import { birthOf, indexOf } from "./pid.ts";

export class Residents implements Iterable<ActorImpl> {
  readonly #tables: (ActorImpl | HandleImpl | undefined)[][];

  constructor(schedulers: number) {
    this.#tables = Array.from({ length: schedulers }, () => []);
  }

  find(pid: number): ActorImpl | undefined {
    const table = this.#tables[birthOf(pid)];
    if (table === undefined) return undefined; // a number that no scheduler gave
    const found = table[indexOf(pid)];
    if (found === undefined || found.pid !== pid) return undefined;
    return isSeed(found) ? found.grow() : found;
  }

  /** An actor, or what becomes one when somebody looks for it. */
  add(resident: ActorImpl | HandleImpl): void {
    this.#tables[birthOf(resident.pid)][indexOf(resident.pid)] = resident;
  }

  remove(actor: ActorImpl): void {
    this.#tables[birthOf(actor.pid)][indexOf(actor.pid)] = undefined;
  }

  *[Symbol.iterator](): IterableIterator<ActorImpl> {
    for (const table of this.#tables) {
      for (const found of table) if (found !== undefined) yield isSeed(found) ? found.grow() : found;
    }
  }

  /** Without those of which there is nothing to tell, as they have not begun and nobody has had to do with them. */
  *grown(): IterableIterator<ActorImpl> {
    for (const table of this.#tables) {
      for (const found of table) if (found !== undefined && !isSeed(found)) yield found;
    }
  }
}
