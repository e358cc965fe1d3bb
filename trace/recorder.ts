/**
 * A scheduler's end of its trace ring: writes records, and never waits for whoever reads them.
 *
 * A word costs 1 to 2 ns, a look at the clock 90, a message of a ping-pong 140 or more. So not every record has a stamp:
 * looks that the scheduler takes anyway are used ({@link Recorder.clock}), and of the ends of slices one in `every` looks,
 * so many that stamps cost {@link STAMP_SHARE} of the time; where a slice takes 2 µs or longer each has its own. A slice
 * that is long all of a sudden is noticed by TICK, which the control thread counts up: its end looks at the clock, so
 * that at most the slices within one tick share a stamp.
 *
 * The race between the two threads: the writer stores a record's words, then WRITTEN, and now and then PUBLISHED; the
 * reader loads PUBLISHED, reads the words below it and then stores TAKEN; the writer loads TAKEN before it writes over
 * them. A thread that is killed between two stores has published no torn record. A full ring drops the newest records
 * and counts them, and the next record that finds room is preceded by a LOST that says how many.
 *
 * @module
 */
import {
  ARGUMENT_RANGE,
  BEGIN,
  BOOT,
  CAUSE_MESSAGE,
  CAUSE_SHIFT,
  CAUSE_WAIT,
  COUNTERS,
  DONE,
  DROPPED,
  EVENT_BITS,
  FROM_CURRENT,
  FROM_NOBODY,
  FROM_OTHER,
  IN,
  IO_READY,
  KEY_MASK,
  LOST,
  NAME,
  OUT,
  PARK,
  PEER_BITS,
  PUBLISHED,
  RESUME_BIT,
  SEND,
  SPAWN,
  STAMP,
  STAMP_FULL,
  STEAL,
  STOPPED_AT,
  TAKEN,
  TICK,
  TICKS_PER_MS,
  tickWords,
  type TracedFunction,
  traceRing,
  UNPARK_DEFERRED,
  UNPARK_DIRECT,
  UNPARK_FLAG_CONSUMED,
  WRITTEN,
  YIELD,
} from "./format.ts";
import { callerOf } from "./locate.ts";
import type { Clock } from "../timer/clock.ts";

const KEY_RANGE = 2 ** 31;
/** The part of the time that looks at the clock for the trace may cost. */
const STAMP_SHARE = 0.05;
/** Ticks that a look costs: 90 ns. */
const STAMP_TICKS = 0.9;
const MOST_BETWEEN_STAMPS = 64;
/** Words that stay free for what the slow path writes: a LOST, a full STAMP, and the longest plain record. */
const RESERVE_WORDS = 8;
const LONGEST_RECORD_WORDS = 4;
/** Of a slice at least so long it is told where it stopped: a stack costs 20 to 60 µs. */
const LONG_SLICE_TICKS = 1 * TICKS_PER_MS;
const LONGEST_TEXT_BYTES = 400;

/** An actor, as far as the recorder looks at it. */
export interface Traced {
  readonly pid: number;
  readonly mailbox: { readonly length: number };
}

/** A function that actors run, as far as the recorder looks at it (targets.ts). */
export interface TracedTarget {
  readonly name: string;
  readonly nameId: number;
  readonly module: string | null;
  readonly exportName: string;
}

export class Recorder {
  readonly #head: Int32Array;
  readonly #data: Int32Array;
  readonly #tick: Int32Array;
  readonly #clock: Clock;
  readonly #mask: number;
  /** Words written, modulo 2^32. */
  #at: number;
  /** Records for which there is room for sure; 0 also after {@link mark}, so that the next one looks at the clock. */
  #room = 0;
  #stampTicks = -1;
  #lastTick = 0;
  /** Ends of slices until the next look at the clock. */
  #left = 0;
  #every = 1;
  #lost = 0;
  /** Who is on the CPU. */
  #current: Traced | null = null;
  /** Why and by whom an actor is woken next. */
  #cause = 0;
  #from: Traced | null = null;
  /** The actor with the longest mailbox, among those to whom a message came. */
  #fullest: Traced | null = null;
  #queueLength = -1;
  #live = -1;
  #longest = 0;
  readonly #told: boolean[] = [];
  /** Records to each peer, and from each. */
  readonly #out: number[] = [];
  readonly #in: number[] = [];

  constructor(block: SharedArrayBuffer, scheduler: number, schedulers: number, clock: Clock) {
    const ring = traceRing(block, scheduler, schedulers);
    this.#head = ring.head;
    this.#data = ring.data;
    this.#tick = tickWords(block);
    this.#clock = clock;
    this.#mask = ring.data.length - 1;
    this.#at = ring.head[WRITTEN]; // of the scheduler whose place this one takes
    if (--this.#room >= 0 || this.#more()) this.#put1(BOOT);
  }

  // --- Writing ----------------------------------------------------------------------------------------------------

  #put1(word: number): void {
    const at = this.#at;
    this.#data[at & this.#mask] = word;
    this.#head[WRITTEN] = this.#at = (at + 1) | 0;
  }

  #put2(word: number, second: number): void {
    const at = this.#at;
    this.#data[at & this.#mask] = word;
    this.#data[(at + 1) & this.#mask] = second;
    this.#head[WRITTEN] = this.#at = (at + 2) | 0;
  }

  #put3(word: number, second: number, third: number): void {
    const at = this.#at;
    this.#data[at & this.#mask] = word;
    this.#data[(at + 1) & this.#mask] = second;
    this.#data[(at + 2) & this.#mask] = third;
    this.#head[WRITTEN] = this.#at = (at + 3) | 0;
  }

  #put4(word: number, second: number, third: number, fourth: number): void {
    const at = this.#at;
    this.#data[at & this.#mask] = word;
    this.#data[(at + 1) & this.#mask] = second;
    this.#data[(at + 2) & this.#mask] = third;
    this.#data[(at + 3) & this.#mask] = fourth;
    this.#head[WRITTEN] = this.#at = (at + 4) | 0;
  }

  /** No room is known of: looks how much there is, and at the clock. False: none, the record is dropped. */
  #more(now = this.#clock.now()): boolean {
    let free = this.#freeWords();
    if (free < LONGEST_RECORD_WORDS) {
      this.#room = 0;
      this.#lost++;
      this.#head[DROPPED]++;
      return false;
    }
    if (this.#lost > 0) {
      this.#put2(LOST, this.#lost);
      this.#lost = 0;
      this.#stampTicks = -1; // a stamp may be among them
    }
    this.#stamp(now);
    free = this.#freeWords();
    // A look now and then publishes what is there, however long nothing else does.
    this.#room = Math.max(0, (Math.min(free, this.#data.length >> 2) / LONGEST_RECORD_WORDS | 0) - 1);
    return true;
  }

  #freeWords(): number {
    const taken = Atomics.load(this.#head, TAKEN); // pairs with the store in RawTrace.drain()
    return this.#data.length - RESERVE_WORDS - ((this.#at - taken) | 0);
  }

  #stamp(now: number): void {
    const ticks = Math.floor(now * TICKS_PER_MS);
    const since = ticks - this.#stampTicks;
    if (this.#stampTicks >= 0 && since < ARGUMENT_RANGE) this.#put1(STAMP | (since << EVENT_BITS));
    else this.#put2(STAMP_FULL | (Math.floor(ticks / 2 ** 32) << EVENT_BITS), ticks | 0);
    // What a slice took since the last stamp says how many may share the next one.
    const wanted = STAMP_TICKS / STAMP_SHARE * (this.#every - this.#left + 1) / since;
    this.#every = wanted >= MOST_BETWEEN_STAMPS ? MOST_BETWEEN_STAMPS : wanted > 1 ? wanted | 0 : 1;
    this.#left = this.#every;
    this.#stampTicks = ticks;
    this.#lastTick = this.#tick[TICK];
    Atomics.store(this.#head, PUBLISHED, this.#at); // pairs with the load in RawTrace.drain()
  }

  #text(word: number, text: string): boolean {
    const bytes = new TextEncoder().encode(text).subarray(0, LONGEST_TEXT_BYTES);
    const words = new Int32Array((bytes.length + 3) >> 2);
    new Uint8Array(words.buffer).set(bytes);
    if (this.#lost > 0 || this.#freeWords() < words.length + 2) return false;
    this.#room = 0;
    let at = this.#at;
    this.#data[at++ & this.#mask] = word;
    this.#data[at++ & this.#mask] = bytes.length;
    for (const each of words) this.#data[at++ & this.#mask] = each;
    this.#head[WRITTEN] = this.#at = at | 0;
    return true;
  }

  // --- Time -------------------------------------------------------------------------------------------------------

  /** A look at the clock that was taken anyway. */
  clock(now: number): void {
    if (--this.#room >= 0) this.#stamp(now);
    else this.#more(now);
  }

  /** The actors' code that was resumed has come to an end by now; what follows may come much later. */
  mark(now: number): void {
    this.clock(now);
    this.#room = 0;
  }

  /** Everything that was recorded is to be seen: the scheduler ends. */
  close(): void {
    this.mark(this.#clock.now());
  }

  // --- Events -----------------------------------------------------------------------------------------------------

  /** An event that tells of an actor and nothing more. */
  of(event: number, actor: Traced): void {
    if (--this.#room < 0 && !this.#more()) return;
    this.#put2(event, actor.pid & KEY_MASK);
  }

  /** Took actors from another scheduler. */
  stole(victim: number, actors: number): void {
    if (--this.#room < 0 && !this.#more()) return;
    this.#put2(STEAL | (victim << EVENT_BITS), actors);
  }

  resumed(actor: Traced): void {
    this.#current = actor;
    if (--this.#room < 0 && !this.#more()) return;
    this.#put1((actor.pid & KEY_MASK) | RESUME_BIT);
  }

  parked(kind: number): void {
    this.#stopped(PARK | (kind << EVENT_BITS));
  }

  flagConsumed(kind: number): void {
    this.#stopped(UNPARK_FLAG_CONSUMED | (kind << EVENT_BITS));
  }

  yielded(): void {
    this.#stopped(YIELD);
  }

  /** The slice of the actor on the CPU is over. */
  #stopped(word: number): void {
    if (--this.#left <= 0 || this.#tick[TICK] !== this.#lastTick) this.#look();
    this.#current = null;
    if (--this.#room < 0 && !this.#more()) return;
    this.#put1(word);
  }

  #look(): void {
    const before = this.#stampTicks;
    this.clock(this.#clock.now());
    if (this.#stampTicks - before < LONG_SLICE_TICKS || before < 0) return;
    const at = callerOf();
    if (at !== null) this.#text(STOPPED_AT, at);
  }

  done(actor: Traced, panicked: boolean): void {
    if (actor === this.#current) {
      if (--this.#left <= 0 || this.#tick[TICK] !== this.#lastTick) this.clock(this.#clock.now());
      this.#current = null;
    }
    if (actor === this.#fullest) this.#fullest = null;
    if (--this.#room < 0 && !this.#more()) return;
    this.#put2(DONE | ((panicked ? 1 : 0) << EVENT_BITS), actor.pid & KEY_MASK);
  }

  /** A new actor. */
  spawned(pid: number, target: TracedTarget): void {
    this.#introduce(SPAWN, pid, target);
  }

  /** Its first resume. */
  begins(actor: Traced, target: TracedTarget): void {
    this.#introduce(BEGIN, actor.pid, target);
  }

  #introduce(event: number, pid: number, target: TracedTarget): void {
    const id = target.nameId;
    if (this.#told[id] !== true) this.#tell(target, event === SPAWN);
    if (--this.#room < 0 && !this.#more()) return;
    this.#put3(event | (id << EVENT_BITS), pid & KEY_MASK, Math.floor(pid / KEY_RANGE));
  }

  #tell(target: TracedTarget, isSpawn: boolean): void {
    const { name, nameId, module, exportName } = target;
    const spawnedAt = module === null && isSpawn ? callerOf() ?? undefined : undefined;
    const about: TracedFunction = module === null ? { name, spawnedAt } : { name, module, exportName };
    let text = JSON.stringify(about);
    if (text.length * 3 > LONGEST_TEXT_BYTES) text = JSON.stringify({ ...about, name: name.slice(0, 60) });
    if (text.length * 3 > LONGEST_TEXT_BYTES) text = JSON.stringify({ name: name.slice(0, 60) });
    this.#told[nameId] = this.#text(NAME | (nameId << EVENT_BITS), text);
  }

  /** A message is about to be put into a mailbox here. `wakes`: it may wake its receiver, and {@link woken} follows. */
  message(from: Traced | null, to: Traced, wakes: boolean): void {
    const fullest = this.#fullest;
    if (fullest === null || to.mailbox.length >= fullest.mailbox.length) this.#fullest = to;
    this.#cause = CAUSE_MESSAGE;
    this.#from = from;
    if (!wakes) this.#woken(SEND, to);
  }

  /** What an actor waits for, in a wait of this kind, is there; {@link woken} follows. */
  completed(kind: number, actor: Traced, isIo: boolean): void {
    if (isIo) this.of(IO_READY | (kind << EVENT_BITS), actor);
    this.#cause = CAUSE_WAIT + kind;
    this.#from = this.#current;
  }

  woken(actor: Traced, result: "requeue" | "deferred" | "ignored" | "stale"): void {
    if (this.#cause === 0) this.#from = this.#current;
    if (result === "requeue") this.#woken(UNPARK_DIRECT, actor);
    else if (result === "deferred") this.#woken(UNPARK_DEFERRED, actor);
    else if (this.#cause === CAUSE_MESSAGE) this.#woken(SEND, actor);
    this.#cause = 0;
  }

  #woken(event: number, actor: Traced): void {
    const from = this.#from;
    const word = event | (this.#cause << (EVENT_BITS + CAUSE_SHIFT));
    this.#cause = 0;
    if (--this.#room < 0 && !this.#more()) return;
    const key = actor.pid & KEY_MASK;
    if (from === null) this.#put2(word | (FROM_NOBODY << EVENT_BITS), key);
    else if (from === this.#current) this.#put2(word | (FROM_CURRENT << EVENT_BITS), key);
    else this.#put3(word | (FROM_OTHER << EVENT_BITS), key, from.pid & KEY_MASK);
  }

  /** A record goes to another peer. The n-th out is the n-th in there: that is how arrows find their ends. */
  out(peer: number, kind: number, target: number): void {
    const count = this.#out[peer] = ((this.#out[peer] ?? 0) + 1) | 0;
    if (--this.#room < 0 && !this.#more()) return;
    this.#put3(OUT | ((peer | (kind << PEER_BITS)) << EVENT_BITS), target & KEY_MASK, count);
  }

  /** A record of another peer is taken in. */
  in(peer: number, kind: number): void {
    const count = this.#in[peer] = ((this.#in[peer] ?? 0) + 1) | 0;
    if (--this.#room < 0 && !this.#more()) return;
    this.#put2(IN | ((peer | (kind << PEER_BITS)) << EVENT_BITS), count);
  }

  /** Lengths, if they have changed. */
  counters(queueLength: number, live: number): void {
    const fullest = this.#fullest;
    const longest = fullest === null ? 0 : fullest.mailbox.length;
    if (longest === 0) this.#fullest = null;
    if (queueLength === this.#queueLength && live === this.#live && longest === this.#longest) return;
    if (--this.#room < 0 && !this.#more()) return;
    this.#queueLength = queueLength;
    this.#live = live;
    this.#longest = longest;
    this.#put4(COUNTERS, queueLength, live, longest);
  }
}
