/**
 * What people are told of schedulers that an actor keeps from their event loops, and of actors that were ended for it.
 *
 * @module
 */
import type { Pid } from "./api.ts";
import { DETAIL_WAIT, DETAIL_WORDS, NO_ACTOR, type SharedMemory, WHERE_BITS } from "./layout.ts";
import { birthOfKey, formatPid, indexOfKey, pidFromKey } from "./pid.ts";
import type { Stuck } from "./watchdog.ts";

export class StuckReports {
  readonly #memory: SharedMemory;
  /** The names of functions, by scheduler and by the ids that it gave them. */
  readonly #names: readonly string[][];
  readonly #write: (text: string) => void;
  /** Schedulers of which people have been told that their actor was ended. */
  readonly #contained = new Set<number>();
  /** Who was found to hold each scheduler, when it was last found stuck. */
  readonly #holders: string[] = [];

  constructor(memory: SharedMemory, names: readonly string[][], write: (text: string) => void) {
    this.#memory = memory;
    this.#names = names;
    this.#write = write;
  }

  begins(incident: Stuck): void {
    this.#holders[incident.id] = this.#whose(incident); // read now: when it has ended, its slot may be another's
    this.#write(`watchdog: ${this.describe(incident)}`);
  }

  ends({ id, heldMs }: Stuck): void {
    if (this.#contained.delete(id)) return;
    this.#write(`watchdog: ${this.#holders[id]} gave scheduler ${id} back after ${Math.round(heldMs)} ms`);
  }

  contained(id: number, pid: Pid, name: string, heldMs: number): void {
    this.#contained.add(id);
    this.#write(
      `watchdog: actor ${formatPid(pid)} ${name} held scheduler ${id} for ${heldMs} ms ` +
        `without giving way, and was ended`,
    );
  }

  describe({ id, heldMs }: Stuck): string {
    return `${this.#holders[id]} has held scheduler ${id} for ${Math.round(heldMs)} ms`;
  }

  #whose({ id, key }: Stuck): string {
    if (key === NO_ACTOR) {
      return "code that is no actor's turn (a callback, or behind a promise that is not smarm's)";
    }
    const routes = new Int32Array(this.#memory.routes[birthOfKey(key)]);
    const details = new Int32Array(this.#memory.details[birthOfKey(key)]);
    const pid = pidFromKey(key, Atomics.load(routes, indexOfKey(key)) >>> WHERE_BITS);
    const name = this.#names[id][details[indexOfKey(key) * DETAIL_WORDS + DETAIL_WAIT] >>> 8] ?? "";
    return `actor ${formatPid(pid)} ${name}`;
  }
}
