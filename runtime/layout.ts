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
/** Left to tests, which keep here where a scheduler is to be ended (tests/containment/). */
export const TEST_WORDS = 6 * LINE;
/** How many schedulers have taken in all that came before they were closed. Added to and read by each scheduler. */
export const CLOSING = 5 * LINE;
/** 1 once somebody was told what losers of `Promise.race` do. Swapped by the scheduler that tells. */
export const RACES_TOLD = 7 * LINE;
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
/** Actors parked on IO (S5). Written by the owner; read by the quiet check. */
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
/** Actors that live here, and those that thieves took and the owner has not missed yet. Written by the owner. */
export const LIVE = 11;
/** Actors that thieves took. Added to by thieves. */
export const TAKEN_AWAY = 12;
/** Those of them that the owner has missed. Written by the owner. */
export const MISSED = 13;
/**
 * The journal (journal.ts): what a scheduler is about to count, so that its count can be put right when it dies before it
 * has. Written by the owner; read by the control thread when the owner is dead.
 */
export const SPAWN_KEY = 3 * LINE + 1;
export const SPAWN_GENERATION = 3 * LINE + 2;
export const SPAWN_TARGET = 3 * LINE + 3;
export const END_KEY = 3 * LINE + 4;
export const END_GENERATION = 3 * LINE + 5;
export const END_TARGET = 3 * LINE + 6;
/** Units of log records that this peer has posted (log_gate.ts), modulo 2^32. Owner writes; read by the control thread. */
export const LOG_POSTED = 3 * LINE + 7;
/** Log records that it has dropped, modulo 2^32. Written by the owner; read by the control thread. */
export const LOG_DROPPED = 3 * LINE + 8;
/** Units of its log records that were written, modulo 2^32. Written by the control thread; read by the owner. */
export const LOG_TAKEN = 3 * LINE;
/** In the poller's block, written by the blocking pool: its threads, those that run a function, calls that wait. */
export const BLOCKING_THREADS = 3 * LINE + 9;
export const BLOCKING_RUNNING = 3 * LINE + 10;
export const BLOCKING_QUEUED = 3 * LINE + 11;
/** Messages that this peer has posted to the control thread, modulo 2^32. Added to by the owner; read by control. */
export const POSTED = 3 * LINE + 12;
/** The doorbell: added to by whoever rings, waited on by the owner. */
export const BELL = 1 * LINE;
/** 1 while the owner sleeps or is about to. Set by the owner, cleared by the first ringer or the owner. */
export const ASLEEP = 2 * LINE;
export const PEER_WORDS = 4 * LINE;

export const NO_ACTOR = -1;

// --- Counters, Float64, one block a scheduler: written by the owner in each turn, read by anyone ------------------

export const COUNTERS = [
  /** As of the last turn; their words SPAWNED and ENDED are newer, and begin again: nearest() puts the two together. */
  "spawnedCount",
  "endedCount",
  "resumed",
  "messagesLocal",
  "messagesOut",
  "messagesIn",
  "deadLetters",
  "dropped",
  "panicked",
  "stolen",
  "runQueueHigh",
  "restarts",
  "offered",
  "donated",
  "timersFired",
  "ioDone",
  "heapUsedBytes",
  /** When it was ready to run actors, ms since the run began; 0 before. */
  "startedMs",
  /** When its last turn began, ms since the run began. */
  "turnedMs",
  /** How long it has slept, in a form that one word can hold: idle_time.ts. */
  "idle",
] as const;
export type CounterName = typeof COUNTERS[number];
export const COUNTER_WORDS = 32;

/** The whole number that an int32 stands for: of all that have those low bits, the one nearest to `known`. */
export function nearest(word: number, known: number): number {
  const whole = Math.floor(known);
  return whole + ((word - whole) | 0);
}

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
export const DETAIL_WAIT = 0; // kind of wait, 0 in a plain receive and in none, in the low 8 bits; function's name above
export const DETAIL_SINCE = 1; // whole ms since the run began: nearest() to the time now tells them from those of 50 days before
export const DETAIL_BEGAN = 2; // generation of the actor that these words are of, once it has begun
export const DETAIL_WORDS = 3;

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
/** Before the entries: the two ends of the ring, each on a cache line of its own. */
export const OFFERS_HEADER_BYTES = 128;
/** The ring of one owner. */
export const OFFERS_BYTES = OFFERS_DEFAULT * OFFER_BYTES + OFFERS_HEADER_BYTES;

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
  /** Buckets of names. */
  readonly nameBuckets: number;
  /** Rings of trace records, with --trace only (trace/format.ts). */
  readonly trace: SharedArrayBuffer | null;
}

/** Sizes that tests make small to reach wrap-around and overflow. */
export interface MemoryOptions {
  readonly slotCapacity?: number;
  readonly ringBytes?: number;
  readonly names?: number;
  /** Whether the run is traced; a number: words of each ring. */
  readonly trace?: boolean | number;
}

// --- Names: buckets of chains of nodes; a bucket's word is all that is ever changed in place (names.ts) ----------

/** Buckets, and nodes of each scheduler, up to 16 schedulers. */
export const NAMES_DEFAULT = 131_072;
/** int64: the node after this one. A node is written by the scheduler whose it is, and never while a bucket leads to it. */
export const NAME_NEXT = 0;
/** float64 word of the owner's pid. */
export const NAME_PID = 1;
/** int32 words: hash and bytes of the name. */
export const NAME_HASH = 4;
export const NAME_LENGTH = 5;
/** Byte offset of the name itself, UTF-8. */
export const NAME_TEXT = 24;
export const NAME_BYTES_MAX = 104;
export const NAME_NODE_BYTES = NAME_TEXT + NAME_BYTES_MAX;

/** Nodes of each scheduler. */
export function nameNodes(names: number, schedulers: number): number {
  return Math.max(2, Math.floor(names * Math.min(1, 16 / schedulers)));
}

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

/** What counts from zero in every run: small, and never used twice, because a thread may still wait on a word of it. */
export function allocateWords(schedulers: number): Pick<SharedMemory, "run" | "peerWords" | "counters"> {
  const peers = schedulers + 1;
  const peerWords = new SharedArrayBuffer(peers * PEER_WORDS * 4);
  const words = new Int32Array(peerWords);
  for (let peer = 0; peer < peers; peer++) words[peer * PEER_WORDS + CURRENT_KEY] = NO_ACTOR;
  return {
    run: new SharedArrayBuffer(RUN_WORDS * 4),
    peerWords,
    counters: new SharedArrayBuffer(schedulers * COUNTER_WORDS * 8),
  };
}

/** All blocks of a run; the runtime takes them from memory_pool.ts. */
export function allocate(schedulers: number, options: MemoryOptions = {}): SharedMemory {
  const peers = schedulers + 1;
  const slots = options.slotCapacity ?? slotCapacity(schedulers);
  const ring = options.ringBytes ?? ringBytes(peers);
  const names = options.names ?? NAMES_DEFAULT;
  const each = <T>(make: () => T): T[] => Array.from({ length: schedulers }, make);
  return {
    schedulers,
    peers,
    slotCapacity: slots,
    ringBytes: ring,
    ...allocateWords(schedulers),
    routes: each(() => untouched(slots * 4)),
    details: each(() => untouched(slots * DETAIL_WORDS * 4)),
    rings: untouched(ring * peers * peers),
    offers: untouched((schedulers + 1) * OFFERS_BYTES),
    names: untouched(names * 8 + schedulers * nameNodes(names, schedulers) * NAME_NODE_BYTES),
    nameBuckets: names,
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
