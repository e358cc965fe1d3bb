/**
 * Buffers for bytes on their way from and to the OS, used again and again: a new one costs a trip to the allocator, and a
 * big new one a page fault for every 4 KiB.
 *
 * @module
 */

/** Sizes of buffers, and how many of each are kept: 2.5 MiB in all. */
const CLASSES = [
  { bytes: 2048, most: 256 },
  { bytes: 64 * 1024, most: 16 },
  { bytes: 128 * 1024, most: 8 },
] as const;

export class BytePool {
  readonly #free: ArrayBuffer[][] = CLASSES.map(() => []);

  /** An array of so many bytes, with anything in it. */
  take(length: number): Uint8Array<ArrayBuffer> {
    for (let i = 0; i < CLASSES.length; i++) {
      if (length > CLASSES[i].bytes) continue;
      return new Uint8Array(this.#free[i].pop() ?? new ArrayBuffer(CLASSES[i].bytes), 0, length);
    }
    return new Uint8Array(length);
  }

  /** Whoever gives an array back uses it no more. Arrays that were made elsewhere are left to the collector. */
  give({ buffer }: Uint8Array): void {
    for (let i = 0; i < CLASSES.length; i++) {
      if (buffer.byteLength !== CLASSES[i].bytes) continue;
      if (this.#free[i].length < CLASSES[i].most) this.#free[i].push(buffer as ArrayBuffer);
      return;
    }
  }
}
