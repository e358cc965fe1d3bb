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

  /** The first bytes, at most `limit`, out of one piece. The array has a buffer of its own. */
  take(limit: number): Uint8Array<ArrayBuffer> {
    const first = this.#pieces[0];
    if (first.length <= limit) {
      this.#pieces.shift();
      this.#length -= first.length;
      return (first.length === first.buffer.byteLength ? first : first.slice()) as Uint8Array<ArrayBuffer>;
    }
    this.#pieces[0] = first.subarray(limit);
    this.#length -= limit;
    return first.slice(0, limit) as Uint8Array<ArrayBuffer>;
  }

  clear(): void {
    this.#pieces.length = 0;
    this.#length = 0;
  }
}

/** What a read asks the OS for at first: an idle connection costs a pending buffer of this size. */
export const SMALLEST_READ = 1024;
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
