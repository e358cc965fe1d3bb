/**
 * Requests for something open that came before those of its owner before.
 *
 * The race: an actor writes to a connection and sends it to another scheduler, whose actor writes too. Each scheduler has a
 * ring of its own to the poller, and the second may be drained first. So both tell it: the sender behind all that it asked
 * for (SENT), the receiver before all that it asks for (CLAIM), each with the number of the handing-over. What comes behind
 * a CLAIM whose SENT has not come waits here, in its order; a SENT too, so that a third owner waits for the first two. As
 * each SENT was told before its CLAIM, no two wait for each other.
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

/** A claim without the sender's news. */
class Claim {
  readonly handing: number;
  readonly since = performance.now();
  isAnswered = false;
  constructor(handing: number) {
    this.handing = handing;
  }
}

export class EarlyRequests {
  /** What each scheduler has told since its first claim that waits. */
  readonly #steps = new Map<number, (Claim | EarlyRecord)[]>();

  /** A receiver's news came first. */
  claimed(peer: number, handing: number): void {
    const steps = this.#steps.get(peer);
    if (steps === undefined) this.#steps.set(peer, [new Claim(handing)]);
    else steps.push(new Claim(handing));
  }

  /** The sender's news; false when no claim waits for it. */
  sent(handing: number): boolean {
    for (const claim of this.#claims()) {
      if (claim.isAnswered || claim.handing !== handing) continue;
      return claim.isAnswered = true;
    }
    return false;
  }

  /** Since when the oldest claim has waited. */
  get since(): number {
    let since = Infinity;
    for (const claim of this.#claims()) if (!claim.isAnswered) since = Math.min(since, claim.since);
    return since;
  }

  /** Keeps a record of a scheduler that has to wait; false when it has not. */
  keep(record: EarlyRecord): boolean {
    const steps = this.#steps.get(record.peer);
    steps?.push(record);
    return steps !== undefined;
  }

  /** The next record that need not wait any more. */
  next(): EarlyRecord | undefined {
    for (const [peer, steps] of this.#steps) {
      while (steps[0] instanceof Claim && steps[0].isAnswered) steps.shift();
      if (steps.length === 0) this.#steps.delete(peer);
      else if (!(steps[0] instanceof Claim)) return steps.shift() as EarlyRecord;
    }
    return undefined;
  }

  /** No news will come any more. */
  giveUp(): void {
    for (const claim of this.#claims()) claim.isAnswered = true;
  }

  get isEmpty(): boolean {
    return this.#steps.size === 0;
  }

  *#claims(): IterableIterator<Claim> {
    for (const steps of this.#steps.values()) {
      for (const step of steps) if (step instanceof Claim) yield step;
    }
  }
}
