/**
 * Numbers of questions, which travel in a record's int32 and come back with the answer.
 *
 * A scheduler that makes a million calls a second has used all of them up in 36 minutes, and begins again at 1: from then
 * on each is looked for among those that are still open.
 *
 * @module
 */

/** The largest int32. */
const LAST = 0x7fff_ffff;

export class Numbers {
  readonly #last: number;
  #number = 0;
  #repeats = false;

  /** With another `last`, they begin again sooner. */
  constructor(last = LAST) {
    this.#last = last;
  }

  /** From 1 on; none of those that are `open`. */
  next(open: ReadonlyMap<number, unknown>): number {
    do {
      if (this.#number === this.#last) {
        this.#number = 0;
        this.#repeats = true;
      }
      this.#number++;
    } while (this.#repeats && open.has(this.#number));
    return this.#number;
  }
}
