/**
 * The clock of a test run.
 *
 * Time stands still while actors run, which makes a test independent of how fast the machine is. Standing quite still it
 * would let an actor that loops over `self.check()` keep the thread for ever: timeslices would never end. So each look at
 * the clock takes a microsecond, the same one on every machine: but for the first thousand at one instant, of which most
 * programs need fewer, so that an hour of sleeps of a second is an hour, and what is set at one instant is due at one.
 *
 * While an actor waits for something of the real world, time goes on as it does there: whoever looks when that has come
 * finds that it has taken its time.
 *
 * @module
 */
import { type Clock, VirtualClock } from "../timer/clock.ts";

const LOOK_MS = 0.001;
/** Looks at one instant that take no time. More than a program takes that waits, fewer than one notices that does not. */
const FREE_LOOKS = 1000;

export class TestClock implements Clock {
  readonly #clock = new VirtualClock();
  /** At this instant. */
  #looks = 0;
  /** Since when it follows the real world, on both clocks. */
  #realSince: { readonly realMs: number; readonly virtualMs: number } | null = null;

  now(): number {
    if (this.#realSince !== null) {
      const { realMs, virtualMs } = this.#realSince;
      this.jumpTo(virtualMs + performance.now() - realMs);
    }
    if (++this.#looks > FREE_LOOKS) this.#clock.advanceTo(this.#clock.now() + LOOK_MS);
    return this.#clock.now();
  }

  followReality(): void {
    this.#realSince ??= { realMs: performance.now(), virtualMs: this.now() };
  }

  standStill(): void {
    this.#realSince = null;
  }

  /** Jumps to `ms`, if that is in the future. */
  jumpTo(ms: number): void {
    if (ms <= this.#clock.now()) return;
    this.#clock.advanceTo(ms);
    this.#looks = 0;
  }
}
