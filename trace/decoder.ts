/**
 * One track's stream of words, in; records with times, out, in order.
 *
 * The records between two stamps are spread over the time between them. The first one happened at the stamp: that was
 * taken for it. Within a slice the actor's code runs between two records, and between slices only the scheduler's, which
 * is quick: the gaps are weighted so.
 *
 * @module
 */
import {
  BOOT,
  DONE,
  EVENT_BITS,
  EVENT_MASK,
  EVENTS,
  FROM_MASK,
  FROM_OTHER,
  KEY_MASK,
  LENGTHS,
  LOST,
  NAME,
  PARK,
  SEND,
  STAMP,
  STAMP_FULL,
  STOPPED_AT,
  UNPARK_DEFERRED,
  UNPARK_DIRECT,
  UNPARK_FLAG_CONSUMED,
  YIELD,
} from "./format.ts";
import { RECEIVE } from "../runtime/wait.ts";
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
/** How much of the time between two stamps passes between two records, within a slice and outside. */
const SLICE_WEIGHT = 16; // guessed: an actor's step beside a turn of the run queue
const OUTSIDE_WEIGHT = 1;

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
  /** The next record is the first after a stamp. */
  #isFirst = true;
  /** Key of the actor whose slice is open, after the records that were handed out; -1: none. */
  #open = -1;
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
    if (word < 0 && this.#open >= 0) { // the park that a resume stands for
      this.#open = -1;
      record.event = PARK;
      record.argument = RECEIVE;
      this.#advance();
      return record;
    }
    this.#open = this.#openAfter(at, this.#open);
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

  /** Whose slice is open after the record that stands there. */
  #openAfter(at: number, open: number): number {
    const word = this.#words[at];
    if (word < 0) return word & KEY_MASK;
    switch (word & EVENT_MASK) {
      case PARK:
      case YIELD:
      case UNPARK_FLAG_CONSUMED:
      case BOOT:
        return -1;
      case DONE:
        return this.#words[at + 1] === open ? -1 : open;
      default:
        return open;
    }
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
    if (!this.#isFirst) this.#weight += weightIn(this.#open);
    this.#isFirst = false;
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
    let at = this.#at, total = 0, open = this.#open;
    for (; at < this.#end;) {
      const word = this.#words[at];
      if (word >= 0) {
        const event = word & EVENT_MASK;
        if (event === STAMP || event === STAMP_FULL) break;
      }
      const length = this.#lengthAt(at);
      if (at !== this.#at) total += weightIn(open);
      if (word < 0 && open >= 0) total += weightIn(-1); // the way from the park to the resume
      open = this.#openAfter(at, open);
      if (length === 0) {
        at = this.#end;
        break;
      }
      at += length;
    }
    this.#runEnd = at;
    this.#weight = 0;
    this.#isFirst = true;
    this.#total = total + weightIn(open);
    if (at >= this.#end) this.#toNs = this.#fromNs + LAST_STEP_NS * this.#total;
    else {
      const word = this.#words[at];
      const to = (word & EVENT_MASK) === STAMP
        ? this.#fromNs + (word >> EVENT_BITS) * NS_PER_TICK
        : ((word >> EVENT_BITS) * 2 ** 32 + (this.#words[at + 1] >>> 0)) * NS_PER_TICK;
      this.#toNs = Math.max(this.#fromNs, to);
    }
  }
}

function weightIn(open: number): number {
  return open >= 0 ? SLICE_WEIGHT : OUTSIDE_WEIGHT;
}
