/**
 * `runActors`: what it takes, what it gives, and where a run takes place.
 *
 * @module
 */
import type { Actor } from "../runtime/api.ts";
import { ActorImpl } from "../runtime/actor.ts";
import { Config, MAX_SCHEDULERS } from "../runtime/config.ts";

import { init } from "../runtime/runtime.ts";
import { checkNames } from "../runtime/spelling.ts";
import { TestRun } from "./test_run.ts";

/** The function that a test runs as its first actor. */
// deno-lint-ignore no-explicit-any
export type TestMain<M = any, A extends unknown[] = any[], T = unknown> = (
  self: Actor<M>,
  ...args: A
) => T;

/** How a test's actors are run. */
export interface TestOptions {
  /**
   * `"virtual"` (default): time stands still while an actor can run, but for microseconds once actors have run for long, so
   * that timeslices end, and jumps to the next deadline as soon as every actor waits. While one waits for something of the
   * real world (a promise that is not smarm's, `self.until`), time goes on as in the real world; one that has an operation
   * of smarm's pending beside such a promise counts as waiting for that operation. `"real"`: time as it is.
   */
  readonly clock?: "virtual" | "real";
  /** Every message is checked to be sendable, and frozen, as `--strict` does. Default true. */
  readonly strict?: boolean;
  /**
   * Default 1: all actors run in the test's own thread. With more, the program is given by its URL and runs in workers,
   * by the real clock.
   */
  readonly schedulers?: number;
  /** Handed to main; with more than one scheduler they are texts. */
  readonly args?: readonly unknown[];
  /** Further settings, such as `Config.default().mailboxLimit(10)`. Threads and strictness are those above. */
  readonly config?: Config;
}

/**
 * Runs `main` as an actor, and whatever it spawns, and gives what main returns once all actors have ended. Actors that
 * only wait for messages when main has ended are told to end; one that goes on, such as a server with a timer of `every`,
 * is for main to end, as with `self.exit(handle, "shutdown")`. Who goes on for long is told on stderr.
 *
 * It rejects with main's error; with that of another actor whose panic nobody joined, monitored, linked or supervised;
 * with `DeadlockError` when nothing can wake an actor; what Deno itself has been told to do since the run began (a timer,
 * a server) can, and is waited for. Nothing is left behind. `self.io` and `self.blocking` are to be had with more than
 * one scheduler only.
 *
 * @throws RangeError, TypeError for options that contradict each other.
 */
export function runActors<M, A extends unknown[], T>(
  main: (self: Actor<M>, ...args: A) => T,
  options?: TestOptions,
): Promise<Awaited<T>>;
/** The same for the `main` of a module. */
export function runActors(module: URL, options?: TestOptions): Promise<unknown>;
export async function runActors(main: TestMain | URL, options: TestOptions = {}): Promise<unknown> {
  check(main, options);
  const { schedulers = 1, strict = true, args = [], clock = schedulers === 1 ? "virtual" : "real" } = options;
  const config = (options.config ?? Config.default()).strict(strict);
  if (schedulers === 1) return await new TestRun(config, clock).run(main, [...args]);
  if (!(main instanceof URL)) {
    throw new TypeError(
      `Cannot run a function on ${schedulers} schedulers: each loads the program's module. Give its URL`,
    );
  }
  if (clock === "virtual") {
    throw new RangeError(`A virtual clock needs 1 scheduler, got ${schedulers}. Give clock: "real"`);
  }
  const runtime = init(Config.fromPlain({ ...config.toPlain(), exactThreads: schedulers }));
  const outcome = await runtime.run(main, { args: args.map(String) });
  if (outcome.kind === "panic") throw outcome.error;
  return outcome.value;
}

/** Said before anything is started. */
function check(main: unknown, options: unknown): void {
  const refuse = (needs: string, given: unknown, Kind = TypeError): never => {
    throw new Kind(`runActors needs ${needs}, got ${Deno.inspect(given, { depth: 0 })}`);
  };
  if (typeof main !== "function" && !(main instanceof URL)) refuse("a function or the URL of a module", main);
  if (typeof options !== "object" || options === null) {
    refuse("{ clock, strict, schedulers, args, config } as its options", options);
  }
  checkNames(options as TestOptions, ["clock", "strict", "schedulers", "args", "config"], "runActors");
  const { clock, schedulers, args, config } = options as TestOptions;
  if (clock !== undefined && clock !== "virtual" && clock !== "real") {
    refuse('clock "virtual" or "real"', clock);
  }
  if (args !== undefined && !Array.isArray(args)) refuse("an array as args", args);
  if (config !== undefined && !(config instanceof Config)) refuse("a Config as config", config);
  if (schedulers === undefined) return;
  if (!Number.isInteger(schedulers) || schedulers < 1 || schedulers > MAX_SCHEDULERS) {
    refuse(`a whole number from 1 to ${MAX_SCHEDULERS} as schedulers`, schedulers, RangeError);
  }
}

/**
 * Milliseconds that have passed on the clock of the actor's run since it began; whole ones.
 *
 * @throws TypeError for what is no `self`.
 */
export function elapsedMs(self: Pick<Actor<never>, "pid">): number {
  if (!(self instanceof ActorImpl)) {
    throw new TypeError(`elapsedMs needs the self of an actor, got ${Deno.inspect(self, { depth: 0 })}`);
  }
  return Math.floor(self.scheduler.clock.now());
}
