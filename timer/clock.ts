/**
 * Where the runtime reads the time. All runtime code asks one injected {@link Clock}; nothing else calls
 * `performance.now()` or `Date.now()`.
 *
 * Times are milliseconds since the start of the run, fractional, and never run backwards. Every worker of a run makes
 * its own {@link RunClock} from the one epoch that the first thread chose with {@link runEpochMs}, so a deadline made
 * on one scheduler means the same instant on another.
 *
 * @module
 */

/** A monotonic source of milliseconds since the start of the run. */
export interface Clock {
  /** Milliseconds since the start of the run, fractional, never less than an earlier answer. */
  now(): number;
}

/** The epoch of a run that starts now: made once, by the first thread, and handed to every worker's RunClock. */
export function runEpochMs(): number {
  return performance.timeOrigin + performance.now();
}

// A library for fake timers that a program uses puts functions of its own in their place.
const ownPerformance = performance;
const own = performance.now;

/**
 * The real clock of one thread.
 *
 * `performance.now()` is monotonic, but counts from the start of its own worker. `performance.timeOrigin` places that
 * start on a scale that all workers share. It is read once, here: a later jump of the wall clock moves nothing.
 * Two workers of one process agreed within 0.001 ms when this was measured. What remains: if the wall clock is stepped
 * after the run began and before this worker started, this worker's times are off by that step for good. A thread
 * that can compare its clock with the first thread's passes the corrected `timeOriginMs`.
 *
 * On Linux the monotonic clock stands still while the machine is suspended: a sleep goes on where it was.
 */
export class RunClock implements Clock {
  readonly #offsetMs: number;

  /** `epochMs` comes from {@link runEpochMs}, called once for the whole run. */
  constructor(epochMs: number, timeOriginMs: number = performance.timeOrigin) {
    this.#offsetMs = timeOriginMs - epochMs;
  }

  now(): number {
    return own.call(ownPerformance) + this.#offsetMs;
  }
}

/** A clock that moves only when told to, for tests: an hour of timeouts passes as fast as they can be fired. */
export class VirtualClock implements Clock {
  #nowMs: number;

  /** A clock that reads `nowMs`. */
  constructor(nowMs = 0) {
    this.#nowMs = nowMs;
  }

  now(): number {
    return this.#nowMs;
  }

  /**
   * Sets the time to `nowMs`.
   *
   * @throws {RangeError} if `nowMs` is earlier than the present time, or not a finite number.
   */
  advanceTo(nowMs: number): void {
    if (!(nowMs >= this.#nowMs && nowMs < Infinity)) {
      throw new RangeError(
        `A virtual clock moves forward only: advanceTo needs at least ${this.#nowMs} ms, got ${nowMs}`,
      );
    }
    this.#nowMs = nowMs;
  }
}
