/**
 * The reading half of the codec, and the words it reads. Every value is copied out: nothing returned refers to the ring.
 */

import type { WordArea } from "./codec_area.ts";
import { type ReadShape, readShape, setOwn } from "./codec_shapes.ts";
import {
  AGGREGATE,
  ERROR_CLASSES,
  ErrorFlag,
  Postponed,
  RECORD_HEADER_WORDS,
  RecordFlag,
  VIEW_CLASSES,
} from "./codec_tags.ts";
import { ObjectClasses } from "./sendable.ts";
import { limitStacks } from "./stack_limit.ts";

/**
 * The words of an encoded value. Each value starts with a word whose low 8 bits are its tag and whose upper 24 bits are
 * an argument; what follows is told beside the tag. "Text" is a string value; doubles lie on the next even index.
 */
export const enum Tag {
  Undefined,
  Null,
  True,
  False,
  /** argument: the integer, signed */
  Small,
  /** a word: the integer */
  Int32,
  /** a double */
  Double,
  /** argument: length; Latin-1 bytes, 4 a word */
  Text8,
  /** argument: length; UTF-16 units, 2 a word */
  Text16,
  /** a word: length; Latin-1 bytes */
  LongText8,
  /** a word: length in bytes; UTF-8 */
  LongTextUtf8,
  /** a word: length; UTF-16 units */
  LongText16,
  /** argument: index into the side array; not an object, hence not counted by Ref */
  TextLeaf,
  /** two words: the low and the high half */
  BigInt64,
  /** argument: 1 when negative; a text of hexadecimal digits */
  BigIntText,
  /** argument: the how manyth object of the message, in the order of writing */
  Ref,
  // All that follow are objects, counted by Ref.
  /** argument: shape; its values */
  Object,
  /** argument: how many pairs of text and value */
  ObjectOfPairs,
  /** argument: length; the elements */
  Array,
  /** a word: length; the elements */
  LongArray,
  /** a word: length, a word: how many pairs of text and value; has holes or named properties */
  ArrayOfPairs,
  /** a double */
  Date,
  /** a word: how many; pairs of values */
  Map,
  /** a word: how many; values */
  Set,
  /** argument: ErrorClass, and Error* flags; see writeError */
  Error,
  /** text, text */
  RegExp,
  /** a word: length; bytes */
  Buffer,
  /** argument: index into VIEW_CLASSES; two values: offset and length; then its buffer, a value */
  View,
  /** argument: index into VIEW_CLASSES; a word: length in bytes; bytes, which are all of its buffer */
  ViewOfBytes,
  /** a value */
  Boxed,
  /** argument: code; a value */
  Special,
  /** argument: index into the side array */
  Leaf,
  /** argument: a Postponed; the contents follow after the root, first postponed first */
  Later,
}

/** Texts of up to this many bytes are looked up among those read before: message types, field values, names. */
const INTERN_BYTES = 32;
const INTERN_WORDS = INTERN_BYTES / 4;
const INTERN_SLOTS_LOG2 = 10;

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

export class Decoder {
  private readonly shapes: ReadShape[] = [];
  private readonly texts: string[] = new Array(1 << INTERN_SLOTS_LOG2).fill("");
  /** Per slot: the tag word, which has the length, and the bytes. */
  private readonly textWords = new Int32Array((1 << INTERN_SLOTS_LOG2) * (INTERN_WORDS + 1));
  private area!: WordArea;
  private i32!: Int32Array;
  private p = 0;
  private refs: unknown[] | null = null;
  private side: unknown[] = [];
  private later: unknown[] = [];

  constructor(
    private readonly classes: ObjectClasses = new ObjectClasses(),
    private readonly context?: unknown,
  ) {}

  /**
   * The payload of the record at `start`. Throws what a class's `hydrate` throws. The shapes that the record defines are
   * learned first, since later records count on them whatever becomes of this one.
   */
  payload(area: WordArea, start: number, flags: number, side: unknown[]): unknown {
    if ((flags & RecordFlag.Shapes) !== 0) this.learn(area, start);
    this.enter(area, start + RECORD_HEADER_WORDS);
    this.side = side;
    this.refs = (flags & RecordFlag.Refs) !== 0 ? [] : null;
    const value = this.value();
    if (this.later.length > 0) this.readLater();
    if (this.refs !== null) this.refs = null;
    if (side.length > 0) this.side = [];
    return value;
  }

  private learn(area: WordArea, start: number): void {
    const { i32 } = area;
    this.enter(area, start + i32[start + i32[start] - 1]);
    for (let count = i32[this.p++]; count > 0; count--) {
      const keys: string[] = [];
      for (let left = i32[this.p++]; left > 0; left--) keys.push(this.value() as string);
      this.shapes.push(readShape(keys));
    }
  }

  private enter(area: WordArea, at: number): void {
    this.area = area;
    this.i32 = area.i32;
    this.p = at;
    if (this.later.length > 0) this.later = []; // left by a record that failed
  }

  value(): unknown {
    const word = this.i32[this.p++];
    switch (word & 0xff) {
      case Tag.Undefined:
        return undefined;
      case Tag.Null:
        return null;
      case Tag.True:
        return true;
      case Tag.False:
        return false;
      case Tag.Small:
        return word >> 8;
      case Tag.Int32:
        return this.i32[this.p++];
      case Tag.Double:
        return this.double();
      case Tag.Text8:
        return this.text8(word);
      case Tag.Text16:
        return this.text16(word >>> 8);
      case Tag.LongText8:
        return this.longText("latin1");
      case Tag.LongTextUtf8:
        return this.longText("utf8");
      case Tag.LongText16:
        return this.text16(this.i32[this.p++]);
      case Tag.TextLeaf:
        return this.side[word >>> 8];
      case Tag.BigInt64:
        return this.bigint64();
      case Tag.BigIntText: {
        const magnitude = BigInt("0x" + this.value());
        return word >>> 8 === 1 ? -magnitude : magnitude;
      }
      case Tag.Ref:
        return this.ref(word >>> 8);
      case Tag.Object: {
        const shape = this.shapes[word >>> 8];
        return this.refs === null ? shape.read(this) : this.fillShape(shape);
      }
      case Tag.ObjectOfPairs:
        return this.fillPairs(this.count({}), word >>> 8);
      case Tag.Array:
        return this.array(word >>> 8);
      case Tag.LongArray:
        return this.array(this.i32[this.p++]);
      case Tag.ArrayOfPairs:
        return this.fillSparse(this.count(arrayOfAnything()));
      case Tag.Date:
        return this.count(new Date(this.double()));
      case Tag.Map:
        return this.fillMap(this.count(new Map()));
      case Tag.Set:
        return this.fillSet(this.count(new Set()));
      case Tag.Error:
        return this.error(word >>> 8);
      case Tag.RegExp:
        return this.count(new RegExp(this.value() as string, this.value() as string));
      case Tag.Buffer:
        return this.count(this.bytes(this.i32[this.p++]));
      case Tag.View:
        return this.view(word >>> 8);
      case Tag.ViewOfBytes:
        return this.viewOfBytes(word >>> 8);
      case Tag.Boxed:
        return this.count(Object(this.value()));
      case Tag.Special:
        return this.special(word >>> 8);
      case Tag.Leaf:
        return this.count(this.side[word >>> 8]);
      case Tag.Later:
        return this.postpone(word >>> 8);
      default:
        throw new RangeError(
          `Cannot read a value of tag ${word & 0xff}. Both ends must run the same version`,
        );
    }
  }

  /** Numbers an object, for Ref. An object is numbered before what it holds, as the encoder does. */
  private count<T>(object: T): T {
    if (this.refs !== null) this.refs.push(object);
    return object;
  }

  private ref(index: number): unknown {
    const value = this.refs![index];
    if (value === undefined) throw new RangeError("Cannot read a special value that refers to itself");
    return value;
  }

  private double(): number {
    const at = (this.p + 1) & ~1;
    this.p = at + 2;
    return this.area.f64[at >> 1];
  }

  private text8(word: number): string {
    const i32 = this.i32;
    const at = this.p;
    const length = word >>> 8;
    const words = (length + 3) >> 2;
    this.p = at + words;
    if (words > INTERN_WORDS) return this.area.text.toString("latin1", at << 2, (at << 2) + length);
    let hash = word;
    for (let i = 0; i < words; i++) hash = Math.imul(hash ^ i32[at + i], 0x9e3779b1);
    hash ^= hash >>> 15;
    const slot = Math.imul(hash, 0x85ebca6b) >>> (32 - INTERN_SLOTS_LOG2);
    const known = this.textWords;
    const base = slot * (INTERN_WORDS + 1);
    if (known[base] === word) {
      let i = 0;
      while (i < words && known[base + 1 + i] === i32[at + i]) i++;
      if (i === words) return this.texts[slot];
    }
    known[base] = word;
    for (let i = 0; i < words; i++) known[base + 1 + i] = i32[at + i];
    return this.texts[slot] = this.area.text.toString("latin1", at << 2, (at << 2) + length);
  }

  private text16(length: number): string {
    const at = this.p << 2;
    this.p += (length + 1) >> 1;
    return this.area.text.toString("utf16le", at, at + length * 2);
  }

  private longText(encoding: "latin1" | "utf8"): string {
    const length = this.i32[this.p++];
    const at = this.p << 2;
    this.p += (length + 3) >> 2;
    return encoding === "latin1"
      ? this.area.text.toString("latin1", at, at + length)
      : utf8.decode(this.area.u8.slice(at, at + length));
  }

  private bigint64(): bigint {
    const low = this.i32[this.p++];
    const high = this.i32[this.p++];
    return (BigInt(high) << 32n) | BigInt(low >>> 0);
  }

  private bytes(length: number): ArrayBuffer {
    const at = this.p << 2;
    this.p += (length + 3) >> 2;
    return this.area.u8.slice(at, at + length).buffer as ArrayBuffer;
  }

  private fillShape(shape: ReadShape): object {
    const object = this.count(shape.empty());
    for (const key of shape.keys) object[key] = this.value(); // its own property since empty(), even `__proto__`
    return object;
  }

  private fillPairs(object: object, pairs: number): object {
    for (let i = 0; i < pairs; i++) setOwn(object, this.value() as string, this.value());
    return object;
  }

  /**
   * V8 keeps arrays of small integers, of numbers and of anything apart, and what `[]` makes is as general as what was last
   * put into others that it made. So each kind has a place of its own here, or an array of integers would be one of anything
   * as soon as strings had come in one: a search that got its boards from both schedulers took a quarter longer. Nor may an
   * array of anything begin as one of numbers: the integers in it would be no small ones for V8, nor what is computed from
   * them, and the same loop takes four times as long (a whole uct a quarter).
   */
  private array(length: number): unknown[] {
    if (length === 0) return this.count([]);
    switch (this.kindOf(length)) {
      case Tag.Small:
        return this.integers(this.count([]), length);
      case Tag.Double:
        return this.numbers(this.count([]), length);
      default:
        return this.fillArray(this.count(arrayOfAnything()), length);
    }
  }

  /** Of the coming values: all integers, all numbers, or anything. */
  private kindOf(length: number): Tag.Small | Tag.Double | Tag.Undefined {
    const { i32 } = this;
    let kind: Tag.Small | Tag.Double = Tag.Small;
    for (let p = this.p; length > 0; length--) {
      switch (i32[p++] & 0xff) {
        case Tag.Small:
          break;
        case Tag.Int32:
          p++;
          break;
        case Tag.Double:
          kind = Tag.Double;
          p = ((p + 1) & ~1) + 2;
          break;
        default:
          return Tag.Undefined;
      }
    }
    return kind;
  }

  private integers(array: number[], length: number): number[] {
    while (array.length < length) {
      const word = this.i32[this.p++];
      array.push((word & 0xff) === Tag.Small ? word >> 8 : this.i32[this.p++]);
    }
    return array;
  }

  private numbers(array: number[], length: number): number[] {
    while (array.length < length) array.push(this.value() as number);
    return array;
  }

  private fillArray(array: unknown[], length: number): unknown[] {
    for (let i = 0; i < length; i++) array.push(this.value());
    return array;
  }

  private fillSparse(array: unknown[]): unknown[] {
    array.length = this.i32[this.p++] >>> 0;
    return this.fillPairs(array, this.i32[this.p++]) as unknown[];
  }

  private fillMap(map: Map<unknown, unknown>): Map<unknown, unknown> {
    for (let count = this.i32[this.p++]; count > 0; count--) map.set(this.value(), this.value());
    return map;
  }

  private fillSet(set: Set<unknown>): Set<unknown> {
    for (let count = this.i32[this.p++]; count > 0; count--) set.add(this.value());
    return set;
  }

  private error(argument: number): Error {
    const index = argument & 0xf;
    const ErrorClass = ERROR_CLASSES[index];
    const limit = limitStacks(0); // the stack comes with the message; taking one here would cost some µs
    const error: Error = index === AGGREGATE
      ? new AggregateError([])
      : new (ErrorClass as ErrorConstructor)();
    limitStacks(limit);
    this.count(error);
    hide(error, "stack", this.value());
    if (argument & ErrorFlag.Message) hide(error, "message", this.value());
    if (argument & ErrorFlag.Name) hide(error, "name", this.value());
    if (argument & ErrorFlag.Cause) hide(error, "cause", this.value());
    if (argument & ErrorFlag.Errors) hide(error, "errors", this.value());
    this.fillPairs(error, this.i32[this.p++]);
    return error;
  }

  private view(index: number): ArrayBufferView {
    const number = this.refs?.push(undefined) ?? 0;
    const byteOffset = this.value() as number;
    const length = this.value() as number;
    const view = new VIEW_CLASSES[index](this.value() as ArrayBuffer, byteOffset, length);
    if (this.refs !== null) this.refs[number - 1] = view;
    return view;
  }

  private viewOfBytes(index: number): ArrayBufferView {
    const ViewClass = VIEW_CLASSES[index];
    const byteLength = this.i32[this.p++];
    const size = (ViewClass as unknown as Uint8ArrayConstructor).BYTES_PER_ELEMENT ?? 1;
    return this.count(new ViewClass(this.bytes(byteLength), 0, byteLength / size));
  }

  private special(code: number): unknown {
    const number = this.refs?.push(undefined) ?? 0;
    const value = this.classes.special(code).hydrate(this.value(), this.context);
    if (this.refs !== null) this.refs[number - 1] = value;
    return value;
  }

  private postpone(kind: Postponed): unknown {
    let holder: unknown;
    switch (kind) {
      case Postponed.Object:
        holder = {};
        break;
      case Postponed.Array:
        holder = [];
        break;
      case Postponed.Map:
        holder = new Map();
        break;
      case Postponed.Set:
        holder = new Set();
        break;
    }
    this.later.push(holder);
    return this.count(holder);
  }

  private readLater(): void {
    const later = this.later; // grows while it is read
    for (let i = 0; i < later.length; i++) {
      const holder = later[i];
      if (Array.isArray(holder)) this.fillSparseOrDense(holder);
      else if (holder instanceof Map) this.fillMap(holder);
      else if (holder instanceof Set) this.fillSet(holder);
      else this.fillPairs(holder as object, this.i32[this.p++]);
    }
    this.later = [];
  }

  /** As at the top of a Tag.LongArray or Tag.ArrayOfPairs, except that the array is there. */
  private fillSparseOrDense(array: unknown[]): void {
    if (this.i32[this.p++] === Tag.ArrayOfPairs) this.fillSparse(array);
    else this.fillArray(array, this.i32[this.p++]);
  }
}

/** Empty, and of anything for V8 before anything is in it. */
function arrayOfAnything(): unknown[] {
  const array: unknown[] = [null];
  array.pop();
  return array;
}

function hide(error: Error, key: string, value: unknown): void {
  Object.defineProperty(error, key, { value, writable: true, enumerable: false, configurable: true });
}
