/**
 * What schedulers ask of something that the poller has not been told of.
 *
 * The race: a scheduler opens a file, tells the poller, and sends the file to another one, which claims it. Each has a ring
 * of its own to the poller, and the second may be drained first: to the poller the file is not there, as one that is closed.
 * But a scheduler gives its ids in rising order and tells of each at once, so what is not known and has a later id than all
 * that its scheduler has told of is still to come. What is asked of it until then waits here, in its order.
 *
 * @module
 */
import type { EarlyRecord } from "./early_requests.ts";
import {
  openerOf,
  R_IO_CLAIM,
  R_IO_CLOSE,
  R_IO_OPENED,
  R_IO_OWN,
  R_IO_RELEASE,
  R_IO_REQUEST,
  R_IO_SENT,
} from "./protocol.ts";

/** What tells of owners: whoever is dead by then closes what is owned. */
const ON_OWNERS = [R_IO_CLAIM, R_IO_OWN, R_IO_SENT, R_IO_RELEASE, R_IO_CLOSE];

function makesOwner({ kind, payload }: EarlyRecord, pid: number): boolean {
  return kind === R_IO_CLAIM ? (payload as number[])[0] === pid : kind === R_IO_OWN && payload === pid;
}

export class Untold {
  /** The latest id that each scheduler has told of. */
  readonly #latest: number[] = [];
  /** By resource. */
  readonly #waiting = new Map<number, EarlyRecord[]>();

  /** Keeps a record that has to wait; false when it has not. */
  keeps(record: EarlyRecord): boolean {
    const { kind, target, payload } = record;
    if (this.#waiting.size === 0 && kind !== R_IO_CLAIM) return false; // nobody asks for it before claiming it
    if (kind === R_IO_OPENED) return false;
    if (kind === R_IO_RELEASE) return this.#keepEnd(record);
    const id = kind === R_IO_REQUEST ? (payload as [string, number])[1] : target;
    const waiting = this.#waiting.get(id);
    if (waiting !== undefined) waiting.push(record);
    else if (kind === R_IO_CLAIM && this.#isToCome(id)) this.#waiting.set(id, [record]);
    else return false;
    return true;
  }

  #isToCome(id: number): boolean {
    const opener = openerOf(id);
    return opener >= 0 && id > (this.#latest[opener] ?? 0);
  }

  /** An actor that has ended may have claimed something here, or was given it, and may have other things that are known. */
  #keepEnd(record: EarlyRecord): false {
    for (const waiting of this.#waiting.values()) {
      if (waiting.some((one) => makesOwner(one, record.target))) waiting.push(record);
    }
    return false;
  }

  /** A scheduler has told of it. Gives what has waited for that. */
  told(id: number): EarlyRecord[] {
    this.#latest[openerOf(id)] = id;
    const waiting = this.#waiting.get(id) ?? [];
    this.#waiting.delete(id);
    return waiting;
  }

  /** A scheduler is dead: it tells of nothing any more, and what it has asked is not answered. Gives what others have asked. */
  lost(peer: number): EarlyRecord[] {
    for (const [id, waiting] of this.#waiting) {
      this.#waiting.set(id, waiting.filter((one) => one.peer !== peer || ON_OWNERS.includes(one.kind)));
    }
    const ids = [...this.#waiting.keys()].filter((id) => openerOf(id) === peer);
    return ids.sort((a, b) => a - b).flatMap((id) => this.told(id));
  }
}
