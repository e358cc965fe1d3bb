/**
 * Buffers for bytes on their way from and to the OS, used again and again: a new one costs a trip to the allocator, and a
 * big new one a page fault for every 4 KiB.
 *
 * @module
 */

/** A size of buffers, and how many of it are kept. */
interface SizeClass {
  readonly bytes: number;
  readonly most: number;
}

/** For what travels in the ring: 2.5 MiB in all. */
const SMALL: readonly SizeClass[] = [
  { bytes: 2048, most: 256 },
  { bytes: 64 * 1024, most: 16 },
  { bytes: 128 * 1024, most: 8 },
];

/** For what moves: 5 MiB in all. */
export const BIG: readonly SizeClass[] = [
  { bytes: 256 * 1024, most: 4 },
  { bytes: 1024 * 1024, most: 4 },
];

export class BytePool {
  /** Views of the length that they were last given with: in steady traffic the next one asks for the same. */
  readonly #free: Uint8Array<ArrayBuffer>[][];
  readonly #classes: readonly SizeClass[];

  constructor(classes: readonly SizeClass[] = SMALL) {
    this.#classes = classes;
    this.#free = classes.map(() => []);
  }

  /** An array of so many bytes, with anything in it. */
  take(length: number): Uint8Array<ArrayBuffer> {
    const classes = this.#classes;
    for (let i = 0; i < classes.length; i++) {
      if (length > classes[i].bytes) continue;
      const view = this.#free[i].pop();
      if (view !== undefined && view.length === length) return view;
      return new Uint8Array(view?.buffer ?? new ArrayBuffer(classes[i].bytes), 0, length);
    }
    return new Uint8Array(length);
  }

  /** Whoever gives an array back uses it no more. Arrays that were made elsewhere are left to the collector. */
  give(view: Uint8Array): void {
    const classes = this.#classes;
    const { byteLength } = view.buffer;
    for (let i = 0; i < classes.length; i++) {
      if (byteLength !== classes[i].bytes) continue;
      const whole = view.byteOffset === 0 ? view : new Uint8Array(view.buffer);
      if (this.#free[i].length < classes[i].most) this.#free[i].push(whole as Uint8Array<ArrayBuffer>);
      return;
    }
  }
}
