/**
 * Which functions make actors that are over sooner than they could be moved.
 *
 * To offer an actor, to take it, to tell its death and to wake whoever waits for that takes 5 to 10 µs on two schedulers;
 * one that only adds two numbers takes half a microsecond where it is. Half of 100,000 such actors went to an idle
 * scheduler all the same, and all of them took five times as long as on one. Nobody knows beforehand how long a function
 * takes, so some are timed. An idle scheduler does not get what is known to be short, unless its spawner does not give way.
 *
 * What is timed is the actor's own run. The time between two looks at the clock, which needs no look of its own, holds
 * what sharing costs as well: functions whose actors were shared looked long, and went on to be shared.
 *
 * @module
 */
import type { Clock } from "../timer/clock.ts";
import type { Target } from "./targets.ts";

/** An actor that runs for less is not worth its move. */
const MOVE_MS = 0.005;
/** Of so many that begin one is timed, which takes 0.2 to 0.4 µs. */
const TIMED = 8;
/** A run that was short counts 1, one that was not takes 2 away, for a thread that was put aside looks slow. */
const MOST = 8;
const ENOUGH = 4;
/**
 * Once in so long a few are offered all the same. They may be the roots of a tree whose many leaves were short: of a tree of
 * a million that was grown a second time, one scheduler had 70 of 100 actors when every 256th was offered.
 */
const TRIED_EVERY_MS = 5;
const TRIED = 16;

export class ShortRuns {
  readonly #clock: Clock;
  #begun = 0;
  /** Of what function the run is that is timed; null when none is. */
  #timed: Target | null = null;
  /** The number of the resume that began it. */
  #resume = 0;
  #beganMs = 0;
  #triedMs = -Infinity;
  #toTry = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** An actor begins, with the resume of this number. */
  began(target: Target, resume: number): void {
    this.#begun = (this.#begun + 1) % TIMED;
    if (this.#begun !== 0) return;
    if (this.#timed !== null) this.#observed(this.#timed, false); // it was not over at once: it waits, or did
    this.#timed = target;
    this.#resume = resume;
    this.#beganMs = this.#clock.now();
  }

  /** An actor is over, in the resume of this number. How many ms its run has taken, if it was timed; 0 otherwise. */
  wasOver(resume: number): number {
    if (this.#timed === null || this.#resume !== resume) return 0;
    const took = this.#clock.now() - this.#beganMs;
    this.#observed(this.#timed, took < MOVE_MS);
    this.#timed = null;
    return took;
  }

  #observed(target: Target, isShort: boolean): void {
    target.shortness = isShort ? Math.min(MOST, target.shortness + 1) : Math.max(0, target.shortness - 2);
  }

  isShort(target: Target): boolean {
    return target.shortness >= ENOUGH;
  }

  /** Whether the next actor of this function is to stay where it is spawned; `nowMs` may be some bursts old. */
  staysHome(target: Target, nowMs: number): boolean {
    if (!this.isShort(target)) return false;
    if (nowMs - this.#triedMs >= TRIED_EVERY_MS) {
      this.#triedMs = nowMs;
      this.#toTry = TRIED;
    }
    if (this.#toTry === 0) return true;
    this.#toTry--;
    return false;
  }
}
