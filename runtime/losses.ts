/**
 * The control thread's part in the loss of a scheduler: it declares its actors dead, tells the others, puts the counts
 * right and starts another one in its place. What the others do is told in recovery.ts.
 *
 * | step       | when                                   | what                                                              |
 * | ---------- | -------------------------------------- | ----------------------------------------------------------------- |
 * | dead       | its thread is gone for sure            | route words of all that lived there say so; its words are reset   |
 * | settling   | no other loss is being settled         | all other peers are told, and answer when they have settled theirs |
 * | settled    | all have answered, or died             | counts are put right, what it shared with other dead is reset     |
 * | replaced   | at once, unless the run is closing     | another thread begins with what is left of it                     |
 *
 * When another scheduler dies meanwhile, its loss waits its turn, but all are told at once that it is gone: to settle the
 * first they ask each other, and it answers no more.
 *
 * Nobody else writes what is written here: its owner is dead, and the others write to its rings only. Two that are dead at
 * once have nobody left at either end of the rings between them: those are reset here.
 *
 * @module
 */
import {
  ASLEEP,
  CURRENT_KEY,
  END_TARGET,
  ENDED,
  HUNGRY,
  IO_PARKED,
  LOG_POSTED,
  LOG_TAKEN,
  NO_ACTOR,
  NOT_RECEIVING,
  NOTICE_PENDING,
  PEER_WORDS,
  RECORDS_IN,
  RECORDS_OUT,
  ringRegion,
  RUN_QUEUE_LENGTH,
  type SharedMemory,
  SLEEPING,
  SPAWN_TARGET,
  SPAWNED,
  TIMERS,
} from "./layout.ts";
import { ring, ringAnyway } from "./doorbell.ts";
import { readJournal } from "./journal.ts";
import { resetRing } from "./ring.ts";
import { Routes } from "./slot_table.ts";

export interface LossEvents {
  /** To a peer that lives. */
  tell(
    peer: number,
    message:
      | { type: "lost"; id: number; why: string }
      | { type: "gone"; id: number }
      | { type: "renewed"; id: number },
  ): void;
  /** All is settled. `lost`: how many actors ended with it. */
  settled(id: number, lost: number): void;
}

interface Loss {
  readonly id: number;
  readonly why: string;
  readonly actors: number;
  /** Ends that were not counted, theirs included. */
  readonly ends: number;
  waitsFor: Set<number> | null;
}

export class Losses {
  readonly #memory: SharedMemory;
  readonly #events: LossEvents;
  readonly #words: Int32Array;
  readonly #run: Int32Array;
  readonly #routes: Routes;
  readonly #queue: Loss[] = [];
  readonly #dead = new Set<number>();
  /** Records that each peer has sent and taken in over links that are no more: what its words begin with. */
  readonly #sent: number[];
  readonly #received: number[];

  constructor(memory: SharedMemory, events: LossEvents) {
    this.#memory = memory;
    this.#events = events;
    this.#words = new Int32Array(memory.peerWords);
    this.#run = new Int32Array(memory.run);
    this.#routes = new Routes(memory.routes.map((buffer) => new Int32Array(buffer)));
    this.#sent = new Array(memory.peers).fill(0);
    this.#received = new Array(memory.peers).fill(0);
  }

  /** Whether anybody is dead and not replaced. */
  get isSettling(): boolean {
    return this.#dead.size > 0;
  }

  isDead(id: number): boolean {
    return this.#dead.has(id);
  }

  /** Its thread is gone. */
  died(id: number, why: string): void {
    this.#dead.add(id);
    const { lost, ends } = this.#declareDead(id);
    this.#resetWords(id);
    const settling = this.#queue[0];
    this.#queue.push({ id, why, actors: lost, ends, waitsFor: null });
    if (settling !== undefined) { // those that settle it may wait for an answer of this one
      settling.waitsFor!.delete(id);
      for (const peer of settling.waitsFor!) this.#events.tell(peer, { type: "gone", id });
    }
    for (let peer = 0; peer < this.#memory.peers; peer++) {
      if (!this.#dead.has(peer)) ringAnyway(this.#words, peer);
    }
    this.#next();
  }

  /** A peer has settled what it had to do with a dead one. */
  recovered(peer: number, id: number, sent: number, received: number): void {
    const loss = this.#queue[0];
    if (loss === undefined || loss.id !== id || !loss.waitsFor?.delete(peer)) return;
    this.#sent[peer] += sent;
    this.#received[peer] += received;
    this.#received[id] += sent;
    this.#sent[id] += received;
    this.#next();
  }

  #next(): void {
    for (;;) {
      const loss = this.#queue[0];
      if (loss === undefined) return;
      if (loss.waitsFor === null) {
        loss.waitsFor = new Set();
        for (let peer = 0; peer < this.#memory.peers; peer++) {
          if (this.#dead.has(peer)) continue;
          loss.waitsFor.add(peer);
          this.#events.tell(peer, { type: "lost", id: loss.id, why: loss.why });
          for (const { id } of this.#queue) {
            if (id !== loss.id) this.#events.tell(peer, { type: "gone", id });
          }
        }
      }
      if (loss.waitsFor.size > 0) return;
      this.#queue.shift();
      this.#settle(loss);
    }
  }

  #settle({ id, actors, ends }: Loss): void {
    const words = this.#words, base = id * PEER_WORDS;
    for (const other of this.#dead) {
      resetRing(ringRegion(this.#memory, id, other));
      if (other !== id) resetRing(ringRegion(this.#memory, other, id));
    }
    Atomics.store(words, base + RECORDS_OUT, this.#sent[id] | 0);
    Atomics.store(words, base + RECORDS_IN, this.#received[id] | 0);
    Atomics.add(words, base + ENDED, ends); // last of all that the ends have caused, as for every end
    words[base + END_TARGET] = words[base + ENDED];
    words[base + SPAWN_TARGET] = words[base + SPAWNED];
    // Log records of its that come from now on are not heard; those that it has dropped are still to be told.
    Atomics.store(words, base + LOG_TAKEN, words[base + LOG_POSTED]);
    this.#dead.delete(id);
    // All that live hold their hunger back until they are told that this is over; those that are dead have none.
    Atomics.store(this.#run, HUNGRY, 0);
    for (let peer = 0; peer < this.#memory.schedulers; peer++) {
      if (peer !== id && !this.#dead.has(peer)) this.#events.tell(peer, { type: "renewed", id });
    }
    this.#events.settled(id, actors);
    // Whoever went to sleep meanwhile has looked at counts that were not right yet.
    Atomics.store(this.#run, NOTICE_PENDING, 0);
    for (let peer = 0; peer < this.#memory.schedulers; peer++) ring(words, peer);
  }

  /** All that lived there, and what was noted and not counted. */
  #declareDead(id: number): { lost: number; ends: number } {
    const { uncountedSpawn, uncountedEnd } = readJournal(this.#words, id * PEER_WORDS, id, this.#routes);
    if (uncountedSpawn !== null) { // its slot was taken, and nobody else knows of it
      this.#routes.declareUncounted(id, uncountedSpawn.index, uncountedSpawn.generation);
    }
    let lost = 0;
    for (let table = 0; table < this.#memory.schedulers; table++) {
      lost += this.#routes.declareAllDead(id, table);
    }
    return { lost, ends: lost + (uncountedEnd ? 1 : 0) };
  }

  #resetWords(id: number): void {
    const words = this.#words, base = id * PEER_WORDS;
    Atomics.store(words, base + CURRENT_KEY, NO_ACTOR);
    for (
      const word of [
        RUN_QUEUE_LENGTH,
        SLEEPING,
        IO_PARKED,
        TIMERS,
        NOT_RECEIVING,
        ASLEEP,
      ]
    ) {
      Atomics.store(words, base + word, 0);
    }
  }
}
