/**
 * Everything in shared memory has its offset here, with who writes it and who reads it.
 *
 * The blocks are allocated whole at the start of a run: a SharedArrayBuffer costs address space, and memory only where
 * it is touched (measured: 16 GiB allocated in 0.1 ms, resident 0). So tables do not grow by moving.
 *
 * @module
 */
import { SLOTS_PER_SCHEDULER } from "./pid.ts";
import { allocateTrace } from "../trace/format.ts";

// --- The run block: Int32, one word a cache line, because different threads write different words ---------------

const LINE = 16; // int32 words of one 64-byte cache line

/** How far the run is, one of the PHASE_ values. Written by the control thread; read by all. */
export const RUN_PHASE = 0 * LINE;
/** 0 until the spawn of main was put into the injector. Written by the control thread; read by schedulers. */
export const RUN_STARTED = 1 * LINE;
/** 1 once main has returned. Written by the scheduler that ran it; read by all. */
export const MAIN_ENDED = 2 * LINE;
/** How many schedulers want work. Added to by each scheduler; read at every spawn and every look at the clock. */
export const HUNGRY = 3 * LINE;
/** 1 while a "quiet" or "done" notice is on its way to the control thread. Set by schedulers, cleared by control. */
export const NOTICE_PENDING = 4 * LINE;
/** The lock of the name table: 0, or the holder's scheduler id + 1. */
export const NAME_LOCK = 5 * LINE;
/** How many schedulers have taken in all that came before they were closed. Added to and read by each scheduler. */
export const CLOSING = 6 * LINE;
export const RUN_WORDS = 8 * LINE;

export const PHASE_BOOTING = 0;
export const PHASE_RUNNING = 1;
/** Actors have been told to end. */
export const PHASE_STOPPING = 2;
export const PHASE_ENDED = 3;

// --- One block a peer (schedulers, then the poller): Int32 -------------------------------------------------------

/** Key of the actor that is on the CPU, or NO_ACTOR (S4). Written by the owner on every resume; read by anyone. */
export const CURRENT_KEY = 0;
/** Run-queue length, kept on every push and pop (S4). Written by the owner; read by anyone. */
export const RUN_QUEUE_LENGTH = 1;
/** Actors this scheduler spawned, modulo 2^32. Written by the owner; read by the end-of-run check. */
export const SPAWNED = 2;
/** Actors that ended on this scheduler, modulo 2^32. Written by the owner; read by the end-of-run check. */
export const ENDED = 3;
/** Actors parked on a plain sleep (S5). Written by the owner. */
export const SLEEPING = 4;
/** Actors parked on IO (S5). Written by the owner. */
export const IO_PARKED = 5;
/** Armed timers. Written by the owner; read by the quiet check. */
export const TIMERS = 6;
/** Counts the times this scheduler found work: a scheduler whose epoch did not change did nothing. Owner writes. */
export const EPOCH = 7;
/** Actors waiting in something else than a receive. Written by the owner; read by the quiet check. */
export const NOT_RECEIVING = 8;
/** Ring records written and not yet read by their reader or still in overflow would show here: records sent. */
export const RECORDS_OUT = 9;
/** Ring records this peer has taken in. */
export const RECORDS_IN = 10;
/** Log records of this peer's that were written, modulo 2^32. Written by the control thread; read by the owner. */
export const LOGS_TAKEN = 3 * LINE;
/** The doorbell: added to by whoever rings, waited on by the owner. */
export const BELL = 1 * LINE;
/** 1 while the owner sleeps or is about to. Set by the owner, cleared by the first ringer or the owner. */
export const ASLEEP = 2 * LINE;
export const PEER_WORDS = 4 * LINE;

export const NO_ACTOR = -1;

// --- Counters, Float64, one block a scheduler: written by the owner now and then, read by anyone -----------------

export const COUNTERS = [
  "resumed",
  "messagesLocal",
  "messagesOut",
  "messagesIn",
  "deadLetters",
  "dropped",
  "panicked",
  "stolen",
  "busyMs",
  "runQueueHigh",
  "restarts",
  "offered",
  "donated",
] as const;
export type CounterName = typeof COUNTERS[number];
export const COUNTER_WORDS = 16;

// --- The slot tables: one a scheduler ---------------------------------------------------------------------------

/**
 * A route word: generation in the high 22 bits, place in the low 10. A place below 512 is the scheduler where the
 * actor lives for good. Written by the birth scheduler, by thieves and by first senders (compare-and-swap); read by
 * every remote sender.
 */
export const WHERE_BITS = 10;
export const WHERE_MASK = 2 ** WHERE_BITS - 1;
/** Not begun, nobody has sent it anything: thieves may take it. */
export const WHERE_STEALABLE = 512;
/** Not begun, only its birth scheduler has sent to it: the birth scheduler may give it away with its messages. */
export const WHERE_HOME = 513;
/** No actor. */
export const WHERE_FREE = 514;

/** Detail words of a slot, for dumps while its scheduler is stuck: written by the scheduler where the actor lives. */
export const DETAIL_WAIT = 0; // kind of wait in the low 8 bits, id of the function's name above
export const DETAIL_SINCE = 1; // ms since the run began
export const DETAIL_WORDS = 2;

/** Address space for all slot tables together: beyond 16 schedulers each gets less than the full table. */
const TOTAL_SLOTS = 16 * SLOTS_PER_SCHEDULER;

/** How many slots each of `schedulers` gets. */
export function slotCapacity(schedulers: number): number {
  return Math.min(SLOTS_PER_SCHEDULER, 2 ** Math.floor(Math.log2(TOTAL_SLOTS / schedulers)));
}

// --- Rings: one a pair of peers and direction -------------------------------------------------------------------

const RING_BYTES_MAX = 2 ** 20;
const RING_BYTES_MIN = 2 ** 12;
const TOTAL_RING_BYTES = 2 ** 28;

/** Bytes of each ring between `peers` peers. */
export function ringBytes(peers: number): number {
  const share = 2 ** Math.floor(Math.log2(TOTAL_RING_BYTES / (peers * peers)));
  return Math.max(RING_BYTES_MIN, Math.min(RING_BYTES_MAX, share));
}

// --- Offers: actors not yet begun that thieves may take ---------------------------------------------------------

export const OFFERS_DEFAULT = 512;
export const OFFER_BYTES = 512;

/** All the memory that the threads of one run share. */
export interface SharedMemory {
  readonly schedulers: number;
  /** Schedulers and the poller. */
  readonly peers: number;
  readonly slotCapacity: number;
  readonly ringBytes: number;
  readonly run: SharedArrayBuffer;
  readonly peerWords: SharedArrayBuffer;
  readonly counters: SharedArrayBuffer;
  readonly routes: SharedArrayBuffer[];
  readonly details: SharedArrayBuffer[];
  readonly rings: SharedArrayBuffer;
  readonly offers: SharedArrayBuffer;
  readonly names: SharedArrayBuffer;
  /** Rings of trace records, with --trace only (trace/format.ts). */
  readonly trace: SharedArrayBuffer | null;
}

/** Sizes that tests make small to reach wrap-around and overflow. */
export interface MemoryOptions {
  readonly slotCapacity?: number;
  readonly ringBytes?: number;
  readonly names?: number;
  /** Whether the run is traced; a number: records of each ring. */
  readonly trace?: boolean | number;
}

// --- Names: a hash table; entries are written under NAME_LOCK and read without it ------------------------------

export const NAMES_DEFAULT = 131_072;
/** int32: even while the entry is stable, odd while it is being written. */
export const NAME_VERSION = 0;
export const NAME_HASH = 1;
/** int32: bytes of the name; 0 never used, NAME_REMOVED when it was removed. */
export const NAME_LENGTH = 2;
export const NAME_REMOVED = -1;
/** float64 word of the owner's pid. */
export const NAME_PID = 2;
/** Byte offset of the name itself, UTF-8. */
export const NAME_TEXT = 24;
export const NAME_BYTES_MAX = 104;
export const NAME_ENTRY_BYTES = NAME_TEXT + NAME_BYTES_MAX;

/**
 * The C library's allocator hands out fresh pages only for blocks above 32 MiB. Smaller ones it may cut from memory that
 * was used before, which it has to clear, and so to touch; and once enough of those are free side by side, larger ones
 * too. Nothing tells V8 to collect the blocks of former runs soon: with a hundred runs on 8 schedulers one after the
 * other a process grew to 16 GB (tests/runtime/leaks_test.ts).
 */
const FRESH_BYTES = 2 ** 25 + 2 ** 16;
/** Not worth it below this. */
const SMALL_BYTES = 2 ** 16;

/** A block of at least so many bytes that costs memory only where it is written to. */
function untouched(bytes: number): SharedArrayBuffer {
  return new SharedArrayBuffer(bytes < SMALL_BYTES ? bytes : Math.max(bytes, FRESH_BYTES));
}

export function allocate(schedulers: number, options: MemoryOptions = {}): SharedMemory {
  const peers = schedulers + 1;
  const slots = options.slotCapacity ?? slotCapacity(schedulers);
  const ring = options.ringBytes ?? ringBytes(peers);
  const each = <T>(make: () => T): T[] => Array.from({ length: schedulers }, make);
  const peerWords = new SharedArrayBuffer(peers * PEER_WORDS * 4);
  const words = new Int32Array(peerWords);
  for (let peer = 0; peer < peers; peer++) words[peer * PEER_WORDS + CURRENT_KEY] = NO_ACTOR;
  return {
    schedulers,
    peers,
    slotCapacity: slots,
    ringBytes: ring,
    run: new SharedArrayBuffer(RUN_WORDS * 4),
    peerWords,
    counters: new SharedArrayBuffer(schedulers * COUNTER_WORDS * 8),
    routes: each(() => untouched(slots * 4)),
    details: each(() => untouched(slots * DETAIL_WORDS * 4)),
    rings: untouched(ring * peers * peers),
    offers: untouched((schedulers + 1) * (OFFERS_DEFAULT * OFFER_BYTES + 128)),
    names: new SharedArrayBuffer((options.names ?? NAMES_DEFAULT) * NAME_ENTRY_BYTES),
    trace: options.trace
      ? allocateTrace(schedulers, options.trace === true ? undefined : options.trace)
      : null,
  };
}

/** The region of the ring that carries what `from` sends to `to`. */
export function ringRegion(memory: SharedMemory, from: number, to: number) {
  return {
    buffer: memory.rings,
    byteOffset: (from * memory.peers + to) * memory.ringBytes,
    byteLength: memory.ringBytes,
  };
}
