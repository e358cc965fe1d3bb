/**
 * Bytes that have been read for actors and not been taken yet: from the OS ahead of time, or given back.
 *
 * @module
 */

export class ByteQueue {
  readonly #pieces: Uint8Array[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#pieces.push(bytes);
    this.#length += bytes.length;
  }

  /** Bytes that come before all others. */
  unshift(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    this.#pieces.unshift(bytes);
    this.#length += bytes.length;
  }

  /** The first bytes, at most `limit`, as far as they lie in one piece. They stay there until {@link drop}. */
  head(limit: number): Uint8Array {
    const first = this.#pieces[0];
    return first.length <= limit ? first : first.subarray(0, limit);
  }

  /** Steps over so many bytes of the first piece; gives the piece when that was the rest of it. */
  drop(count: number): Uint8Array | null {
    const first = this.#pieces[0];
    this.#length -= count;
    if (count === first.length) {
      this.#pieces.shift();
      return first;
    }
    this.#pieces[0] = first.subarray(count);
    return null;
  }

  clear(): void {
    this.#pieces.length = 0;
    this.#length = 0;
  }
}

/** What a read asks the OS for at first: an idle connection costs a pending buffer of this size. */
export const SMALLEST_READ = 256;
/** The most that is read ahead of the actor. */
export const LARGEST_READ_AHEAD = 64 * 1024;

/**
 * How much to ask the OS for next: more while reads fill their buffer, half when they use an eighth of it, so that idle
 * connections cost little and busy ones need few calls.
 */
export function nextReadSize(size: number, got: number, asked: number): number {
  if (got === asked) return Math.max(size, Math.min(asked * 4, LARGEST_READ_AHEAD));
  return got * 8 < size ? Math.max(SMALLEST_READ, size >> 1) : size;
}
