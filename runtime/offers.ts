/**
 * Actors that have not begun, where other schedulers can take them without asking: one ring of entries a scheduler, and
 * one for the control thread (the injector, M2).
 *
 * The owner writes an entry once and gives it a length; thieves never move the ring's ends. What makes taking exclusive
 * is the actor's route word (slot_table.ts), changed by compare-and-swap from *stealable* to where it is to live. Two races
 * are closed here:
 *
 * - A message for an offered actor is appended to its entry, so that it can still be taken while its spawner computes on.
 *   The owner writes the message behind the entry's length and then swaps the length; the thief first takes the route
 *   word, then swaps the length for TAKEN. Either the thief's length includes the message, or the owner's swap fails and
 *   the message follows the actor through the ring.
 * - The owner uses an entry again only when its actor began here, or when the thief has said READ: not while the thief
 *   still reads it.
 *
 * @module
 */
import type { HandleImpl } from "./handle.ts";
import type { Pid } from "./api.ts";
import {
  OFFER_BYTES,
  OFFERS_BYTES,
  OFFERS_DEFAULT,
  OFFERS_HEADER_BYTES,
  type SharedMemory,
} from "./layout.ts";
import { Decoder, Encoder, RECORD_HEADER_WORDS, STAMP_DOUBLE, WordArea } from "./codec.ts";
import { CausalClock } from "./causal_clock.ts";
import { fromDouble } from "./pid.ts";
import type { ObjectClasses } from "./sendable.ts";

const HEAD = 0; // written by the owner; read by thieves
const TAIL = 16; // the same, on a cache line of its own

const ENTRY_WORDS = OFFER_BYTES / 4;
/** Words of all records in the entry, or one of the marks below. */
const LENGTH = 0;
const TARGET = 1;
const FIRST_RECORD = 4;
const PID = 1; // in doubles
const EMPTY = 0;
/** A thief reads it. */
const TAKEN = -1;
/** A thief has read it. */
const READ = -2;
/** An entry of the injector, less the id of the scheduler that took it: what was lost with one can be told. */
const INJECTED = -16;

const CAPACITY = OFFERS_DEFAULT;

function areaOf(memory: SharedMemory, owner: number): WordArea {
  return new WordArea(memory.offers, owner * OFFERS_BYTES, OFFERS_BYTES);
}

/** Index of the ring's n-th entry, in words. */
function entryAt(n: number): number {
  return OFFERS_HEADER_BYTES / 4 + (n & (CAPACITY - 1)) * ENTRY_WORDS;
}

// Entries are counted for ever, in int32s that begin again at the other end. Who is not the owner reads HEAD first and
// TAIL second: the other way round, a thread that is put aside between the two could find the head beyond the tail.
function next(n: number): number {
  return (n + 1) | 0;
}

/** The first entry to look at: what has left the ring since HEAD was read is not looked at again and again. */
function first(head: number, tail: number): number {
  return ((tail - head) | 0) > CAPACITY ? (tail - CAPACITY) | 0 : head;
}

/** How many actors an owner offers; with `memory.schedulers`, how many spawns wait in the injector. For dumps. */
export function countOffers(memory: SharedMemory, owner: number): number {
  const { i32 } = areaOf(memory, owner);
  const head = Atomics.load(i32, HEAD), tail = Atomics.load(i32, TAIL);
  let offers = 0;
  for (let n = first(head, tail); n !== tail; n = next(n)) {
    if (Atomics.load(i32, entryAt(n) + LENGTH) > EMPTY) offers++;
  }
  return offers;
}

/** Writes records that stand alone into entries. */
class EntryWriter {
  readonly area: WordArea;
  readonly #encoder: Encoder;
  readonly #clock: CausalClock;
  #isWriting = false;

  constructor(memory: SharedMemory, owner: number, classes?: ObjectClasses, clock = new CausalClock()) {
    this.#clock = clock;
    this.area = areaOf(memory, owner);
    this.#encoder = new Encoder({ inlineBytes: OFFER_BYTES, classes, shapes: 0, hasNoSide: true });
  }

  /** Writes one record at `at`; where it ends, or -1 when it does not fit or cannot be sent. */
  write(at: number, limit: number, value: unknown): number {
    // A getter of what is being written may spawn and send: that stays at home, as there is one place to write to.
    if (this.#isWriting || at + RECORD_HEADER_WORDS + 2 > limit) return -1;
    const encoder = this.#encoder;
    encoder.begin(this.area, at, limit - at, RECORD_HEADER_WORDS);
    this.#isWriting = true;
    try {
      encoder.payload(value);
    } catch {
      encoder.abandon();
      return -1; // what cannot be sent stays at home, where it need not be sent
    } finally {
      this.#isWriting = false;
    }
    const { words, flags } = encoder;
    const fits = !encoder.inScratch && encoder.side.length === 0;
    encoder.abandon();
    if (!fits) return -1;
    this.area.i32[at] = words;
    this.area.i32[at + 1] = flags;
    this.area.f64[(at >> 1) + STAMP_DOUBLE] = this.#clock.next();
    return at + words;
  }
}

/** The control thread's end: spawns from outside any scheduler, for whoever is idle first (M2). */
export class Injector {
  readonly #writer: EntryWriter;
  #tail = 0;

  constructor(memory: SharedMemory) {
    this.#writer = new EntryWriter(memory, memory.schedulers);
  }

  /** One spawn; what `value` means is agreed with the takers. */
  push(value: unknown): void {
    const entry = entryAt(this.#tail);
    const { i32 } = this.#writer.area;
    const end = this.#writer.write(entry + FIRST_RECORD, entry + ENTRY_WORDS, value);
    if (end < 0) throw new RangeError(`Cannot inject more than ${OFFER_BYTES} bytes`);
    Atomics.store(i32, entry + LENGTH, end - entry);
    this.#tail = next(this.#tail);
    Atomics.store(i32, TAIL, this.#tail);
  }
}

/** The scheduler that has taken the n-th spawn from outside; -1 while nobody has. */
export function takerOf(memory: SharedMemory, n: number): number {
  const length = Atomics.load(areaOf(memory, memory.schedulers).i32, entryAt(n) + LENGTH);
  return length <= INJECTED ? INJECTED - length : -1;
}

/** The owner's end. */
export class Offers {
  readonly #writer: EntryWriter;
  readonly #area: WordArea;
  readonly #seeds: (HandleImpl | undefined)[] = new Array(CAPACITY).fill(undefined);
  #head = 0;
  #tail = 0;
  /** How many are offered, those included that a thief has and of which the owner has not heard. */
  count = 0;
  /** Of those that were offered since there was no offer last. `takenBefore`: how many had been stolen by then. */
  readonly batch = { offered: 0, given: 0, takenBefore: 0 };

  constructor(memory: SharedMemory, owner: number, classes: ObjectClasses, clock: CausalClock) {
    this.#writer = new EntryWriter(memory, owner, classes, clock);
    this.#area = this.#writer.area;
    // Whoever was here before has died, and nobody reads its entries any more (recovery.ts).
    this.#head = this.#tail = Atomics.load(this.#area.i32, TAIL);
    Atomics.store(this.#area.i32, HEAD, this.#head);
  }

  /** A thief has died: entries that it has claimed and not read to their end are given up. `isLive`: an actor lives. */
  giveUp(isLive: (pid: Pid) => boolean): void {
    const { i32, f64 } = this.#area;
    for (let n = this.#head; n !== this.#tail; n = next(n)) {
      const entry = entryAt(n);
      const length = Atomics.load(i32, entry + LENGTH);
      if (length === EMPTY || length === READ || isLive(f64[(entry >> 1) + PID] as Pid)) continue;
      Atomics.store(i32, entry + LENGTH, READ);
    }
  }

  /** Nothing is offered now; so many have been stolen. */
  beginBatch(taken: number): void {
    this.batch.offered = this.batch.given = 0;
    this.batch.takenBefore = taken;
  }

  /** Whether one more can be offered. */
  hasRoom(): boolean {
    if (this.#used < CAPACITY) return true;
    this.#clean();
    return this.#used < CAPACITY;
  }

  get #used(): number {
    return (this.#tail - this.#head) | 0;
  }

  /** Entries at the front that are no offers any more are given up. */
  #clean(): void {
    const { i32 } = this.#area;
    const before = this.#head;
    while (this.#head !== this.#tail) {
      const seed = this.#seeds[this.#head & (CAPACITY - 1)];
      // One that was not withdrawn is offered still, or a thief has it: perhaps only its route so far, not yet the length.
      if (seed !== undefined && Atomics.load(i32, entryAt(this.#head) + LENGTH) !== READ) break;
      this.#seeds[this.#head & (CAPACITY - 1)] = undefined;
      this.#head = next(this.#head);
    }
    if (this.#head !== before) Atomics.store(i32, HEAD, this.#head);
  }

  /** Offers an actor whose route says *stealable*. False: its arguments do not fit into an entry. */
  push(seed: HandleImpl): boolean {
    const entry = entryAt(this.#tail);
    const { i32, f64 } = this.#area;
    const end = this.#writer.write(entry + FIRST_RECORD, entry + ENTRY_WORDS, seed.args);
    if (end < 0) return false;
    i32[entry + TARGET] = seed.target!.nameId;
    f64[(entry >> 1) + PID] = seed.pid;
    Atomics.store(i32, entry + LENGTH, end - entry);
    this.#seeds[this.#tail & (CAPACITY - 1)] = seed;
    seed.offer = this.#tail & (CAPACITY - 1);
    this.#tail = next(this.#tail);
    this.count++;
    this.batch.offered++;
    Atomics.store(i32, TAIL, this.#tail); // pairs with the load in Thief.take()
    return true;
  }

  /**
   * A message for an actor that is offered. `"added"`: a thief would take it along; `"full"`: it does not fit;
   * `"taken"`: a thief has the actor.
   */
  append(seed: HandleImpl, message: unknown): "added" | "full" | "taken" {
    if (this.#seeds[seed.offer] !== seed) return "taken"; // and read: the entry is another's by now
    const entry = entryAt(seed.offer);
    const { i32 } = this.#area;
    const length = Atomics.load(i32, entry + LENGTH);
    if (length <= EMPTY) return "taken";
    const end = this.#writer.write(entry + length, entry + ENTRY_WORDS, message);
    if (end < 0 || seed.offer < 0) return "full"; // or a getter of the message has made it stay at home
    return Atomics.compareExchange(i32, entry + LENGTH, length, end - entry) === length ? "added" : "taken";
  }

  /** Those that a thief would take: every second actor that is offered and has not begun, at most `most`. */
  everySecond(most: number): HandleImpl[] {
    const { i32 } = this.#area;
    const found: HandleImpl[] = [];
    let skips = false;
    for (let n = this.#head; n !== this.#tail && found.length < most; n = next(n)) {
      const seed = this.#seeds[n & (CAPACITY - 1)];
      if (seed === undefined || seed.fn === null || i32[entryAt(n) + LENGTH] <= EMPTY) continue;
      if (!skips) found.push(seed);
      skips = !skips;
    }
    return found;
  }

  /** It has begun here, or only its birth scheduler may give it away from now on. */
  withdraw(seed: HandleImpl): void {
    Atomics.store(this.#area.i32, entryAt(seed.offer) + LENGTH, EMPTY);
    this.#seeds[seed.offer] = undefined;
    this.count--;
    seed.offer = -1;
  }
}

/** `"settled"`: it stays with its owner, for good; `"gone"`: it is not to be had now. */
export type Claim = "claimed" | "settled" | "gone";

/** The thief's end: it cannot push. */
export class Thief {
  readonly #areas: WordArea[];
  readonly #decoder: Decoder;

  readonly #clock: CausalClock;
  readonly #id: number;

  constructor(memory: SharedMemory, id: number, classes: ObjectClasses, clock: CausalClock) {
    this.#id = id;
    this.#clock = clock;
    this.#areas = Array.from({ length: memory.schedulers + 1 }, (_, owner) => areaOf(memory, owner));
    this.#decoder = new Decoder(classes);
  }

  /** How many actors it offers at this moment; they are not counted when there cannot be more than `few`. */
  offers(victim: number, few = 0): number {
    const { i32 } = this.#areas[victim];
    const head = Atomics.load(i32, HEAD), tail = Atomics.load(i32, TAIL); // pairs with the store in Offers.push()
    if (((tail - head) | 0) <= few) return 0;
    let offers = 0;
    for (let n = first(head, tail); n !== tail; n = next(n)) {
      if (i32[entryAt(n) + LENGTH] > EMPTY) offers++; // a guess, so a plain load will do
    }
    return offers;
  }

  /**
   * Every second of the victim's offers, at most `wanted` of them; a lone one too. Taking the first half instead left the
   * dear half of a range that was cut into parts to its spawner. `claim` makes each exclusive. Returns how many.
   *
   * One that a sender elsewhere has settled looks offered until its owner begins it, and is passed over: an owner that
   * computes on would otherwise keep all that stand behind it.
   */
  take(
    victim: number,
    wanted: number,
    claim: (pid: Pid) => Claim,
    adopt: (pid: Pid, target: number, args: unknown[], messages: unknown[]) => void,
  ): number {
    const { i32, f64 } = this.#areas[victim];
    const head = Atomics.load(i32, HEAD), tail = Atomics.load(i32, TAIL); // pairs with the store in Offers.push()
    let skips = false;
    let taken = 0;
    for (let n = first(head, tail); n !== tail && taken < wanted; n = next(n)) {
      const entry = entryAt(n);
      if (Atomics.load(i32, entry + LENGTH) <= EMPTY) continue;
      if (skips) {
        skips = false;
        continue;
      }
      const pid = fromDouble(f64[(entry >> 1) + PID]);
      if (((Atomics.load(i32, HEAD) - n) | 0) > 0) continue; // withdrawn, and another's by now, perhaps half written
      const claimed = claim(pid);
      if (claimed === "settled") continue;
      if (claimed === "gone") break; // its owner gives it away: how much is this thief's share is to be seen anew
      const length = Atomics.exchange(i32, entry + LENGTH, TAKEN);
      const values = this.#read(victim, entry, length);
      const target = i32[entry + TARGET];
      Atomics.store(i32, entry + LENGTH, READ);
      adopt(pid, target, values.shift() as unknown[], values);
      taken++;
      skips = true;
    }
    return taken;
  }

  /** One entry of the control thread's ring, which has no actor yet. */
  inject(adopt: (value: unknown) => void): boolean {
    const injector = this.#areas.length - 1;
    const { i32 } = this.#areas[injector];
    const head = Atomics.load(i32, HEAD), tail = Atomics.load(i32, TAIL);
    for (let n = first(head, tail); n !== tail; n = next(n)) {
      const entry = entryAt(n);
      const length = Atomics.load(i32, entry + LENGTH);
      if (length <= EMPTY) continue;
      if (Atomics.compareExchange(i32, entry + LENGTH, length, INJECTED - this.#id) !== length) continue;
      const values = this.#read(injector, entry, length);
      adopt(values[0]);
      return true;
    }
    return false;
  }

  #read(victim: number, entry: number, length: number): unknown[] {
    const area = this.#areas[victim];
    const values: unknown[] = [];
    for (let at = entry + FIRST_RECORD; at < entry + length; at += area.i32[at]) {
      this.#clock.saw(area.f64[(at >> 1) + STAMP_DOUBLE]);
      values.push(this.#decoder.payload(area, at, area.i32[at + 1], []));
    }
    return values;
  }
}
