/**
 * Whether something that is not smarm's could still wake an actor here: an operation, a timer or a server that the
 * program opened with Deno's own APIs.
 *
 * Deno tells a worker nothing of its pending work directly (measured on 2.9.6: `eventLoopHasMoreWork` is always true in a
 * worker). But asynchronous operations have consecutive numbers, and `hasPromise(number)` says whether one is pending
 * (8 ns each). To learn the latest number, an empty write to stderr is started until one does not complete at once. A
 * worker's own receive of messages is one pending operation. Timers are counted where the guard wraps them.
 * Where any of this is missing the answer is "something": no verdict in doubt.
 *
 * @module
 */

/**
 * - `something`: it can wake an actor.
 * - `unreferenced`: it can, but Deno would not wait for it, nor does a program whose main has ended.
 */
export type Foreign = "nothing" | "unreferenced" | "something";

interface Core {
  write(rid: number, bytes: Uint8Array): Promise<number> & Record<symbol, number | undefined>;
  hasPromise(id: number): boolean;
  readonly promiseIdSymbol: symbol;
}

// deno-lint-ignore no-explicit-any
const core = (Deno as any)[(Deno as any).internal]?.core as Core | undefined;
const able = typeof core?.write === "function" && typeof core.hasPromise === "function" &&
  typeof core.promiseIdSymbol === "symbol";

/** Not the program's, which are counted as its work (guard.ts). */
const { setTimeout } = globalThis;

const STDERR = 2;
/**
 * A write completes at once where the thread that does it is awake, or the OS runs it on this one's core at once; then the
 * next ones do so too. 4,300 of them in a row were measured on a busy machine, and 460 with a sleep between any two.
 */
const TRIES_AT_ONCE = 16;
const TRIES = 2000;
const PAUSE_MS = 1;
/** The worker's own pending operation: receiving messages from the control thread. With OpenTelemetry there are more. */
const OWN_OPERATIONS = 1;
/** More new operations than this since the last look are not looked through. */
const LONGEST_SCAN = 5_000_000;

export class ForeignWork {
  readonly #timers: () => Foreign;
  readonly #turn: () => Promise<void>;
  #seen = 0;
  #pending: number[] = [];
  #own = OWN_OPERATIONS;

  /** `timers` tells of the program's own timers; `turn` waits for a turn of the event loop. */
  constructor(timers: () => Foreign, turn: () => Promise<void>) {
    this.#timers = timers;
    this.#turn = turn;
  }

  /** Before the program is loaded: what is pending is not its own. With OpenTelemetry Deno waits to be asked for metrics. */
  async discount(): Promise<void> {
    if (able && await this.#look()) this.#own = this.#pending.length;
  }

  /** As {@link discount}, with what `start` adds. What `start` gives undoes it. */
  async ownIs(start: () => Promise<() => void>): Promise<void> {
    const undo = await start();
    await this.discount();
    undo();
  }

  async pending(): Promise<Foreign> {
    if (this.#timers() === "something") return "something";
    if (!able || !await this.#look() || this.#pending.length > this.#own) return "something";
    return this.#timers();
  }

  /**
   * Finds the pending operations; false when that cannot be known.
   *
   * At the moment of the write, which comes behind a turn: when the write is over, a message may be so too that came with
   * it, and the worker's own operation that receives the next one has not begun yet.
   */
  async #look(): Promise<boolean> {
    const nothing = new Uint8Array(0);
    for (let i = 0; i < TRIES; i++) {
      if (i >= TRIES_AT_ONCE) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      if (i === 0 || i >= TRIES_AT_ONCE) await this.#turn();
      const write = core!.write(STDERR, nothing);
      const latest = write[core!.promiseIdSymbol];
      const isKnown = latest !== undefined && this.#scan(latest);
      const over = write.catch(() => {}); // a closed stderr is no news here
      if (latest === undefined) continue;
      await over;
      return isKnown;
    }
    return false;
  }

  #scan(latest: number): boolean {
    if (latest - this.#seen > LONGEST_SCAN) return false;
    const pending = this.#pending.filter((id) => core!.hasPromise(id));
    for (let id = this.#seen; id < latest; id++) if (core!.hasPromise(id)) pending.push(id);
    this.#seen = latest;
    this.#pending = pending;
    return true;
  }
}
