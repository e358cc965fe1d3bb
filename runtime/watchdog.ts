/**
 * Names what keeps a scheduler from its event loop, from the control thread, while it is stuck.
 *
 * It samples words that a scheduler writes anyway, so that watching costs the scheduler nothing: EPOCH, which every turn
 * with work counts up, and CURRENT_KEY. One that does not move is asked for an answer by a message; one that computes
 * answers no more than it moves. An actor that gives way now and then moves the epoch at every turn of the event loop,
 * however long its work is.
 *
 * A sleeping one can be held only by code that is no actor's turn, such as what follows a promise that is not smarm's. To
 * answer costs it 0.4 ms, the control thread's part included, so it is asked in half the limit once, and what it is found
 * to hold counts from then: such code may hold it for half the limit longer.
 *
 * When the control thread itself was held up, or the whole process was, nobody can say who moved meanwhile: the time
 * that was missed counts for nobody.
 *
 * @module
 */
import { ASLEEP, CURRENT_KEY, EPOCH, NO_ACTOR, PEER_WORDS, type SharedMemory } from "./layout.ts";

/** A scheduler that has not come back to its event loop. */
export interface Stuck {
  readonly id: number;
  /** The actor whose turn it is; NO_ACTOR: it is nobody's. */
  readonly key: number;
  readonly heldMs: number;
}

export interface WatchdogEvents {
  ping(id: number, ticket: number): void;
  /** Whether it is to be watched now. */
  isWatched(id: number): boolean;
  /** Once an incident. */
  stuck(incident: Stuck): void;
  /** It has come back to its event loop. */
  over(incident: Stuck): void;
  /** It is still stuck, at each look after the first. */
  stillStuck(incident: Stuck): void;
  now(): number;
}

interface Watched {
  epoch: number;
  key: number;
  aliveAt: number;
  /** 0: it was not asked since it moved. */
  ticket: number;
  incident: Stuck | null;
}

/** Looks in the time that an actor may hold its scheduler. */
const LOOKS = 8;
const LEAST_LOOK_MS = 2;
const MOST_LOOK_MS = 250;

export class Watchdog {
  readonly #limitMs: number;
  readonly #lookMs: number;
  readonly #words: Int32Array;
  readonly #events: WatchdogEvents;
  readonly #watched: Watched[] = [];
  #timer: ReturnType<typeof setInterval> | undefined;
  #lookedAt: number;
  #tickets = 0;

  constructor(memory: SharedMemory, limitMs: number, events: WatchdogEvents) {
    this.#limitMs = limitMs;
    this.#lookMs = Math.min(MOST_LOOK_MS, Math.max(LEAST_LOOK_MS, limitMs / LOOKS));
    this.#words = new Int32Array(memory.peerWords);
    this.#events = events;
    this.#lookedAt = events.now();
    for (let id = 0; id < memory.schedulers; id++) {
      this.#watched.push({ epoch: 0, key: NO_ACTOR, aliveAt: this.#lookedAt, ticket: 0, incident: null });
    }
  }

  start(): void {
    this.#lookedAt = this.#events.now();
    for (let id = 0; id < this.#watched.length; id++) this.begins(id);
    this.#timer = setInterval(() => this.look(), this.#lookMs);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** A scheduler is there, or another one in its place. */
  begins(id: number): void {
    const one = this.#watched[id];
    one.aliveAt = this.#events.now();
    one.ticket = 0;
    one.incident = null;
  }

  answered(id: number, ticket: number): void {
    const one = this.#watched[id];
    if (one.ticket === ticket) this.#moved(one, this.#events.now());
  }

  look(): void {
    const now = this.#events.now();
    const missed = now - this.#lookedAt - 2 * this.#lookMs;
    this.#lookedAt = now;
    this.#watched.forEach((one, id) => {
      if (!this.#events.isWatched(id)) return;
      if (missed > 0) one.aliveAt += missed;
      const epoch = Atomics.load(this.#words, id * PEER_WORDS + EPOCH);
      const key = Atomics.load(this.#words, id * PEER_WORDS + CURRENT_KEY);
      if (epoch !== one.epoch || key !== one.key) {
        one.epoch = epoch;
        one.key = key;
        this.#moved(one, now);
        return;
      }
      if (one.ticket === 0) {
        if (key === NO_ACTOR && Atomics.load(this.#words, id * PEER_WORDS + ASLEEP) === 1) {
          if (now - one.aliveAt < this.#limitMs / 2) return;
          one.aliveAt = now;
        }
        one.ticket = ++this.#tickets;
        this.#events.ping(id, one.ticket);
      }
      const heldMs = now - one.aliveAt;
      if (heldMs < this.#limitMs) return;
      const isNew = one.incident === null;
      one.incident = { id, key, heldMs };
      if (isNew) this.#events.stuck(one.incident);
      else this.#events.stillStuck(one.incident);
    });
  }

  #moved(one: Watched, now: number): void {
    const { incident } = one;
    const heldMs = now - one.aliveAt;
    one.aliveAt = now;
    one.ticket = 0;
    one.incident = null;
    if (incident !== null) this.#events.over({ ...incident, heldMs });
  }
}
