/**
 * The control thread's end of a scheduler's trace ring: hands out records in order, with times.
 *
 * Records with the same stamp happened between it and the next one: they are spread evenly over that time. So the last
 * run of equal stamps stays in the ring until a later one follows, or until the scheduler is gone.
 *
 * @module
 */
import {
  DROPPED,
  PUBLISHED,
  RECORD_WORDS,
  RING_HEAD_WORDS,
  ringWords,
  TAKEN,
  TICKS_PER_MS,
  WRITTEN,
} from "./format.ts";

/** One record; the same object is handed out each time. */
export interface TraceRecord {
  word: number;
  key: number;
  argument: number;
  /** Microseconds since the run began. */
  atUs: number;
}

/** Takes a record. False: not now; it is handed out again by the next {@link RingReader.take}. */
export type Sink = (record: TraceRecord) => boolean;

/** How far a scheduler's clock may be ahead of the control thread's. */
const AHEAD_TICKS = TICKS_PER_MS * 100;
/** Distance of records with the same stamp after which no other comes. */
const LAST_STEP_US = 0.01;
const US_PER_TICK = 0.1;

export class RingReader {
  readonly #words: Int32Array;
  readonly #capacity: number;
  readonly #record: TraceRecord = { word: 0, key: 0, argument: 0, atUs: 0 };
  /** Records taken, modulo 2^32. */
  #tail = 0;
  #lastUs = 0;
  #lastRaw = 0;
  #lastTimeUs = -1;

  constructor(block: SharedArrayBuffer, scheduler: number, schedulers: number) {
    this.#words = ringWords(block, scheduler, schedulers);
    this.#capacity = (this.#words.length - RING_HEAD_WORDS) / RECORD_WORDS;
  }

  /** Records that found no room. */
  get dropped(): number {
    return this.#words[DROPPED];
  }

  /**
   * Hands out at most about `limit` records. `final`: the scheduler writes no more, all that it has written is handed
   * out. Returns how many.
   */
  take(nowMs: number, limit: number, final: boolean, sink: Sink): number {
    const words = this.#words;
    const head = final ? words[WRITTEN] : Atomics.load(words, PUBLISHED); // pairs with the store in Recorder.clock()
    const began = this.#tail;
    const record = this.#record;
    while (this.#tail !== head && ((this.#tail - began) | 0) < limit) {
      const raw = words[this.#at(this.#tail) + 3];
      let count = 1;
      while (((this.#tail + count) | 0) !== head && words[this.#at(this.#tail + count) + 3] === raw) count++;
      const isLast = ((this.#tail + count) | 0) === head;
      if (isLast && !final && count < this.#capacity / 2) break;
      const fromUs = Math.max(this.#lastUs, this.#timeOf(raw, nowMs));
      const toUs = isLast
        ? fromUs
        : Math.max(fromUs, this.#timeOf(words[this.#at(this.#tail + count) + 3], nowMs));
      const stepUs = isLast ? LAST_STEP_US : (toUs - fromUs) / count;
      for (let i = 0; i < count; i++) {
        const at = this.#at(this.#tail);
        record.word = words[at];
        record.key = words[at + 1];
        record.argument = words[at + 2];
        record.atUs = fromUs + i * stepUs;
        if (!sink(record)) {
          this.#release();
          return (this.#tail - began) | 0;
        }
        this.#lastUs = record.atUs;
        this.#tail = (this.#tail + 1) | 0;
      }
    }
    this.#release();
    return (this.#tail - began) | 0;
  }

  #release(): void {
    Atomics.store(this.#words, TAKEN, this.#tail); // pairs with the load in Recorder
  }

  #at(index: number): number {
    return RING_HEAD_WORDS + (index & (this.#capacity - 1)) * RECORD_WORDS;
  }

  /** The latest moment, not after now, whose low 32 bits are `raw`: right for whatever is less than 7 minutes old. */
  #timeOf(raw: number, nowMs: number): number {
    if (raw === this.#lastRaw && this.#lastTimeUs >= 0) return this.#lastTimeUs;
    const latest = Math.floor(nowMs * TICKS_PER_MS) + AHEAD_TICKS;
    const age = ((latest | 0) - raw) >>> 0;
    this.#lastRaw = raw;
    this.#lastTimeUs = Math.max(0, (latest - age) * US_PER_TICK);
    return this.#lastTimeUs;
  }
}
