/**
 * A scheduler's end of its trace ring: writes records, and never waits for whoever reads them.
 *
 * A record costs 2 to 6 ns, a look at the clock 90 to 190, a message of a ping-pong 140 or more. So not every record has a stamp:
 * looks that the scheduler takes anyway are used ({@link Recorder.clock}), and of the ends of slices one in `every` looks,
 * so many that stamps cost {@link STAMP_SHARE} of the time; where a slice takes 5 µs or longer each has its own. A slice
 * that is long all of a sudden is noticed by TICK, which the control thread counts up: its end looks at the clock, so
 * that at most the slices within one tick share a stamp.
 *
 * Records are written on a stage of 16 KiB and copied into the ring together: writing in there directly took 85 ns a
 * message instead of 30, because the ring is larger than the caches and the other thread reads it.
 *
 * The race between the two threads: the writer copies, and then stores PUBLISHED; the reader loads PUBLISHED, reads the
 * words below it and then stores TAKEN; the writer loads TAKEN before it writes over them. A full ring drops the newest
 * records and counts them, and the next record that finds room is preceded by a LOST that says how many.
 *
 * A thread may be killed between any two stores. The words of a record are stored before STAGED, so no torn record is ever
 * seen. What is copied leaves the stage by three stores: PUBLISHED, STAGED, STAGE_AT; before the last one STAGE_AT is
 * not PUBLISHED, and who reads the stage of a dead thread knows that the ring has it.
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
  LOST,
  NAME,
  OUT,
  PARK,
  PEER_BITS,
  PUBLISHED,
  RESUME_BIT,
  SEND,
  SPAWN,
  STAGE_AT,
  STAGED,
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
  YIELD,
} from "./format.ts";
import { PARKED, RUNNING } from "../runtime/actor_state.ts";
import { generationOf, keyOf } from "../runtime/pid.ts";
import { RECEIVE } from "../runtime/wait.ts";
import { callerOf } from "./locate.ts";
import type { Clock } from "../timer/clock.ts";

/** The part of the time that looks at the clock for the trace may cost. */
const STAMP_SHARE = 0.015;
/** Ticks that a look costs: 90 to 190 ns. */
const STAMP_TICKS = 1.5;
const MOST_BETWEEN_STAMPS = 64;
/** Words of the stage that stay free: for what the slow path writes, and the longest plain record. */
const RESERVE_WORDS = 12;
/** Of a slice at least so long it is told where it stopped: a stack costs 20 to 60 µs. */
const LONG_SLICE_TICKS = 1 * TICKS_PER_MS;
const LONGEST_TEXT_BYTES = 400;
/** A message of the actor on the CPU has woken one that was parked. */
const WOKEN_BY_MESSAGE = UNPARK_DIRECT | (FROM_CURRENT << EVENT_BITS) |
  (CAUSE_MESSAGE << (EVENT_BITS + CAUSE_SHIFT));

/** An actor, as far as the recorder looks at it. */
export interface Traced {
  readonly pid: number;
  readonly state: number;
  readonly mailbox: { readonly length: number };
}

/** A function that actors run, as far as the recorder looks at it (targets.ts). */
export interface TracedTarget {
  readonly name: string;
  readonly nameId: number;
  /** What nameId stands for, where it is not this name alone. */
  readonly label?: string;
  readonly module: string | null;
  readonly exportName: string;
}

export class Recorder {
  readonly #head: Int32Array;
  readonly #stage: Int32Array;
  readonly #ring: Int32Array;
  readonly #tick: Int32Array;
  readonly #clock: Clock;
  /** Words copied into the ring, modulo 2^32. */
  #copied: number;
  /** Words on the stage. */
  #at: number;
  /** With more words than that on the stage the slow path is taken; after {@link mark} always, to look at the clock. */
  #full = -1;
  readonly #most: number;
  #stampTicks = -1;
  #lastTick = 0;
  /** Ends of slices until the next look at the clock. */
  #left = 0;
  #every = 1;
  #lost = 0;
  /** Who is on the CPU; who has put it down while {@link #isParking}. */
  #running: Traced | null = null;
  /** It has parked in a receive, which a resume right behind says too: in a ping-pong that saves a word in four. */
  #isParking = false;
  /** Why an actor is woken next. */
  #cause = 0;
  /** The record of the message for which an actor is woken next has told so. */
  #isTold = false;
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
    const { head, stage, data } = traceRing(block, scheduler, schedulers);
    this.#head = head;
    this.#stage = stage;
    this.#ring = data;
    this.#tick = tickWords(block);
    this.#clock = clock;
    this.#most = stage.length - RESERVE_WORDS;
    // What the scheduler has left whose place this one takes.
    this.#copied = head[PUBLISHED];
    this.#at = head[STAGE_AT] === head[PUBLISHED] ? head[STAGED] : 0;
    head[STAGED] = this.#at;
    head[STAGE_AT] = this.#copied;
    if (this.#more()) this.#put1(BOOT);
  }

  // --- Writing ----------------------------------------------------------------------------------------------------

  #put1(word: number): void {
    const at = this.#at;
    this.#stage[at] = word;
    this.#head[STAGED] = this.#at = at + 1;
  }

  #put2(word: number, second: number): void {
    const at = this.#at;
    this.#stage[at] = word;
    this.#stage[at + 1] = second;
    this.#head[STAGED] = this.#at = at + 2;
  }

  #put3(word: number, second: number, third: number): void {
    const at = this.#at;
    this.#stage[at] = word;
    this.#stage[at + 1] = second;
    this.#stage[at + 2] = third;
    this.#head[STAGED] = this.#at = at + 3;
  }

  #put4(word: number, second: number, third: number, fourth: number): void {
    const at = this.#at;
    this.#stage[at] = word;
    this.#stage[at + 1] = second;
    this.#stage[at + 2] = third;
    this.#stage[at + 3] = fourth;
    this.#head[STAGED] = this.#at = at + 4;
  }

  /** What has parked is told, because something else than a resume follows. */
  #park(): void {
    this.#isParking = false;
    this.#running = null;
    this.#full = this.#most;
    if (this.#at > this.#full && !this.#more()) return;
    this.#put1(PARK | (RECEIVE << EVENT_BITS));
  }

  /** The stage is full, or the clock is to be looked at, or a park to be told. False: no room, a record is dropped. */
  #more(): boolean {
    if (this.#isParking) {
      this.#park();
      if (this.#at <= this.#full) return true;
    }
    if (this.#room(this.#clock.now())) return true;
    this.#lost++;
    this.#head[DROPPED]++;
    return false;
  }

  /** Makes room on the stage, with a stamp. False: there is none. */
  #room(now: number): boolean {
    if (this.#at > this.#most && !this.#copy(now)) return false;
    if (this.#lost > 0) {
      this.#put2(LOST, this.#lost);
      this.#lost = 0;
      this.#stampTicks = -1; // a stamp may be among them
    }
    this.#stamp(now);
    this.#full = this.#most;
    return true;
  }

  /** Empties the stage into the ring, with a stamp at the end. False: there is no room. */
  #copy(now: number): boolean {
    const ring = this.#ring;
    const taken = Atomics.load(this.#head, TAKEN); // pairs with the store in RawTrace.drain()
    if (ring.length - ((this.#copied - taken) | 0) < this.#stage.length) return false;
    this.#stamp(now);
    const words = this.#at;
    const to = this.#copied & (ring.length - 1);
    const first = Math.min(words, ring.length - to);
    ring.set(this.#stage.subarray(0, first), to);
    if (first < words) ring.set(this.#stage.subarray(first, words), 0);
    this.#copied = (this.#copied + words) | 0;
    this.#at = 0;
    Atomics.store(this.#head, PUBLISHED, this.#copied); // pairs with the load in RawTrace.drain()
    Atomics.store(this.#head, STAGED, 0);
    Atomics.store(this.#head, STAGE_AT, this.#copied);
    return true;
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
  }

  #text(word: number, text: string): boolean {
    const bytes = new TextEncoder().encode(text).subarray(0, LONGEST_TEXT_BYTES);
    const words = new Int32Array((bytes.length + 3) >> 2);
    new Uint8Array(words.buffer).set(bytes);
    const length = words.length + 2;
    if (length > this.#most) return false; // a stage as small as in tests
    if (this.#at + length > this.#most && (this.#lost > 0 || !this.#copy(this.#clock.now()))) return false;
    const at = this.#at;
    this.#stage[at] = word;
    this.#stage[at + 1] = bytes.length;
    this.#stage.set(words, at + 2);
    this.#head[STAGED] = this.#at = at + length;
    return true;
  }

  // --- Time -------------------------------------------------------------------------------------------------------

  /** A look at the clock that was taken anyway. */
  clock(now: number): void {
    if (this.#isParking) this.#park();
    if (this.#at <= this.#full) this.#stamp(now);
    else this.#room(now);
  }

  /** The actors' code that was resumed has come to an end by now; what follows may come much later. */
  mark(now: number): void {
    if (this.#isParking) this.#park();
    this.#copy(now);
    this.#full = -1;
  }

  /** Everything that was recorded is to be seen: the scheduler ends. */
  close(): void {
    this.mark(this.#clock.now());
  }

  // --- Events -----------------------------------------------------------------------------------------------------

  /** An event that tells of an actor and nothing more. */
  of(event: number, actor: Pick<Traced, "pid">): void {
    if (this.#at > this.#full && !this.#more()) return;
    this.#put2(event, keyOf(actor.pid));
  }

  /** Took actors from another scheduler. */
  stole(victim: number, actors: number): void {
    if (this.#at > this.#full && !this.#more()) return;
    this.#put2(STEAL | (victim << EVENT_BITS), actors);
  }

  resumed(actor: Traced, key: number): void {
    if (this.#isParking) {
      this.#isParking = false;
      this.#full = this.#most;
    }
    this.#running = actor;
    if (this.#at > this.#full && !this.#more()) return;
    this.#put1(key | RESUME_BIT);
  }

  parked(kind: number): void {
    if (kind === RECEIVE) this.parkedInReceive();
    else this.#stopped(PARK | (kind << EVENT_BITS));
  }

  parkedInReceive(): void {
    if (this.#full < 0) {
      this.#stopped(PARK | (RECEIVE << EVENT_BITS));
      return;
    }
    if (--this.#left <= 0 || this.#tick[TICK] !== this.#lastTick) this.#look();
    this.#isParking = true;
    this.#full = -1;
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
    this.#running = null;
    if (this.#at > this.#full && !this.#more()) return;
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
    if (this.#isParking) this.#park();
    if (actor === this.#running) {
      if (--this.#left <= 0 || this.#tick[TICK] !== this.#lastTick) this.clock(this.#clock.now());
      this.#running = null;
    }
    if (actor === this.#fullest) this.#fullest = null;
    if (this.#at > this.#full && !this.#more()) return;
    this.#put2(DONE | ((panicked ? 1 : 0) << EVENT_BITS), keyOf(actor.pid));
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
    if (this.#at > this.#full && !this.#more()) return;
    this.#put3(event | (id << EVENT_BITS), keyOf(pid), generationOf(pid));
  }

  #tell(target: TracedTarget, isSpawn: boolean): void {
    const { nameId, module, exportName } = target;
    const name = target.label ?? target.name;
    const spawnedAt = module === null && isSpawn ? callerOf() ?? undefined : undefined;
    const about: TracedFunction = module === null ? { name, spawnedAt } : { name, module, exportName };
    let text = JSON.stringify(about);
    if (text.length * 3 > LONGEST_TEXT_BYTES) text = JSON.stringify({ ...about, name: name.slice(0, 60) });
    if (text.length * 3 > LONGEST_TEXT_BYTES) text = JSON.stringify({ name: name.slice(0, 60) });
    this.#told[nameId] = this.#text(NAME | (nameId << EVENT_BITS), text);
  }

  /** A message is about to be put into a mailbox here. `wakes`: it may wake its receiver, and {@link woken} follows. */
  message(from: Traced | null, to: Traced, wakes: boolean): void {
    // What most messages do, small enough to be compiled into the sender.
    if (wakes && to.state === PARKED && from === this.#running && this.#at <= this.#full && from !== null) {
      this.#isTold = true;
      this.#put2(WOKEN_BY_MESSAGE, keyOf(to.pid));
      if (to.mailbox.length === 0) return;
      this.#isLonger(to);
    } else this.#message(from, to, wakes);
  }

  #isLonger(to: Traced): void {
    if (this.#fullest === null || to.mailbox.length > this.#fullest.mailbox.length) this.#fullest = to;
  }

  #message(from: Traced | null, to: Traced, wakes: boolean): void {
    const length = to.mailbox.length;
    if (length > 0) this.#isLonger(to);
    let event = SEND;
    if (wakes) {
      this.#isTold = true;
      if (to.state === PARKED) event = UNPARK_DIRECT;
      else if (to.state === RUNNING) event = UNPARK_DEFERRED;
    }
    this.#wake(event | (CAUSE_MESSAGE << (EVENT_BITS + CAUSE_SHIFT)), to, from);
  }

  /** What an actor waits for, in a wait of this kind, is there; {@link woken} follows. */
  completed(kind: number, actor: Traced, isIo: boolean): void {
    if (isIo) this.of(IO_READY | (kind << EVENT_BITS), actor);
    this.#cause = CAUSE_WAIT + kind;
  }

  /** What came of waking an actor. */
  woken(actor: Traced, result: "requeue" | "deferred" | "ignored" | "stale"): void {
    if (this.#isTold) this.#isTold = false;
    else this.#wokenUntold(actor, result);
  }

  /** Apart, so that what most messages do is small enough to be compiled into its caller. */
  #wokenUntold(actor: Traced, result: "requeue" | "deferred" | "ignored" | "stale"): void {
    const cause = this.#cause << (EVENT_BITS + CAUSE_SHIFT);
    this.#cause = 0;
    if (this.#isParking) this.#park();
    if (result === "requeue") this.#wake(UNPARK_DIRECT | cause, actor, this.#running);
    else if (result === "deferred") this.#wake(UNPARK_DEFERRED | cause, actor, this.#running);
  }

  #wake(word: number, actor: Traced, from: Traced | null): void {
    if (this.#at > this.#full && !this.#more()) return; // may find out that nobody is running
    const key = keyOf(actor.pid);
    if (from === null) this.#put2(word | (FROM_NOBODY << EVENT_BITS), key);
    else if (from === this.#running) this.#put2(word | (FROM_CURRENT << EVENT_BITS), key);
    else this.#put3(word | (FROM_OTHER << EVENT_BITS), key, keyOf(from.pid));
  }

  /** A record goes to another peer. The n-th out is the n-th in there: that is how arrows find their ends. */
  out(peer: number, kind: number, target: number): void {
    const count = this.#out[peer] = ((this.#out[peer] ?? 0) + 1) | 0;
    if (this.#at > this.#full && !this.#more()) return;
    this.#put3(OUT | ((peer | (kind << PEER_BITS)) << EVENT_BITS), keyOf(target), count);
  }

  /** A record of another peer is taken in. */
  in(peer: number, kind: number): void {
    const count = this.#in[peer] = ((this.#in[peer] ?? 0) + 1) | 0;
    if (this.#at > this.#full && !this.#more()) return;
    this.#put2(IN | ((peer | (kind << PEER_BITS)) << EVENT_BITS), count);
  }

  /** Lengths, if they have changed. */
  counters(queueLength: number, live: number): void {
    const fullest = this.#fullest;
    const longest = fullest === null ? 0 : fullest.mailbox.length;
    if (longest === 0) this.#fullest = null;
    if (queueLength === this.#queueLength && live === this.#live && longest === this.#longest) return;
    if (this.#at > this.#full && !this.#more()) return;
    this.#queueLength = queueLength;
    this.#live = live;
    this.#longest = longest;
    this.#put4(COUNTERS, queueLength, live, longest);
  }
}
