/**
 * The control thread's side: starts the workers of a run, hears of its end, and leaves nothing behind.
 *
 * It stays idle while actors run, because signals reach the program through it. What it waits for are notices of its
 * schedulers: main has ended, nothing is live any more, nothing moves any more.
 *
 * @module
 */
import type { Outcome, RuntimeStats } from "./api.ts";
import { Config } from "./config.ts";
import {
  allocate,
  LOGS_TAKEN,
  type MemoryOptions,
  PEER_WORDS,
  PHASE_ENDED,
  PHASE_RUNNING,
  PHASE_STOPPING,
  RUN_PHASE,
  type SharedMemory,
} from "./layout.ts";
import type { FromWorker, SchedulerReport } from "./protocol.ts";
import { readStats } from "./stats.ts";
import { formatDump } from "./dump.ts";
import { type Thread, WebWorkerThread } from "./thread.ts";
import { QuietCheck } from "./quiet.ts";
import { unpackOutcome, type WireOutcome } from "./wire.ts";
import { resolveModule } from "./load.ts";
import { askForPermissions } from "./permissions.ts";
import { AlreadyRunningError, DeadlockError, HaltedError, LoadError, StoppedError } from "./errors.ts";
import { formatPid } from "./pid.ts";
import { Injector } from "./offers.ts";
import { ring } from "./doorbell.ts";
import { RunClock, runEpochMs } from "../timer/clock.ts";
import { ringFillOf, TRACE_WORDS } from "./trace_words.ts";
import { openTrace, type TraceFiles, TraceWriter } from "../trace/writer.ts";

/** What one run is given. */
export interface RunOptions {
  /** Handed to `main(self, ...args)`. */
  readonly args?: readonly string[];
}

/** Where a run's words go; the command line sends them to stderr. */
export interface RunSinks {
  /** A panic that nobody observed, a log line: whole lines. */
  write(text: string): void;
  /** main has panicked: its error as text, in colours where asked for. */
  mainPanicked?(text: string): void;
  readonly colors: boolean;
}

const STDERR: RunSinks = {
  write: (text) => console.error(text),
  colors: false,
};

/** How long a dump waits for schedulers to answer, in ms: one that computes does not. */
const DUMP_WAIT_MS = 200;
/** Actors listed for each scheduler in a dump. */
const DUMP_LIMIT = 200;
/** How long after the grace time a scheduler may take to drop its actors. */
const KILL_WAIT_MS = 500;
const SCHEDULER_ENTRY = new URL("./scheduler_worker.ts", import.meta.url);
const POLLER_ENTRY = new URL("../io/poller_worker.ts", import.meta.url);

/** Makes a runtime, which can run one program at a time. Nothing is started yet. */
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
  #active: Run | null = null;
  #memory: SharedMemory;

  /** `sinks` takes what a run says, by default stderr; `memoryOptions` are for tests. */
  constructor(config: Config, sinks: RunSinks = STDERR, memoryOptions: MemoryOptions = {}) {
    this.config = config;
    this.#sinks = sinks;
    this.#memoryOptions = memoryOptions;
    this.#memory = allocate(config.threadCount, memoryOptions);
  }

  /**
   * Runs the module's `main` and every actor that it starts; gives main's outcome when all have ended.
   *
   * @throws AlreadyRunningError while a run is active, LoadError when the module cannot be loaded, DeadlockError,
   * HaltedError, StoppedError.
   */
  async run(module: URL | string, options: RunOptions = {}): Promise<Outcome> {
    if (this.#active !== null) {
      throw new AlreadyRunningError(
        "Cannot run: a run is active. Wait for it, stop it, or make another runtime",
      );
    }
    const url = resolveModule(String(module));
    const refused = askForPermissions(url, [SCHEDULER_ENTRY, POLLER_ENTRY]);
    if (refused !== null) throw new LoadError(refused);
    const { traceTo, threadCount } = this.config;
    const trace = traceTo === undefined ? null : openTraceOf(traceTo, url, threadCount);
    this.#memory = allocate(threadCount, { trace: trace !== null, ...this.#memoryOptions });
    const run = new Run(this.config, this.#memory, this.#sinks, url, [...options.args ?? []], trace);
    this.#active = run;
    try {
      return await run.result;
    } finally {
      this.#active = null;
    }
  }

  /** Whether a run is active. */
  get isRunning(): boolean {
    return this.#active !== null;
  }

  /** @internal for debugging */
  get memoryForTests() {
    return this.#memory;
  }
  /** Counters of the active run, or of the last one. */
  stats(): RuntimeStats {
    return readStats(this.#memory);
  }

  /** A text that shows schedulers, actors and what they wait for. */
  dump(): Promise<string> {
    return this.#active?.dump() ?? Promise.resolve(formatDump(this.stats(), []));
  }

  /**
   * Tells every actor to end, as SIGTERM does, and waits until the run is over. True if a run was active.
   * `onOverdue` hears when some did not end within the grace time and are ended.
   */
  async stop(onOverdue?: () => void): Promise<boolean> {
    const run = this.#active;
    if (run === null) return false;
    if (onOverdue !== undefined) run.onOverdue = onOverdue;
    run.stop(new StoppedError("the run was stopped"));
    await run.over;
    return true;
  }
}

/** Before anything starts. @throws LoadError */
function openTraceOf(to: string | true, module: string, schedulers: number): TraceFiles {
  try {
    return openTrace(to, module, schedulers);
  } catch (error) {
    throw new LoadError((error as Error).message);
  }
}

/** One run, from the start of its workers to their end. */
class Run {
  readonly result: Promise<Outcome>;
  /** Settled, without a rejection, when the run is over. */
  readonly over: Promise<void>;
  onOverdue: () => void = () => {};
  readonly #config: Config;
  readonly #memory: SharedMemory;
  readonly #words: Int32Array;
  readonly #peerWords: Int32Array;
  readonly #sinks: RunSinks;
  readonly #threads: Thread[] = [];
  readonly #names: string[][] = [];
  readonly #quiet: QuietCheck;
  /** Panics of which people have been told, by their texts. */
  readonly #reported = new Set<string>();
  readonly #dumps = new Map<number, (id: number, report: SchedulerReport) => void>();
  #settle!: { resolve(outcome: Outcome): void; reject(error: Error): void };
  #ready = 0;
  #stopped = 0;
  #tickets = 0;
  #outcome: WireOutcome | null = null;
  /** Why the run ends otherwise than by main's outcome. */
  #failure: Error | null = null;
  #hasStarted = false;
  #ending = false;
  #finished = false;
  readonly #timers: ReturnType<typeof setTimeout>[] = [];

  readonly #trace: TraceWriter | null;

  constructor(
    config: Config,
    memory: SharedMemory,
    sinks: RunSinks,
    module: string,
    args: string[],
    trace: TraceFiles | null,
  ) {
    this.#config = config;
    this.#memory = memory;
    this.#sinks = sinks;
    this.#words = new Int32Array(memory.run);
    this.#peerWords = new Int32Array(memory.peerWords);
    this.result = new Promise((resolve, reject) => this.#settle = { resolve, reject });
    this.over = this.result.then(() => {}, () => {});
    const epochMs = runEpochMs();
    const clock = new RunClock(epochMs);
    this.#trace = trace === null ? null : new TraceWriter(
      trace,
      memory.trace!,
      TRACE_WORDS,
      clock,
      ringFillOf(memory),
      sinks.write,
    );
    this.#quiet = new QuietCheck(memory, {
      probe: (ticket) => {
        for (let id = 0; id < memory.schedulers; id++) this.#threads[id].post({ type: "probe", ticket });
      },
      mainEndedWell: () => this.#outcome?.kind === "exit",
      shutdown: () => this.#tellToEnd("shutdown"),
      deadlock: (text) => this.stop(new DeadlockError(text)),
      now: () => clock.now(),
    });
    for (let id = 0; id < memory.peers; id++) {
      const isPoller = id === memory.schedulers;
      const name = isPoller ? "smarm poller" : `smarm scheduler ${id}`;
      this.#names.push([]);
      const thread = new WebWorkerThread(isPoller ? POLLER_ENTRY : SCHEDULER_ENTRY, name, {
        message: (message) => this.#hear(id, message),
        died: (reason) => this.#died(id, reason),
      });
      this.#threads.push(thread);
      thread.post({
        type: "init",
        id,
        memory,
        config: config.toPlain(),
        module,
        args,
        epochMs,
        colors: sinks.colors,
      });
    }
  }

  #hear(id: number, message: FromWorker): void {
    if (this.#finished) return;
    switch (message.type) {
      case "ready":
        if (++this.#ready === this.#threads.length) this.#start();
        return;
      case "load-error":
        this.#fail(new LoadError(message.text));
        return;
      case "main-ended":
        this.#outcome = message.outcome;
        if (this.#outcome.kind === "panic" && !this.#ending) {
          this.#reported.add(message.root);
          this.#sinks.mainPanicked?.(message.text);
          this.#tellToEnd("shutdown");
        }
        return;
      case "done":
        this.#close();
        return;
      case "quiet":
        this.#quiet.begin();
        return;
      case "probed":
        this.#quiet.answered(id, message);
        return;
      case "dumped":
        this.#dumps.get(message.ticket)?.(id, message.report);
        return;
      case "halt":
        this.stop(new HaltedError(message.code));
        return;
      case "stopped":
        if (++this.#stopped === this.#threads.length) this.#finish();
        return;
      case "log":
        this.#sinks.write(formatLog(id, message));
        Atomics.add(this.#peerWords, id * PEER_WORDS + LOGS_TAKEN, 1);
        return;
      case "report":
        if (message.root !== undefined) {
          if (message.isEcho && this.#reported.has(message.root)) return; // its panic has been told
          this.#reported.add(message.root);
        }
        this.#sinks.write(message.text);
        return;
      case "name":
        this.#names[id][message.id] = message.name;
        return;
      case "port":
        this.#threads[message.to].post({ type: "port", from: id, port: message.port }, [message.port]);
        return;
    }
  }

  #start(): void {
    if (this.#ending) return; // stopped while it was starting
    this.#hasStarted = true;
    Atomics.store(this.#words, RUN_PHASE, PHASE_RUNNING);
    new Injector(this.#memory).push("main");
    ring(new Int32Array(this.#memory.peerWords), 0);
  }

  /** The first reason counts; main's outcome is what `run` gives only when there was none. */
  stop(reason: Error): void {
    if (this.#ending) return;
    this.#failure = reason;
    if (Atomics.load(this.#words, RUN_PHASE) !== PHASE_RUNNING) { // no actor has been started
      this.#ending = true;
      this.#close();
      return;
    }
    this.#tellToEnd("shutdown");
  }

  #tellToEnd(reason: string): void {
    if (this.#ending) return;
    this.#ending = true;
    Atomics.store(this.#words, RUN_PHASE, PHASE_STOPPING);
    const graceMs = this.#config.graceMs;
    for (let id = 0; id < this.#memory.schedulers; id++) {
      this.#threads[id].post({ type: "stop", reason, graceMs });
    }
    this.#timers.push(setTimeout(() => this.#killAll(), graceMs + KILL_WAIT_MS));
  }

  /** Actors that are still there are dropped; schedulers that do not answer are given up. */
  #killAll(): void {
    if (this.#finished) return;
    this.onOverdue();
    for (let id = 0; id < this.#memory.schedulers; id++) this.#threads[id].post({ type: "kill" });
    this.#timers.push(setTimeout(() => this.#giveUp(), KILL_WAIT_MS));
  }

  /** Some scheduler never comes back to its event loop. */
  #giveUp(): void {
    if (this.#finished) return;
    const busy = this.stuck();
    if (busy.length > 0) this.#sinks.write(`error: ${busy.join(", ")} did not end within the grace time`);
    this.#failure ??= new StoppedError("the run was given up: an actor never gave its scheduler back");
    for (const thread of this.#threads) thread.end();
    this.#finish();
  }

  /** The actors that keep their schedulers busy. */
  stuck(): string[] {
    return readStats(this.#memory).schedulers.flatMap((one) =>
      one.currentPid === null ? [] : [`actor ${formatPid(one.currentPid)} on scheduler ${one.id}`]
    );
  }

  /** A thread is gone: until schedulers can be replaced the run cannot go on. */
  #died(id: number, reason: string): void {
    if (this.#finished) return;
    const what = id === this.#memory.schedulers ? "the poller" : `scheduler ${id}`;
    this.#fail(new LoadError(`${what} died: ${reason}`));
  }

  #fail(error: Error): void {
    if (this.#finished) return;
    this.#failure ??= error; // the first reason counts: what ends a run may be what made this fail
    this.#ending = true;
    this.#close();
  }

  /** Nothing is live any more: the workers may go. */
  #close(): void {
    if (this.#closing) return;
    this.#closing = true;
    for (const thread of this.#threads) thread.post({ type: "close" });
    this.#timers.push(setTimeout(() => this.#giveUp(), KILL_WAIT_MS + this.#config.graceMs));
  }
  #closing = false;

  #finish(): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#quiet.close();
    for (const timer of this.#timers) clearTimeout(timer);
    for (const thread of this.#threads) thread.end();
    Atomics.store(this.#words, RUN_PHASE, PHASE_ENDED);
    if (this.#trace === null) this.#settleNow();
    else if (this.#failure instanceof LoadError && !this.#hasStarted) {
      this.#trace.discard();
      this.#settleNow();
    } else {
      const why = this.#failure?.name ?? this.#outcome?.kind ?? "unknown";
      this.#trace.finish(why).then(() => this.#settleNow());
    }
  }

  #settleNow(): void {
    if (this.#failure !== null) this.#settle.reject(this.#failure);
    else if (this.#outcome !== null) this.#settle.resolve(unpackOutcome(this.#outcome));
    else this.#settle.reject(new StoppedError("the run ended before main did"));
  }

  async dump(): Promise<string> {
    const ticket = ++this.#tickets;
    const reports: (SchedulerReport | null)[] = new Array(this.#memory.schedulers).fill(null);
    let missing = reports.length;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, DUMP_WAIT_MS);
      this.#timers.push(timer);
      this.#dumps.set(ticket, (id, report) => {
        reports[id] = report;
        if (--missing > 0) return;
        clearTimeout(timer);
        resolve();
      });
      for (let id = 0; id < reports.length; id++) {
        this.#threads[id].post({ type: "dump", ticket, limit: DUMP_LIMIT });
      }
    });
    this.#dumps.delete(ticket);
    return formatDump(readStats(this.#memory), reports);
  }
}

function formatLog(scheduler: number, record: Extract<FromWorker, { type: "log" }>): string {
  const who = record.pid === null ? `scheduler ${scheduler}` : formatPid(record.pid);
  const seconds = (record.atMs / 1000).toFixed(3);
  return `${seconds} ${record.level} ${who} ${record.message}${
    record.fields === "" ? "" : ` ${record.fields}`
  }`;
}
