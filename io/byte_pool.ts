/**
 * Small buffers for bytes on their way to the OS, used again and again: each new one would cost a trip to the allocator,
 * since what an operation of Deno is given has to lie outside the heap.
 *
 * @module
 */

export const POOLED_BYTES = 2048;
const MOST_KEPT = 256;

export class BytePool {
  readonly #free: ArrayBuffer[] = [];

  /** An array of so many bytes, with anything in it. */
  take(length: number): Uint8Array<ArrayBuffer> {
    if (length > POOLED_BYTES) return new Uint8Array(length);
    return new Uint8Array(this.#free.pop() ?? new ArrayBuffer(POOLED_BYTES), 0, length);
  }

  /** Whoever gives an array back uses it no more. Arrays that were made elsewhere are left to the collector. */
  give(bytes: Uint8Array): void {
    const { buffer } = bytes;
    if (buffer.byteLength !== POOLED_BYTES || this.#free.length === MOST_KEPT) return;
    this.#free.push(buffer as ArrayBuffer);
  }
}
