/**
 * What an actor waits for and since when, in shared memory: for dumps while its scheduler is stuck (stuck.ts).
 *
 * @module
 */
import type { ActorImpl } from "./actor.ts";
import { DETAIL_BEGAN, DETAIL_SINCE, DETAIL_WAIT, DETAIL_WORDS } from "./layout.ts";
import { birthOf, generationOf, indexOf } from "./pid.ts";

/** The owner's end. */
export class ActorDetails {
  /** By birthplace, as slots are. */
  readonly #tables: Int32Array[];

  constructor(buffers: readonly SharedArrayBuffer[]) {
    this.#tables = buffers.map((buffer) => new Int32Array(buffer));
  }

  begins(actor: ActorImpl): void {
    const table = this.#tables[birthOf(actor.pid)];
    const at = indexOf(actor.pid) * DETAIL_WORDS;
    table[at + DETAIL_WAIT] = actor.target.nameId << 8;
    table[at + DETAIL_BEGAN] = generationOf(actor.pid);
  }

  /** The actor, which has a wait open, has parked. */
  waits(actor: ActorImpl): void {
    const table = this.#tables[birthOf(actor.pid)];
    const at = indexOf(actor.pid) * DETAIL_WORDS;
    table[at + DETAIL_WAIT] = actor.waits!.kind | (actor.target.nameId << 8);
    table[at + DETAIL_SINCE] = actor.since;
  }

  waitsForNothing(actor: ActorImpl): void {
    this.#tables[birthOf(actor.pid)][indexOf(actor.pid) * DETAIL_WORDS + DETAIL_WAIT] = actor.target.nameId <<
      8;
  }
}
