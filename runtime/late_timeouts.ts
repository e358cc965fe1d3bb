/**
 * Timeouts of waits that are mostly short: one is armed at the end of the burst only, if its wait is open then. The time is
 * looked at there, so it is late by a burst at most, and never early.
 *
 * @module
 */
import { DONE } from "./actor_state.ts";
import type { Scheduler } from "./scheduler.ts";
import type { Wait } from "./wait.ts";
import * as waiting from "./waiting.ts";

export class LateTimeouts {
  readonly #s: Scheduler;
  readonly #waits: Wait[] = [];
  readonly #ms: number[] = [];

  constructor(s: Scheduler) {
    this.#s = s;
  }

  insert(wait: Wait, ms: number): void {
    this.#waits.push(wait);
    this.#ms.push(ms);
  }

  /** The burst is over. */
  arm(): void {
    const waits = this.#waits;
    if (waits.length === 0) return;
    const now = this.#s.clock.now();
    for (let i = 0; i < waits.length; i++) {
      // An actor that was killed meanwhile leaves its waits open: a timer of its own would keep the run from its deadlock.
      if (waits[i].isOpen && waits[i].actor.state !== DONE) waiting.timeoutAt(waits[i], now + this.#ms[i]);
    }
    waits.length = 0;
    this.#ms.length = 0;
  }
}
