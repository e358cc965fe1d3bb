/**
 * A scheduler's turns of its worker's event loop: fire timers, take in what other threads sent, hand the baton out, and
 * when there is nothing to do, sleep without burning CPU (S15, S19, M6, M8).
 *
 * A turn resolves promises; the actors' code runs in microtasks. Where Deno's internal `runMicrotasks` is to be had, a
 * turn drains them itself and goes on with what came meanwhile, up to the length of a burst; otherwise they run when the
 * turn has returned. Each turn ends in the event loop, so that timers, sockets and promises of the program's own go on.
 *
 * @module
 */
import type { Scheduler } from "./scheduler.ts";
import type { Containment } from "./containment.ts";
import type { Doorbell } from "./doorbell.ts";
import { leave } from "./async_context.ts";
import { ENDED, EPOCH, HUNGRY } from "./layout.ts";
import { fallAsleep, wakeUp } from "./idle_time.ts";
import { setImmediate } from "node:timers";

/** How long a scheduler that has just had work looks for more before it sleeps: waking a thread costs 10 to 50 µs. */
export const POLL_MS = 0.2; // guessed: several times the cost of a wake-up; settled by bench/peers/xpingpong.ts
/** How long one look may hold up the event loop. */
const SPIN_MS = 0.02;
/** Deno's timers are 1 to 2 ms late, a blocked thread wakes within 0.1 ms: the last stretch before a deadline is blocked. */
const BLOCK_MS = 2.2;
/**
 * How long a busy scheduler keeps the thread before Deno's event loop gets its turn, which takes 35 µs (measured on Deno
 * 2.9.6: with a turn each 0.25 ms a ping-pong was 15 % slower). Timers, and what other threads send, are served in between.
 */
const TURN_MS = 2;
/** The longest time that foreign work waits for such a stretch. */
const BLOCK_SLICE_MS = 0.5;
/** So long actors run in the callbacks of their sockets alone. */
const LONGEST_WITHOUT_TURN_MS = 1;
/** How often a scheduler looks how large its heap is. */
const HEAP_INTERVAL_MS = 250;
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;
/**
 * Deno polls a worker's sockets only every 61st turn while an immediate is pending: a scheduler that is always busy
 * forces a poll now and then, for 40 µs (measured on Deno 2.9.6).
 */
const TURNS_PER_POLL = 62;
const FORCE_POLL_MS = 4;
/** The same where connections are at home here (io/home.ts): their actors wait for nothing else. */
const FORCE_HOME_POLL_MS = 1;
/**
 * So many timers and records may take as long as a burst. Were the burst counted from before they were taken in, it
 * would be over when the first actor has run: with more timers due in each pass than actors run, all are late for good.
 */
const LONG_INTAKE = 64;
/** Polls take at most this part of a busy scheduler's time, and are farther apart where they take long. */
const POLL_SHARE = 0.02;
const HOME_POLL_SHARE = 0.05;
/** So many microtasks pass until an actor that keeps the baton is known to await something: the queue has run dry. */
const MOST_HOPS = 32;
const RESOLVED = Promise.resolve();
/** A poll that took longer has been busy with what it found. */
const LONGEST_POLL_MS = 0.2;

// deno-lint-ignore no-explicit-any
const drainMicrotasks: (() => void) | undefined = (Deno as any)[(Deno as any).internal]?.core?.runMicrotasks;

/** What a turn did. */
export interface Turn {
  resumed: number;
  fired: number;
  records: number;
  hasRemaining: boolean;
}

export class EventLoop {
  readonly #s: Scheduler;
  readonly #doorbell: Doorbell;
  readonly #spins: boolean;
  /** There is one for the poller beside those of the schedulers. */
  readonly #hasSpareCore: boolean;
  /** Called when the scheduler goes to sleep: is the run over? Is everybody quiet? */
  readonly #onIdle: () => void;
  readonly #onFailed: (error: unknown) => void;
  #lastWork = 0;
  #lastRest = 0;
  /** Turns to pass without work before the next one, so that sockets are polled. */
  #emptyTurns = 0;
  /** When the last forced poll began, and how long it took. */
  #pollBegan = 0;
  #pollMs = 0;
  #hungry = false;
  /** How many actors had been stolen when this was looked at last. */
  #stolen = 0;
  #timeout: ReturnType<typeof setTimeout> | undefined;
  #asleep = false;
  #closed = false;
  readonly #originalSetTimeout = globalThis.setTimeout;
  readonly #originalClearTimeout = globalThis.clearTimeout;
  readonly turn: Turn = { resumed: 0, fired: 0, records: 0, hasRemaining: false };

  readonly #containment: Containment | null;

  constructor(
    s: Scheduler,
    doorbell: Doorbell,
    spins: boolean,
    onIdle: () => void,
    onFailed: (error: unknown) => void,
    containment: Containment | null = null,
  ) {
    this.#s = s;
    this.#containment = containment;
    this.#doorbell = doorbell;
    this.#spins = spins;
    this.#hasSpareCore = s.memory.schedulers < (navigator.hardwareConcurrency || 1);
    this.#onIdle = onIdle;
    this.#onFailed = onFailed;
  }

  readonly arm = (): void => {
    setImmediate(this.#emptyTurns > 0 ? this.#emptyTurn : this.#pump);
  };

  /** One after the other: immediates that are set at once run in one turn, and force no poll (measured on Deno 2.9.6). */
  readonly #emptyTurn = (): void => {
    this.#emptyTurns--;
    this.arm();
  };

  close(): void {
    this.#closed = true;
    this.#originalClearTimeout.call(globalThis, this.#timeout);
  }

  /**
   * One pass at the time `now`: what came is taken in, what can run is run. Says what it did, and whether there is more to
   * do (M6). The time is given because a look at the clock takes 80 ns: three of them were a seventh of a round trip.
   */
  tick(now: number): Turn {
    const s = this.#s;
    const turn = this.turn;
    const before = s.resumed;
    s.startBurst(now);
    turn.fired = s.timers.turn(now).fired;
    s.timersFired += turn.fired;
    turn.records = s.remote.drain();
    s.remote.flush();
    if (turn.fired + turn.records > LONG_INTAKE) s.lengthenBurst();
    if (s.queue.length === 0) s.work.steal();
    else if (s.sharesWork) {
      s.work.giveAway();
      s.work.balance(now);
    }
    if (s.stolen !== this.#stolen) { // before they begin: what their spawners had sent here before they spawned them
      this.#stolen = s.stolen;
      turn.records += s.remote.catchUp();
    }
    s.drive();
    if (drainMicrotasks !== undefined) drainMicrotasks();
    turn.resumed = s.resumed - before;
    turn.hasRemaining = s.queue.length > 0 || s.remote.hasRecords();
    return turn;
  }

  readonly #pump = (): void => {
    if (this.#closed) return;
    leave(); // an actor may have asked for this turn: what the turn begins, such as the wait for the bell, is not its own
    try {
      this.#wakeUp();
      this.#s.turned(this.#containment === null ? this.#turns() : this.#containment.run(this.#contained));
    } catch (error) { // nothing asks for a turn any more: whoever waits here would wait for ever
      this.#onFailed(error);
    }
  };

  readonly #contained = (): boolean => this.#turns();

  /** Passes until the burst is over or nothing is left to do. True: the event loop is to come back soon. */
  #turns(): boolean {
    const s = this.#s;
    const began = s.clock.now();
    if (this.#pollBegan !== 0) {
      this.#pollMs = Math.min(began - this.#pollBegan, LONGEST_POLL_MS);
      this.#pollBegan = 0;
    }
    s.turnBegins(began);
    let now = began;
    do {
      const turn = this.tick(now);
      now = s.clock.now();
      if (turn.resumed > 0 || turn.records > 0 || turn.fired > 0) {
        this.#lastWork = now;
        if (s.trace !== null) s.trace.mark(now);
        s.words[s.base + EPOCH]++;
        if (this.#hungry && turn.resumed > 0) this.#setHungry(false);
      }
      if (drainMicrotasks === undefined) return s.queue.length > 0 || s.current !== null || this.#stayUp(now);
      if (turn.hasRemaining) continue;
      const found = this.#spin(now);
      if (found < 0) return this.#stayUp(now);
      now = found;
    } while (now - began < (s.io.homes.looksOut ? FORCE_HOME_POLL_MS : TURN_MS));
    this.#servePoll(now);
    return true;
  }

  /** A busy scheduler lets the event loop poll its sockets every few milliseconds. */
  #servePoll(now: number): void {
    const interval = this.#s.io.homes.looksOut
      ? Math.max(FORCE_HOME_POLL_MS, this.#pollMs / HOME_POLL_SHARE)
      : Math.max(FORCE_POLL_MS, this.#pollMs / POLL_SHARE);
    if (now - this.#lastRest >= interval) this.#poll(now);
  }

  #poll(now: number): void {
    this.#lastRest = this.#pollBegan = now;
    this.#emptyTurns = TURNS_PER_POLL;
    this.#measureHeap(now);
  }

  /**
   * Not while the poller is at work for this scheduler and may need the core: its bell is worth waiting for. Nor where
   * sockets are to be looked at, which only a thread that goes to sleep does at once.
   */
  get #looksOn(): boolean {
    const { io } = this.#s;
    return this.#spins && !io.homes.looksOut && (this.#hasSpareCore || !io.isAwaiting);
  }

  /** Looks for work from other threads, for a moment. When it was found, or -1. */
  #spin(began: number): number {
    const s = this.#s;
    if (!this.#looksOn || began - this.#lastWork > POLL_MS) return -1;
    this.#setHungry(true);
    for (let now = began; now < began + SPIN_MS; now = s.clock.now()) {
      for (let i = 0; i < 32; i++) if (s.remote.hasRecords()) return now;
      if (s.work.steal() > 0) return now;
    }
    return -1;
  }

  /** Nothing to run: true to look again soon; false to sleep until the bell, a timer or something foreign. */
  #stayUp(now: number): boolean {
    const s = this.#s;
    if (this.#looksOn && now - this.#lastWork <= POLL_MS) return true;
    this.#setHungry(true);
    const doorbell = this.#doorbell;
    s.publish();
    doorbell.prepare();
    // A reader that made room before ASLEEP was set has rung for nothing: what is held back goes now, or it rings again.
    s.remote.flush();
    if (s.remote.hasRecords() || s.queue.length > 0 || s.current !== null || s.work.steal() > 0) {
      doorbell.awake();
      return true;
    }
    const deadline = s.timers.nextDeadline();
    const blockedAt = s.clock.now();
    const left = deadline - blockedAt;
    if (left <= BLOCK_MS || s.work.leavesSome) {
      if (left > 0) {
        doorbell.block(Math.min(left, BLOCK_SLICE_MS));
        s.idle += s.clock.now() - blockedAt;
      }
      doorbell.awake();
      if (s.io.homes.looksOut) this.#poll(now);
      return true;
    }
    this.#lastRest = now;
    this.#asleep = true;
    s.idle = fallAsleep(s.idle, blockedAt);
    this.#measureHeap(now);
    s.publish();
    if (deadline !== Infinity) {
      const ms = Math.min(left - BLOCK_MS, LONGEST_TIMEOUT_MS);
      this.#timeout = this.#originalSetTimeout.call(globalThis, this.#wakeForTimer, ms);
    }
    this.#sleepsUntil = deadline;
    this.#onIdle();
    return !doorbell.sleep();
  }
  #sleepsUntil = Infinity;

  #heapMeasuredAt = -Infinity;

  /** Eight microseconds: now and then only. */
  #measureHeap(now: number): void {
    if (now - this.#heapMeasuredAt < HEAP_INTERVAL_MS) return;
    this.#heapMeasuredAt = now;
    this.#s.heapUsedBytes = Deno.memoryUsage().heapUsed;
  }

  readonly #wakeForTimer = (): void => this.#s.arm();

  /**
   * A socket of this thread's has something for an actor, told in a callback of the event loop. Where all sleep the actor runs
   * in that callback: a turn more takes Deno 35 µs. True: {@link served} is to be called when it has been told.
   */
  serve(): boolean {
    const s = this.#s;
    if (!this.#asleep || this.#closed || drainMicrotasks === undefined || !s.turnHere()) return false;
    leave();
    this.#endedBefore = s.words[s.base + ENDED];
    this.#servedAt = s.clock.now();
    s.startBurst(this.#servedAt);
    s.idle = wakeUp(s.idle, this.#servedAt);
    return true;
  }
  #endedBefore = 0;
  #servedAt = 0;

  served(): void {
    try {
      this.#s.drive();
      drainMicrotasks!();
      this.#rest();
    } catch (error) {
      this.#onFailed(error);
    }
  }

  /** The same when other sockets have had their say too: `later` calls back before anything else runs, in no microtask. */
  servedBy(later: (callback: () => void) => void): void {
    later(this.#served);
  }
  readonly #served = (): void => this.served();

  /** The same where the news came in a microtask, which drains no others: the rest is done when nobody has the baton. */
  servedInMicrotask(): void {
    try {
      this.#s.drive();
    } catch (error) {
      return this.#onFailed(error);
    }
    this.#hopsLeft = MOST_HOPS;
    this.#whenParked();
  }
  #hopsLeft = 0;

  readonly #whenParked = (): void => {
    const s = this.#s;
    try {
      if (s.current === null || this.#hopsLeft-- === 0) {
        s.expire();
        if (s.queue.length === 0 || s.drive() === 0) return this.#rest();
        this.#hopsLeft = MOST_HOPS;
      }
      RESOLVED.then(this.#whenParked);
    } catch (error) {
      this.#onFailed(error);
    }
  };

  #rest(): void {
    const s = this.#s;
    s.expire();
    s.words[s.base + EPOCH]++;
    s.idle = fallAsleep(s.idle, s.clock.now());
    s.publish();
    // What else a turn does is done now and then, and when there is something new to do or to wait for, or nothing any
    // more: then the end of the program may be near.
    const isDue = s.asked || s.queue.length > 0 || !s.io.isAwaiting ||
      s.words[s.base + ENDED] !== this.#endedBefore ||
      this.#servedAt - s.turnedMs > LONGEST_WITHOUT_TURN_MS || s.timers.nextDeadline() < this.#sleepsUntil;
    s.turned(isDue);
  }

  /** The doorbell has rung. */
  readonly rung = (): void => {
    if (this.#asleep) this.#s.arm();
  };

  #wakeUp(): void {
    if (!this.#asleep) return;
    this.#asleep = false;
    const now = this.#s.clock.now();
    this.#s.idle = wakeUp(this.#s.idle, now);
    this.#lastWork = now;
    this.#doorbell.awake();
    if (this.#timeout !== undefined) {
      this.#originalClearTimeout.call(globalThis, this.#timeout);
      this.#timeout = undefined;
    }
  }

  /** A scheduler was lost, and nobody knows whether it was counted as hungry: all begin anew. */
  holdHunger(): void {
    this.#hungerHeld = true;
    this.#hungry = false;
  }

  releaseHunger(): void {
    this.#hungerHeld = false;
    this.#s.arm();
  }

  #hungerHeld = false;

  #setHungry(hungry: boolean): void {
    if (this.#hungry === hungry || !this.#s.sharesWork || this.#hungerHeld) return;
    this.#hungry = hungry;
    Atomics.add(this.#s.run, HUNGRY, hungry ? 1 : -1);
  }
}
