/**
 * The clock of a test run.
 *
 * Time stands still while actors run, which makes a test independent of how fast the machine is. Standing quite still it
 * would let an actor that loops over `self.check()` keep the thread for ever: timeslices would never end. So each look at
 * the clock takes a microsecond, the same one on every machine.
 *
 * @module
 */
import { type Clock, VirtualClock } from "../timer/clock.ts";

const LOOK_MS = 0.001;

export class TestClock implements Clock {
  readonly #clock = new VirtualClock();

  now(): number {
    const now = this.#clock.now() + LOOK_MS;
    this.#clock.advanceTo(now);
    return now;
  }

  /** Jumps to `ms`, if that is in the future. */
  jumpTo(ms: number): void {
    if (ms > this.#clock.now()) this.#clock.advanceTo(ms);
  }
}
