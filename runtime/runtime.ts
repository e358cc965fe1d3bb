/**
 * What runs programs of actors: one after the other, each a {@link Run} of its own.
 *
 * @module
 */
import type { Outcome, RuntimeStats } from "./api.ts";
import { Config } from "./config.ts";
import { allocateWords, type MemoryOptions, type SharedMemory } from "./layout.ts";
import { readStats } from "./stats.ts";
import { memoryPool } from "./memory_pool.ts";
import { formatDump } from "./dump.ts";
import { resolveModule } from "./load.ts";
import { askForPermissions } from "./permissions.ts";
import { Run, type RunOptions, type RunSinks } from "./run.ts";
import { AlreadyRunningError, LoadError, StoppedError } from "./errors.ts";
import { checkSendable } from "./sendable.ts";
import { checkNames } from "./spelling.ts";
import { writeStderr } from "./stderr.ts";
import { thisThread } from "./this_thread.ts";
import { openTrace, type TraceFiles } from "../trace/writer.ts";

const STDERR: RunSinks = {
  write: writeStderr,
  colors: false,
  get isTerminal() {
    return Deno.stderr.isTerminal();
  },
};

const SCHEDULER_ENTRY = new URL("./scheduler_worker.ts", import.meta.url);
const POLLER_ENTRY = new URL("../io/poller_worker.ts", import.meta.url);

/** What only tests take hold of. No members of {@link Runtime}: its users would find them in its docs and its type. */
export interface Seams {
  /** What the schedulers of the next run are started from. */
  schedulerEntry: URL;
  /** What its poller is started from. */
  pollerEntry: URL;
  active: Run | null;
  /** Of the active run. */
  memory: SharedMemory | null;
}

/** The seams of a runtime, for tests alone. */
export let seamsOf: (runtime: Runtime) => Seams;

/**
 * Makes a runtime, which can run one program at a time. Nothing is started yet. Default: `Config.default()`.
 *
 * @throws {TypeError} if `config` is none
 */
export function init(config: Config = Config.default()): Runtime {
  return new Runtime(config);
}

/**
 * Runs programs of actors: {@link Runtime.run} starts the workers and ends when the program has.
 *
 * @example
 * ```ts ignore
 * const runtime = init(Config.exact(2));
 * const outcome = await runtime.run(new URL("./app.ts", import.meta.url), { args: ["x"] });
 * ```
 */
export class Runtime {
  /** What it was made with. */
  readonly config: Config;
  readonly #memoryOptions: MemoryOptions;
  readonly #sinks: RunSinks;
  readonly #seams: Seams = {
    schedulerEntry: SCHEDULER_ENTRY,
    pollerEntry: POLLER_ENTRY,
    active: null,
    memory: null,
  };
  /** Of the last run; before the first, of one that did nothing. */
  #lastStats: RuntimeStats;

  static {
    seamsOf = (runtime) => runtime.#seams;
  }

  /** `sinks` takes what a run says, by default stderr; `memoryOptions` are for tests. */
  constructor(config: Config, sinks: RunSinks = STDERR, memoryOptions: MemoryOptions = {}) {
    if (!(config instanceof Config)) {
      throw new TypeError(`init needs a Config, such as Config.exact(2), got ${Deno.inspect(config)}`);
    }
    this.config = config;
    this.#sinks = sinks;
    this.#memoryOptions = memoryOptions;
    const schedulers = config.threadCount;
    this.#lastStats = readStats({ schedulers, routes: [], ...allocateWords(schedulers) }, 0);
  }

  /**
   * Runs the module's `main` and every actor that it starts; gives main's outcome, a panic included, when all have
   * ended. A module that is no URL is a path, taken from the current folder.
   *
   * @throws TypeError for another module or other options; NotSendableError for an argument that cannot be cloned;
   * AlreadyRunningError while a run is active; LoadError when the module cannot be loaded; DeadlockError;
   * HaltedError after `self.halt` or `Deno.exit`; StoppedError after `stop()`, or when the thread that does the IO dies.
   */
  async run(module: URL | string, options: RunOptions = {}): Promise<Outcome> {
    if (this.#seams.active !== null) {
      throw new AlreadyRunningError(
        "Cannot run: a run is active. Wait for it, stop it, or make another runtime",
      );
    }
    checkCall(module, options);
    const url = resolveModule(String(module));
    if (url === thisThread.loading?.url) {
      thisThread.loading.refuse();
      return await new Promise(() => {}); // this thread is ended
    }
    const refused = askForPermissions(url, [SCHEDULER_ENTRY, POLLER_ENTRY]);
    if (refused !== null) throw new LoadError(refused);
    const { traceTo, threadCount } = this.config;
    const trace = traceTo === undefined ? null : openTraceOf(traceTo, url, threadCount);
    const memoryOptions = { trace: trace !== null, ...this.#memoryOptions };
    const memory = memoryPool.take(threadCount, memoryOptions);
    const entries = { scheduler: this.#seams.schedulerEntry, poller: this.#seams.pollerEntry };
    const run = new Run(this.config, memory, this.#sinks, url, options, trace, entries);
    this.#seams.active = run;
    this.#seams.memory = memory;
    try {
      return await run.result;
    } finally {
      this.#seams.active = null;
      this.#seams.memory = null;
      this.#lastStats = run.stats();
      if (run.hasStoppedWell) memoryPool.giveBack(memory, memoryOptions);
    }
  }

  /** Whether a run is active. */
  get isRunning(): boolean {
    return this.#seams.active !== null;
  }

  /** Counters of the active run, or of the last one. */
  stats(): RuntimeStats {
    return this.#seams.active?.stats() ?? this.#lastStats;
  }

  /** A text that shows schedulers, actors and what they wait for. */
  dump(): Promise<string> {
    return this.#seams.active?.dump() ?? Promise.resolve(dumpOfNothing(this.stats()));
  }

  /**
   * Tells every actor to end, as SIGTERM does, and waits until the run is over. True if a run was active.
   * `onOverdue` hears when some did not end within the grace time and are ended.
   */
  async stop(onOverdue?: () => void): Promise<boolean> {
    const run = this.#seams.active;
    if (run === null) return false;
    if (onOverdue !== undefined) run.onOverdue = onOverdue;
    run.stop(new StoppedError("the run was stopped"));
    await run.over;
    return true;
  }
}

/** Before anything starts: arguments that cannot be posted would leave the first thread behind. */
function checkCall(module: unknown, options: unknown): void {
  if (typeof module !== "string" && !(module instanceof URL)) {
    throw new TypeError(
      `run needs the URL or the path of a module, got ${Deno.inspect(module, { depth: 0 })}`,
    );
  }
  const isObject = typeof options === "object" && options !== null;
  const { args = [], onLog } = (isObject ? options : {}) as RunOptions;
  if (!isObject || !Array.isArray(args) || (onLog !== undefined && typeof onLog !== "function")) {
    throw new TypeError(
      `run takes { args: [...], onLog } as its options, got ${Deno.inspect(options, { depth: 1 })}`,
    );
  }
  checkNames(options, ["args", "onLog"], "run");
  checkSendable(args, "args");
}

/** Before anything starts. @throws LoadError */
function openTraceOf(to: string | true, module: string, schedulers: number): TraceFiles {
  try {
    return openTrace(to, module, schedulers);
  } catch (error) {
    throw new LoadError((error as Error).message);
  }
}

/** No run is active: the counters of the last one. */
function dumpOfNothing(stats: RuntimeStats): string {
  const none = { reports: [], isLoading: () => false, hasStopped: () => true, offers: [] };
  const stuck = () => ({ actors: [], more: 0 });
  return formatDump({ nowMs: stats.uptimeMs, stats, ...none, stuck, underWay: 0 });
}
