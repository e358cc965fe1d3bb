/**
 * The timers that are due next: the small heap behind the wheel (wheel.ts), which sorts to the fraction of a millisecond
 * and, among equals, by insertion.
 *
 * @module
 */
import type { AnyTimer } from "./timer.ts";

const MIN_CAPACITY = 64;

/**
 * A 4-ary heap that knows where each timer is, so that one can be taken out of its middle. Keys lie apart from the
 * timers, in pairs of deadline and sequence number: a comparison touches no timer, and the four children of a node are
 * 64 bytes in a row.
 */
export class DueHeap {
  size = 0;
  #keys = new Float64Array(2 * MIN_CAPACITY);
  readonly #timers: AnyTimer[] = [];
  #sequence = 0;

  get earliest(): number {
    return this.size === 0 ? Infinity : this.#keys[0];
  }

  push(timer: AnyTimer, deadlineMs: number): void {
    const at = this.size++;
    if (2 * this.size > this.#keys.length) this.#resize(2 * this.#keys.length);
    this.#timers.push(timer);
    this.#rise(at, timer, deadlineMs, this.#sequence++);
  }

  takeEarliest(): AnyTimer {
    const timer = this.#timers[0];
    this.remove(0);
    return timer;
  }

  remove(at: number): void {
    const keys = this.#keys;
    const last = --this.size;
    const moved = this.#timers.pop()!;
    if (at !== last) {
      const deadline = keys[2 * last];
      const sequence = keys[2 * last + 1];
      const parent = at - 1 >> 2;
      if (at > 0 && precedes(deadline, sequence, keys[2 * parent], keys[2 * parent + 1])) {
        this.#rise(at, moved, deadline, sequence);
      } else {
        this.#sink(at, moved, deadline, sequence);
      }
    }
    if (keys.length > 2 * MIN_CAPACITY && 8 * this.size < keys.length) this.#resize(keys.length / 2);
  }

  #rise(at: number, timer: AnyTimer, deadline: number, sequence: number): void {
    const keys = this.#keys;
    const timers = this.#timers;
    while (at > 0) {
      const parent = at - 1 >> 2;
      if (precedes(keys[2 * parent], keys[2 * parent + 1], deadline, sequence)) break;
      this.#put(at, timers[parent], keys[2 * parent], keys[2 * parent + 1]);
      at = parent;
    }
    this.#put(at, timer, deadline, sequence);
  }

  #sink(at: number, timer: AnyTimer, deadline: number, sequence: number): void {
    const keys = this.#keys;
    const timers = this.#timers;
    for (;;) {
      let least = 4 * at + 1;
      if (least >= this.size) break;
      const end = Math.min(least + 4, this.size);
      for (let child = least + 1; child < end; child++) {
        if (precedes(keys[2 * child], keys[2 * child + 1], keys[2 * least], keys[2 * least + 1])) {
          least = child;
        }
      }
      if (precedes(deadline, sequence, keys[2 * least], keys[2 * least + 1])) break;
      this.#put(at, timers[least], keys[2 * least], keys[2 * least + 1]);
      at = least;
    }
    this.#put(at, timer, deadline, sequence);
  }

  #put(at: number, timer: AnyTimer, deadline: number, sequence: number): void {
    this.#keys[2 * at] = deadline;
    this.#keys[2 * at + 1] = sequence;
    this.#timers[at] = timer;
    timer.place = at;
  }

  #resize(length: number): void {
    const keys = new Float64Array(length);
    keys.set(this.#keys.subarray(0, Math.min(length, this.#keys.length)));
    this.#keys = keys;
  }
}

function precedes(deadline: number, sequence: number, otherDeadline: number, otherSequence: number): boolean {
  return deadline < otherDeadline || (deadline === otherDeadline && sequence < otherSequence);
}
