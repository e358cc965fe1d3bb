/**
 * Whether a run in which nothing moves can ever move again.
 *
 * Schedulers tell the control thread when all of them sleep without a timer. It then asks each what could still wake its
 * actors. The snapshot is consistent, although the answers come one after the other, when no scheduler did anything
 * between its answer and the last one (its epoch is the same), and every record that was sent has been taken in.
 *
 * If nothing foreign is pending anywhere, either the program is over in all but name (main has ended well and the rest
 * only wait for messages: they are told to end), or it is a deadlock. What Deno would not wait for, such as an unref'd
 * timer, keeps no program alive that is over in all but name; but it may end what looks like a deadlock.
 *
 * @module
 */
import type { ActorReport, FromWorker } from "./protocol.ts";
import { formatActor } from "./dump.ts";
import { formatPid } from "./pid.ts";
import type { Pid } from "./api.ts";
import { RECEIVE, SELECT, SELECTS_MAILBOX, WAIT_NAMES } from "./wait.ts";
import {
  ASLEEP,
  EPOCH,
  IO_PARKED,
  NOTICE_PENDING,
  PEER_WORDS,
  RECORDS_IN,
  RECORDS_OUT,
  type SharedMemory,
  TIMERS,
} from "./layout.ts";

type Probed = Extract<FromWorker, { type: "probed" }>;

export interface QuietEvents {
  probe(ticket: number): void;
  mainEndedWell(): boolean;
  /** The others are told to end. */
  shutdown(): void;
  deadlock(text: string): void;
  /** Milliseconds since the run began. */
  now(): number;
}

/** The first look comes this long after the notice; while something foreign may still come, looks become rarer. */
const FIRST_LOOK_MS = 5;
const RAREST_LOOK_MS = 500;
const MOST_LISTED = 50;

export class QuietCheck {
  readonly #memory: SharedMemory;
  readonly #events: QuietEvents;
  readonly #words: Int32Array;
  readonly #run: Int32Array;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #waitMs = FIRST_LOOK_MS;
  #ticket = 0;
  #answers: (Probed | undefined)[] = [];
  #closed = false;

  constructor(memory: SharedMemory, events: QuietEvents) {
    this.#memory = memory;
    this.#events = events;
    this.#words = new Int32Array(memory.peerWords);
    this.#run = new Int32Array(memory.run);
  }

  /** All schedulers sleep. */
  begin(): void {
    this.#waitMs = FIRST_LOOK_MS;
    this.#later();
  }

  /** A scheduler is dead: what was asked will not be answered, and the next notice begins anew. */
  forget(): void {
    this.#ticket++;
    clearTimeout(this.#timer);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  answered(id: number, answer: Probed): void {
    if (this.#closed || answer.ticket !== this.#ticket) return;
    this.#answers[id] = answer;
    for (let i = 0; i < this.#memory.schedulers; i++) if (this.#answers[i] === undefined) return;
    this.#judge(this.#answers as Probed[]);
  }

  #later(): void {
    clearTimeout(this.#timer);
    if (!this.#closed) this.#timer = setTimeout(() => this.#look(), this.#waitMs);
  }

  #look(): void {
    if (!this.#allAsleep()) {
      // The next scheduler that goes to sleep tells again. One that did so just now found the notice still pending.
      Atomics.store(this.#run, NOTICE_PENDING, 0);
      if (!this.#allAsleep() || Atomics.compareExchange(this.#run, NOTICE_PENDING, 0, 1) !== 0) return;
    }
    // There is no verdict while one waits for IO or a promise. To ask takes 10 ms where 100,000 actors are parked.
    if (this.#awaitsIo()) return this.#lookAgain();
    this.#answers = [];
    this.#events.probe(++this.#ticket);
  }

  #allAsleep(): boolean {
    for (let id = 0; id < this.#memory.schedulers; id++) {
      const base = id * PEER_WORDS;
      if (Atomics.load(this.#words, base + ASLEEP) === 0 || Atomics.load(this.#words, base + TIMERS) > 0) {
        return false;
      }
    }
    return true;
  }

  #awaitsIo(): boolean {
    for (let id = 0; id < this.#memory.schedulers; id++) {
      if (Atomics.load(this.#words, id * PEER_WORDS + IO_PARKED) > 0) return true;
    }
    return false;
  }

  #judge(answers: Probed[]): void {
    let out = 0, taken = 0;
    for (let peer = 0; peer < this.#memory.peers; peer++) {
      taken = (taken + Atomics.load(this.#words, peer * PEER_WORDS + RECORDS_IN)) | 0;
    }
    for (let peer = 0; peer < this.#memory.peers; peer++) {
      out = (out + Atomics.load(this.#words, peer * PEER_WORDS + RECORDS_OUT)) | 0;
    }
    const moved = answers.some((one, id) => one.epoch !== Atomics.load(this.#words, id * PEER_WORDS + EPOCH));
    const isSettled = !moved && out === taken && this.#allAsleep();
    if (!isSettled || answers.some((one) => one.foreign === "something")) return this.#lookAgain();
    const waiting = answers.flatMap((one) => one.waiting);
    if (this.#events.mainEndedWell() && onlyWaitForMessages(waiting)) {
      this.#closed = true;
      this.#events.shutdown();
    } else if (answers.some((one) => one.foreign === "unreferenced")) this.#lookAgain();
    else {
      this.#closed = true;
      this.#events.deadlock(verdict(waiting, this.#events.now()));
    }
  }

  #lookAgain(): void {
    this.#waitMs = Math.min(RAREST_LOOK_MS, this.#waitMs * 2);
    this.#later();
  }
}

/** Whether all of them merely wait for messages; a select does when the mailbox is among its sources. */
export function onlyWaitForMessages(waiting: readonly ActorReport[]): boolean {
  return waiting.every((actor) =>
    actor.waits.every((wait) =>
      wait.kind === WAIT_NAMES[RECEIVE] ||
      (wait.kind === WAIT_NAMES[SELECT] && String(wait.target).startsWith(SELECTS_MAILBOX))
    )
  );
}

/** A line per actor: pid, function, what it waits for, since when. */
export function verdict(waiting: ActorReport[], nowMs: number): string {
  const lines = listActors(waiting, nowMs);
  const circle = findCircle(waiting);
  if (circle.length > 0) lines.push(`  in a circle: ${[...circle, circle[0]].map(formatPid).join(" → ")}`);
  return ["deadlock: nothing can wake these actors", ...lines].join("\n");
}

/** A line for each of the actors, and one that says how many more there are. */
export function listActors(actors: readonly ActorReport[], nowMs: number): string[] {
  const lines = actors.slice(0, MOST_LISTED).map((actor) => `  ${formatActor(actor, nowMs)}`);
  if (actors.length > MOST_LISTED) lines.push(`  … and ${actors.length - MOST_LISTED} more actors`);
  return lines;
}

/** The first circle of actors that each wait for the next; empty when there is none. */
export function findCircle(waiting: readonly ActorReport[]): Pid[] {
  const waitsFor = new Map<Pid, Pid>();
  for (const actor of waiting) {
    const target = actor.waits.find((wait) => typeof wait.target === "number")?.target;
    if (target !== undefined) waitsFor.set(actor.pid, target as Pid);
  }
  const cleared = new Set<Pid>();
  for (const start of waitsFor.keys()) {
    const path: Pid[] = [];
    const onPath = new Set<Pid>();
    for (let at: Pid | undefined = start; at !== undefined && !cleared.has(at); at = waitsFor.get(at)) {
      if (onPath.has(at)) return path.slice(path.indexOf(at));
      onPath.add(at);
      path.push(at);
    }
    for (const pid of path) cleared.add(pid);
  }
  return [];
}
