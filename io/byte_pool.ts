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
  /** Views of the length that they were last given with: in steady traffic the next one asks for the same. */
  readonly #free: Uint8Array<ArrayBuffer>[][] = CLASSES.map(() => []);

  /** An array of so many bytes, with anything in it. */
  take(length: number): Uint8Array<ArrayBuffer> {
    for (let i = 0; i < CLASSES.length; i++) {
      if (length > CLASSES[i].bytes) continue;
      const view = this.#free[i].pop();
      if (view !== undefined && view.length === length) return view;
      return new Uint8Array(view?.buffer ?? new ArrayBuffer(CLASSES[i].bytes), 0, length);
    }
    return new Uint8Array(length);
  }

  /** Whoever gives an array back uses it no more. Arrays that were made elsewhere are left to the collector. */
  give(view: Uint8Array): void {
    const { byteLength } = view.buffer;
    for (let i = 0; i < CLASSES.length; i++) {
      if (byteLength !== CLASSES[i].bytes) continue;
      const whole = view.byteOffset === 0 ? view : new Uint8Array(view.buffer);
      if (this.#free[i].length < CLASSES[i].most) this.#free[i].push(whole as Uint8Array<ArrayBuffer>);
      return;
    }
  }
}
