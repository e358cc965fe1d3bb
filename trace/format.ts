/**
 * What a scheduler records: a stream of int32 words, in a ring of its own in shared memory, and later in a file.
 *
 * A record is one to four words. A resume, the most frequent one, is a single word: the actor's key with the sign bit set.
 * Every other record begins with a word that holds the event in its low {@link EVENT_BITS} bits and an argument in the
 * others. A key is the low 31 bits of a pid (runtime/pid.ts); the generation comes once, when the actor is new.
 *
 * Records have no time. A STAMP stands between them whenever a clock was read (recorder.ts says when) and holds the ticks
 * of 0.1 µs since the stamp before it; what lies between two stamps happened between them, in this order.
 *
 * The block: one line of words that the control thread writes, then for each scheduler a head and its words.
 *
 * @module
 */

/** Ticks of a time stamp in a millisecond. */
export const TICKS_PER_MS = 10_000;

const LINE = 16; // int32 words of one 64-byte cache line

/** Counted up by the control thread now and then; read by recorders, which then look at their clock. */
export const TICK = 0;
const BLOCK_HEAD_WORDS = LINE;

/** Words in the ring, modulo 2^32; a stamp is the last one. Written by the scheduler; read by the control thread. */
export const PUBLISHED = 0;
/**
 * Words of whole records on the stage, which are not in the ring yet, as long as STAGE_AT is PUBLISHED. Written by the
 * scheduler; read by the control thread when that is stuck or gone.
 */
export const STAGED = 1;
/** How many words came before the stage. As above. */
export const STAGE_AT = 2;
/** Records that found no room. Written by the scheduler; read by the control thread. */
export const DROPPED = 3;
/** Words taken. Written by the control thread; read by the scheduler. */
export const TAKEN = 1 * LINE;
export const RING_HEAD_WORDS = 2 * LINE;

/** Words of each ring where there are few schedulers: 4 MiB. A flood of 50 MB/s fills it in 80 ms; the writer comes every 4. */
export const RING_WORDS_MAX = 2 ** 20;
const RING_WORDS_MIN = 2 ** 14;
/** All rings together: 256 MiB of address space, of memory only what is used. */
const RING_WORDS_TOTAL = 2 ** 26;

/** Words of each ring of a run with so many schedulers. */
export function ringSize(schedulers: number): number {
  const share = 2 ** Math.floor(Math.log2(RING_WORDS_TOTAL / schedulers));
  return Math.max(RING_WORDS_MIN, Math.min(RING_WORDS_MAX, share));
}

/** Words of a stage: 16 KiB stay in the first-level cache. */
const STAGE_WORDS_MAX = 2 ** 12;
/** The smallest ring; half of it is as much as a recorder keeps free on its stage, and as much again. */
const RING_WORDS_LEAST = 64;

function stageWords(ringWords: number): number {
  return Math.min(STAGE_WORDS_MAX, ringWords / 2);
}

export function allocateTrace(schedulers: number, words = ringSize(schedulers)): SharedArrayBuffer {
  if (words < RING_WORDS_LEAST || (words & (words - 1)) !== 0) {
    throw new RangeError(
      `Cannot make trace rings of ${words} words. Give a power of two from ${RING_WORDS_LEAST}`,
    );
  }
  return new SharedArrayBuffer(
    (BLOCK_HEAD_WORDS + schedulers * (RING_HEAD_WORDS + stageWords(words) + words)) * 4,
  );
}

/** One scheduler's part of the block: the words of its head, of the stage, and of the ring. */
export interface TraceRing {
  readonly head: Int32Array;
  /** Where records are written, to be copied into the ring together: a third of the time that writing there takes. */
  readonly stage: Int32Array;
  readonly data: Int32Array;
}

export function traceRing(block: SharedArrayBuffer, scheduler: number, schedulers: number): TraceRing {
  const each = (block.byteLength / 4 - BLOCK_HEAD_WORDS) / schedulers;
  const at = (BLOCK_HEAD_WORDS + scheduler * each) * 4;
  const both = each - RING_HEAD_WORDS;
  const words = 2 ** Math.floor(Math.log2(both));
  return {
    head: new Int32Array(block, at, RING_HEAD_WORDS),
    stage: new Int32Array(block, at + RING_HEAD_WORDS * 4, both - words),
    data: new Int32Array(block, at + (RING_HEAD_WORDS + both - words) * 4, words),
  };
}

/** As good as new, for the next run: records beyond what was published are never read. */
export function clearTrace(block: SharedArrayBuffer, schedulers: number): void {
  tickWords(block).fill(0);
  for (let id = 0; id < schedulers; id++) traceRing(block, id, schedulers).head.fill(0);
}

/** The word that holds {@link TICK}. */
export function tickWords(block: SharedArrayBuffer): Int32Array {
  return new Int32Array(block, 0, BLOCK_HEAD_WORDS);
}

// --- Events: the seed's names say what they are; those in brackets come with them and have no record of their own ----
// "Key" is a second word. What is about "the actor on the CPU" has none.

/**
 * [Dequeue,] Resume: not an event number but the sign bit of a word whose other bits are the key. Where a slice is open, its
 * actor has parked just before, in a receive: that has no word of its own.
 */
export const RESUME_BIT = -0x8000_0000;

/** Time has gone on by so many ticks. Argument: ticks. */
export const STAMP = 1;
/** The same, in full: ticks since the run began. Argument: their high bits; second word: the low 32. */
export const STAMP_FULL = 2;
/** Park of the actor on the CPU. Argument: kind of wait. */
export const PARK = 3;
/** Yield [, Enqueue] of the actor on the CPU. */
export const YIELD = 4;
/** UnparkFlagConsumed [, Enqueue] of the actor on the CPU: it would have parked. Argument: kind of wait. */
export const UNPARK_FLAG_CONSUMED = 5;
/** Done. Argument: 1 after a panic. Key. */
export const DONE = 6;
/** Put into the run queue, otherwise than by one of the events that say so. Key. */
export const ENQUEUE = 7;
/** Taken out of it, and not resumed: it had ended, or a thief has it. Key. */
export const DEQUEUE = 8;
/** UnparkDirect [, Enqueue]. Argument: who did it (FROM_) and why (CAUSE_). Key; with FROM_OTHER the key of who did it. */
export const UNPARK_DIRECT = 9;
/** UnparkDeferred: it is on its way to park. As above. */
export const UNPARK_DEFERRED = 10;
/** A message that did not wake its receiver. As above. */
export const SEND = 11;
/** A new actor. Argument: id of its function on this scheduler. Key, generation. */
export const SPAWN = 12;
/** Its first resume follows. As above. */
export const BEGIN = 13;
/** A record for another peer. Argument: peer and kind (protocol.ts). Key of the target; how many went to that peer. */
export const OUT = 14;
/** A record of another peer is taken in; what it wakes follows. Argument: peer and kind. How many came from that peer. */
export const IN = 15;
/** Took actors from another scheduler. Argument: it. How many. */
export const STEAL = 16;
/** A timer of the actor has fired. Key. */
export const TIMER = 17;
/** IO, a blocking call or a promise that the actor waits for is there. Argument: kind of wait. Key. */
export const IO_READY = 18;
/** A child was restarted. Key of its supervisor. */
export const RESTART = 19;
/** Lengths: run queue, live actors, the longest mailbox. */
export const COUNTERS = 20;
/** So many records before this one found no room. */
export const LOST = 21;
/** A function is named: JSON of {@link TracedFunction}. Argument: its id. Length in bytes, then UTF-8. */
export const NAME = 22;
/** Where the slice that ends now stopped, when it was long: `url:line:column`. Length in bytes, then UTF-8. */
export const STOPPED_AT = 23;
/** A scheduler begins: also one that takes the place of another, whose last words may stand before this. */
export const BOOT = 24;
/** The control thread's own: bytes in the rings to a peer. Argument: the peer. Bytes. */
export const RING_FILL = 25;
export const EVENTS = 26;

export const EVENT_BITS = 6;
export const EVENT_MASK = 0x3f;
/** Largest argument + 1. */
export const ARGUMENT_RANGE = 2 ** (31 - EVENT_BITS);

/** Words of a record of each event; of NAME and STOPPED_AT those before the text. */
export const LENGTHS: readonly number[] = (() => {
  const lengths: number[] = new Array(EVENTS).fill(2);
  lengths[0] = 0;
  for (const event of [STAMP, PARK, YIELD, UNPARK_FLAG_CONSUMED, BOOT]) lengths[event] = 1;
  for (const event of [SPAWN, BEGIN, OUT]) lengths[event] = 3;
  lengths[COUNTERS] = 4;
  return lengths;
})();

/** In the argument of UNPARK_DIRECT, UNPARK_DEFERRED and SEND: nobody on this scheduler, or who came with an IN just before. */
export const FROM_NOBODY = 0;
/** The actor on the CPU. */
export const FROM_CURRENT = 1;
/** An actor without the baton; its key follows. */
export const FROM_OTHER = 2;
export const FROM_MASK = 3;
/** The cause stands above these bits: 0 none, {@link CAUSE_MESSAGE}, or the kind of the wait that is over plus CAUSE_WAIT. */
export const CAUSE_SHIFT = 2;
export const CAUSE_MESSAGE = 1;
export const CAUSE_WAIT = 2;

/** In the argument of IN and OUT: the peer in the low bits, the kind of the record above them. */
export const PEER_BITS = 10;
export const PEER_MASK = 2 ** PEER_BITS - 1;

export const KEY_MASK = 0x7fff_ffff;

/** What a NAME says of a function. */
export interface TracedFunction {
  readonly name: string;
  /** The module that exports it, and as what. */
  readonly module?: string;
  readonly exportName?: string;
  /** Of a closure: where it was spawned first, `url:line:column`. */
  readonly spawnedAt?: string;
}
