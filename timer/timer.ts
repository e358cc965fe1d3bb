/**
 * One timer: what the wheel (wheel.ts) and its heap (due_heap.ts) keep.
 *
 * @module
 */

/** `Timer.place` when it is in no wheel, and in a list of a wheel; from 0 on it is a position in the heap. */
export const UNARMED = -1;
export const LISTED = -2;

/**
 * One timer, armed or not; it may be armed again and again, `onFire` included. What it is for is told by `onFire`, one
 * function for each kind of timer rather than one for each timer, and by `owner` and `token`, which the wheel does not
 * read: `token` is meant for the number of the wait, by which a stale timeout is told from the present one.
 *
 * Do not extend it: the wheel is fast because all timers have one shape. Six subclasses in turn made insert and cancel
 * two to four times as slow.
 */
export class Timer<Owner = unknown> {
  /** Called by a turn, once for each time the timer was armed and not cancelled. */
  readonly onFire: (timer: Timer<Owner>) => void;
  /** Whom it is for. */
  owner: Owner;
  /** A small integer of the owner's. */
  token: number;
  /** When it is, or was last, due; NaN before it was first armed. Written by the wheel. */
  deadline: number = NaN;
  /** The wheel's own: neighbours in a list, itself when it is in none. */
  next: AnyTimer = this as AnyTimer;
  /** The wheel's own. */
  previous: AnyTimer = this as AnyTimer;
  /** The wheel's own: {@link UNARMED}, {@link LISTED} or a position in the heap; of a list's head: its slot. */
  place: number = UNARMED;

  /** A timer, not armed yet. `onFire` and `owner` are as told above; one `onFire` should serve all timers of a kind. */
  constructor(onFire: (timer: Timer<Owner>) => void, owner: Owner, token = 0) {
    this.onFire = onFire;
    this.owner = owner;
    this.token = token;
  }

  /** Whether it is pending in a wheel. Already false while `onFire` runs. */
  get armed(): boolean {
    return this.place !== UNARMED;
  }
}

/** A timer of any owner: a wheel hands each timer to its own `onFire` and to nothing else. */
// deno-lint-ignore no-explicit-any
export type AnyTimer = Timer<any>;
