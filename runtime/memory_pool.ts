/**
 * The large blocks of finished runs, cleared and used again: nothing tells V8 soon that a SharedArrayBuffer is garbage, so
 * a process that runs many programs would grow by all that each of them has touched.
 *
 * A run's blocks come back only when each of its threads has said that it stopped, after which it writes nothing any more
 * (`Remote.close`, `Poller.close`). A thread that was given up may burn on and write: its blocks are left to the collector.
 * The words that threads wait on are new in every run: a waiter of the former run whose thread is not quite gone would
 * take a ring that is meant for the new one, and that would be a lost wake-up.
 *
 * Clearing touches only what was touched, so an unused gigabyte of address space stays unused.
 *
 * @module
 */
import {
  allocate,
  allocateWords,
  DETAIL_WORDS,
  type MemoryOptions,
  OFFERS_BYTES,
  OFFERS_HEADER_BYTES,
  ringRegion,
  type SharedMemory,
} from "./layout.ts";
import { isRingUsed, resetRing } from "./ring.ts";
import { clearTrace } from "../trace/format.ts";

/** Sets of blocks that wait for a run. */
export const MOST_KEPT = 2; // guessed: a process that runs programs at all runs one or two at a time

export class MemoryPool {
  readonly #most: number;
  readonly #kept: { shape: string; memory: SharedMemory }[] = [];

  constructor(most: number = MOST_KEPT) {
    this.#most = most;
  }

  /** Blocks for a run, as good as new. */
  take(schedulers: number, options: MemoryOptions = {}): SharedMemory {
    const shape = shapeOf(schedulers, options);
    const at = this.#kept.findIndex((one) => one.shape === shape);
    if (at < 0) return allocate(schedulers, options);
    const [{ memory }] = this.#kept.splice(at, 1);
    return { ...memory, ...allocateWords(schedulers) };
  }

  /** The blocks of a run all of whose threads have stopped. The oldest set makes room. */
  giveBack(memory: SharedMemory, options: MemoryOptions = {}): void {
    clear(memory);
    this.#kept.push({ shape: shapeOf(memory.schedulers, options), memory });
    if (this.#kept.length > this.#most) this.#kept.shift();
  }
}

/** That of the process. */
export const memoryPool: MemoryPool = new MemoryPool();

function shapeOf(schedulers: number, { slotCapacity, ringBytes, names, trace }: MemoryOptions): string {
  return JSON.stringify([schedulers, slotCapacity, ringBytes, names, trace]);
}

function clear(memory: SharedMemory): void {
  for (let id = 0; id < memory.schedulers; id++) {
    const routes = new Int32Array(memory.routes[id]);
    const used = usedSlots(routes);
    routes.fill(0, 0, used);
    new Int32Array(memory.details[id]).fill(0, 0, used * DETAIL_WORDS);
  }
  for (let from = 0; from < memory.peers; from++) {
    for (let to = 0; to < memory.peers; to++) {
      const region = ringRegion(memory, from, to);
      if (isRingUsed(region)) resetRing(region);
    }
  }
  for (let owner = 0; owner <= memory.schedulers; owner++) {
    new Uint8Array(memory.offers, owner * OFFERS_BYTES, OFFERS_HEADER_BYTES).fill(0);
  }
  const buckets = new Int32Array(memory.names, 0, memory.nameBuckets * 2);
  for (let i = 0; i < buckets.length; i++) if (buckets[i] !== 0) buckets[i] = 0; // a node counts only where one leads to it
  if (memory.trace !== null) clearTrace(memory.trace, memory.schedulers);
}

/** Slots are taken in order, and the word of one that was ever taken is not 0. */
function usedSlots(routes: Int32Array): number {
  const used = routes.indexOf(0);
  return used < 0 ? routes.length : used;
}
