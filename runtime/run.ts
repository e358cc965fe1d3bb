/**
 * The control thread's side of one run: starts its workers, hears of its end, and leaves nothing behind.
 *
 * It stays idle while actors run, because signals reach the program through it. What it waits for are notices of its
 * schedulers: main has ended, nothing is live any more, nothing moves any more.
 *
 * @module
 */
import type { LogRecord, Outcome, RuntimeStats } from "./api.ts";
import type { Config } from "./config.ts";
import { PHASE_ENDED, PHASE_RUNNING, PHASE_STOPPING, RUN_PHASE, type SharedMemory } from "./layout.ts";
import type { FromWorker, ToWorker } from "./protocol.ts";
import { readStats } from "./stats.ts";
import { LogWriter } from "./log_writer.ts";
import { RunTelemetry } from "./telemetry.ts";
import { formatOverdue } from "./dump.ts";
import { DumpRequests } from "./dump_requests.ts";
import { StuckReports } from "./stuck_reports.ts";
import {
  NodeThread,
  outOfMemory,
  POLLER_YOUNG_MB,
  SCHEDULER_YOUNG_MB,
  type Thread,
  WebWorkerThread,
} from "./thread.ts";
import { HeapWatch } from "./heap_watch.ts";
import { LastWords } from "./last_words.ts";
import { Losses } from "./losses.ts";
import { type Stuck, Watchdog } from "./watchdog.ts";
import { lostError } from "./recovery.ts";
import { QuietCheck } from "./quiet.ts";
import { packOutcome, unpackOutcome, type WireOutcome } from "./wire.ts";
import { DeadlockError, HaltedError, LoadError, StoppedError } from "./errors.ts";
import { loadsForLong } from "./load.ts";
import { formatPid } from "./pid.ts";
import { describeOutcome } from "./report.ts";
import { Injector, takerOf } from "./offers.ts";
import { ring } from "./doorbell.ts";
import { RunClock, runEpochMs } from "../timer/clock.ts";
import { isAtRest, ringFillOf, TRACE_WORDS } from "./trace_words.ts";
import { type TraceFiles, TraceWriter } from "../trace/writer.ts";
import { BlockingThreads } from "../io/blocking_threads.ts";

/** What one run is given. */
export interface RunOptions {
  /** Handed to `main(self, ...args)`. */
  readonly args?: readonly string[];
  /**
   * Gets each record of the log, in this thread, instead of stderr: to hand them to a logging library. Schedulers do not
   * wait for it; what comes faster than it returns is dropped, and told in a record.
   */
  readonly onLog?: (record: LogRecord) => void;
}

/** Where a run's words go; the command line sends them to stderr. */
export interface RunSinks {
  /** A panic that nobody observed, a log line: whole lines. */
  write(text: string): void;
  /** main has panicked: its error as text, in colours where asked for. */
  mainPanicked?(text: string): void;
  /** The program has set `Deno.exitCode`, on one scheduler or another. */
  exitCodeSet?(code: number): void;
  /** Whoever runs this ends the process when the run has failed, and with it what burns on. */
  readonly endsProcess?: boolean;
  readonly colors: boolean;
  /** Log records are written for people, and not as JSON. */
  readonly isTerminal?: boolean;
}

/** How long after the grace time a scheduler may take to drop its actors. */
const KILL_WAIT_MS = 500;
/** What an actor may take to end on a busy machine: 30 to 60 µs here, most of it V8's for the error that its wait throws. */
const END_MS = 0.1;
/** How often it is looked whether fewer actors are left. */
const PROGRESS_MS = 200;
/** How often it is looked whether what was said is heard. */
const HEAR_MS = 10;
/** The exit code where the process is the only thing that can be ended. */
const EXIT_FATAL = 1;
/** With --contain: how much longer than the watchdog's limit a scheduler is left to end its actor itself. */
const CONTAIN_SLACK_MS = 250;
/** After so long people are told that a module is still being loaded: nothing else says why main does not begin. */
export const LONG_LOAD_MS = 10_000;
/** How long a scheduler that takes a dead one's place may take to start. */
const REPLACE_MS = 60_000;
/** One run, from the start of its workers to their end. */
export class Run {
  readonly result: Promise<Outcome>;
  /** Settled, without a rejection, when the run is over. */
  readonly over: Promise<void>;
  onOverdue: () => void = () => {};
  readonly #config: Config;
  readonly #memory: SharedMemory;
  readonly #clock: RunClock;
  readonly #words: Int32Array;
  readonly #logs: LogWriter;
  readonly #telemetry: RunTelemetry | null;
  readonly #sinks: RunSinks;
  readonly #threads: Thread[] = [];
  readonly #names: string[][] = [];
  readonly #quiet: QuietCheck;
  /** Panics of which people have been told, by their texts. */
  readonly #reported = new Set<string>();
  #settle!: { resolve(outcome: Outcome): void; reject(error: Error): void };
  #ready = 0;
  readonly #stopped = new Set<number>();
  #outcome: WireOutcome | null = null;
  #mainEndedWell = false;
  /** Why the run ends otherwise than by main's outcome. */
  #failure: Error | null = null;
  #hasStarted = false;
  #ending = false;
  /** When the actors were told to end. */
  #toldToEndMs = Infinity;
  /** How long actors have from then on. */
  #graceMs: number;
  #finished = false;
  readonly #timers: ReturnType<typeof setTimeout>[] = [];

  readonly #trace: TraceWriter | null;
  readonly #entries: { readonly scheduler: URL; readonly poller: URL };
  readonly #init: Omit<Extract<ToWorker, { type: "init" }>, "id" | "incarnations">;
  /** How many schedulers had each id before the one that has it now. */
  readonly #incarnations: number[] = [];
  readonly #isReady: boolean[] = [];
  /** Schedulers that are being ended, or are dead. */
  readonly #losing = new Set<number>();
  /** Ports that wait for a scheduler to be replaced. */
  readonly #heldPorts: Extract<ToWorker, { type: "port" }>[][] = [];
  readonly #losses: Losses;
  readonly #lastWords: LastWords;
  readonly #watchdog: Watchdog | null;
  readonly #heapWatch: HeapWatch;
  readonly #stuckReports: StuckReports;
  readonly #dumps: DumpRequests;
  readonly #blocking: BlockingThreads;

  constructor(
    config: Config,
    memory: SharedMemory,
    sinks: RunSinks,
    module: string,
    options: RunOptions,
    trace: TraceFiles | null,
    entries: { readonly scheduler: URL; readonly poller: URL },
  ) {
    this.#config = config;
    this.#graceMs = config.graceMs;
    this.#entries = entries;
    this.#memory = memory;
    this.#sinks = sinks;
    this.#words = new Int32Array(memory.run);
    this.result = new Promise((resolve, reject) => this.#settle = { resolve, reject });
    this.over = this.result.then(() => {}, () => {});
    const epochMs = runEpochMs();
    const clock = this.#clock = new RunClock(epochMs);
    this.#logs = new LogWriter(
      new Int32Array(memory.peerWords),
      sinks,
      epochMs,
      () => clock.now(),
      options.onLog,
    );
    this.#trace = trace === null ? null : new TraceWriter(
      trace,
      memory.trace!,
      TRACE_WORDS,
      clock,
      ringFillOf(memory),
      sinks.write,
      () => isAtRest(memory),
    );
    this.#losses = new Losses(memory, {
      tell: (peer, message) => this.#post(peer, message),
      settled: (id, lost) => this.#replace(id, lost),
    });
    this.#lastWords = new LastWords(new Int32Array(memory.peerWords));
    this.#stuckReports = new StuckReports(memory, this.#names, sinks.write);
    this.#dumps = new DumpRequests(memory, {
      ask: (id, question) => this.#post(id, question),
      names: (id) => this.#names[id],
      isLoading: (id) => !this.#isReady[id] && !this.#losing.has(id),
      hasStopped: (id) => this.#stopped.has(id),
      stats: () => this.stats(),
      now: () => clock.now(),
    });
    this.#watchdog = config.watchdogMs === undefined ? null : new Watchdog(memory, config.watchdogMs, {
      ping: (id, ticket) => this.#post(id, { type: "ping", ticket }),
      isWatched: (id) => this.#isReady[id] && !this.#losing.has(id),
      stuck: (incident) => this.#stuckReports.begins(incident),
      stillStuck: (incident) => this.#contain(incident),
      over: (incident) => this.#stuckReports.ends(incident),
      now: () => clock.now(),
    });
    this.#heapWatch = new HeapWatch(memory.schedulers, {
      ask: (id) => this.#post(id, { type: "ask-heap" }),
      isWatched: (id) => this.#isReady[id] && !this.#losing.has(id),
      full: (id, isBurning) => this.#heapFull(id, isBurning),
    });
    this.#quiet = new QuietCheck(memory, {
      probe: (ticket) => {
        for (let id = 0; id < memory.schedulers; id++) this.#post(id, { type: "probe", ticket });
      },
      mainEndedWell: () => this.#mainEndedWell,
      shutdown: () => this.#tellToEnd(),
      deadlock: (text) => this.stop(new DeadlockError(text)),
      now: () => clock.now(),
    });
    const poller = memory.schedulers;
    this.#blocking = new BlockingThreads({
      started: (thread, port) => this.#threads[poller].post({ type: "thread", thread, port }, [port]),
      died: (thread, reason) => this.#post(poller, { type: "thread-died", thread, reason }),
    });
    this.#telemetry = RunTelemetry.start(module, memory.schedulers, () => this.stats());
    this.#init = {
      type: "init",
      memory,
      config: config.toPlain(),
      module,
      args: [...options.args ?? []],
      epochMs,
      colors: sinks.colors,
      telemetry: this.#telemetry?.context ?? null,
      // With OpenTelemetry, Deno asks all heaps for their figures when the process ends.
      endsWithProcess: sinks.endsProcess === true && this.#telemetry === null,
    };
    for (let id = 0; id < memory.peers; id++) {
      this.#names.push([]);
      this.#incarnations.push(0);
      this.#heldPorts.push([]);
      this.#isReady.push(false);
    }
    for (let id = 0; id < memory.peers; id++) this.#startThread(id);
    this.#timers.push(setTimeout(() => this.#tellOfLongLoad(), LONG_LOAD_MS));
  }

  #startThread(id: number): void {
    const isPoller = id === this.#memory.schedulers;
    const name = isPoller ? "smarm poller" : `smarm scheduler ${id}`;
    const { isContained, maxHeapMb } = this.#config;
    // A thread that was replaced says nothing any more.
    const isCurrent = () => this.#threads[id] === undefined || this.#threads[id] === thread;
    const events = {
      message: (message: FromWorker) => {
        if (isCurrent()) this.#lastWords.heard(id);
        if (isCurrent() && !this.#finished) this.#hear(id, message);
        // A port that was under way when its sender died, or the run ended, has nobody else to close it.
        else if (message.type === "port") message.port.close();
      },
      died: (reason: string) => isCurrent() && this.#died(id, reason),
    };
    const { scheduler, poller } = this.#entries;
    const thread: Thread = isPoller
      ? new WebWorkerThread(poller, name, events, POLLER_YOUNG_MB)
      : isContained || maxHeapMb !== undefined
      ? new NodeThread(scheduler, name, events, maxHeapMb)
      : new WebWorkerThread(scheduler, name, events, SCHEDULER_YOUNG_MB);
    this.#threads[id] = thread;
    this.#lastWords.begins(id);
    thread.post({ ...this.#init, id, incarnations: this.#incarnations });
  }

  /** To a peer that lives. */
  #post(id: number, message: ToWorker): void {
    if (!this.#losing.has(id)) this.#threads[id].post(message);
  }

  #hear(id: number, message: FromWorker): void {
    if (this.#finished) return;
    switch (message.type) {
      case "ready":
        this.#isReady[id] = true;
        this.#heapWatch.begins(id, message.heapLimitBytes);
        if (this.#incarnations[id] > 0) this.#watchdog?.begins(id);
        else if (++this.#ready === this.#threads.length) this.#start();
        return;
      case "load-error":
        this.#fail(new LoadError(message.text));
        return;
      case "main-ended":
        this.#outcome = message.outcome;
        this.#mainEndedWell = message.isQuiet;
        if (!message.isQuiet && !this.#ending) {
          this.#reported.add(message.root);
          this.#sinks.mainPanicked?.(message.text);
          this.#tellToEnd();
        }
        return;
      case "done":
        this.#areAllEnded = true;
        this.#close(message.atMs);
        return;
      case "quiet":
        this.#quiet.begin();
        return;
      case "probed":
        this.#quiet.answered(id, message);
        return;
      case "dumped":
        this.#dumps.answered(id, message.ticket, message.report);
        return;
      case "overdue":
        this.#sinks.write(formatOverdue(message.report));
        return;
      case "halt":
        this.stop(new HaltedError(message.code));
        return;
      case "stopped":
        if (message.exitCode) this.#sinks.exitCodeSet?.(message.exitCode);
        this.#hasStopped(id);
        return;
      case "pong":
        this.#watchdog?.answered(id, message.ticket);
        return;
      case "heap":
        this.#heapWatch.answered(id, message.limitBytes);
        return;
      case "recovered":
        this.#losses.recovered(id, message.id, message.sent, message.received);
        return;
      case "contained":
        this.#stuckReports.contained(id, message.pid, message.name, message.heldMs);
        return;
      case "unsound":
        this.lose(id, message.why);
        return;
      case "log":
        this.#logs.hear(id, message);
        return;
      case "logs-dropped":
        this.#logs.tellDropped(id);
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
      case "start-thread":
        this.#blocking.start(message.thread);
        return;
      case "end-thread":
        this.#blocking.end(message.thread);
        return;
      case "port":
        this.#forward(message.to, message.life, { type: "port", from: id, port: message.port });
        return;
    }
  }

  /** A side channel, to the scheduler that it was opened for: not to one that has taken its place. */
  #forward(to: number, life: number, message: Extract<ToWorker, { type: "port" }>): void {
    const isDead = this.#losses.isDead(to);
    if (life !== this.#incarnations[to] + (isDead ? 1 : 0)) message.port.close();
    else if (isDead) this.#heldPorts[to].push(message);
    else if (!this.#losing.has(to)) this.#threads[to].post(message, [message.port]);
    else message.port.close(); // it is being ended and will not read it
  }

  #tellOfLongLoad(): void {
    if (this.#hasStarted || this.#ending) return;
    const schedulers = this.#isReady.slice(0, this.#memory.schedulers);
    const loading = schedulers.flatMap((isReady, id) => isReady ? [] : [id]);
    if (loading.length > 0) this.#sinks.write(loadsForLong(this.#init.module, LONG_LOAD_MS, loading));
  }

  #start(): void {
    if (this.#ending) return; // stopped while it was starting
    this.#hasStarted = true;
    this.#watchdog?.start();
    this.#heapWatch.start();
    Atomics.store(this.#words, RUN_PHASE, PHASE_RUNNING);
    new Injector(this.#memory).push("main");
    ring(new Int32Array(this.#memory.peerWords), 0);
  }

  stats(): RuntimeStats {
    return readStats(this.#memory, this.#clock.now());
  }

  get memory(): SharedMemory {
    return this.#memory;
  }

  /** Every thread has said that it stopped, and none died: none writes to shared memory any more. */
  get hasStoppedWell(): boolean {
    return this.#stopped.size === this.#threads.length && this.#losing.size === 0 &&
      this.#incarnations.every((before) => before === 0);
  }

  /** The first reason counts; main's outcome is what `run` gives only when there was none. */
  stop(reason: Error): void {
    if (this.#ending) return this.#hurry();
    this.#failure = reason;
    if (Atomics.load(this.#words, RUN_PHASE) !== PHASE_RUNNING) { // no actor has been started
      this.#ending = true;
      this.#close();
      return;
    }
    this.#tellToEnd(this.#config.graceMs);
  }

  /** `graceMs`: somebody has asked for an end within that time. */
  #tellToEnd(graceMs = Infinity): void {
    if (this.#ending) return;
    this.#ending = true;
    this.#graceMs = graceMs;
    this.#toldToEndMs = this.#clock.now();
    Atomics.store(this.#words, RUN_PHASE, PHASE_STOPPING);
    for (let id = 0; id < this.#memory.schedulers; id++) this.#post(id, { type: "stop", graceMs });
    if (graceMs === Infinity) this.#killTheLast(Infinity);
    else this.#later(graceMs + KILL_WAIT_MS, () => this.#killAll());
  }

  /** Somebody asks for an end while the actors are ending by themselves. */
  #hurry(): void {
    if (this.#graceMs !== Infinity) return;
    this.#graceMs = this.#config.graceMs;
    this.#toldToEndMs = this.#clock.now();
    this.#later(this.#graceMs, () => this.#killAll());
  }

  /**
   * Where nobody has asked for an end within some time, the grace time begins anew with each actor that ends: those that are
   * very many get the time that they all take, on a busy machine too. `least`: how few are left, since `sinceMs`.
   */
  #killTheLast(least: number, sinceMs = 0): void {
    if (this.#graceMs !== Infinity) return;
    const { live } = this.stats();
    const now = this.#clock.now();
    if (live < least) sinceMs = now;
    const leftMs = sinceMs + this.#config.graceMs + live * END_MS - now; // to tell all of them takes time too
    if (leftMs <= 0) this.#killAll();
    else this.#later(Math.min(leftMs, PROGRESS_MS), () => this.#killTheLast(Math.min(live, least), sinceMs));
  }

  /** Actors that are still there are dropped; schedulers that do not answer are given up. */
  #killAll(): void {
    if (this.#closing) return;
    this.onOverdue();
    for (let id = 0; id < this.#memory.schedulers; id++) this.#post(id, { type: "kill" });
    this.#later(KILL_WAIT_MS, () => this.#closing || this.#giveUp());
  }

  /** After `ms`, and when all is heard that the threads have said by then, which may be why there is nothing to do. */
  #later(ms: number, then: () => void): void {
    let said: number[] | undefined;
    const look = () => {
      said ??= this.#said();
      if (this.#unstopped().some((id) => !this.#lastWords.isHeard(id, said![id]))) timer(HEAR_MS);
      else if (!this.#finished) then();
    };
    const timer = (ms: number) => this.#timers.push(setTimeout(look, ms));
    timer(ms);
  }

  #said(): number[] {
    return this.#threads.map((_, id) => this.#lastWords.said(id));
  }

  /** The threads of which more may be heard. */
  #unstopped(): number[] {
    return [...this.#threads.keys()].filter((id) => !this.#stopped.has(id) && !this.#losing.has(id));
  }

  /** Some scheduler never comes back to its event loop; one whose actor has ended just now does. */
  #giveUp(isLast = false): void {
    const busy = this.stuck();
    if (busy.length === 0 && !isLast) {
      const isClosing = this.#closing;
      return this.#later(KILL_WAIT_MS, () => this.#closing !== isClosing || this.#giveUp(true)); // who closes waits itself
    }
    const threads = () =>
      this.#unstopped().map((id) => id < this.#memory.schedulers ? `scheduler ${id}` : "the poller");
    const late = busy.length > 0 ? busy : threads();
    if (late.length > 0) this.#sinks.write(`error: ${late.join(", ")} did not end within the grace time`);
    this.#failure ??= new StoppedError("the run was given up: an actor never gave its scheduler back");
    for (const thread of this.#threads) thread.end();
    this.#finish();
  }

  /** The actors that keep their schedulers busy. */
  stuck(): string[] {
    return this.stats().schedulers.flatMap((one) =>
      one.currentPid === null ? [] : [`actor ${formatPid(one.currentPid)} on scheduler ${one.id}`]
    );
  }

  // --- Threads that die, or are to --------------------------------------------------------------------------------

  #died(id: number, reason: string): void {
    if (this.#finished) return;
    if (id === this.#memory.schedulers) this.#pollerDied(id, reason);
    else this.lose(id, reason);
  }

  /**
   * All that was open died with it, and whoever waits for it would wait for ever: the run ends at once. Actors are not
   * asked to end, since what they would do last may be IO too.
   */
  #pollerDied(id: number, reason: string): void {
    if (!this.#hasStarted) return this.#fail(new LoadError(`the poller died: ${reason}`));
    if (this.#closing) return this.#hasStopped(id);
    this.#losing.add(id); // nothing is posted to it any more, and it is not waited for
    this.#endWith(`the poller died, and everything open with it: ${reason}. The run ends`);
  }

  #endWith(text: string): void {
    this.#sinks.write(`error: ${text}`);
    this.#fail(new StoppedError(text));
  }

  /** Ends a scheduler, if it has not ended by itself, and replaces it; the run goes on when its thread is gone for sure. */
  async lose(id: number, why: string): Promise<void> {
    if (this.#finished || this.#losing.has(id)) return;
    if (!this.#hasStarted) return this.#fail(new LoadError(`scheduler ${id} died: ${why}`));
    if (!this.#isReady[id]) return this.#fatal(`scheduler ${id} could not be replaced: ${why}`);
    this.#losing.add(id);
    this.#isReady[id] = false;
    const gone = this.#threads[id].kill();
    if (gone === null) return this.#endWith(`scheduler ${id} died, and the run ends: ${why}`);
    const isGone = await gone;
    if (this.#finished) return;
    if (!isGone) return this.#fatal(`scheduler ${id} cannot be stopped: ${why}. The program ends`);
    if (this.#closing) return this.#hasStopped(id);
    this.#quiet.forget();
    const hadMain = takerOf(this.#memory, 0) === id && this.#outcome === null;
    this.#lostWhy[id] = why;
    this.#losses.died(id, why);
    if (hadMain) this.#mainLost(id, why);
  }

  /** A Web Worker that goes on filling the memory of the machine ends with the process alone. */
  #heapFull(id: number, isBurning: boolean): void {
    const { isContained, maxHeapMb } = this.#config;
    const canBeEnded = isContained || maxHeapMb !== undefined;
    const why = outOfMemory(maxHeapMb, canBeEnded);
    if (canBeEnded || !isBurning) this.lose(id, why);
    else this.#fatal(`scheduler ${id} cannot be stopped: ${why}. The program ends`);
  }

  isUp(id: number): boolean {
    return this.#hasStarted && this.#isReady[id] && !this.#losses.isSettling;
  }

  readonly #lostWhy: string[] = [];
  #mainLost(id: number, why: string): void {
    const outcome: Outcome = { kind: "panic", error: lostError(id, why) };
    this.#outcome = packOutcome(outcome);
    if (this.#ending) return;
    this.#sinks.mainPanicked?.(describeOutcome(outcome, this.#sinks.colors));
    this.#tellToEnd();
  }

  /** All have settled what they had to do with a dead scheduler. */
  #replace(id: number, lost: number): void {
    this.#losing.delete(id);
    this.#incarnations[id]++;
    const actors = lost === 1 ? "1 actor" : `${lost} actors`;
    this.#sinks.write(`scheduler ${id} was lost, and ${actors} with it: ${this.#lostWhy[id]}`);
    if (this.#finished || this.#closing) return this.#hasStopped(id);
    this.#startThread(id);
    for (const message of this.#heldPorts[id].splice(0)) this.#threads[id].post(message, [message.port]);
    if (this.#ending) this.#post(id, { type: "stop", graceMs: this.#graceMs });
    const incarnation = this.#incarnations[id];
    this.#timers.push(setTimeout(() => {
      if (this.#incarnations[id] === incarnation && !this.#isReady[id] && !this.#losing.has(id)) {
        this.#fatal(`scheduler ${id} could not be replaced within ${REPLACE_MS} ms`);
      }
    }, REPLACE_MS));
  }

  /** What nobody can stop ends with the process: never is a thread left burning. */
  #fatal(text: string): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#sinks.write(`error: ${text}`);
    this.#heapWatch.close();
    if (this.#trace === null) Deno.exit(EXIT_FATAL);
    this.#trace.finish("lost").then(() => Deno.exit(EXIT_FATAL));
  }

  /** With --contain a scheduler that has not ended its actor itself is ended. */
  #contain(incident: Stuck): void {
    const { watchdogMs, isContained } = this.#config;
    if (!isContained || incident.heldMs < watchdogMs! + CONTAIN_SLACK_MS) return;
    this.lose(incident.id, this.#stuckReports.describe(incident));
  }

  /**
   * Where no actor has begun, threads that still load the module end with the process: one that loops at its top level can
   * neither be asked to end nor be ended, and to end one in the middle of an import panics Deno.
   */
  get #leavesThreads(): boolean {
    return !this.#hasStarted && this.#sinks.endsProcess === true;
  }

  #hasStopped(id: number): void {
    this.#stopped.add(id);
    if (this.#stopped.size === this.#threads.length) this.#finish();
  }

  #fail(error: Error): void {
    if (this.#finished) return;
    this.#failure ??= error; // the first reason counts: what ends a run may be what made this fail
    this.#ending = true;
    this.#close();
  }

  /** Nothing is live any more, since `endedMs`: the workers may go. */
  #close(endedMs: number = this.#clock.now()): void {
    if (this.#closing) return;
    this.#closing = true;
    if (this.#leavesThreads) return this.#finish();
    // Schedulers cut actors off when the grace time is over, which begins for them a little later than here.
    if (endedMs - this.#toldToEndMs >= this.#graceMs) this.onOverdue();
    this.#threads.forEach((_, id) => {
      if (this.#losing.has(id)) this.#stopped.add(id); // its actors are nobody's business any more
      else this.#post(id, { type: "close" });
    });
    this.#awaitStopped(KILL_WAIT_MS + this.#config.graceMs);
  }
  #closing = false;
  #areAllEnded = false;

  /** Who still tells of panics that nobody has seen is not given up. */
  #awaitStopped(waitMs: number): void {
    const before = this.#said();
    this.#later(waitMs, () => {
      const isTelling = this.#areAllEnded &&
        this.#unstopped().some((id) => this.#lastWords.said(id) !== before[id]);
      if (isTelling) this.#awaitStopped(KILL_WAIT_MS);
      else this.#giveUp();
    });
  }

  #finish(): void {
    if (this.#finished) return;
    this.#finished = true;
    this.#quiet.close();
    this.#watchdog?.close();
    this.#heapWatch.close();
    // Held for schedulers that were lost and are not replaced any more.
    for (const held of this.#heldPorts) for (const { port } of held.splice(0)) port.close();
    for (let id = 0; id < this.#memory.schedulers; id++) this.#logs.tellDropped(id);
    for (const timer of this.#timers) clearTimeout(timer);
    this.#dumps.close();
    const gone = this.#leavesThreads ? [] : this.#threads.map((thread) => thread.kill());
    gone.push(this.#blocking.endAll());
    this.#telemetry?.finish(this.#outcome?.kind ?? "unknown", this.#failure);
    Atomics.store(this.#words, RUN_PHASE, PHASE_ENDED);
    if (this.#trace === null && gone.every((one) => one === null)) this.#settleNow();
    else this.#settleWhenGone(gone);
  }

  /** Nothing is left behind: a thread that can be told to be gone is waited for, and none is left burning. */
  async #settleWhenGone(gone: (Promise<boolean> | null)[]): Promise<void> {
    const isGone = await Promise.all(gone);
    // A failure has an exit code of its own, and what burns on was told of or is not its matter.
    const isLeft = this.#failure !== null && this.#sinks.endsProcess === true;
    const burning = isLeft ? -1 : isGone.findIndex((one) => one === false);
    if (burning >= 0) this.#sinks.write(`error: scheduler ${burning} cannot be stopped. The program ends`);
    if (this.#failure instanceof LoadError && !this.#hasStarted) this.#trace?.discard();
    else {
      await this.#trace?.finish(this.#failure?.name ?? this.#outcome?.kind ?? "unknown");
      this.#tellTrace();
    }
    if (burning >= 0) Deno.exit(EXIT_FATAL);
    this.#settleNow();
  }

  /** A path that the user did not give is told to people; where stderr is read by programs it says nothing of success. */
  #tellTrace(): void {
    if (this.#config.traceTo !== true || !this.#sinks.isTerminal || !this.#trace?.isComplete) return;
    this.#sinks.write(`trace: ${this.#trace.path}`);
  }

  #settleNow(): void {
    if (this.#failure !== null) this.#settle.reject(this.#failure);
    else if (this.#outcome !== null) this.#settle.resolve(unpackOutcome(this.#outcome));
    else this.#settle.reject(new StoppedError("the run ended before main did"));
  }

  dump(): Promise<string> {
    return this.#dumps.dump();
  }
}
