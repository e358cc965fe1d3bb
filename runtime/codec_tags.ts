/** What the encoder and the decoder agree on, beside the tags, which live in codec_read.ts. */

export const enum Postponed {
  Object,
  Array,
  Map,
  Set,
}

/** Flags in the argument of Tag.Error, above the index into ERROR_CLASSES. */
export const enum ErrorFlag {
  Message = 0x10,
  Name = 0x20,
  Cause = 0x40,
  Errors = 0x80,
}

export const ERROR_CLASSES = [
  Error,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
  AggregateError,
] as const;

export const AGGREGATE = ERROR_CLASSES.length - 1;

type ViewClass = new (buffer: ArrayBufferLike, byteOffset: number, length: number) => ArrayBufferView;

const Float16 = (globalThis as { Float16Array?: ViewClass }).Float16Array;

export const VIEW_CLASSES = [
  Uint8Array,
  Int8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
  DataView,
  ...(Float16 ? [Float16] : []),
] as readonly ViewClass[];

/** Flags of a record, beside its kind in the second word. */
export const enum RecordFlag {
  /** Some object is met twice: the reader numbers the objects. */
  Refs = 0x100,
  /** Values came by the side channel. */
  Side = 0x200,
  /** Ends with definitions of shapes; the last word says where they begin. */
  Shapes = 0x400,
  /** A part of a record that is too big for the ring. The third word is the length of the whole. */
  Part = 0x800,
  LastPart = 0x1000,
  /** No payload of the codec's: the number of bytes, and the bytes. */
  Bytes = 0x2000,
}

/** Length, kind and flags, target (2 words), stamp (2 words), aux. */
export const RECORD_HEADER_WORDS = 7;
/** Of a record of bytes: their number comes before them. */
export const BYTES_HEADER_WORDS: number = RECORD_HEADER_WORDS + 1;
/** Index of the target in a record, in doubles. */
export const TARGET_DOUBLE = 1;
/** Index of the stamp (causal_clock.ts), in doubles. */
export const STAMP_DOUBLE = 2;
/** Index of the aux, in words. */
export const AUX_WORD = 6;
/** Length, flags, length of the whole, unused. */
export const PART_HEADER_WORDS = 4;
