/**
 * The slots of one birth scheduler: free list, generations, and the route word by which every other scheduler knows
 * whether a pid lives and where (S6).
 *
 * The birth scheduler alone takes and frees slots, so there is no lock. A death on another scheduler writes the route
 * word there and is told here by a record; only then is the slot free again.
 *
 * Whoever sends first to an actor that nobody has sent to yet settles where it lives, by compare-and-swap on the route
 * word. The race that this closes: a sender puts m1 into the birth scheduler's ring, a thief takes the actor, the sender
 * sends m2 straight to the thief, and m2 overtakes m1. Once a message was sent the place never changes, and thieves
 * take only actors to which none was.
 *
 * @module
 */
import type { Pid } from "./api.ts";
import { SlotLimitError } from "./errors.ts";
import type { Journal } from "./journal.ts";
import { WHERE_BITS, WHERE_FREE, WHERE_HOME, WHERE_MASK, WHERE_STEALABLE } from "./layout.ts";
import {
  birthOf,
  FIRST_GENERATION,
  generationOf,
  indexOf,
  LAST_SMALL_GENERATION,
  makePid,
  RETIRED_GENERATION,
  smallSlotsOf,
} from "./pid.ts";

function word(generation: number, where: number): number {
  return (generation << WHERE_BITS) | where;
}

/** The owner's end: taking and freeing slots. */
export class SlotTable {
  readonly #routes: Int32Array;
  readonly #scheduler: number;
  readonly #capacity: number;
  readonly #journal: Journal | null;
  readonly #free: number[] = [];
  /** Free too, but the pids of their next tenants are no small integers: they rest while others have some (pid.ts). */
  readonly #worn: number[] = [];
  readonly #smallSlots: number;
  #fresh = 0;
  /** Slots whose generations are used up. */
  retired = 0;

  constructor(
    routes: Int32Array,
    scheduler: number,
    capacity = routes.length,
    journal: Journal | null = null,
  ) {
    this.#routes = routes;
    this.#scheduler = scheduler;
    this.#capacity = capacity;
    this.#journal = journal;
    this.#smallSlots = Math.min(capacity, smallSlotsOf(scheduler));
  }

  /** For a scheduler that takes a dead one's place: slots that nobody has are free, under their next generations. */
  inherit(): void {
    const routes = this.#routes;
    for (let index = 0; index < this.#capacity && routes[index] !== 0; index++) {
      this.#fresh = index + 1;
      if ((routes[index] & WHERE_MASK) !== WHERE_FREE) continue; // born here, alive elsewhere
      const generation = routes[index] >>> WHERE_BITS;
      if (generation === RETIRED_GENERATION) this.retired++;
      else this.free(makePid(this.#scheduler, index, generation)); // whoever had it last may not have freed it
    }
  }

  /** A pid that was never given before, living at `where`. @throws SlotLimitError */
  take(where: number): Pid {
    let index: number;
    let generation: number;
    const isFresh = this.#free.length === 0 && (this.#fresh < this.#smallSlots || this.#worn.length === 0);
    if (!isFresh) {
      index = this.#free.pop() ?? this.#worn.pop()!;
      generation = this.#routes[index] >>> WHERE_BITS;
    } else {
      if (this.#fresh === this.#capacity) throw new SlotLimitError(this.#limitMessage());
      index = this.#fresh++;
      generation = FIRST_GENERATION;
    }
    if (this.#journal !== null) this.#journal.spawns(index, generation);
    this.#routes[index] = word(generation, where);
    return makePid(this.#scheduler, index, generation);
  }

  /** Takes a slot back whose actor has ended; the pid is dead from here on. */
  free(pid: Pid): void {
    const index = indexOf(pid);
    const next = generationOf(pid) + 1;
    this.#routes[index] = word(next, WHERE_FREE); // pairs with the load in locate()
    if (next === RETIRED_GENERATION) this.retired++;
    else if (index < this.#smallSlots && next > LAST_SMALL_GENERATION) this.#worn.push(index);
    else this.#free.push(index);
  }

  /**
   * For a death that another scheduler tells: one that was told to a scheduler that died, and in whose place this one is,
   * has been found in the route word before ({@link inherit}).
   */
  freeUnlessFreed(pid: Pid): void {
    if (this.isTaken(pid)) this.free(pid);
  }

  /** Whether the slot is still the pid's: the actor lives, or its end has not been heard of here. */
  isTaken(pid: Pid): boolean {
    return Atomics.load(this.#routes, indexOf(pid)) >>> WHERE_BITS === generationOf(pid);
  }

  /** Before it begins here: false when a thief was faster. */
  claim(pid: Pid): boolean {
    return settle(this.#routes, pid, this.#scheduler) || this.isSettledHere(pid);
  }

  /** A sender elsewhere has settled it at its birthplace. */
  isSettledHere(pid: Pid): boolean {
    return Atomics.load(this.#routes, indexOf(pid)) === word(generationOf(pid), this.#scheduler);
  }

  /** The birth scheduler gives away an actor that has not begun; fails when somebody else has sent to it. */
  giveAway(pid: Pid, to: number): boolean {
    const index = indexOf(pid), generation = generationOf(pid);
    const from = this.#routes[index];
    const where = from & WHERE_MASK;
    if (from >>> WHERE_BITS !== generation || (where !== WHERE_STEALABLE && where !== WHERE_HOME)) {
      return false;
    }
    return Atomics.compareExchange(this.#routes, index, from, word(generation, to)) === from;
  }

  /** The birth scheduler is about to send it something itself: no thief may take it any more. */
  keepHome(pid: Pid): boolean {
    return swap(this.#routes, pid, WHERE_STEALABLE, WHERE_HOME);
  }

  #limitMessage(): string {
    const retired = this.retired > 0 ? ` (${this.retired} of them retired)` : "";
    return `Cannot spawn: all ${this.#capacity} slots of scheduler ${this.#scheduler} are in use${retired}. ` +
      `End actors that are done, or spawn from actors on other schedulers`;
  }
}

function swap(routes: Int32Array, pid: Pid, from: number, to: number): boolean {
  const generation = generationOf(pid);
  const expected = word(generation, from);
  return Atomics.compareExchange(routes, indexOf(pid), expected, word(generation, to)) === expected;
}

function livesOn(route: number, scheduler: number, table: number): boolean {
  const where = route & WHERE_MASK;
  return where === scheduler || (table === scheduler && (where === WHERE_STEALABLE || where === WHERE_HOME));
}

/** Makes `home` the place of an actor that has not begun, for good. */
function settle(routes: Int32Array, pid: Pid, home: number): boolean {
  return swap(routes, pid, WHERE_STEALABLE, home) || swap(routes, pid, WHERE_HOME, home);
}

/** What every scheduler may do with every table: find out, settle, steal, and declare dead what lived with it. */
export class Routes {
  readonly #tables: Int32Array[];
  constructor(tables: Int32Array[]) {
    this.#tables = tables;
  }

  /**
   * The scheduler to send to, or -1 when the actor is dead. Afterwards the place never changes: an actor that could
   * still be stolen is settled at its birthplace here.
   */
  settled(pid: Pid): number {
    const birth = birthOf(pid);
    const routes = this.#tables[birth];
    if (routes === undefined) return -1;
    const generation = generationOf(pid);
    // The first look is a plain one: an atomic load is a call for V8, 4 % of a sender's time. Whoever knows the pid has it
    // from a record of a ring, which is read atomically, so what is seen here is at least as new as what was known there.
    for (let found = routes[indexOf(pid)];; found = Atomics.load(routes, indexOf(pid))) {
      if (found >>> WHERE_BITS !== generation) return -1;
      const where = found & WHERE_MASK;
      if (where < WHERE_STEALABLE) return where;
      if (where === WHERE_FREE) return -1;
      if (settle(routes, pid, birth)) return birth;
    }
  }

  /** A thief, or a scheduler that it was given to, has it: for dumps, which change nothing. */
  hasLeft(pid: Pid, from: number): boolean {
    const where = Atomics.load(this.#tables[birthOf(pid)], indexOf(pid)) & WHERE_MASK;
    return where < WHERE_STEALABLE && where !== from;
  }

  isLive(pid: Pid): boolean {
    const routes = this.#tables[birthOf(pid)];
    if (routes === undefined) return false;
    const found = Atomics.load(routes, indexOf(pid));
    return found >>> WHERE_BITS === generationOf(pid) && (found & WHERE_MASK) !== WHERE_FREE;
  }

  /** A thief takes an actor that has not begun: false when its owner, a sender or another thief was faster. */
  steal(pid: Pid, thief: number): boolean {
    return swap(this.#tables[birthOf(pid)], pid, WHERE_STEALABLE, thief);
  }

  /** An actor that lived here and was born elsewhere has ended: dead for all, the slot is not free yet. */
  declareDead(pid: Pid): void {
    const routes = this.#tables[birthOf(pid)];
    Atomics.store(routes, indexOf(pid), word(generationOf(pid), WHERE_FREE));
  }

  /** Of a dead scheduler: a slot that it had taken and told nobody of. */
  declareUncounted(table: number, index: number, generation: number): void {
    Atomics.store(this.#tables[table], index, word(generation, WHERE_FREE));
  }

  /** The scheduler is dead, and with it all that lived there; a thief may be faster for one that had not begun. */
  declareAllDead(scheduler: number, table: number): number {
    const routes = this.#tables[table];
    let dead = 0;
    for (let index = 0; index < routes.length; index++) {
      const found = Atomics.load(routes, index);
      if (found === 0) break; // slots are taken in their order: none from here on was ever used
      if (!livesOn(found, scheduler, table)) continue;
      if (Atomics.compareExchange(routes, index, found, (found & ~WHERE_MASK) | WHERE_FREE) === found) dead++;
      else index--; // it was stolen, or settled, meanwhile
    }
    return dead;
  }

  /** The live actors of a table whose place is `scheduler` for good. */
  settledOn(scheduler: number, table: number): Pid[] {
    const routes = this.#tables[table];
    const found: Pid[] = [];
    for (let index = 0; index < routes.length; index++) {
      const word = Atomics.load(routes, index);
      if (word === 0) break;
      if ((word & WHERE_MASK) === scheduler) found.push(makePid(table, index, word >>> WHERE_BITS));
    }
    return found;
  }

  /** Where the tenant of a slot lives, or whether it does: the place of a generation, WHERE_FREE when it is dead. */
  placeOf(table: number, index: number, generation: number): number {
    const found = Atomics.load(this.#tables[table], index);
    return found >>> WHERE_BITS === generation ? found & WHERE_MASK : WHERE_FREE;
  }

  /** Slots that are not free: for tests. */
  get taken(): number {
    let taken = 0;
    this.#tables.forEach((routes) => {
      for (let i = 0; i < routes.length && routes[i] !== 0; i++) {
        if ((routes[i] & WHERE_MASK) !== WHERE_FREE) taken++;
      }
    });
    return taken;
  }
}
