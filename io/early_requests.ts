/**
 * Requests for something open that came before those of its owner before.
 *
 * The race: an actor writes to a connection and sends it to another scheduler, whose actor writes too. Each scheduler has a
 * ring of its own to the poller, and the second may be drained first. So both tell it: the sender behind all that it asked
 * for (SENT), the receiver before all that it asks for (CLAIM), each with the number of the handing-over. Requests behind a
 * CLAIM whose SENT has not come wait here; those of several owners in the order in which they had it.
 *
 * A token that is sent by two who both had it gives one number twice: then there are two of each news, and whichever
 * comes first answers a claim.
 *
 * @module
 */

/** A record from a scheduler, as it came. */
export interface EarlyRecord {
  readonly peer: number;
  readonly kind: number;
  readonly target: number;
  readonly aux: number;
  readonly payload: unknown;
}

export class EarlyRequests {
  readonly since: number = performance.now();
  /** Claims without the sender's news. */
  readonly #claims: { readonly peer: number; readonly given: number }[] = [];
  readonly #records: { readonly given: number; readonly record: EarlyRecord }[] = [];

  /** A receiver's news came first. */
  claimed(peer: number, given: number): void {
    this.#claims.push({ peer, given });
  }

  /** The sender's news; false when no claim waits for it. */
  sent(given: number): boolean {
    const at = this.#claims.findIndex((one) => one.given === given);
    if (at >= 0) this.#claims.splice(at, 1);
    return at >= 0;
  }

  /** Keeps a record of a scheduler that has to wait; false when it has not. */
  keep(record: EarlyRecord): boolean {
    let given = -1;
    for (const claim of this.#claims) if (claim.peer === record.peer) given = Math.max(given, claim.given);
    for (const one of this.#records) if (one.record.peer === record.peer) given = Math.max(given, one.given);
    if (given < 0) return false;
    const behind = this.#records.findIndex((one) => one.given > given);
    this.#records.splice(behind < 0 ? this.#records.length : behind, 0, { given, record });
    return true;
  }

  /** The next record that need not wait any more. */
  next(): EarlyRecord | undefined {
    const first = this.#records[0];
    if (first === undefined || this.#claims.some((one) => one.given <= first.given)) return undefined;
    this.#records.shift();
    return first.record;
  }

  /** No news will come any more. */
  giveUp(): void {
    this.#claims.length = 0;
  }

  get isEmpty(): boolean {
    return this.#claims.length === 0 && this.#records.length === 0;
  }
}
