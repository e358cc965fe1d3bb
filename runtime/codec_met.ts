/** The objects that a record holds so far, numbered as they were met: one that is met again is written as its number. */

/** Up to here objects are looked up in a list, beyond it in a Map. */
const LISTED_OBJECTS = 16;

export class MetObjects {
  count = 0;
  readonly #seen: unknown[] = [];
  #byObject: Map<object, number> | null = null;

  /** The number of an object that was met before, or -1 after numbering it. */
  numberOf(object: object): number {
    const seen = this.#seen, { count } = this;
    if (count <= LISTED_OBJECTS) {
      for (let i = 0; i < count; i++) if (seen[i] === object) return i;
      if (count === LISTED_OBJECTS) {
        this.#byObject = new Map(seen.slice(0, count).map((o, i) => [o as object, i]));
        this.#byObject.set(object, count);
      }
    } else {
      const met = this.#byObject!.get(object);
      if (met !== undefined) return met;
      this.#byObject!.set(object, count);
    }
    if (count < seen.length) seen[count] = object;
    else seen.push(object);
    this.count = count + 1;
    return -1;
  }

  /** Forgets those that were met after the first `count`. */
  rollback(count: number): void {
    const seen = this.#seen;
    for (let i = this.count - 1; i >= count; i--) {
      if (i >= LISTED_OBJECTS) this.#byObject!.delete(seen[i] as object);
      seen[i] = null;
    }
    this.count = count;
  }

  clear(): void {
    const seen = this.#seen, { count } = this;
    if (count > LISTED_OBJECTS) {
      seen.length = 0;
    } else {
      for (let i = 0; i < count; i++) seen[i] = null;
    }
    this.#byObject = null;
    this.count = 0;
  }
}
