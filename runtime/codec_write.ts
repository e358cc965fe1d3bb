/**
 * The writing half of the codec: objects, and what they hold, to the words of a record (codec_words.ts).
 *
 * A record is settled or abandoned. The shapes that an abandoned one numbered are defined by the next record.
 */

import { MetObjects } from "./codec_met.ts";
import { Tag } from "./codec_read.ts";
import { ShapeTree } from "./codec_shapes.ts";
import { AGGREGATE, ERROR_CLASSES, ErrorFlag, Postponed, RecordFlag, VIEW_CLASSES } from "./codec_tags.ts";
import { MAX_ARGUMENT, RecordWriter, UNSENDABLE } from "./codec_words.ts";
import {
  Category,
  checkLeaf,
  describe,
  isDetachedView,
  ObjectClasses,
  sourceOf,
  type Special,
} from "./sendable.ts";

/** Deeper objects are written after the root, so that neither end runs out of stack: 200 levels take 60 KiB of it. */
const MAX_DEPTH = 200;

/** A view of at most this share of a buffer bigger than SMALL_BUFFER travels without the rest of its buffer. */
const VIEW_SHARE = 4;
const SMALL_BUFFER = 4096;

/**
 * Bigger buffers are copied once, here, and the copy moves. What went through the ring was written to memory that the other
 * core had read last, read by that core again, and copied into an array that it had to make.
 */
const LARGEST_WRITTEN = 32 * 1024;

const NO_TRANSFER: ReadonlySet<unknown> = new Set();

const viewKind = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype),
  Symbol.toStringTag,
)!.get!;
// As sourceOf: of a subclass that has made something else of it.
const flagsOf = Object.getOwnPropertyDescriptor(RegExp.prototype, "flags")!.get!;
const VIEW_INDEX = new Map(VIEW_CLASSES.map((c, index) => [c.name, index]));
const ERROR_INDEX = new Map(ERROR_CLASSES.map((c, index) => [c.prototype as object, index]));

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

export class Encoder extends RecordWriter {
  /** Buffers that are nobody else's: they move. */
  copies: ArrayBuffer[] = [];
  flags = 0;

  private readonly shapes: ShapeTree;
  private readonly met = new MetObjects();
  private depth = 0;
  private later: object[] = [];
  /** Instances of registered classes that are being written: the other end makes one when it has read all that it holds. */
  private readonly open: object[] = [];
  private transfer = NO_TRANSFER;

  private readonly classes: ObjectClasses;
  private readonly context: unknown;
  private readonly arrayNames: boolean;
  private readonly hasNoSide: boolean;

  constructor(
    { inlineBytes, classes = new ObjectClasses(), context, arrayNames = true, shapes, hasNoSide = false }:
      EncoderOptions,
  ) {
    super(inlineBytes);
    this.shapes = new ShapeTree(shapes);
    this.classes = classes;
    this.context = context;
    this.arrayNames = arrayNames;
    this.hasNoSide = hasNoSide;
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

  protected override clear(): void {
    super.clear();
    this.flags = 0;
    this.depth = 0;
    if (this.met.count > 0) this.met.clear();
    if (this.copies.length > 0) this.copies = [];
    if (this.later.length > 0) this.later = [];
    if (this.transfer !== NO_TRANSFER) this.transfer = NO_TRANSFER;
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

  private object(object: object): void {
    const met = this.met.numberOf(object);
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

  /**
   * `lengthWords`: whether a word with the length follows `head`. Sparse arrays are always written as pairs.
   *
   * V8 makes all arrays that one place reads by index the most general kind that it has read there: the program's array of
   * numbers would be one of boxed numbers from now on, and so would all that come from where that one was made (measured on
   * Deno 2.9.6; a search on boards of which some had been sent took a tenth longer). `at` makes no such change.
   */
  private arrayContents(array: unknown[], head: number, lengthWords: 0 | 1): void {
    const length = array.length;
    if (this.arrayNames && countProperties(array, length) !== length) return this.arrayOfPairs(array);
    const mark = this.words;
    const { depth } = this, met = this.met.count;
    const side = this.side.length, copies = this.copies.length, later = this.later.length;
    this.word(head);
    if (lengthWords === 1) this.word(length);
    const hasNumbers = array.constructor === Array && typeof array.at(0) === "number";
    for (let i = 0; i < length; i++) {
      const element = hasNumbers ? array.at(i) : array[i];
      if (typeof element === "number") this.number(element);
      else if (typeof element === "string") this.text(element);
      else if (element !== undefined || Object.hasOwn(array, i)) this.value(element);
      else { // as many named properties as holes
        this.rollback({ words: mark, depth, met, side, copies, later });
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
      met: this.met.count,
      side: this.side.length,
      copies: this.copies.length,
      later: this.later.length,
    };
  }

  private rollback(mark: Mark): void {
    this.p = this.start + mark.words;
    this.depth = mark.depth;
    this.met.rollback(mark.met);
    this.side.length = mark.side;
    this.copies.length = mark.copies;
    this.later.length = mark.later;
  }
}

interface Mark {
  words: number;
  depth: number;
  met: number;
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
