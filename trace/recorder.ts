/**
 * A scheduler's end of its trace ring: writes records, and never waits for whoever reads them.
 *
 * A record costs 5 ns, a look at the clock 90, a message of a ping-pong 140. So not every record has a stamp of its own:
 * looks that the scheduler takes anyway are used ({@link Recorder.clock}), and in between one of `every` records looks,
 * so many that stamps cost {@link STAMP_SHARE} of the time. Where a record takes 2 µs or longer each has its own. A slice
 * that is long all of a sudden is noticed by TICK, which the control thread counts up, so that at most the slices within
 * one tick share a stamp; the converter spreads them evenly between two stamps.
 *
 * The race between the two threads: the writer stores a record and then PUBLISHED; the reader loads PUBLISHED, reads
 * the records below it and then stores TAKEN; the writer loads TAKEN before it writes over them. A full ring drops the
 * newest records and counts them, and the next record that finds room is preceded by a LOST that says how many.
 *
 * @module
 */
import {
  BEGIN,
  COUNTERS,
  DROPPED,
  FLAG_MESSAGE,
  GENERATION_SHIFT,
  LOST,
  MARK,
  PUBLISHED,
  RECORD_WORDS,
  RING_HEAD_WORDS,
  ringWords,
  SEND,
  SPAWN,
  TAKEN,
  TICK,
  TICKS_PER_MS,
  tickWords,
  UNPARK_DEFERRED,
  UNPARK_DIRECT,
  WRITTEN,
} from "./format.ts";
import type { Clock } from "../timer/clock.ts";

const KEY_MASK = 0x7fff_ffff;
const KEY_RANGE = 2 ** 31;
/** The part of the time that looks at the clock for the trace may cost. */
const STAMP_SHARE = 0.05;
/** Ticks that a look costs: 90 ns. */
const STAMP_TICKS = 0.9;
const MOST_BETWEEN_STAMPS = 64;

/** An actor, as far as the recorder looks at it. */
export interface Traced {
  readonly pid: number;
}

export class Recorder {
  readonly #words: Int32Array;
  readonly #tick: Int32Array;
  readonly #clock: Clock;
  readonly #capacity: number;
  /** Records written, modulo 2^32. */
  #head = 0;
  /** Where the next record goes. */
  #at = RING_HEAD_WORDS;
  /** Records for which there is room for sure. */
  #room = 0;
  #stamp = 0;
  #stampTicks = 0;
  #lastTick = 0;
  #left = 0;
  #every = 1;
  #lost = 0;
  #dropped = 0;
  /** Key of the sender of the message for which an actor is woken next. */
  #sender = -1;
  #isMessage = false;
  #queueLength = -1;
  #live = -1;

  constructor(block: SharedArrayBuffer, scheduler: number, schedulers: number, clock: Clock) {
    this.#words = ringWords(block, scheduler, schedulers);
    this.#tick = tickWords(block);
    this.#clock = clock;
    this.#capacity = (this.#words.length - RING_HEAD_WORDS) / RECORD_WORDS;
    // Behind what a scheduler that had this place before, and died, has published.
    this.#head = this.#words[PUBLISHED];
    this.#at = RING_HEAD_WORDS + ((this.#head >>> 0) % this.#capacity) * RECORD_WORDS;
    this.#dropped = this.#words[DROPPED];
  }

  record(event: number, key: number, argument: number): void {
    if (--this.#left <= 0 || this.#tick[TICK] !== this.#lastTick) this.clock(this.#clock.now());
    if (this.#room > 0 && this.#lost === 0) this.#put(event, key, argument);
    else this.#write(event, key, argument);
  }

  #put(event: number, key: number, argument: number): void {
    const words = this.#words;
    const at = this.#at;
    words[at] = event;
    words[at + 1] = key;
    words[at + 2] = argument;
    words[at + 3] = this.#stamp;
    this.#at = at + RECORD_WORDS === words.length ? RING_HEAD_WORDS : at + RECORD_WORDS;
    this.#room--;
    words[WRITTEN] = this.#head = (this.#head + 1) | 0;
  }

  /** As {@link put}, where there may be no room. One place stays free, for a LOST before the first record that has room. */
  #write(event: number, key: number, argument: number): void {
    if (this.#room <= 0) {
      const taken = Atomics.load(this.#words, TAKEN); // pairs with the store in RingReader
      this.#room = this.#capacity - 1 - ((this.#head - taken) | 0);
      if (this.#room <= 0) {
        this.#lost++;
        this.#words[DROPPED] = ++this.#dropped;
        return;
      }
    }
    if (this.#lost > 0) {
      this.#put(LOST, -1, this.#lost);
      this.#lost = 0;
    }
    this.#put(event, key, argument);
  }

  /** A look at the clock that was taken anyway: records from here on have this time. */
  clock(now: number): void {
    const ticks = now * TICKS_PER_MS;
    const since = ticks - this.#stampTicks;
    const records = this.#every - this.#left + 1;
    // What a record took since the last stamp says how many may share the next one.
    const each = since / records;
    const wanted = STAMP_TICKS / STAMP_SHARE / each;
    this.#every = wanted >= MOST_BETWEEN_STAMPS ? MOST_BETWEEN_STAMPS : wanted > 1 ? wanted | 0 : 1;
    this.#left = this.#every;
    this.#stampTicks = ticks;
    this.#stamp = ticks | 0;
    this.#lastTick = this.#tick[TICK];
    Atomics.store(this.#words, PUBLISHED, this.#head); // pairs with the load in RingReader
  }

  /** The actors' code that was resumed has come to an end by now; what follows may come much later. */
  mark(now: number): void {
    this.clock(now);
    this.#write(MARK, -1, 0);
    this.#left = 0; // whatever comes next looks at the clock itself
    Atomics.store(this.#words, PUBLISHED, this.#head);
  }

  /** Lengths, if they have changed. */
  counters(queueLength: number, live: number): void {
    if (queueLength === this.#queueLength && live === this.#live) return;
    this.#queueLength = queueLength;
    this.#live = live;
    this.#write(COUNTERS, queueLength, live);
  }

  of(event: number, actor: Traced, argument = -1): void {
    this.record(event, actor.pid & KEY_MASK, argument);
  }

  /** A new actor, or its first resume. */
  spawned(pid: number, nameId: number): void {
    this.#introduce(SPAWN, pid, nameId);
  }

  begins(actor: Traced, nameId: number): void {
    this.#introduce(BEGIN, actor.pid, nameId);
  }

  #introduce(event: number, pid: number, nameId: number): void {
    this.record(event | (Math.floor(pid / KEY_RANGE) << GENERATION_SHIFT), pid & KEY_MASK, nameId);
  }

  /** A message is about to be put into a mailbox here. `wakes`: it may wake its receiver, and {@link woken} follows. */
  message(from: Traced | null, to: Traced, wakes: boolean): void {
    const sender = from === null ? -1 : from.pid & KEY_MASK;
    if (wakes) {
      this.#sender = sender;
      this.#isMessage = true;
    } else this.record(SEND, to.pid & KEY_MASK, sender);
  }

  woken(actor: Traced, result: "requeue" | "deferred" | "ignored" | "stale"): void {
    if (result === "requeue" || result === "deferred") {
      const event = result === "requeue" ? UNPARK_DIRECT : UNPARK_DEFERRED;
      if (this.#isMessage) this.record(event | FLAG_MESSAGE, actor.pid & KEY_MASK, this.#sender);
      else this.record(event, actor.pid & KEY_MASK, -1);
    } else if (this.#isMessage) this.record(SEND, actor.pid & KEY_MASK, this.#sender);
    this.#isMessage = false;
  }

  /** Everything that was recorded is to be seen: the scheduler ends. */
  close(): void {
    this.mark(this.#clock.now());
  }
}
