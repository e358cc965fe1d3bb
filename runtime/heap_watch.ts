/**
 * Finds schedulers whose heap was full and that do not say so, from the control thread.
 *
 * At the limit of its heap V8 ends what runs there and doubles the limit. Mostly the worker then dies and is told of
 * (thread.ts), but two kinds of code are not heard of again (measured on Deno 2.9.6):
 *
 * - In a microtask only the microtasks are dropped: the worker lives on, and its actor never goes on. A scheduler that has
 *   actors outside tells its limit, and one that was raised is above the limit of this thread, which nobody raises.
 * - Optimised loops such as those around `a.push(new Array(100))` cannot be ended, so the limit is doubled again and
 *   again. Such a thread does not answer, while the process grows by more than its heap may hold.
 *
 * @module
 */
import { nodeBuiltin } from "./node_builtin.ts";

export interface HeapWatchEvents {
  ask(id: number): void;
  /** Whether it is up and can answer. */
  isWatched(id: number): boolean;
  /** Its heap was full. `isBurning`: what filled it goes on. */
  full(id: number, isBurning: boolean): void;
}

interface Asked {
  /** When it was found to owe an answer; null: not yet. */
  rssBytes: number | null;
}

/** Wakes a sleeping scheduler for some 50 µs. */
const LOOK_MS = 1000;
/**
 * What a scheduler that is busy may put into buffers beyond twice its heap's limit, and nobody asks. What others have put
 * there meanwhile counts too: no thread can be asked for another's heap, and to subtract what they say themselves would
 * hide a heap that grows, because buffers that nobody has touched are `external` and take no memory.
 */
const LEAST_GROWTH_BYTES = 4 * 2 ** 30;

export class HeapWatch {
  readonly #schedulers: number;
  readonly #events: HeapWatchEvents;
  readonly #asked = new Map<number, Asked>();
  readonly #rssBytes: () => number;
  #limitBytes: number | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(
    schedulers: number,
    events: HeapWatchEvents,
    rssBytes: () => number = () => Deno.memoryUsage().rss,
  ) {
    this.#schedulers = schedulers;
    this.#events = events;
    this.#rssBytes = rssBytes;
  }

  start(): void {
    this.#timer = setInterval(() => this.look(), LOOK_MS);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /**
   * A scheduler is there, or another one in its place, which owes no answer. `limitBytes`: of its heap, by its own account,
   * because V8's flags go before --max-heap; without, that of this thread, which is the same or somewhat more.
   */
  begins(id: number, limitBytes?: number): void {
    this.#asked.delete(id);
    this.#limitBytes = limitBytes ?? this.#limitBytes;
  }

  look(): void {
    for (let id = 0; id < this.#schedulers; id++) {
      const asked = this.#asked.get(id);
      if (!this.#events.isWatched(id)) this.#asked.delete(id);
      else if (asked === undefined) {
        this.#asked.set(id, { rssBytes: null });
        this.#events.ask(id);
      } else if (asked.rssBytes === null) asked.rssBytes = this.#rssBytes();
      else if (this.#hasOutgrown(this.#rssBytes() - asked.rssBytes)) this.#events.full(id, true);
    }
  }

  /** `limitBytes`: of its heap; null where nothing hints at one that was full. */
  answered(id: number, limitBytes: number | null): void {
    this.#asked.delete(id);
    if (limitBytes !== null && limitBytes > this.#limit) this.#events.full(id, false);
  }

  #hasOutgrown(bytes: number): boolean {
    return bytes > LEAST_GROWTH_BYTES && bytes > 2 * this.#limit;
  }

  /** Looked up when it is needed: to load Node's module takes 4 to 15 ms. */
  get #limit(): number {
    return this.#limitBytes ??= nodeBuiltin("node:v8").getHeapStatistics().heap_size_limit;
  }
}

/** From here on a look is nothing beside what the collector takes. */
const LARGE_HEAP_BYTES = 256 * 2 ** 20;

/** 100,000 took 6 to 18 ms, in which no actor runs. */
export const MOST_LOOKED_AT = 1000;

let readLimit: (() => number) | undefined;
let wasActorOutside = false;

/**
 * The limit of this thread's heap. To load what tells it takes 4 to 15 ms, which only a large heap is worth, or an actor
 * that was outside for more than one look and may never go on, or many that are to be looked through each time.
 */
export function heapLimit<A>(actors: Iterable<A>, isActorOutside: (actor: A) => boolean): number | null {
  if (readLimit === undefined) {
    const isLarge = Deno.memoryUsage().heapTotal >= LARGE_HEAP_BYTES;
    const isOutside = !isLarge && mayHaveOneOutside(actors, isActorOutside);
    const isSuspect = isLarge || (isOutside && wasActorOutside);
    wasActorOutside = isOutside;
    if (!isSuspect) return null;
  }
  return currentHeapLimit();
}

function mayHaveOneOutside<A>(actors: Iterable<A>, isOutside: (actor: A) => boolean): boolean {
  let left = MOST_LOOKED_AT;
  for (const actor of actors) if (left-- === 0 || isOutside(actor)) return true;
  return false;
}

/** As {@link heapLimit}, whatever it takes: 0.4 ms in a worker that can be ended, which has modules of Node's anyway. */
export function currentHeapLimit(): number {
  if (readLimit === undefined) {
    const { getHeapStatistics } = nodeBuiltin("node:v8");
    readLimit = () => getHeapStatistics().heap_size_limit;
  }
  return readLimit();
}
