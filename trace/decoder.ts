/**
 * One track's stream of words, in; records with times, out, in order.
 *
 * The records between two stamps are spread over the time between them: those that begin a slice follow closely on what
 * was before, the others share what there is evenly.
 *
 * @module
 */
import {
  EVENT_BITS,
  EVENT_MASK,
  EVENTS,
  FROM_MASK,
  FROM_OTHER,
  KEY_MASK,
  LENGTHS,
  LOST,
  NAME,
  SEND,
  STAMP,
  STAMP_FULL,
  STOPPED_AT,
  UNPARK_DEFERRED,
  UNPARK_DIRECT,
} from "./format.ts";
import type { RawTrace } from "./raw_trace.ts";

/** The event of a record that is a resume; no word holds it. */
export const RESUME = 0;

/** One record; the same object is handed out each time. */
export interface TraceRecord {
  event: number;
  argument: number;
  /** The second, third and fourth word, as far as there are any. A key is the second. */
  key: number;
  third: number;
  fourth: number;
  text: string;
  /** Nanoseconds since the run began. */
  atNs: number;
}

const NS_PER_TICK = 100;
/** Distance of records after the last stamp. */
const LAST_STEP_NS = 10;
/** How much of the time between two stamps passes before a resume, and before any other record. */
const RESUME_WEIGHT = 1;
const WEIGHT = 4;

export class TrackDecoder {
  readonly #raw: RawTrace;
  readonly #track: number;
  readonly #decoder = new TextDecoder();
  readonly #record: TraceRecord = { event: 0, argument: 0, key: 0, third: 0, fourth: 0, text: "", atNs: 0 };
  #words = new Int32Array(0);
  #chunk = -1;
  #at = 0;
  #end = 0;
  /** Where the stamp stands that ends the run of records that is being handed out. */
  #runEnd = 0;
  #fromNs = 0;
  #toNs = 0;
  #weight = 0;
  #total = 1;
  /** When the next record happened; Infinity when there is none. */
  nextNs = Infinity;

  constructor(raw: RawTrace, track: number) {
    this.#raw = raw;
    this.#track = track;
    this.#advance();
  }

  /** The record at {@link nextNs}. */
  take(): TraceRecord {
    const words = this.#words, at = this.#at, record = this.#record, word = words[at];
    record.atNs = this.nextNs;
    if (word < 0) {
      record.event = RESUME;
      record.key = word & KEY_MASK;
      this.#at = at + 1;
    } else {
      const length = this.#lengthAt(at);
      if (length === 0) { // nothing that a recorder writes: what follows in this chunk means nothing
        record.event = LOST;
        record.key = 1;
        this.#at = this.#runEnd = this.#end;
      } else {
        record.event = word & EVENT_MASK;
        record.argument = word >> EVENT_BITS;
        record.key = words[at + 1];
        record.third = words[at + 2];
        record.fourth = words[at + 3];
        if (record.event === NAME || record.event === STOPPED_AT) {
          const bytes = new Uint8Array(words.buffer, words.byteOffset + (at + 2) * 4, record.key);
          record.text = this.#decoder.decode(bytes);
        }
        this.#at = at + length;
      }
    }
    this.#advance();
    return record;
  }

  /** Words of the record that begins here; 0 when none can. */
  #lengthAt(at: number): number {
    const word = this.#words[at];
    if (word < 0) return 1;
    const event = word & EVENT_MASK;
    let length = event < EVENTS ? LENGTHS[event] : 0;
    if (event === NAME || event === STOPPED_AT) {
      const bytes = this.#words[at + 1];
      length = bytes < 0 ? 0 : 2 + ((bytes + 3) >> 2);
    } else if (event === UNPARK_DIRECT || event === UNPARK_DEFERRED || event === SEND) {
      if (((word >> EVENT_BITS) & FROM_MASK) === FROM_OTHER) length = 3;
    }
    return at + length <= this.#end ? length : 0;
  }

  #advance(): void {
    while (this.#at === this.#runEnd) {
      if (this.#at < this.#end) { // a stamp
        const word = this.#words[this.#at];
        this.#at += LENGTHS[word & EVENT_MASK];
        this.#fromNs = this.#toNs;
      } else if (!this.#load()) {
        this.nextNs = Infinity;
        return;
      }
      this.#scan();
    }
    this.#weight += this.#words[this.#at] < 0 ? RESUME_WEIGHT : WEIGHT;
    this.nextNs = this.#fromNs + (this.#toNs - this.#fromNs) * this.#weight / this.#total;
  }

  #load(): boolean {
    const words = this.#raw.chunk(this.#track, ++this.#chunk, this.#words);
    if (words === undefined) return false;
    this.#words = words;
    this.#at = 0;
    this.#end = this.#raw.wordsOf(this.#track, this.#chunk);
    this.#fromNs = this.#toNs;
    return true;
  }

  /** How long the run is that begins here, and until when it lasts. */
  #scan(): void {
    let at = this.#at, total = WEIGHT;
    for (; at < this.#end;) {
      const word = this.#words[at];
      if (word >= 0) {
        const event = word & EVENT_MASK;
        if (event === STAMP || event === STAMP_FULL) break;
      }
      const length = this.#lengthAt(at);
      total += word < 0 ? RESUME_WEIGHT : WEIGHT;
      if (length === 0) {
        at = this.#end;
        break;
      }
      at += length;
    }
    this.#runEnd = at;
    this.#weight = 0;
    this.#total = total;
    if (at >= this.#end) this.#toNs = this.#fromNs + LAST_STEP_NS * total;
    else {
      const word = this.#words[at];
      const to = (word & EVENT_MASK) === STAMP
        ? this.#fromNs + (word >> EVENT_BITS) * NS_PER_TICK
        : ((word >> EVENT_BITS) * 2 ** 32 + (this.#words[at + 1] >>> 0)) * NS_PER_TICK;
      this.#toNs = Math.max(this.#fromNs, to);
    }
  }
}
