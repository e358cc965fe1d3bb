/**
 * One run of actors in the thread of a test: a scheduler without workers, with an event loop that knows when every actor
 * waits.
 *
 * What tells a wait for the real world from one for other actors: an actor that is still on the CPU when its microtasks
 * have run awaits a promise that is not smarm's, and `until` is counted by the scheduler. While there is such an actor,
 * time goes on as in the real world; otherwise nothing can happen before the next deadline, and the clock jumps there.
 *
 * @module
 */
import type { ActorFunction, Log, Outcome, Pid } from "../runtime/api.ts";
import type { ActorImpl } from "../runtime/actor.ts";
import type { Config } from "../runtime/config.ts";
import type { TestMain } from "./run_actors.ts";
import { Scheduler } from "../runtime/scheduler.ts";
import { Remote } from "../runtime/remote.ts";
import { IoClient } from "../io/client.ts";
import { DONE } from "../runtime/actor_state.ts";
import { currentActor, leave } from "../runtime/async_context.ts";
import { bareExit, DeadlockError, HaltedError, toError } from "../runtime/errors.ts";
import { guardServers } from "../runtime/guard.ts";
import { askToEnd, finalize } from "../runtime/lifecycle.ts";
import { reportActor } from "../runtime/dump.ts";
import { formatPid } from "../runtime/pid.ts";
import { listActors, onlyWaitForMessages, verdict } from "../runtime/quiet.ts";
import { spawnMain } from "../runtime/spawn.ts";
import { allocate, IO_PARKED } from "../runtime/layout.ts";
import { type Clock, RunClock, runEpochMs } from "../timer/clock.ts";
import { RealWorld } from "./real_world.ts";
import { TestClock } from "./virtual_time.ts";
import { setImmediate } from "node:timers";

/** How long a turn may go on before the thread's other work gets its turn. */
const TURN_MS = 5;
/** Nothing moves and no deadline is left: how long a callback of which nobody knows may still take to wake an actor. */
const DEADLOCK_MS = 100;
/** After so many jumps of the clock since main's end a test seems to go on for ever. Guessed; they take half a second. */
export const ENDLESS_JUMPS = 100_000;
/** Small: address space for a test, not for a program. */
const MEMORY = { slotCapacity: 2 ** 20, names: 1024, ringBytes: 2 ** 12 };
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;
const LEVELS = { silent: 0, error: 1, warn: 2, info: 3, debug: 4 } as const;

// deno-lint-ignore no-explicit-any
const drainMicrotasks: (() => void) | undefined = (Deno as any)[(Deno as any).internal]?.core?.runMicrotasks;

guardServers(); // of code that is no actor's nothing changes

export class TestRun {
  readonly #s: Scheduler;
  readonly #clock: Clock;
  readonly #virtual: TestClock | null;
  readonly #config: Config;
  /** Actors that were last seen awaiting something that is not smarm's. */
  readonly #outside: Set<ActorImpl> = new Set();
  readonly #realWorld = new RealWorld();
  #main: Outcome | null = null;
  #failure: Error | null = null;
  readonly #panics: Error[] = [];
  /** Nothing moves: how many resumes there had been. */
  #stuckAt = -1;
  /** The event loop has had a turn since something last ran. */
  #aired = false;
  /** Jumps of the clock since main has ended. */
  #jumps = 0;
  #finished = false;
  readonly #done: PromiseWithResolvers<unknown> = Promise.withResolvers();

  constructor(config: Config, clock: "virtual" | "real") {
    this.#config = config;
    this.#virtual = clock === "virtual" ? new TestClock() : null;
    this.#clock = this.#virtual ?? new RunClock(runEpochMs());
    const s = new Scheduler(0, allocate(1, MEMORY), config, this.#clock, {
      arm: () => void setImmediate(this.#pump),
      halt: (code) => this.#end(new HaltedError(code)),
      log: (actor) => this.#log(actor),
      mainEnded: (_actor, outcome) => {
        this.#main = outcome;
        if (outcome.kind === "panic") this.#end(outcome.error);
      },
      report: (pid, name, outcome) => {
        if (outcome.kind === "panic") this.#panicked(pid, name, outcome.error);
      },
      name: () => {},
    });
    s.remote = new Remote(s, {
      openPort: () => new MessageChannel().port1, // nobody is there
      take: () => undefined,
      handle: () => false,
      warn: (text) => console.error(text),
    });
    s.io = new IoClient(s);
    this.#s = s;
  }

  async run(main: TestMain | URL, args: unknown[]): Promise<unknown> {
    addEventListener("unhandledrejection", this.#onRejection);
    try {
      let fn = main as ActorFunction;
      if (main instanceof URL) {
        const namespace = await import(main.href);
        this.#s.targets.register(main.href, namespace);
        fn = namespace.main;
        if (typeof fn !== "function") {
          throw new TypeError(`Cannot run ${main}: it exports no main function. Export one`);
        }
      }
      spawnMain(this.#s, fn, args as string[]);
      return await this.#done.promise;
    } finally {
      removeEventListener("unhandledrejection", this.#onRejection);
      this.#realWorld.close();
      this.#s.remote.close();
    }
  }

  /** What an actor's code leaves behind ends that actor; whatever else there is, is the test's own. */
  readonly #onRejection = (event: PromiseRejectionEvent): void => {
    const actor = currentActor();
    if (actor === undefined || actor.scheduler !== this.#s) return;
    event.preventDefault();
    // A wait that nobody awaits has rejected: the actor ends as it was told, its `finally` included.
    if (actor.exiting !== null && event.reason === actor.exiting) return;
    const error = toError(event.reason);
    if (actor.state !== DONE) {
      finalize(this.#s, actor, { kind: "panic", error });
      this.#s.dropBaton(actor);
    } else if (error.name !== "ExitError") this.#panicked(actor.pid, actor.target.name, error);
    this.#s.arm();
  };

  /** Nobody observes it: the test is told. */
  #panicked(pid: Pid, name: string, error: Error): void {
    error.message = `in actor ${formatPid(pid)} ${name}: ${error.message}`;
    this.#panics.push(error);
  }

  readonly #pump = (): void => {
    if (this.#finished) return;
    leave(); // an actor may have asked for this turn: what the turn begins is not its own
    this.#realWorld.forget();
    this.#s.turned(this.#turns());
  };

  /** True: there is more to do, soon. */
  #turns(): boolean {
    const s = this.#s;
    const began = performance.now();
    s.turnBegins(s.clock.now());
    do {
      if (s.current !== null) this.#outside.add(s.current); // it was resumed and has not come to wait for us
      const now = s.clock.now();
      s.startBurst(now);
      s.timers.turn(now);
      s.drive();
      drainMicrotasks?.();
      if (s.queue.length === 0 && (s.current === null || drainMicrotasks === undefined)) {
        if (s.current !== null) return true;
        return this.#quiet();
      }
      this.#aired = false;
      if (drainMicrotasks === undefined) return true;
    } while (performance.now() - began < TURN_MS);
    return true;
  }

  /** Nothing can run. True: something can, or may soon. */
  #quiet(): boolean {
    const s = this.#s;
    if (s.live === 0 && s.loading === 0) {
      if (this.#aired) this.#finish();
      this.#aired = !this.#aired;
      return !this.#finished;
    }
    if (s.io.pending > 0) {
      this.#end(
        new TypeError(
          "self.io and self.blocking need threads of their own: give runActors the URL of a module with a main, and { schedulers: 2 }",
        ),
      );
      this.#finish();
      return false;
    }
    s.publish();
    const deadline = s.timers.nextDeadline();
    const real = this.#virtual === null || this.#waitsForReality();
    if (real) this.#virtual?.followReality();
    else this.#virtual!.standStill();
    if (deadline === Infinity) return !this.#waitsForReality() && this.#nothingMoves();
    if (!real) {
      // First a turn of the thread's event loop: what actors have left behind, such as a rejection, is told there.
      if (this.#aired) {
        this.#virtual!.jumpTo(deadline);
        if (this.#main !== null && ++this.#jumps === ENDLESS_JUMPS) this.#tellWhoGoesOn();
      }
      this.#aired = !this.#aired;
      return true;
    }
    this.#later(Math.max(0, deadline - this.#clock.now()));
    return false;
  }

  #waitsForReality(): boolean {
    const s = this.#s;
    for (const actor of this.#outside) {
      if (actor.state === DONE || actor.waits !== null || actor.rxResolve !== null) {
        this.#outside.delete(actor);
      }
    }
    return this.#outside.size > 0 || s.loading > 0 || s.words[s.base + IO_PARKED] > 0;
  }

  #later(ms: number): void {
    this.#realWorld.callIn(Math.min(Math.ceil(ms), LONGEST_TIMEOUT_MS), () => this.#s.arm());
  }

  /** Over in all but name, or a deadlock, if no callback of the real world comes. True: actors were told to end. */
  #nothingMoves(): boolean {
    const s = this.#s;
    if (this.#realWorld.mayWake) {
      this.#later(DEADLOCK_MS); // it may also end without waking anybody
      return false;
    }
    const waiting = [...s.residents].map(reportActor);
    if (this.#main?.kind === "exit" && onlyWaitForMessages(waiting)) {
      this.#tellToEnd();
      return true;
    }
    if (this.#stuckAt !== s.resumed) {
      this.#stuckAt = s.resumed;
      this.#later(DEADLOCK_MS);
      return false;
    }
    this.#end(new DeadlockError(verdict(waiting, s.clock.now())));
    return true;
  }

  /** Such as a server with a timer of `every`: nothing else would tell why the test does not end. */
  #tellWhoGoesOn(): void {
    console.error([
      "runActors waits for actors that go on although main has ended. Let main end them, such as with " +
      'self.exit(handle, "shutdown")',
      ...listActors([...this.#s.residents].map(reportActor), this.#s.clock.now()),
    ].join("\n"));
  }

  #end(error: Error): void {
    if (this.#failure !== null) return;
    this.#failure = error;
    this.#tellToEnd();
  }

  #tellToEnd(): void {
    const s = this.#s;
    if (s.stopping) return;
    s.stopping = true;
    for (const actor of [...s.residents]) {
      if (actor.extras?.supervised !== true) {
        askToEnd(s, actor, bareExit("shutdown"), this.#config.graceMs);
      }
    }
    s.arm();
  }

  #finish(): void {
    const s = this.#s;
    this.#finished = true;
    while (!s.unobserved.settleSome());
    const failure = this.#failure ??
      (this.#panics.length > 1
        ? new AggregateError(this.#panics, "actors have panicked, and nobody observed it")
        : this.#panics[0]);
    if (failure !== undefined) this.#done.reject(failure);
    else this.#done.resolve(this.#main?.kind === "exit" ? this.#main.value : undefined);
  }

  #log(actor: ActorImpl | null): Log {
    const least = LEVELS[this.#config.minLogLevel as keyof typeof LEVELS];
    const at =
      (level: "error" | "warn" | "info" | "debug") => (message: string, fields?: Record<string, unknown>) => {
        if (LEVELS[level] > least) return;
        const who = actor === null ? "scheduler 0" : formatPid(actor.pid);
        console.error(`${level} ${who} ${message}`, ...(fields === undefined ? [] : [fields]));
      };
    return { error: at("error"), warn: at("warn"), info: at("info"), debug: at("debug") };
  }
}
