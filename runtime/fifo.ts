/**
 * A first-in first-out queue in one growing ring: push and shift move no element and allocate nothing but the
 * doublings, and the memory of a burst is given back once the queue has run empty.
 *
 * Used by the run queue and by mailboxes; owned by one thread.
 *
 * @module
 */

/** A ring larger than this is dropped, not kept, when it has run empty. Guessed: a mailbox of 64 is ordinary. */
export const KEEP_CAPACITY = 64;
const FIRST_CAPACITY = 4;

export class Fifo<T> {
  #ring: (T | undefined)[] = EMPTY;
  #mask = -1;
  #head = 0;
  /** How many elements are queued. */
  length = 0;

  push(value: T): void {
    if (this.length > this.#mask) this.#grow();
    this.#ring[(this.#head + this.length) & this.#mask] = value;
    this.length++;
  }

  /** Puts an element before the first one. */
  unshift(value: T): void {
    if (this.length > this.#mask) this.#grow();
    this.#head = (this.#head - 1) & this.#mask;
    this.#ring[this.#head] = value;
    this.length++;
  }

  /** The first element, taken out; the queue must not be empty. */
  shift(): T {
    const value = this.#ring[this.#head] as T;
    this.#ring[this.#head] = undefined;
    this.#head = (this.#head + 1) & this.#mask;
    if (--this.length === 0 && this.#mask >= KEEP_CAPACITY) this.clear();
    return value;
  }

  /** The element at `position`, 0 being the first. */
  at(position: number): T {
    return this.#ring[(this.#head + position) & this.#mask] as T;
  }

  /** Takes out the element at `position`; the later ones keep their order. */
  removeAt(position: number): T {
    const mask = this.#mask;
    const value = this.at(position);
    if (position < this.length >> 1) {
      for (let i = position; i > 0; i--) this.#ring[(this.#head + i) & mask] = this.at(i - 1);
      this.shift();
    } else {
      for (let i = position; i < this.length - 1; i++) this.#ring[(this.#head + i) & mask] = this.at(i + 1);
      this.#ring[(this.#head + this.length - 1) & mask] = undefined;
      if (--this.length === 0 && mask >= KEEP_CAPACITY) this.clear();
    }
    return value;
  }

  clear(): void {
    this.#ring = EMPTY;
    this.#mask = -1;
    this.#head = 0;
    this.length = 0;
  }

  #grow(): void {
    const old = this.#ring;
    const capacity = old.length === 0 ? FIRST_CAPACITY : old.length * 2;
    const ring = new Array<T | undefined>(capacity);
    for (let i = 0; i < this.length; i++) ring[i] = old[(this.#head + i) & this.#mask];
    this.#ring = ring;
    this.#mask = capacity - 1;
    this.#head = 0;
  }
}

// Shared by all empty queues, never written: a parked actor's empty mailbox costs no ring.
const EMPTY: never[] = [];
