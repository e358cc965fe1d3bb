/**
 * Panics that nobody may have seen: each waits a second at its birth scheduler, for somebody to join, and is then
 * reported, once. Called where actors end (lifecycle.ts) and where exit signals come to nobody (remote.ts).
 *
 * A monitor, a supervisor or a link on the same scheduler has surely been told. A link to an actor on another one is a
 * *hope*: the signal may find it dead. The race that this closes: A and B are linked and panic at once, on two
 * schedulers. A counts B as told, B counts A as told, both signals find nobody, and neither panic is ever reported. So
 * whoever takes in a signal that finds nobody says so to the birth scheduler of the one that ended, and a panic whose
 * hopes have all failed is reported as one that nobody observed. That word may come before the death itself, which
 * takes another way: then it waits for it here.
 *
 * @module
 */
import type { Outcome, Pid } from "./api.ts";
import type { Scheduler } from "./scheduler.ts";
import { birthOf } from "./pid.ts";
import { isQuiet } from "./errors.ts";
import { describeOutcome } from "./report.ts";
import { Fifo } from "./fifo.ts";
import { PHASE_STOPPING, RUN_PHASE } from "./layout.ts";
import { Timer } from "../timer/wheel.ts";

/** A panic waits so long for somebody to join, and for failed hopes; then it is reported, or forgotten. */
const UNOBSERVED_MS = 1000;

/** For so long panics are reported at a time: each takes some 50 µs, and actors wait meanwhile. */
const REPORTING_MS = 5;

/** How many have been told of an end: {@link SEEN} when somebody surely has, else the number of hopes. */
export type Witnesses = number;
export const SEEN: Witnesses = 0x3fffffff;

type Panicked = Extract<Outcome, { kind: "panic" }>;

interface Panic {
  readonly outcome: Outcome;
  readonly name: string;
  /** When it fires, nobody has joined in time. */
  readonly timer: Timer<undefined>;
  /** Linked actors of other schedulers that may have been told of it. */
  hopes: number;
}

/** The panics of one scheduler's births. */
export class Unobserved {
  readonly #s: Scheduler;
  readonly #panics = new Map<Pid, Panic>();
  /** Failed hopes of actors whose death has not been heard of here. */
  readonly #failed = new Map<Pid, number>();
  /** Those whose time is over. */
  readonly #due = new Fifo<Pid>();
  readonly #reporting: Timer<undefined> = new Timer(() => this.#settleDue(), undefined);

  constructor(s: Scheduler) {
    this.#s = s;
  }

  /** An actor that was born here has ended. */
  ended(pid: Pid, name: string, outcome: Outcome, witnesses: Witnesses): void {
    const failed = this.#takeFailed(pid);
    if (outcome.kind === "exit" || isQuiet(outcome) || pid === this.#s.main?.pid) return;
    if (witnesses >= SEEN || this.#followsStop(outcome)) {
      this.#tellDebug(pid, name, outcome);
      return;
    }
    const s = this.#s;
    const timer = new Timer(() => this.#isOver(pid), undefined);
    this.#panics.set(pid, { outcome, name, timer, hopes: witnesses - failed });
    s.timers.insert(timer, s.clock.now() + UNOBSERVED_MS);
  }

  /** The run is being ended, and this one had asked another for something that has ended first: no news. */
  #followsStop({ error }: Panicked): boolean {
    if (error.name !== "DeadActorError") return false;
    return Atomics.load(this.#s.run, RUN_PHASE) === PHASE_STOPPING;
  }

  /** Somebody has joined. */
  seen(pid: Pid): void {
    const panic = this.#panics.size > 0 ? this.#panics.get(pid) : undefined;
    if (panic === undefined) return;
    this.#panics.delete(pid);
    this.#s.timers.cancel(panic.timer); // what nobody waits for any more is no armed timer, nor one that fires
  }

  /** A linked actor that should have been told of this end was dead by then. */
  hopeFailed(pid: Pid): void {
    const s = this.#s;
    if (birthOf(pid) !== s.id) {
      s.remote.hopeFailed(pid);
      return;
    }
    const panic = this.#panics.get(pid);
    if (panic !== undefined) panic.hopes--;
    else if (s.slots.isTaken(pid)) this.#failed.set(pid, (this.#failed.get(pid) ?? 0) + 1);
  }

  /** Whether the word of other schedulers could still change what is reported. */
  get hopes(): boolean {
    for (const { hopes } of this.#panics.values()) if (hopes > 0) return true;
    return false;
  }

  #isOver(pid: Pid): void {
    this.#due.push(pid);
    if (this.#due.length === 1) this.#s.timers.insert(this.#reporting, this.#s.clock.now());
  }

  #settleDue(): void {
    const { clock, timers } = this.#s;
    const until = clock.now() + REPORTING_MS;
    while (this.#due.length > 0 && clock.now() < until) this.#settle(this.#due.shift());
    if (this.#due.length > 0) timers.insert(this.#reporting, clock.now() + REPORTING_MS);
  }

  /** Time is over: reports the panic, unless somebody has seen it. */
  #settle(pid: Pid): void {
    const panic = this.#panics.get(pid);
    if (panic === undefined) return;
    this.#panics.delete(pid);
    if (panic.hopes > 0) this.#tellDebug(pid, panic.name, panic.outcome);
    else this.#s.host.report(pid, panic.name, panic.outcome);
  }

  /** The run is over: settles what it can in a moment. True: nothing is left. */
  settleSome(): boolean {
    const until = this.#s.clock.now() + REPORTING_MS;
    for (const pid of this.#panics.keys()) {
      if (this.#s.clock.now() >= until) return false;
      this.#settle(pid);
    }
    return true;
  }

  #takeFailed(pid: Pid): number {
    const failed = this.#failed.size === 0 ? undefined : this.#failed.get(pid);
    if (failed === undefined) return 0;
    this.#failed.delete(pid);
    return failed;
  }

  /** Whoever has been told of it deals with it: it is news only for those who look for faults. */
  #tellDebug(pid: Pid, name: string, outcome: Outcome): void {
    if (this.#s.config.minLogLevel !== "debug") return;
    this.#s.host.log(null).debug(describeOutcome(outcome, false, { pid, name }));
  }
}
