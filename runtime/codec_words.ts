/**
 * The words of one record: where they lie, and the values that hold no others. A record is written straight to where it
 * shall be read from, as long as there is room; when there is not, what is written of it moves to a scratch area of the
 * writer's own, and the caller finds another place.
 */

import { copyWords, WordArea } from "./codec_area.ts";
import { Tag } from "./codec_read.ts";

/** Longer texts are written in bulk. Here the loop and `encodeInto` cost the same, 0.15 µs. */
const LOOP_CHARACTERS = 48;

const SCRATCH_WORDS = 1 << 12;

/** The upper 24 bits of a word. */
export const MAX_ARGUMENT = 0xffffff;

/** Thrown where a value cannot be sent; `checkSendable` finds out which and where. */
export const UNSENDABLE = new TypeError("Cannot send this value");

const utf8 = new TextEncoder();
const bigints = new BigInt64Array(1);
const bigintWords = new Int32Array(bigints.buffer);

export class RecordWriter {
  /** Where the record is; in `scratch` when it did not fit where it was begun. */
  area: WordArea;
  start = 0;
  /** What has to be posted before the record is published. */
  side: unknown[] = [];

  protected i32: Int32Array;
  /** The next word. */
  protected p = 0;
  protected limit = 0;
  protected scratch: WordArea = WordArea.ofWords(SCRATCH_WORDS);

  constructor(protected readonly inlineBytes: number) {
    this.area = this.scratch;
    this.i32 = this.scratch.i32;
  }

  /** Words written since `begin`. */
  get words(): number {
    return this.p - this.start;
  }

  get inScratch(): boolean {
    return this.area === this.scratch;
  }

  /** Begins a record at `at`, with `room` words for it, after `header` words which are the caller's. */
  begin(area: WordArea, at: number, room: number, header: number): void {
    if (this.area !== area) {
      this.area = area;
      this.i32 = area.i32;
    }
    this.start = at;
    this.p = at;
    this.limit = at + room;
    if (room < header) this.grow(header);
    this.p += header;
  }

  /** Moves what is written of the record at hand, so that something else can be written where it was begun. */
  makeRoom(): void {
    if (!this.inScratch) this.grow(0);
  }

  /** Gives the scratch away together with the record in it. */
  takeScratch(replacement = WordArea.ofWords(SCRATCH_WORDS)): WordArea {
    const scratch = this.scratch;
    this.scratch = replacement;
    return scratch;
  }

  /** The record is settled or abandoned. */
  protected clear(): void {
    if (this.side.length > 0) this.side = [];
    if (this.scratch.words > 1 << 18) this.scratch = WordArea.ofWords(SCRATCH_WORDS);
  }

  protected need(words: number): void {
    if (this.p + words > this.limit) this.grow(words);
  }

  /** Moves the record to a scratch that has room for `words` more. Its words keep their evenness. */
  protected grow(words: number): void {
    const used = this.p - this.start;
    let scratch = this.scratch;
    if (used + words > scratch.words) scratch = WordArea.ofWords(Math.max(used + words, scratch.words * 2));
    copyWords(this.area, this.start, used, scratch, 0);
    this.scratch = this.area = scratch;
    this.i32 = scratch.i32;
    this.start = 0;
    this.p = used;
    this.limit = scratch.words;
  }

  word(word: number): void {
    if (this.p >= this.limit) this.grow(1);
    this.i32[this.p++] = word;
  }

  /** An integer of 24 bits, sign included. */
  small(integer: number): void {
    if (this.p >= this.limit) this.grow(1);
    this.i32[this.p++] = Tag.Small | (integer << 8);
  }

  protected number(value: number): void {
    if (this.p + 4 > this.limit) this.grow(4);
    const integer = value | 0;
    if (integer === value && (integer !== 0 || 1 / value > 0)) {
      if ((integer << 8) >> 8 === integer) {
        this.i32[this.p++] = Tag.Small | (integer << 8);
      } else {
        this.i32[this.p] = Tag.Int32;
        this.i32[this.p + 1] = integer;
        this.p += 2;
      }
    } else {
      this.i32[this.p++] = Tag.Double;
      this.double(value);
    }
  }

  protected double(value: number): void {
    const at = (this.p + 1) & ~1;
    this.area.f64[at >> 1] = value;
    this.p = at + 2;
  }

  text(text: string): void {
    const length = text.length;
    if (length > LOOP_CHARACTERS) return this.longText(text);
    if (this.p + 1 + length > this.limit) this.grow(1 + length);
    const i32 = this.i32;
    let p = this.p;
    i32[p++] = Tag.Text8 | (length << 8);
    let all = 0;
    let i = 0;
    for (; i + 4 <= length; i += 4) {
      const a = text.charCodeAt(i), b = text.charCodeAt(i + 1);
      const c = text.charCodeAt(i + 2), d = text.charCodeAt(i + 3);
      all |= a | b | c | d;
      i32[p++] = a | (b << 8) | (c << 16) | (d << 24);
    }
    if (i < length) {
      let word = 0;
      for (let shift = 0; i < length; i++, shift += 8) {
        const unit = text.charCodeAt(i);
        all |= unit;
        word |= unit << shift;
      }
      i32[p++] = word;
    }
    if (all > 0xff) this.text16(text);
    else this.p = p;
  }

  protected text16(text: string): void {
    const length = text.length;
    if (length <= MAX_ARGUMENT) this.word(Tag.Text16 | (length << 8));
    else {
      this.word(Tag.LongText16);
      this.word(length);
    }
    this.need((length + 1) >> 1);
    const u16 = this.area.u16;
    const at = this.p << 1;
    for (let i = 0; i < length; i++) u16[at + i] = text.charCodeAt(i);
    this.p += (length + 1) >> 1;
  }

  private longText(text: string): void {
    const length = text.length;
    if (length > this.inlineBytes) {
      this.word(Tag.TextLeaf | (this.addSide(text) << 8));
      return;
    }
    if (!text.isWellFormed()) return this.text16(text); // UTF-8 has no lone surrogates
    this.need(2 + ((length * 3 + 3) >> 2)); // a UTF-16 unit takes at most 3 bytes
    const at = (this.p + 2) << 2;
    const { written } = utf8.encodeInto(text, this.area.u8.subarray(at, at + length * 3));
    this.i32[this.p] = written === length ? Tag.LongText8 : Tag.LongTextUtf8;
    this.i32[this.p + 1] = written;
    this.p += 2 + ((written + 3) >> 2);
  }

  protected bigint(value: bigint): void {
    bigints[0] = value;
    if (bigints[0] === value) {
      this.need(3);
      this.i32[this.p] = Tag.BigInt64;
      this.i32[this.p + 1] = bigintWords[0];
      this.i32[this.p + 2] = bigintWords[1];
      this.p += 3;
    } else {
      this.word(Tag.BigIntText | (value < 0n ? 1 << 8 : 0));
      this.text((value < 0n ? -value : value).toString(16));
    }
  }

  protected addSide(value: unknown): number {
    const index = this.side.push(value) - 1;
    if (index > MAX_ARGUMENT) throw UNSENDABLE;
    return index;
  }

  protected bytes(bytes: Uint8Array): void {
    const words = (bytes.length + 3) >> 2;
    this.need(words);
    this.area.u8.set(bytes, this.p << 2);
    this.p += words;
  }
}
