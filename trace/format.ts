/**
 * What a scheduler records: four int32 words an event, in a ring of its own in shared memory.
 *
 * Record words: 0: event in the low 6 bits, flags in the next 4, the pid's generation in the high 22 where the event
 * tells a new actor (0 elsewhere); 1: key of the actor that it is about (pid.ts), or -1; 2: an argument; 3: the time, in
 * ticks of 0.1 µs since the run began, modulo 2^32.
 *
 * Times are stamps: several records in a row may have the same one (recorder.ts says when a clock is read), their order
 * in the ring is the order in which they happened.
 *
 * The block: one line of words that the control thread writes, then for each scheduler a head and its records.
 *
 * @module
 */

/** Words of a record. */
export const RECORD_WORDS = 4;
/** Ticks of a time stamp in a millisecond. */
export const TICKS_PER_MS = 10_000;

const LINE = 16; // int32 words of one 64-byte cache line

/** Counted up by the control thread now and then; read by recorders, which then look at their clock. */
export const TICK = 0;
const BLOCK_HEAD_WORDS = LINE;

/** Records published. Written by the scheduler; read by the control thread. */
export const PUBLISHED = 0;
/** Records written, published or not: what the control thread reads of a scheduler that is gone. */
export const WRITTEN = 1;
/** Records that found no room. Written by the scheduler; read by the control thread. */
export const DROPPED = 2;
/** Records taken. Written by the control thread; read by the scheduler. */
export const TAKEN = 1 * LINE;
export const RING_HEAD_WORDS = 2 * LINE;

/** Records of each ring where there are few schedulers. 16 MiB: a second of an ordinary program. */
export const RECORDS_MAX = 2 ** 20; // guessed: a flood fills it in 50 ms, and the writer comes every 20
const RECORDS_MIN = 2 ** 12;
/** All rings together: 512 MiB of address space, of memory only what is used. */
const RECORDS_TOTAL = 2 ** 25;

/** Records of each ring of a run with so many schedulers. */
export function ringRecords(schedulers: number): number {
  const share = 2 ** Math.floor(Math.log2(RECORDS_TOTAL / schedulers));
  return Math.max(RECORDS_MIN, Math.min(RECORDS_MAX, share));
}

export function allocateTrace(schedulers: number, records = ringRecords(schedulers)): SharedArrayBuffer {
  if (records < 2 || (records & (records - 1)) !== 0) {
    throw new RangeError(`Cannot make trace rings of ${records} records. Give a power of two from 2`);
  }
  const words = BLOCK_HEAD_WORDS + schedulers * (RING_HEAD_WORDS + records * RECORD_WORDS);
  return new SharedArrayBuffer(words * 4);
}

/** Where the ring of a scheduler lies in the block. */
export function ringWords(block: SharedArrayBuffer, scheduler: number, schedulers: number): Int32Array {
  const each = (block.byteLength / 4 - BLOCK_HEAD_WORDS) / schedulers;
  return new Int32Array(block, (BLOCK_HEAD_WORDS + scheduler * each) * 4, each);
}

/** As good as new, for the next run: records beyond what was published are never read. */
export function clearTrace(block: SharedArrayBuffer, schedulers: number): void {
  tickWords(block).fill(0);
  for (let id = 0; id < schedulers; id++) ringWords(block, id, schedulers).fill(0, 0, RING_HEAD_WORDS);
}

/** The word that holds {@link TICK}. */
export function tickWords(block: SharedArrayBuffer): Int32Array {
  return new Int32Array(block, 0, BLOCK_HEAD_WORDS);
}

// --- Events: the seed's names say what they are; those in brackets come with them and have no record of their own ----

/** Put into the run queue, otherwise than by one of the events below that say so. */
export const ENQUEUE = 1;
/** Taken out of it, and not resumed: it had ended, or a thief has it. */
export const DEQUEUE = 2;
/** [Dequeue,] Resume. */
export const RESUME = 3;
/** Yield [, Enqueue]. */
export const YIELD = 4;
/** Park. Argument: kind of wait. */
export const PARK = 5;
/** Done. Argument: 1 after a panic. */
export const DONE = 6;
/** UnparkDirect [, Enqueue]. Argument: key of the sender of a message, or -1. */
export const UNPARK_DIRECT = 7;
/** UnparkDeferred. Argument: as above. */
export const UNPARK_DEFERRED = 8;
/** UnparkFlagConsumed [, Enqueue]: it would have parked. */
export const UNPARK_FLAG_CONSUMED = 9;
/** A new actor. Argument: id of its name on this scheduler. Generation. */
export const SPAWN = 10;
/** Its first resume follows. Argument: id of its name on this scheduler. Generation. */
export const BEGIN = 11;
/** A message for an actor that it did not wake. Argument: key of the sender, or -1. */
export const SEND = 12;
/** A message for an actor elsewhere. Argument: key of the sender, or -1. */
export const SEND_OUT = 13;
/** A message from an actor elsewhere has come. Argument: scheduler that it came from. */
export const ARRIVED = 14;
/** Took actors from others. Key: their scheduler. Argument: how many. */
export const STEAL = 15;
/** A timer of the actor has fired. */
export const TIMER = 16;
/** IO, a blocking call or a promise that the actor waits for is there. */
export const IO_READY = 17;
/** A child was restarted. Key: of its supervisor. */
export const RESTART = 18;
/** Key: length of the run queue. Argument: live actors. */
export const COUNTERS = 19;
/** Nothing but its time: what came before it was over by then. */
export const MARK = 20;
/** Argument: so many records before this one found no room. */
export const LOST = 21;

export const EVENT_MASK = 0x3f;
export const FLAG_MESSAGE = 1 << 6;
export const GENERATION_SHIFT = 10;
