/**
 * A first-in first-out queue in linked blocks: push and shift move no element, a burst of millions copies nothing, and
 * its memory goes back block by block.
 *
 * Used by the run queue and by mailboxes; owned by one thread. One ring that doubles was measured first: growing to two
 * million elements copied sixteen megabytes again and again, and the collector scanned them each time.
 *
 * @module
 */

/** Elements of one block. Guessed: small enough for an ordinary mailbox, large enough that links do not count. */
export const BLOCK_LENGTH = 32;
const MASK = BLOCK_LENGTH - 1;

class Block<T> {
  readonly items: (T | undefined)[] = new Array(BLOCK_LENGTH);
  next: Block<T> | null = null;
}

/**
 * A block that has been emptied lets go of the next one: were it old, the collector of what is young would keep all that
 * come after it, dead or not, until it looks at all that is old too.
 */
export class Fifo<T> {
  #head: Block<T> | null = null;
  #tail: Block<T> | null = null;
  /** Positions, counted from the first block's start. */
  #first = 0;
  #end = 0;
  /** The block that `at` found last, and its number. */
  #cursor: Block<T> | null = null;
  #cursorNumber = 0;
  /** How many elements are queued. */
  length = 0;

  push(value: T): void {
    const at = this.#end & MASK;
    if (at === 0 && (this.#end !== 0 || this.#tail === null)) this.#grow();
    this.#tail!.items[at] = value;
    this.#end++;
    this.length++;
  }

  /** The first element, taken out; the queue must not be empty. */
  shift(): T {
    const head = this.#head!;
    const at = this.#first & MASK;
    const value = head.items[at] as T;
    head.items[at] = undefined;
    this.#first++;
    if (--this.length === 0) {
      this.#first = this.#end = 0; // the last block is used again from its start
      this.#cursor = null;
    } else if (at === MASK) {
      this.#head = head.next;
      head.next = null; // see above: it may be old
    }
    return value;
  }

  /** The element at `position`, 0 being the first. Positions asked for in rising order cost no search. */
  at(position: number): T {
    const place = this.#first + position;
    const wanted = Math.floor(place / BLOCK_LENGTH);
    let number = Math.floor(this.#first / BLOCK_LENGTH);
    let block = this.#head!;
    if (this.#cursor !== null && this.#cursorNumber >= number && this.#cursorNumber <= wanted) {
      block = this.#cursor;
      number = this.#cursorNumber;
    }
    for (; number < wanted; number++) block = block.next!;
    this.#cursor = block;
    this.#cursorNumber = number;
    return block.items[place & MASK] as T;
  }

  /** Takes out the element at `position`; the later ones keep their order. */
  removeAt(position: number): T {
    if (position === 0) return this.shift();
    const value = this.at(position);
    // The elements before it move up by one: a selective receive finds its message near the front or skips many.
    let previous = this.at(0);
    let block = this.#head!;
    let place = this.#first & MASK;
    for (let i = 1; i <= position; i++) {
      place++;
      if (place === BLOCK_LENGTH) {
        place = 0;
        block = block.next!;
      }
      const moved = block.items[place] as T;
      block.items[place] = previous;
      previous = moved;
    }
    this.shift();
    return value;
  }

  clear(): void {
    this.#head = this.#tail = this.#cursor = null;
    this.#first = this.#end = 0;
    this.length = 0;
  }

  #grow(): void {
    const block = new Block<T>();
    if (this.#tail === null) this.#head = block;
    else this.#tail.next = block;
    this.#tail = block;
  }
}
