/**
 * The writing half of the codec. It writes a record straight to where it shall be read from, as long as there is room,
 * and moves what it has written to a scratch area of its own when there is not: the caller then finds another place.
 *
 * A record is settled or abandoned. The shapes that an abandoned one numbered are defined by the next record.
 */

import { copyWords, WordArea } from "./codec_area.ts";
import { Tag } from "./codec_read.ts";
import { ShapeTree } from "./codec_shapes.ts";
import { AGGREGATE, ERROR_CLASSES, ErrorFlag, Postponed, RecordFlag, VIEW_CLASSES } from "./codec_tags.ts";
import {
  Category,
  checkLeaf,
  describe,
  isDetachedView,
  ObjectClasses,
  sourceOf,
  type Special,
} from "./sendable.ts";

/** Longer texts are written in bulk. Here the loop and `encodeInto` cost the same, 0.15 µs. */
const LOOP_CHARACTERS = 48;

/** Up to here objects are looked up in a list, beyond it in a Map. */
const LISTED_OBJECTS = 16;

/** Deeper objects are written after the root, so that neither end runs out of stack: 200 levels take 60 KiB of it. */
const MAX_DEPTH = 200;

const SCRATCH_WORDS = 1 << 12;

/** The upper 24 bits of a word. */
const MAX_ARGUMENT = 0xffffff;

/** A view of at most this share of a buffer bigger than SMALL_BUFFER travels without the rest of its buffer. */
const VIEW_SHARE = 4;
const SMALL_BUFFER = 4096;

/**
 * Bigger buffers are copied once, here, and the copy moves. What went through the ring was written to memory that the other
 * core had read last, read by that core again, and copied into an array that it had to make.
 */
const LARGEST_WRITTEN = 32 * 1024;

/** Thrown where a value cannot be sent; `checkSendable` finds out which and where. */
const UNSENDABLE = new TypeError("Cannot send this value");

const NO_TRANSFER: ReadonlySet<unknown> = new Set();

const viewKind = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype),
  Symbol.toStringTag,
)!.get!;
// As sourceOf: of a subclass that has made something else of it.
const flagsOf = Object.getOwnPropertyDescriptor(RegExp.prototype, "flags")!.get!;
const VIEW_INDEX = new Map(VIEW_CLASSES.map((c, index) => [c.name, index]));
const ERROR_INDEX = new Map(ERROR_CLASSES.map((c, index) => [c.prototype as object, index]));

const utf8 = new TextEncoder();
const bigints = new BigInt64Array(1);
const bigintWords = new Int32Array(bigints.buffer);

export interface EncoderOptions {
  /** Bigger buffers and longer texts go to the side array. */
  inlineBytes: number;
  classes?: ObjectClasses;
  /** Handed to the `dehydrate` of registered classes. */
  context?: unknown;
  /**
   * Whether arrays keep named properties, as with structured clone. Default true; it costs some 0.07 µs an array to look
   * for them, a third of what a small tuple takes.
   */
  arrayNames?: boolean;
  /** How many shapes records may share with earlier ones; 0: each record stands alone. */
  shapes?: number;
  /** There is no side channel: a record that needs it will be abandoned, and nothing is copied for it. */
  hasNoSide?: boolean;
}

export class Encoder {
  /** Where the record is; in `scratch` when it did not fit where it was begun. */
  area: WordArea;
  start = 0;
  /** What has to be posted before the record is published. */
  side: unknown[] = [];
  /** Buffers that are nobody else's: they move. */
  copies: ArrayBuffer[] = [];
  flags = 0;

  private i32: Int32Array;
  private p = 0;
  private limit = 0;
  private scratch = WordArea.ofWords(SCRATCH_WORDS);
  private readonly shapes: ShapeTree;
  private readonly seen: unknown[] = [];
  private seenMap: Map<object, number> | null = null;
  private seenCount = 0;
  private depth = 0;
  private later: object[] = [];
  /** Instances of registered classes that are being written: the other end makes one when it has read all that it holds. */
  private readonly open: object[] = [];
  private transfer = NO_TRANSFER;

  private readonly inlineBytes: number;
  private readonly classes: ObjectClasses;
  private readonly context: unknown;
  private readonly arrayNames: boolean;
  private readonly hasNoSide: boolean;

  constructor(
    { inlineBytes, classes = new ObjectClasses(), context, arrayNames = true, shapes, hasNoSide = false }:
      EncoderOptions,
  ) {
    this.shapes = new ShapeTree(shapes);
    this.inlineBytes = inlineBytes;
    this.classes = classes;
    this.context = context;
    this.arrayNames = arrayNames;
    this.hasNoSide = hasNoSide;
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
    this.flags = 0;
    this.depth = 0;
    if (room < header) this.grow(header);
    this.p += header;
  }

  /** Writes the root. Throws for what cannot be sent, whereupon the record has to be abandoned. */
  payload(value: unknown, transfer: ReadonlySet<unknown> = NO_TRANSFER): void {
    this.transfer = transfer;
    this.value(value);
    if (this.later.length > 0) this.writeLater();
    if (this.shapes.fresh.length > 0) this.define();
    if (this.p & 1) {
      this.need(1);
      this.i32[this.p++] = 0;
    }
  }

  /** The record will be read: what it defined may be used by the next one. */
  settle(): void {
    if (this.shapes.fresh.length > 0) this.shapes.settle();
    this.clear();
  }

  /** The record is forgotten. */
  abandon(): void {
    this.clear();
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

  private clear(): void {
    if (this.seenCount > 0) this.forgetObjects();
    if (this.side.length > 0) this.side = [];
    if (this.copies.length > 0) this.copies = [];
    if (this.later.length > 0) this.later = [];
    if (this.transfer !== NO_TRANSFER) this.transfer = NO_TRANSFER;
    if (this.scratch.words > 1 << 18) this.scratch = WordArea.ofWords(SCRATCH_WORDS);
  }

  private forgetObjects(): void {
    const { seen, seenCount } = this;
    if (seenCount > LISTED_OBJECTS) {
      seen.length = 0;
      this.seenMap = null;
    } else {
      for (let i = 0; i < seenCount; i++) seen[i] = null;
    }
    this.seenCount = 0;
  }

  private need(words: number): void {
    if (this.p + words > this.limit) this.grow(words);
  }

  /** Moves the record to a scratch that has room for `words` more. Its words keep their evenness. */
  private grow(words: number): void {
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

  value(value: unknown): void {
    switch (typeof value) {
      case "string":
        return this.text(value);
      case "number":
        return this.number(value);
      case "object":
        return value === null ? this.word(Tag.Null) : this.object(value);
      case "boolean":
        return this.word(value ? Tag.True : Tag.False);
      case "undefined":
        return this.word(Tag.Undefined);
      case "bigint":
        return this.bigint(value);
      default:
        throw UNSENDABLE;
    }
  }

  /** An integer of 24 bits, sign included. */
  small(integer: number): void {
    if (this.p >= this.limit) this.grow(1);
    this.i32[this.p++] = Tag.Small | (integer << 8);
  }

  private number(value: number): void {
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

  private double(value: number): void {
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

  private text16(text: string): void {
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

  private bigint(value: bigint): void {
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

  private addSide(value: unknown): number {
    const index = this.side.push(value) - 1;
    if (index > MAX_ARGUMENT) throw UNSENDABLE;
    return index;
  }

  private object(object: object): void {
    const met = this.numberOf(object);
    if (met >= 0) {
      if (met > MAX_ARGUMENT || this.open.includes(object)) throw UNSENDABLE;
      this.flags |= RecordFlag.Refs;
      return this.word(Tag.Ref | (met << 8));
    }
    if (this.transfer !== NO_TRANSFER && this.transfer.has(object)) return this.leaf(object);
    // Three times quicker than to ask for the prototype. One that claims to be what it is not is written by its keys.
    const { constructor } = object;
    if (constructor === Object) this.plain(object as Record<string, unknown>);
    else if (constructor === Array && Array.isArray(object)) this.array(object);
    else this.other(object);
  }

  /** The number of an object met before, or -1 after numbering it. */
  private numberOf(object: object): number {
    const { seen, seenCount } = this;
    if (seenCount <= LISTED_OBJECTS) {
      for (let i = 0; i < seenCount; i++) if (seen[i] === object) return i;
      if (seenCount === LISTED_OBJECTS) {
        this.seenMap = new Map(seen.slice(0, seenCount).map((o, i) => [o as object, i]));
        this.seenMap.set(object, seenCount);
      }
    } else {
      const met = this.seenMap!.get(object);
      if (met !== undefined) return met;
      this.seenMap!.set(object, seenCount);
    }
    if (seenCount < seen.length) seen[seenCount] = object;
    else seen.push(object);
    this.seenCount = seenCount + 1;
    return -1;
  }

  private special(object: object, { code, dehydrate }: Special): void {
    this.word(Tag.Special | (code << 8));
    this.depth++;
    this.open.push(object);
    try {
      this.value(dehydrate(object, this.context));
    } finally {
      this.open.pop();
    }
    this.depth--;
  }

  private leaf(value: object): void {
    this.word(Tag.Leaf | (this.addSide(value) << 8));
  }

  private plain(object: Record<string, unknown>): void {
    if (this.depth >= MAX_DEPTH) return this.postpone(object, Postponed.Object);
    const shape = this.shapes.shapeOf(object);
    if (shape === null) return this.spelledOut(object, Object.keys(object));
    this.word(Tag.Object | (shape.id << 8));
    this.depth++;
    const written = shape.write(this, object, true);
    this.depth--;
    if (written) return;
    this.p--;
    this.instance(object);
  }

  private instance(object: Record<string, unknown>): void {
    if (this.depth >= MAX_DEPTH) return this.postpone(object, Postponed.Object);
    const keys = Object.keys(object);
    const shape = this.shapes.find(keys);
    if (shape === null) return this.spelledOut(object, keys);
    this.word(Tag.Object | (shape.id << 8));
    this.depth++;
    shape.write(this, object, false);
    this.depth--;
  }

  private spelledOut(object: object, keys: string[]): void {
    if (keys.length > MAX_ARGUMENT) throw UNSENDABLE;
    this.word(Tag.ObjectOfPairs | (keys.length << 8));
    this.depth++;
    this.pairs(object, keys);
    this.depth--;
  }

  private pairs(object: object, keys: string[]): void {
    for (const key of keys) {
      this.text(key);
      this.value((object as Record<string, unknown>)[key]);
    }
  }

  private array(array: unknown[]): void {
    if (this.depth >= MAX_DEPTH) return this.postpone(array, Postponed.Array);
    this.depth++;
    const length = array.length;
    if (length <= MAX_ARGUMENT) this.arrayContents(array, Tag.Array | (length << 8), 0);
    else this.arrayContents(array, Tag.LongArray, 1);
    this.depth--;
  }

  /** `lengthWords`: whether a word with the length follows `head`. Sparse arrays are always written as pairs. */
  private arrayContents(array: unknown[], head: number, lengthWords: 0 | 1): void {
    const length = array.length;
    if (this.arrayNames && countProperties(array, length) !== length) return this.arrayOfPairs(array);
    const mark = this.words;
    const { depth, seenCount } = this;
    const side = this.side.length, copies = this.copies.length, later = this.later.length;
    this.word(head);
    if (lengthWords === 1) this.word(length);
    for (let i = 0; i < length; i++) {
      const element = array[i];
      if (typeof element === "number") this.number(element);
      else if (typeof element === "string") this.text(element);
      else if (element !== undefined || Object.hasOwn(array, i)) this.value(element);
      else { // as many named properties as holes
        this.rollback({ words: mark, depth, seen: seenCount, side, copies, later });
        return this.arrayOfPairs(array);
      }
    }
  }

  private arrayOfPairs(array: unknown[]): void {
    const keys = Object.keys(array);
    this.word(Tag.ArrayOfPairs);
    this.word(array.length);
    this.word(keys.length);
    this.pairs(array, keys);
  }

  /** Writes an object's contents after the root, so that depth costs no stack. */
  private postpone(object: object, kind: Postponed): void {
    this.word(Tag.Later | (kind << 8));
    this.later.push(object);
  }

  private writeLater(): void {
    const later = this.later; // grows while it is written
    for (let i = 0; i < later.length; i++) {
      const object = later[i];
      this.depth = 1;
      if (Array.isArray(object)) this.arrayContents(object, Tag.LongArray, 1);
      else if (this.classes.classify(object).category === Category.Map) {
        this.mapContents(object as Map<unknown, unknown>);
      } else if (this.classes.classify(object).category === Category.Set) {
        this.setContents(object as Set<unknown>);
      } else {
        const keys = Object.keys(object);
        this.word(keys.length);
        this.pairs(object, keys);
      }
    }
  }

  private other(object: object): void {
    const { category, special } = this.classes.classify(object);
    switch (category) {
      case Category.Plain:
        return this.instance(object as Record<string, unknown>);
      case Category.Array:
        return Array.isArray(object) ? this.array(object) : this.instance(object as Record<string, unknown>);
      case Category.Date:
        this.need(4);
        this.i32[this.p++] = Tag.Date;
        return this.double(Date.prototype.getTime.call(object));
      case Category.Map:
        if (this.depth >= MAX_DEPTH) return this.postpone(object, Postponed.Map);
        this.word(Tag.Map);
        return this.mapContents(object as Map<unknown, unknown>);
      case Category.Set:
        if (this.depth >= MAX_DEPTH) return this.postpone(object, Postponed.Set);
        this.word(Tag.Set);
        return this.setContents(object as Set<unknown>);
      case Category.Error:
        return this.error(object as Error);
      case Category.RegExp:
        this.word(Tag.RegExp);
        this.text(sourceOf.call(object));
        return this.text(flagsOf.call(object));
      case Category.Buffer:
        return this.buffer(object as ArrayBuffer);
      case Category.View:
        return this.view(object as ArrayBufferView);
      case Category.Boxed:
        this.word(Tag.Boxed);
        return this.value(primitiveOf(object));
      case Category.Special:
        return this.special(object, special!);
      case Category.Leaf:
        return this.leaf(object);
      case Category.Refused:
        throw UNSENDABLE;
      default:
        category satisfies never;
    }
  }

  /** Calls `write` with room for a count before what it writes, and fills in the count that it returns. */
  private counted(write: () => number): void {
    const at = this.p - this.start;
    this.word(0);
    this.depth++;
    const count = write();
    this.depth--;
    this.i32[this.start + at] = count;
  }

  private mapContents(map: Map<unknown, unknown>): void {
    this.counted(() => {
      let count = 0;
      Map.prototype.forEach.call(map, (value: unknown, key: unknown) => {
        this.value(key);
        this.value(value);
        count++;
      });
      return count;
    });
  }

  private setContents(set: Set<unknown>): void {
    this.counted(() => {
      let count = 0;
      Set.prototype.forEach.call(set, (value: unknown) => {
        this.value(value);
        count++;
      });
      return count;
    });
  }

  /**
   * An error always arrives. What it carries beside name, message and stack is written as far as it can be: a property
   * that cannot be sent, or whose getter throws, is replaced by a text that says so.
   */
  private error(error: Error): void {
    let index = 0;
    for (let p = Object.getPrototypeOf(error); p !== null; p = Object.getPrototypeOf(p)) {
      const known = ERROR_INDEX.get(p);
      if (known !== undefined) {
        index = known;
        break;
      }
    }
    const { name, message } = attempt(() => ({ name: error.name, message: error.message })) ??
      { name: undefined, message: "(reading its name or its message threw)" };
    const named = typeof name === "string" && name !== ERROR_CLASSES[index].name;
    const hasMessage = Object.hasOwn(error, "message") || (typeof message === "string" && message !== "");
    const hasCause = Object.hasOwn(error, "cause");
    const hasErrors = index === AGGREGATE && Object.hasOwn(error, "errors");
    this.word(
      Tag.Error |
        (index | (hasMessage ? ErrorFlag.Message : 0) | (named ? ErrorFlag.Name : 0) |
            (hasCause ? ErrorFlag.Cause : 0) | (hasErrors ? ErrorFlag.Errors : 0)) << 8,
    );
    const stack = attempt(() => error.stack);
    this.value(typeof stack === "string" ? stack : undefined);
    if (hasMessage) this.text(typeof message === "string" ? message : describe(message));
    if (named) this.text(name);
    if (hasCause) this.carried(error, "cause");
    if (hasErrors) this.carried(error, "errors");
    const keys = Object.keys(error).filter((key) =>
      !(key === "stack" || (key === "message" && hasMessage) || (key === "name" && named) ||
        (key === "cause" && hasCause) || (key === "errors" && hasErrors))
    );
    this.word(keys.length);
    for (const key of keys) {
      this.text(key);
      this.carried(error, key);
    }
  }

  private carried(error: Error, key: string): void {
    if (this.depth >= MAX_DEPTH) return this.text("(nested too deeply)");
    const mark = this.mark();
    try {
      this.depth++;
      this.value((error as unknown as Record<string, unknown>)[key]);
      this.depth--;
      if (this.later.length > mark.later) throw new RangeError("nested too deeply"); // could still turn out unsendable
      for (let i = mark.side; i < this.side.length; i++) checkLeaf(this.side[i], [...this.transfer]);
    } catch (cause) {
      this.rollback(mark);
      this.text(cause === UNSENDABLE ? "(cannot be sent)" : `(cannot be sent: ${describe(cause)})`);
    }
  }

  private buffer(buffer: ArrayBuffer): void {
    if (buffer.detached) throw UNSENDABLE;
    const { byteLength } = buffer;
    if (buffer.resizable || this.transfer.has(buffer)) return this.leaf(buffer);
    if (byteLength > LARGEST_WRITTEN || byteLength > this.inlineBytes) return this.leaf(this.copyOf(buffer));
    this.need(2);
    this.i32[this.p] = Tag.Buffer;
    this.i32[this.p + 1] = byteLength;
    this.p += 2;
    this.bytes(new Uint8Array(buffer));
  }

  private copyOf(buffer: ArrayBuffer, from = 0, to = buffer.byteLength): ArrayBuffer {
    if (this.hasNoSide || this.copies.includes(buffer)) return buffer;
    // ArrayBuffer's own slice asks the constructor of a subclass for the copy, which may make something else of the length.
    // A slice of the view is filled with zeros first, which is a fifth of the time.
    const copy = new Uint8Array(new Uint8Array(buffer, from, to - from)).buffer;
    this.copies.push(copy);
    return copy;
  }

  private bytes(bytes: Uint8Array): void {
    const words = (bytes.length + 3) >> 2;
    this.need(words);
    this.area.u8.set(bytes, this.p << 2);
    this.p += words;
  }

  /**
   * A view travels as its buffer and its place in it, so that views of one buffer still share it, as with structured
   * clone; except that a small part of a big buffer leaves the rest behind, and then has a buffer of its own.
   */
  private view(view: ArrayBufferView): void {
    if (isDetachedView(view)) throw UNSENDABLE;
    const { buffer, byteOffset, byteLength } = view;
    const index = VIEW_INDEX.get(viewKind.call(view) ?? "DataView");
    const growing = buffer instanceof ArrayBuffer ? buffer.resizable : (buffer as SharedArrayBuffer).growable;
    if (index === undefined || growing) return this.leaf(view);
    const part = buffer instanceof ArrayBuffer && buffer.byteLength > SMALL_BUFFER &&
      byteLength * VIEW_SHARE <= buffer.byteLength && !this.transfer.has(buffer);
    if (part && byteLength <= Math.min(LARGEST_WRITTEN, this.inlineBytes)) {
      this.need(2);
      this.i32[this.p] = Tag.ViewOfBytes | (index << 8);
      this.i32[this.p + 1] = byteLength;
      this.p += 2;
      return this.bytes(new Uint8Array(buffer, byteOffset, byteLength));
    }
    this.word(Tag.View | (index << 8));
    this.number(part ? 0 : byteOffset);
    this.number("length" in view ? (view as Uint8Array).length : byteLength);
    this.object(part ? this.copyOf(buffer as ArrayBuffer, byteOffset, byteOffset + byteLength) : buffer);
  }

  private define(): void {
    this.flags |= RecordFlag.Shapes;
    const at = this.p - this.start;
    const shapes = this.shapes.fresh;
    this.word(shapes.length);
    for (const { keys } of shapes) {
      this.word(keys.length);
      for (const key of keys) this.definedKey(key);
    }
    if ((this.p & 1) === 0) this.word(0);
    this.word(at); // the last word of the record
  }

  /** A key never goes by the side channel, since definitions must outlive a record that cannot be read. */
  private definedKey(key: string): void {
    if (key.length > this.inlineBytes) this.text16(key);
    else this.text(key);
  }

  private mark(): Mark {
    return {
      words: this.p - this.start,
      depth: this.depth,
      seen: this.seenCount,
      side: this.side.length,
      copies: this.copies.length,
      later: this.later.length,
    };
  }

  private rollback(mark: Mark): void {
    this.p = this.start + mark.words;
    this.depth = mark.depth;
    for (let i = this.seenCount - 1; i >= mark.seen; i--) {
      if (i >= LISTED_OBJECTS) this.seenMap!.delete(this.seen[i] as object);
      this.seen[i] = null;
    }
    this.seenCount = mark.seen;
    this.side.length = mark.side;
    this.copies.length = mark.copies;
    this.later.length = mark.later;
  }
}

interface Mark {
  words: number;
  depth: number;
  seen: number;
  side: number;
  copies: number;
  later: number;
}

/**
 * How many own enumerable properties an array has. There is no cheap way to see a named one: for a few elements
 * `Object.keys` takes 0.05 µs, for more `Object.values` is quicker, at 1.5 ns an element, as it makes no texts.
 */
function countProperties(array: unknown[], length: number): number {
  return length <= 4 ? Object.keys(array).length : Object.values(array).length;
}

function primitiveOf(boxed: object): unknown {
  for (const { prototype } of [Number, String, Boolean, BigInt]) {
    try {
      return (prototype.valueOf as () => unknown).call(boxed);
    } catch {
      continue; // another kind of box
    }
  }
  throw UNSENDABLE;
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
