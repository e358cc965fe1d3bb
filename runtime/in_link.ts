/** Where the messages of one direction between two workers come out: what out_link.ts has put into a ring and a port. */

import { CausalClock } from "./causal_clock.ts";
import { copyWords, WordArea } from "./codec_area.ts";
import { Decoder } from "./codec_read.ts";
import {
  AUX_WORD,
  BYTES_HEADER_WORDS,
  PART_HEADER_WORDS,
  RECORD_HEADER_WORDS,
  RecordFlag,
  STAMP_DOUBLE,
  TARGET_DOUBLE,
} from "./codec_tags.ts";
import { type Region, RingReader } from "./ring.ts";
import { fromDouble } from "./pid.ts";
import type { ObjectClasses } from "./sendable.ts";

export interface InLinkOptions {
  /** Called when there is room again that the writer waits for. */
  wakeWriter(): void;
  /** The side channel, in: the oldest array that was posted, if one has arrived. */
  takeSide(): unknown[] | undefined;
  classes?: ObjectClasses;
  /** Handed to their `hydrate`. */
  context?: unknown;
  /** Of the thread. */
  clock?: CausalClock;
  /** Where the bytes of a {@link OutLink.sendBytes} are put. Default: an array of their own. */
  bytesFor?(length: number): Uint8Array;
  /** A message that could not be revived. Without it, `drain` throws the error; the messages after it are not lost. */
  undecodable?(kind: number, target: number, aux: number, error: unknown): void;
}

const NO_VALUES: unknown[] = [];

export type MessageHandler = (kind: number, target: number, aux: number, payload: unknown) => void;

export class InLink {
  readonly generation: number;
  /** Whether the last `drain` stopped at a message whose side array had not arrived. */
  stalled = false;
  private readonly ring: RingReader;
  private readonly decoder: Decoder;
  private readonly clock: CausalClock;
  private readonly options: InLinkOptions;
  /** A record that comes in parts, and how many words of it are here. */
  private parts: WordArea | null = null;
  private partsRead = 0;
  private count = 0;

  constructor(region: Region, options: InLinkOptions) {
    this.ring = new RingReader(region);
    this.generation = this.ring.generation;
    this.decoder = new Decoder(options.classes, options.context);
    this.clock = options.clock ?? new CausalClock();
    this.options = options;
  }

  /** Messages handed out. */
  get received(): number {
    return this.count;
  }

  /** One load from shared memory. */
  hasRecords(): boolean {
    return this.ring.hasRecords();
  }

  /** Looks what has been published. Whether anything is there. */
  look(): boolean {
    return this.ring.look();
  }

  /** Whether the last {@link look} saw nothing, or all of that is taken. */
  get isEmpty(): boolean {
    return this.ring.next() < 0;
  }

  /** How much was taken, of all that went through the ring; what this will be when what is published now is taken. */
  get consumed(): number {
    return this.ring.consumed;
  }
  published(): number {
    return this.ring.published();
  }

  /** The stamp of the oldest message that the last {@link look} saw; Infinity when there is none. */
  get oldestStamp(): number {
    const { ring } = this;
    const at = ring.next();
    return at < 0 ? Infinity : this.stampAt(at);
  }

  private stampAt(at: number): number {
    const { i32, f64 } = this.ring.area;
    if ((i32[at + 1] & RecordFlag.Part) === 0) return f64[(at >> 1) + STAMP_DOUBLE];
    const first = 2 * STAMP_DOUBLE + 2; // so many words of a record have its stamp in them
    if (this.partsRead >= first) return this.parts!.f64[STAMP_DOUBLE];
    if (this.partsRead > 0 || i32[at] - PART_HEADER_WORDS < first) return 0; // of a tiny ring: the next parts tell
    return f64[((at + PART_HEADER_WORDS) >> 1) + STAMP_DOUBLE];
  }

  /** Looks, and takes what is there: at most `maxRecords` messages. As {@link drainSeen}. */
  drain(handler: MessageHandler, maxRecords: number): number {
    return this.look() ? this.drainSeen(handler, maxRecords, Infinity) : 0;
  }

  /**
   * Calls `handler` for at most `maxRecords` of the messages that the last {@link look} saw, in order and up to the stamp
   * `until`, and returns how many it took. What the handler throws ends the drain and is thrown on; the message that it was
   * given is not offered again.
   */
  drainSeen(handler: MessageHandler, maxRecords: number, until: number): number {
    const { ring } = this;
    let taken = 0;
    this.stalled = false;
    try {
      while (taken < maxRecords) {
        const at = ring.next();
        if (at < 0 || (until !== Infinity && this.stampAt(at) > until)) break;
        const flags = ring.area.i32[at + 1];
        if ((flags & RecordFlag.Part) === 0) {
          if (!this.take(ring.area, at, handler)) break;
          taken++;
        } else if (this.readPart(at, (flags & RecordFlag.LastPart) !== 0)) {
          if (!this.take(this.parts!, 0, handler)) break;
          taken++;
        }
      }
    } finally {
      this.release();
    }
    return taken;
  }

  /** Collects a part. The last one is left in the ring, for `take` to step over; true when all are here. */
  private readPart(at: number, last: boolean): boolean {
    const { area } = this.ring;
    const words = area.i32[at] - PART_HEADER_WORDS;
    this.parts ??= WordArea.ofWords(area.i32[at + 2]);
    if (this.partsRead < this.parts.words) {
      copyWords(area, at + PART_HEADER_WORDS, words, this.parts, this.partsRead);
      this.partsRead += words;
    }
    if (last) return true;
    this.step();
    return false;
  }

  /** Reads a whole record, whose end is what the ring offers next. False when its side array has not arrived. */
  private take(area: WordArea, at: number, handler: MessageHandler): boolean {
    const word = area.i32[at + 1];
    const kind = word & 0xff;
    const target = fromDouble(area.f64[(at >> 1) + TARGET_DOUBLE]);
    const stamp = area.f64[(at >> 1) + STAMP_DOUBLE];
    const aux = area.i32[at + AUX_WORD];
    let payload: unknown;
    let failure: { error: unknown } | null = null;
    try {
      let side: unknown[] | undefined = NO_VALUES;
      if ((word & RecordFlag.Bytes) !== 0) payload = this.bytes(area, at);
      else if ((word & RecordFlag.Side) !== 0) {
        side = this.options.takeSide();
        if (side === undefined) {
          this.stalled = true;
          return false;
        }
      }
      if ((word & RecordFlag.Bytes) === 0) payload = this.decoder.payload(area, at, word, side);
    } catch (error) {
      failure = { error };
    }
    this.step();
    this.parts = null;
    this.partsRead = 0;
    this.count++;
    this.clock.saw(stamp);
    if (failure === null) handler(kind, target, aux, payload);
    else if (this.options.undecodable === undefined) throw failure.error;
    else this.options.undecodable(kind, target, aux, failure.error);
    return true;
  }

  private bytes(area: WordArea, at: number): Uint8Array {
    const length = area.i32[at + RECORD_HEADER_WORDS];
    const start = (at + BYTES_HEADER_WORDS) << 2;
    if (this.options.bytesFor === undefined) return area.u8.slice(start, start + length);
    const bytes = this.options.bytesFor(length);
    bytes.set(area.u8.subarray(start, start + length));
    return bytes;
  }

  private step(): void {
    if (this.ring.consume()) this.release();
  }

  private release(): void {
    if (this.ring.release()) this.options.wakeWriter();
  }
}
