/**
 * Stamps for records, by which what several senders have sent is taken in in causal order: a record comes after each one
 * that its sender had sent, or had been told of, before it. Erlang promises this for two processes only, as smarm does,
 * and keeps it on one node all the same: who tells ten workers what is where, and then an eleventh to begin, counts on it.
 *
 * A hybrid logical clock (Kulkarni and others, 2014): each stamp is above all that its thread has given or seen, and none
 * lags behind the time. By logical clocks alone, a thread that has talked to nobody could send for minutes what all
 * counts as older than one record of another thread, which would wait so long.
 *
 * @module
 */

/** More than a thread can send in a millisecond: so stamps stay close to the time, and exact for four years. */
const STAMPS_A_MS = 65_536;

export class CausalClock {
  #last = 0.5; // no small integer, for V8 to keep it as a double from the first

  /** The stamp of a record that is to be published next. */
  next(): number {
    return ++this.#last;
  }

  /** A record with this stamp has come. */
  saw(stamp: number): void {
    if (stamp > this.#last) this.#last = stamp;
  }

  /** It is so late, in ms since the run began. */
  isNow(ms: number): void {
    this.saw(ms * STAMPS_A_MS);
  }
}
