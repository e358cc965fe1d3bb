/**
 * Every pending timer of one scheduler. Owned by one thread; knows nothing of actors, workers or clocks.
 *
 * Promises: a timer never fires before its deadline, nor later than the first `turn` at or after it; timers fire by
 * deadline, and equal deadlines in order of insertion; a cancelled timer never fires and is let go of at once.
 *
 * How: a hierarchical wheel of intrusive lists, {@link LEVELS} levels of {@link SLOTS} slots of one millisecond and up,
 * before a small heap. The HORIZON, a whole millisecond, parts the two: what is due before it lies in the heap, sorted
 * to the fraction and by insertion; everything else lies in the slot of the highest digit in which its millisecond
 * differs from the horizon's. The first occupied slot of the lowest occupied level is therefore always the earliest.
 * As the horizon moves, slots are opened, and their timers move down, level by level, into the heap. Lists and
 * openings keep the order of insertion, so timers with one deadline enter the heap in that order, and the heap's own
 * counter settles ties.
 *
 * `nextDeadline` is exact without sorting: it scans the first slot and remembers the answer until that timer goes.
 * A heartbeat pattern (a million equal timeouts, the oldest cancelled and set anew each time) would scan a crowded slot
 * again and again: so a slot with more than `scanLimit` timers is opened early instead, each timer at most once a level.
 * The horizon then runs ahead of the clock, and until the clock has caught up, nearer timers go straight to the heap:
 * they cost a heap's O(log n) then, and are as exact.
 *
 * Figures, ns each, from bench/timer_wheel_bench.ts on two quiet cores, a million pending, best of three: insert 24 to
 * 41, cancel 55 to 75, fire 126 to 673 for deadlines random within 1 s, 1 h and 1 year, all at now + 1 h, falling, and
 * all equal. The heartbeat's three calls took 250 to 500, and 1114 with all deadlines equal. A pending timer takes 96
 * bytes; a turn with nothing to do, 31 ns.
 *
 * Why not a heap alone: the same program ran each in turn, on a machine so busy that all are three to four times as slow
 * as above; random within 1 h, best of three; the heaps were prototypes:
 *
 * |                                          | fill to a million | 40,000 more | cancel those | fire |
 * | ---------------------------------------- | ----: | ----: | ----: | ----: |
 * | this wheel                               |    87 |   153 |   245 |  1558 |
 * | 4-ary heap that knows each timer's place |   189 |   175 |   386 |  1597 |
 * | the same, numbers only in typed arrays   |   252 |   171 |   328 |  1838 |
 * | 4-ary heap, cancelled ones left behind   |   138 |   153 |    68 |  4912 |
 *
 * On the quiet machine the first two heaps took 71 to 129 and 166 to 302 for insert and cancel, which misses the goal of
 * 150. The last keeps what was cancelled until its deadline, which for a timeout of a year is for ever.
 *
 * What a heap does better: no operation of it stalls. Opening a slot costs about 100 ns a timer, at once: a million
 * timeouts of one hour, all set within a second, stall one turn for 105 ms some minutes before they are due. Splitting
 * an opening over several turns is left until such a load turns up.
 *
 * @module
 */
import { type AnyTimer, LISTED, Timer, UNARMED } from "./timer.ts";
import { DueHeap } from "./due_heap.ts";

export { type AnyTimer, Timer } from "./timer.ts";

/** Bits of the millisecond that one level of the wheel resolves. */
const BITS = 5;
const SLOTS = 1 << BITS;
/** The lower 30 bits of a millisecond and the upper 23 are held apart: each half is a small integer. */
const LOW_BITS = 30;
const LOW_LEVELS = LOW_BITS / BITS;
const LOW_UNIT = 2 ** LOW_BITS;
/** Enough levels for 53 bits. */
const LEVELS = LOW_LEVELS + Math.ceil((53 - LOW_BITS) / BITS);
/** One level more than time needs, of which one slot is used: what a turn may not fire any more. See `insert`. */
const HELD = LEVELS * SLOTS;
const TIMED_LEVELS = (1 << LEVELS) - 1;

/** The latest deadline, 285,000 years from the start of the run. A later one, Infinity too, is armed as this one. */
export const MAX_DEADLINE_MS: number = Number.MAX_SAFE_INTEGER - 1;

/**
 * A crowded first slot is opened rather than scanned beyond this many timers. A guess: scanning this many costs about
 * what opening one level costs; bench/timer_wheel_bench.ts, row "heartbeat", would settle it.
 */
export const DEFAULT_SCAN_LIMIT = 32;

/** What a turn did. The wheel has one, and writes it anew each turn. */
export interface TurnResult {
  /** Timers fired by this turn. */
  fired: number;
  /** Deadline of the earliest timer left, Infinity if none; not after the turn's time if timers stayed due. */
  nextDeadline: number;
}

/** Sizes of a wheel, and where its time begins. */
export interface TimerWheelOptions {
  /** The present time, milliseconds; 0 by default. Later deadlines are found in O(1), whatever this is. */
  nowMs?: number;
  /** See {@link DEFAULT_SCAN_LIMIT}. */
  scanLimit?: number;
}

/** The timers of one thread: see the top of this file. */
export class TimerWheel {
  readonly #scanLimit: number;
  readonly #heap = new DueHeap();
  /** The heads of circular lists, one for each slot. */
  readonly #lists: AnyTimer[] = [];
  /** For each level, one bit for each slot that has timers; and one bit for each level that has any. */
  readonly #occupied = new Int32Array(LEVELS + 1);
  #occupiedLevels = 0;
  #horizonMs: number;
  /** The two halves of #horizonMs. */
  #horizonHigh: number;
  #horizonLow: number;
  #size = 0;
  /** The earliest deadline in the slots, NaN if it has to be looked for. */
  #earliestListed = Infinity;
  /** The time of the turn that is going on, -Infinity between turns. */
  #turnMs = -Infinity;
  readonly #result: TurnResult = { fired: 0, nextDeadline: Infinity };

  /** An empty wheel. */
  constructor(options: TimerWheelOptions = {}) {
    this.#scanLimit = options.scanLimit ?? DEFAULT_SCAN_LIMIT;
    this.#horizonMs = Math.max(0, Math.floor(options.nowMs ?? 0));
    this.#horizonHigh = Math.floor(this.#horizonMs / LOW_UNIT);
    this.#horizonLow = this.#horizonMs - this.#horizonHigh * LOW_UNIT;
    for (let slot = 0; slot <= HELD; slot++) {
      const head = new Timer(unreachable, undefined);
      head.place = slot;
      this.#lists.push(head);
    }
  }

  /** How many timers are armed. */
  get size(): number {
    return this.#size;
  }

  /**
   * Arms `timer` for `deadlineMs`; one that is armed already moves there, and counts as inserted now. A deadline in the
   * past fires at the next turn: also when it is `onFire` that inserts it, so that a timer that sets itself anew for
   * now can neither keep a turn from ending nor overtake the others that are due.
   *
   * @throws {RangeError} if `deadlineMs` is NaN.
   */
  insert(timer: AnyTimer, deadlineMs: number): void {
    if (!(deadlineMs <= MAX_DEADLINE_MS)) deadlineMs = latestDeadline(deadlineMs);
    if (timer.place !== UNARMED) this.cancel(timer);
    timer.deadline = deadlineMs;
    this.#size++;
    if (deadlineMs <= this.#turnMs) {
      this.#append(timer, HELD);
    } else {
      this.#settle(timer, deadlineMs);
    }
  }

  /** Disarms `timer`. False if it was not armed: it has fired, was cancelled, or was never inserted. */
  cancel(timer: AnyTimer): boolean {
    const place = timer.place;
    if (place === UNARMED) return false;
    if (place === LISTED) {
      if (timer.deadline === this.#earliestListed) this.#earliestListed = NaN;
      this.#unlink(timer);
    } else {
      this.#heap.remove(place);
    }
    timer.place = UNARMED;
    this.#size--;
    return true;
  }

  /**
   * Fires the timers that are due at `nowMs`, in order, but at most `limit` of them. What `onFire` inserts for `nowMs`
   * or earlier waits for the next turn; what it cancels does not fire.
   *
   * What `onFire` throws leaves this method at once: that timer has fired, the other due ones stay armed, and the next
   * turn goes on with them, in order.
   *
   * @throws {RangeError} if `nowMs` is NaN.
   * @throws {Error} if called by `onFire`.
   */
  turn(nowMs: number, limit = Infinity): TurnResult {
    if (this.#turnMs !== -Infinity) {
      throw new Error("Cannot turn the wheel from within onFire. Insert a timer that is due now instead");
    }
    if (!(nowMs <= MAX_DEADLINE_MS)) nowMs = latestDeadline(nowMs);
    const heap = this.#heap;
    let fired = 0;
    this.#turnMs = nowMs;
    try {
      for (;;) {
        while (fired < limit && heap.earliest <= nowMs) {
          const timer = heap.takeEarliest();
          timer.place = UNARMED;
          this.#size--;
          fired++;
          timer.onFire(timer);
        }
        if (fired >= limit || nowMs < this.#horizonMs) break;
        const slot = this.#firstSlot();
        if (slot >= 0 && this.#startOf(slot) <= nowMs) {
          this.#open(slot);
        } else {
          this.#moveHorizon(Math.floor(nowMs) + 1);
        }
      }
    } finally {
      this.#turnMs = -Infinity;
      this.#release(HELD);
    }
    this.#result.fired = fired;
    this.#result.nextDeadline = this.nextDeadline();
    return this.#result;
  }

  /** Deadline of the earliest timer, exactly; Infinity if none is armed. */
  nextDeadline(): number {
    if (this.#turnMs !== -Infinity) return Math.min(this.#earliestHeld(), this.#earliestUnheld());
    return this.#earliestUnheld();
  }

  #earliestUnheld(): number {
    // Everything in the heap is before the horizon, and so before everything in the slots.
    while (this.#heap.size === 0) {
      if (this.#earliestListed === this.#earliestListed) return this.#earliestListed;
      const slot = this.#firstSlot();
      if (slot < 0) {
        this.#earliestListed = Infinity;
      } else if (!this.#scan(slot)) {
        this.#open(slot);
      }
    }
    return this.#heap.earliest;
  }

  #earliestHeld(): number {
    let earliest = Infinity;
    const head = this.#lists[HELD];
    for (let timer = head.next; timer !== head; timer = timer.next) {
      earliest = Math.min(earliest, timer.deadline);
    }
    return earliest;
  }

  /** Finds the earliest deadline of `slot`; false if it has too many timers. */
  #scan(slot: number): boolean {
    const head = this.#lists[slot];
    let earliest = Infinity;
    let left = this.#scanLimit;
    for (let timer = head.next; timer !== head; timer = timer.next) {
      if (left-- === 0) return false;
      if (timer.deadline < earliest) earliest = timer.deadline;
    }
    this.#earliestListed = earliest;
    return true;
  }

  /** The earliest occupied slot, -1 if none. */
  #firstSlot(): number {
    const levels = this.#occupiedLevels & TIMED_LEVELS;
    if (levels === 0) return -1;
    const level = 31 - Math.clz32(levels & -levels);
    const slots = this.#occupied[level];
    return level * SLOTS + 31 - Math.clz32(slots & -slots);
  }

  /** The first millisecond of `slot`: the horizon's digits above the slot's level, then the slot's, then zeros. */
  #startOf(slot: number): number {
    const level = Math.floor(slot / SLOTS);
    const digit = slot % SLOTS;
    if (level < LOW_LEVELS) {
      const shift = level * BITS;
      return this.#horizonHigh * LOW_UNIT + ((this.#horizonLow >>> shift & -SLOTS | digit) << shift);
    }
    const shift = (level - LOW_LEVELS) * BITS;
    return ((this.#horizonHigh >>> shift & -SLOTS | digit) << shift) * LOW_UNIT;
  }

  /** The slot of a time that is not before the horizon. */
  #slotOf(timeMs: number): number {
    const high = timeMs / LOW_UNIT | 0;
    const low = timeMs - high * LOW_UNIT | 0;
    if (high === this.#horizonHigh) {
      const level = highestDigit(low ^ this.#horizonLow);
      return level * SLOTS + (low >>> level * BITS & SLOTS - 1);
    }
    const level = highestDigit(high ^ this.#horizonHigh);
    return (LOW_LEVELS + level) * SLOTS + (high >>> level * BITS & SLOTS - 1);
  }

  /** Puts a timer that is in no list where its deadline belongs. */
  #settle(timer: AnyTimer, deadlineMs: number): void {
    if (deadlineMs < this.#horizonMs) {
      this.#heap.push(timer, deadlineMs);
    } else {
      if (deadlineMs < this.#earliestListed) this.#earliestListed = deadlineMs; // never while that is NaN
      this.#append(timer, this.#slotOf(deadlineMs));
    }
  }

  #append(timer: AnyTimer, slot: number): void {
    const head = this.#lists[slot];
    const last = head.previous;
    if (last === head) {
      const level = slot >>> BITS;
      this.#occupied[level] |= 1 << slot; // the shift counts modulo 32, which is SLOTS
      this.#occupiedLevels |= 1 << level;
    }
    timer.place = LISTED;
    timer.next = head;
    timer.previous = last;
    last.next = timer;
    head.previous = timer;
  }

  #unlink(timer: AnyTimer): void {
    const { next, previous } = timer;
    next.previous = previous;
    previous.next = next;
    timer.next = timer;
    timer.previous = timer;
    if (next === previous) this.#vacate(next.place); // one neighbour: the list's head, alone now
  }

  #vacate(slot: number): void {
    const level = slot >>> BITS;
    this.#occupied[level] &= ~(1 << slot);
    if (this.#occupied[level] === 0) this.#occupiedLevels &= ~(1 << level);
  }

  /** Empties the earliest occupied slot: its timers move to lower levels or, from the lowest, to the heap. */
  #open(slot: number): void {
    this.#moveHorizon(this.#startOf(slot) + 1, slot); // past its first millisecond: the lowest level's slots have no other
  }

  /**
   * Moves the horizon up to `toMs`. Nothing but `opened` may have timers from before that. Of the other slots, just one
   * may now share its digit with the horizon, and has to be opened too: that of the highest digit that changes. On the
   * lowest level there is nothing to do: the horizon's own millisecond belongs there.
   */
  #moveHorizon(toMs: number, opened = -1): void {
    const entered = this.#slotOf(toMs);
    this.#horizonMs = toMs;
    this.#horizonHigh = Math.floor(toMs / LOW_UNIT);
    this.#horizonLow = toMs - this.#horizonHigh * LOW_UNIT;
    if (opened >= 0) this.#release(opened);
    if (entered >= SLOTS) this.#release(entered);
  }

  /** Takes the timers of `slot` out of it, in order, and settles each by its deadline. */
  #release(slot: number): void {
    const head = this.#lists[slot];
    let timer = head.next;
    if (timer === head) return;
    head.next = head;
    head.previous = head;
    this.#vacate(slot);
    this.#earliestListed = NaN;
    while (timer !== head) {
      const next = timer.next;
      timer.next = timer;
      timer.previous = timer;
      this.#settle(timer, timer.deadline);
      timer = next;
    }
  }
}

/** Which digit of `difference` is the highest that is not zero; 0 if none is. */
function highestDigit(difference: number): number {
  return difference === 0 ? 0 : (31 - Math.clz32(difference)) / BITS | 0;
}

function latestDeadline(timeMs: number): number {
  if (timeMs > MAX_DEADLINE_MS) return MAX_DEADLINE_MS;
  throw new RangeError(`A timer wheel needs milliseconds, got ${timeMs}`);
}

function unreachable(): never {
  throw new Error("The head of a list is no timer");
}
