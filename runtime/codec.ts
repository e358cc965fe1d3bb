/** A tagged binary codec over words: what it writes and reads is told in codec_read.ts, what it refuses in sendable.ts. */

export { WordArea } from "./codec_area.ts";
export { Decoder } from "./codec_read.ts";
export { Encoder } from "./codec_write.ts";
export { MAX_SHAPE_KEYS, MAX_SHAPES } from "./codec_shapes.ts";
export { RECORD_HEADER_WORDS, RecordFlag, STAMP_DOUBLE } from "./codec_tags.ts";
export { checkSendable, deepFreeze, NotSendableError, ObjectClasses } from "./sendable.ts";
