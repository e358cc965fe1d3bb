/**
 * A ring of records in shared memory: one thread writes, one thread reads, nobody locks.
 *
 * A record is a run of 4-byte words whose first word is its length in words, a multiple of 2. It lies in one piece; one
 * that does not fit before the end leaves a pad there (a length word of 0) and starts at the front again. What the other
 * words mean is the codec's business and the link's.
 *
 * Publish last: the writer fills in a record at `position` and only then moves the tail, with one store. A thread that is
 * killed while it writes has published nothing, so the reader never meets a torn record. When a writer is dead, its ring
 * is given to the next one by `resetRing`, under a new generation, after which both ends are made anew.
 *
 * The race of a full ring: the writer finds no room, and the reader makes some just then. The writer says that it waits,
 * then looks at the head again; the reader moves the head, then looks whether the writer waits. Both store before they
 * load, so at least one of them sees the other: either the writer goes on, or the reader wakes it.
 *
 * Each end keeps its own copy of the other's index and looks at the shared one only when the copy says "no room" or
 * "nothing there", so that the two cache lines do not travel with every record.
 */

import { WordArea } from "./codec_area.ts";

/** A piece of a shared buffer; offset and length are multiples of 8. */
export interface Region {
  buffer: SharedArrayBuffer;
  byteOffset: number;
  byteLength: number;
}

/** Words at the start of a region, each group on its own 64 bytes. */
const TAIL = 0; // written by the writer, read by the reader
const HEAD = 16; // written by the reader, read by the writer
const WRITER_WAITING = 32; // set by the writer, cleared by the reader
const GENERATION = 33; // written by resetRing, read by both when they are made

export const RING_HEADER_BYTES = 192;

/** A guess: holds 20,000 small messages and some 64 KiB buffers. bench/link_bench.ts would settle it. */
export const DEFAULT_RING_BYTES = 1 << 20;

/** Room for two of the smallest messages. */
export const SMALLEST_RING_BYTES = RING_HEADER_BYTES + 128;

/** The length word of the stretch that the writer skipped before the end. */
const PAD = 0;

function controlOf({ buffer, byteOffset, byteLength }: Region): Int32Array {
  if (byteOffset % 8 !== 0 || byteLength % 8 !== 0 || byteLength < SMALLEST_RING_BYTES) {
    throw new RangeError(
      `Cannot lay a ring over ${byteLength} bytes at ${byteOffset}. ` +
        `Give it at least ${SMALLEST_RING_BYTES} bytes, with offset and length multiples of 8`,
    );
  }
  return new Int32Array(buffer, byteOffset, RING_HEADER_BYTES >> 2);
}

function dataOf({ buffer, byteOffset, byteLength }: Region): WordArea {
  return new WordArea(buffer, byteOffset + RING_HEADER_BYTES, byteLength - RING_HEADER_BYTES);
}

/**
 * Empties a ring and returns its new generation. Only when neither end is in use: the writer's thread has ended, and the
 * reader has taken what was published.
 */
export function resetRing(region: Region): number {
  const control = controlOf(region);
  Atomics.store(control, TAIL, 0);
  Atomics.store(control, HEAD, 0);
  Atomics.store(control, WRITER_WAITING, 0);
  return Atomics.add(control, GENERATION, 1) + 1;
}

/** Whether anything was ever written. A look touches no memory that was not touched before. */
export function isRingUsed(region: Region): boolean {
  const control = controlOf(region);
  return control[TAIL] !== 0 || control[HEAD] !== 0 || control[WRITER_WAITING] !== 0;
}

/** Bytes that wait in the ring whose region begins at the word `at` of `words`, roughly: for who only looks on. */
export function ringFillBytes(words: Int32Array, at: number, ringBytes: number): number {
  const fill = Atomics.load(words, at + TAIL) - Atomics.load(words, at + HEAD);
  return fill >= 0 ? fill * 4 : fill * 4 + ringBytes - RING_HEADER_BYTES;
}

export class RingWriter {
  readonly area: WordArea;
  readonly generation: number;
  /** A record of this many words finds room in an empty ring, wherever its tail happens to be. */
  readonly maxRecordWords: number;
  /** Where the next record may be written in place; `room` says how far. */
  position: number;
  private readonly control: Int32Array;
  private readonly words: number;
  private head: number;

  constructor(region: Region) {
    this.control = controlOf(region);
    this.area = dataOf(region);
    this.words = this.area.words;
    this.maxRecordWords = ((this.words >> 1) - 2) & ~1;
    this.generation = Atomics.load(this.control, GENERATION);
    this.position = Atomics.load(this.control, TAIL);
    this.head = Atomics.load(this.control, HEAD);
  }

  /** Words free in one piece at `position`. Looks at the reader's index only when fewer than `wanted` seem free. */
  room(wanted: number): number {
    const words = this.contiguous();
    if (words >= wanted || !this.refresh()) return words;
    return this.contiguous();
  }

  /** Finds a place for a record, skipping the end of the ring if it must; -1 when there is no room. */
  reserve(words: number): number {
    if (this.fits(words) || (this.refresh() && this.fits(words))) return this.position;
    return -1;
  }

  /** Publishes what was written at `position`. */
  publish(words: number): void {
    this.advance(words);
    this.publishAll();
  }

  /** Steps over a record that {@link publishAll} will publish, with all before it. */
  advance(words: number): void {
    const tail = this.position + words;
    this.position = tail === this.words ? 0 : tail;
  }

  publishAll(): void {
    Atomics.store(this.control, TAIL, this.position); // pairs with the load in RingReader.next()
  }

  /** Asks the reader for a wake-up. Look for room once more after it: the race is told in the header. */
  announceWaiting(): void {
    Atomics.store(this.control, WRITER_WAITING, 1); // pairs with the load in RingReader.release()
  }

  /** Whether the reader seems to have moved since we last looked; a guess, because a plain load is all it takes. */
  seemsMoved(): boolean {
    return this.control[HEAD] !== this.head;
  }

  /** Has the reader moved since we last looked? */
  private refresh(): boolean {
    const head = Atomics.load(this.control, HEAD); // pairs with the store in RingReader.release()
    if (head === this.head) return false;
    this.head = head;
    return true;
  }

  // Tail on head means empty, so the last 2 words before the head are never used.
  private contiguous(): number {
    const tail = this.position, head = this.head;
    if (tail < head) return head - tail - 2;
    return head === 0 ? this.words - tail - 2 : this.words - tail;
  }

  private fits(words: number): boolean {
    if (words <= this.contiguous()) return true;
    const tail = this.position;
    if (tail < this.head || words > this.head - 2) return false;
    this.area.i32[tail] = PAD;
    this.position = 0;
    return true;
  }
}

export class RingReader {
  readonly area: WordArea;
  readonly generation: number;
  private readonly control: Int32Array;
  private readonly words: number;
  private readonly releaseAfter: number;
  private head: number;
  private released: number;
  private unreleased = 0;
  private releasedWords = 0;
  private tail: number;

  constructor(region: Region) {
    this.control = controlOf(region);
    this.area = dataOf(region);
    this.words = this.area.words;
    this.releaseAfter = this.words >> 2;
    this.generation = Atomics.load(this.control, GENERATION);
    this.head = this.released = Atomics.load(this.control, HEAD);
    this.tail = this.head;
  }

  hasRecords(): boolean {
    return this.head !== this.tail || Atomics.load(this.control, TAIL) !== this.head;
  }

  /** Looks what is published. Whether anything is there; {@link next} offers no more than that until the next look. */
  look(): boolean {
    this.tail = Atomics.load(this.control, TAIL); // pairs with the store in RingWriter.publish()
    return this.head !== this.tail;
  }

  /** Words that were stepped over, of all that went through the ring. */
  get consumed(): number {
    return this.releasedWords + this.unreleased;
  }

  /** What {@link consumed} will be when all is taken that is published now. */
  published(): number {
    const words = Atomics.load(this.control, TAIL) - this.head; // pairs with the store in RingWriter.publish()
    return this.consumed + (words < 0 ? words + this.words : words);
  }

  /** Where the oldest record starts, of those that the last {@link look} saw, or -1. It stays there until `consume`. */
  next(): number {
    if (this.head === this.tail) return -1;
    if (this.area.i32[this.head] === PAD) { // a pad is published together with the record after it
      this.unreleased += this.words - this.head;
      this.head = 0;
    }
    return this.head;
  }

  /** Steps over the record at `next()`. Returns true when so much was consumed that it is time to `release`. */
  consume(): boolean {
    const words = this.area.i32[this.head];
    this.head += words;
    if (this.head === this.words) this.head = 0;
    this.unreleased += words;
    return this.unreleased >= this.releaseAfter;
  }

  /** Gives consumed memory back to the writer. True when the writer waits for it and has to be woken. */
  release(): boolean {
    if (this.head === this.released) return false;
    this.released = this.head;
    this.releasedWords += this.unreleased;
    this.unreleased = 0;
    Atomics.store(this.control, HEAD, this.head); // pairs with the load in RingWriter.refresh()
    if (Atomics.load(this.control, WRITER_WAITING) === 0) return false; // pairs with announceWaiting()
    Atomics.store(this.control, WRITER_WAITING, 0);
    return true;
  }
}
