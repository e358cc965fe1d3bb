/**
 * Whether something of the real world may still wake an actor of a test: an operation, a timer or a server that was
 * opened with Deno's own APIs (as runtime/foreign_work.ts tells it of the workers of a program).
 *
 * In the thread of a test Deno says whether its event loop has anything left to do (measured on 2.9.6: in a worker it
 * always says so). That counts what the test itself has going on, such as a server that it started before: then nothing
 * can be told, and the answer is what it was before anybody asked, no. The timers of test runs, which may stand inside
 * each other, do not count.
 *
 * @module
 */

// deno-lint-ignore no-explicit-any
const core = (Deno as any)[(Deno as any).internal]?.core as
  | { eventLoopHasMoreWork?: () => boolean }
  | undefined;
// A library for fake timers that a test uses puts functions of its own in their place.
const { setTimeout, clearTimeout } = globalThis;

/** The runs of this thread that are not over. */
const runs = new Set<RealWorld>();

/** What one run sees of the real world. */
export class RealWorld {
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Whatever goes on began with this run, so it is worth waiting for. */
  readonly #isOurs: boolean;

  constructor() {
    const [first] = runs;
    this.#isOurs = first === undefined ? !hasWork() : first.#isOurs;
    runs.add(this);
  }

  get mayWake(): boolean {
    return this.#isOurs && hasWork();
  }

  /** Calls `then` after so many milliseconds, once: an earlier call is forgotten. */
  callIn(ms: number, then: () => void): void {
    this.forget();
    this.#timer = setTimeout(then, ms);
  }

  forget(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** The run is over. */
  close(): void {
    this.forget();
    runs.delete(this);
  }

  static ref(all: boolean): void {
    for (const run of runs) {
      if (run.#timer === undefined) continue;
      if (all) Deno.refTimer(run.#timer as unknown as number);
      else Deno.unrefTimer(run.#timer as unknown as number);
    }
  }
}

function hasWork(): boolean {
  if (core?.eventLoopHasMoreWork === undefined) return false;
  RealWorld.ref(false);
  const has = core.eventLoopHasMoreWork();
  RealWorld.ref(true);
  return has;
}
