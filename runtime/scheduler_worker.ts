/**
 * The entry of a scheduler's Web Worker: takes its part of the shared memory, loads the program, runs it, and answers
 * the control thread.
 *
 * @module
 */
import type { ActorFunction, Log, Outcome, Pid } from "./api.ts";
import {
  type FromWorker,
  type LogLevelName,
  R_CHANNEL_FIRST,
  R_IO_FIRST,
  type ToWorker,
} from "./protocol.ts";
import type { ActorImpl } from "./actor.ts";
import { Config } from "./config.ts";
import { Scheduler } from "./scheduler.ts";
import { Remote } from "./remote.ts";
import { IoClient } from "../io/client.ts";
import { Doorbell } from "./doorbell.ts";
import { EventLoop } from "./event_loop.ts";
import { ForeignWork } from "./foreign_work.ts";
import { installGuard } from "./guard.ts";
import { LoadFailure, loadProgram } from "./load.ts";
import { packOutcome } from "./wire.ts";
import { describeOutcome, rootOf } from "./report.ts";
import { askToEnd, finalize } from "./lifecycle.ts";
import { spawnMain } from "./spawn.ts";
import { reportActor, reportScheduler } from "./dump.ts";
import { ExitError, toError } from "./errors.ts";
import { DONE } from "./actor_state.ts";
import { RunClock } from "../timer/clock.ts";
import {
  ASLEEP,
  CLOSING,
  ENDED,
  EPOCH,
  LOGS_TAKEN,
  NOTICE_PENDING,
  PEER_WORDS,
  SPAWNED,
  TIMERS,
} from "./layout.ts";
import { receiveMessageOnPort } from "node:worker_threads";
import { setImmediate } from "node:timers";

// deno-lint-ignore no-explicit-any
const control = globalThis as any;
const post: (message: FromWorker, transfer?: Transferable[]) => void = control.postMessage.bind(control);
const closeWorker: () => void = control.close.bind(control);

/** How long a scheduler that is closed waits for the others, which are told to close at the same moment. */
const LAST_WORD_MS = 100;

let s: Scheduler;
let loop: EventLoop;
let foreign: ForeignWork;
/** What the scheduler itself has to say (M12). */
let log: Log;

control.onmessage = (event: MessageEvent<ToWorker>) => {
  const message = event.data;
  switch (message.type) {
    case "init":
      boot(message);
      return;
    case "stop":
      stop(message.reason, message.graceMs);
      return;
    case "kill":
      for (const actor of [...s.actors()]) {
        finalize(s, actor, { kind: "panic", error: new ExitError("killed") });
      }
      s.arm();
      return;
    case "probe":
      probe(message.ticket);
      return;
    case "dump":
      post({ type: "dumped", ticket: message.ticket, report: reportScheduler(s, message.limit) });
      return;
    case "port":
      s.remote.setPort(message.from, message.port);
      return;
    case "close":
      s.remote.drain(); // deaths that were told and not heard yet: their panics are reported below
      awaitLastWord();
      s.unobserved.settleAll();
      if (logsDropped > 0) tellDroppedLogs();
      loop.close();
      s.remote.close();
      log.info("stopped", { resumed: s.resumed, stolen: s.stolen });
      post({ type: "stopped" });
      closeWorker();
  }
};

/**
 * A panic that an actor on another scheduler was told of is reported if that actor was dead by then. Who took in the
 * signal says so when it drains its rings, which it does at the latest when it is closed.
 */
function awaitLastWord(): void {
  s.remote.flush();
  Atomics.add(s.run, CLOSING, 1);
  if (!s.unobserved.hopes) return;
  const until = s.clock.now() + LAST_WORD_MS;
  while (Atomics.load(s.run, CLOSING) < s.memory.schedulers && s.clock.now() < until) {
    Atomics.wait(s.run, CLOSING, Atomics.load(s.run, CLOSING), 1);
  }
  s.remote.drain();
}

async function boot(init: Extract<ToWorker, { type: "init" }>): Promise<void> {
  const config = Config.fromPlain(init.config);
  const clock = new RunClock(init.epochMs);
  const { id, memory } = init;
  s = new Scheduler(id, memory, config, clock, {
    arm: () => loop.arm(),
    halt: (code) => post({ type: "halt", code }),
    log: (actor) => logFor(actor, config.minLogLevel),
    mainEnded: (actor, outcome) =>
      post({
        type: "main-ended",
        pid: actor.pid,
        outcome: packOutcome(outcome),
        text: describeOutcome(outcome, init.colors),
        root: rootOf(outcome).root,
      }),
    report: (pid, name, outcome) =>
      post({
        type: "report",
        text: describeOutcome(outcome, init.colors, { pid, name }),
        ...rootOf(outcome),
      }),
    name: (nameId, name) => post({ type: "name", id: nameId, name }),
  });
  s.remote = new Remote(s, {
    openPort: (to) => {
      const channel = new MessageChannel();
      post({ type: "port", to, port: channel.port2 }, [channel.port2]);
      return channel.port1;
    },
    // deno-lint-ignore no-explicit-any
    take: (port) => receiveMessageOnPort(port as any) as { message: unknown } | undefined,
    handle: (from, kind, target, aux, payload) =>
      kind >= R_CHANNEL_FIRST && kind < R_IO_FIRST &&
        (s.channels.handle(from, kind, target, aux, payload) ||
          s.inquiries.handle(from, kind, target, aux, payload)) ||
      s.io.heard(kind, target, aux, payload),
    warn: (text) => logFor(null, config.minLogLevel).error(text),
  });
  s.io = new IoClient(s);
  const doorbell = new Doorbell(s.words, id, () => loop.rung());
  const spins = memory.schedulers > 1 && memory.schedulers <= (navigator.hardwareConcurrency || 1);
  loop = new EventLoop(s, doorbell, spins, onIdle);
  const timers = installGuard({
    crashed: (actor, error) => {
      const outcome: Outcome = { kind: "panic", error: toError(error) };
      if (actor.state !== DONE) finalize(s, actor, outcome);
      else if (outcome.error.name !== "ExitError") { // whoever is dead is told so by all that it still calls
        const who = { pid: actor.pid, name: actor.target.name };
        post({ type: "report", text: describeOutcome(outcome, init.colors, who), ...rootOf(outcome) });
      }
      s.arm();
    },
    lost: (error) => {
      const outcome: Outcome = { kind: "panic", error: toError(error) };
      post({ type: "report", text: describeOutcome(outcome, init.colors, null), ...rootOf(outcome) });
    },
    halt: (code) => post({ type: "halt", code }),
  });
  log = logFor(null, config.minLogLevel);
  log.info("initialized", { schedulers: memory.schedulers });
  foreign = new ForeignWork(timers, () => new Promise((resolve) => setImmediate(resolve)));
  try {
    const namespace = await loadProgram(init.module);
    s.targets.register(init.module, namespace);
    s.startMain = () => spawnMain(s, namespace.main as ActorFunction, init.args);
  } catch (error) {
    const failure = error instanceof LoadFailure ? error : new LoadFailure(String(error), 2);
    post({ type: "load-error", text: failure.message, exitCode: failure.exitCode });
    return;
  }
  log.info("started");
  post({ type: "ready" });
  s.arm();
}

/** Nothing to do here: perhaps nowhere any more (S18). */
function onIdle(): void {
  const { words, run, memory } = s;
  // Ends are read before spawns: equal sums mean that there was a moment without any live actor, and without one
  // nothing can be spawned. A message in a ring then has no receiver left.
  let ended = 0, spawned = 0;
  for (let id = 0; id < memory.schedulers; id++) {
    ended = (ended + Atomics.load(words, id * PEER_WORDS + ENDED)) | 0;
  }
  for (let id = 0; id < memory.schedulers; id++) {
    spawned = (spawned + Atomics.load(words, id * PEER_WORDS + SPAWNED)) | 0;
  }
  if (ended === spawned) {
    if (spawned !== 0) post({ type: "done" });
    return;
  }
  for (let id = 0; id < memory.schedulers; id++) {
    const base = id * PEER_WORDS;
    if (Atomics.load(words, base + ASLEEP) === 0 || Atomics.load(words, base + TIMERS) > 0) return;
  }
  if (Atomics.compareExchange(run, NOTICE_PENDING, 0, 1) === 0) post({ type: "quiet" });
}

/** Every actor is told to end; supervised ones are told by their supervisors, in their order. */
function stop(reason: string, graceMs: number): void {
  s.stopping = true;
  for (const actor of [...s.actors()]) {
    if (actor.extras?.supervised !== true) askToEnd(s, actor, new ExitError(reason), graceMs);
  }
  s.arm();
}

/** Could anything here still go on? Answered in turns of its own, so that what just began is seen. */
async function probe(ticket: number): Promise<void> {
  const epoch = Atomics.load(s.words, s.base + EPOCH);
  let stuckOutside = false;
  for (const actor of s.actors()) {
    if (actor.waits !== null || actor.rxResolve !== null) continue;
    stuckOutside = true; // it awaits something that is not ours
    break;
  }
  const isForeign = stuckOutside || await foreign.isPending();
  // Those that wait in something else than a receive decide the verdict: they come first, and all others may be too many.
  const waiting = [];
  for (const decides of [true, false]) {
    for (const actor of isForeign ? [] : s.actors()) {
      if (waiting.length === MOST_REPORTED) break;
      if ((actor.waits !== null) === decides) waiting.push(reportActor(actor));
    }
  }
  const unchanged = epoch === Atomics.load(s.words, s.base + EPOCH);
  post({
    type: "probed",
    ticket,
    epoch,
    foreign: isForeign || !unchanged || s.loading > 0 || s.timers.size > 0 ||
      s.io.pending > 0 || s.queue.length > 0,
    waiting,
  });
}

const MOST_REPORTED = 10_000;
const LEVELS: Record<string, number> = { silent: 0, error: 1, warn: 2, info: 3, debug: 4 };

/** Log records on their way to the control thread. */
const MOST_LOGS_WAITING = 10_000;
let logsPosted = 0;
let logsDropped = 0;

/** Of level error, because those that were dropped may have been. */
function tellDroppedLogs(): void {
  const message = `${logsDropped} log records were dropped: they came faster than they can be written`;
  logsDropped = 0;
  logsPosted = (logsPosted + 1) | 0;
  post({ type: "log", level: "error", pid: null, atMs: s.clock.now(), message, fields: "" });
}

function logFor(actor: ActorImpl | null, minLevel: string): Log {
  const least = LEVELS[minLevel];
  const at = (level: LogLevelName) => (message: string, fields?: Record<string, unknown>) => {
    if (LEVELS[level] > least) return;
    // A flood of them must not fill the memory: what the control thread cannot write in time is counted.
    if (((logsPosted - Atomics.load(s.words, s.base + LOGS_TAKEN)) | 0) >= MOST_LOGS_WAITING) {
      logsDropped++;
      return;
    }
    if (logsDropped > 0) tellDroppedLogs();
    logsPosted = (logsPosted + 1) | 0;
    post({
      type: "log",
      level,
      pid: actor?.pid ?? null as Pid | null,
      atMs: s.clock.now(),
      message: String(message),
      fields: fields === undefined ? "" : inspectFields(fields),
    });
  };
  return { error: at("error"), warn: at("warn"), info: at("info"), debug: at("debug") };
}

function inspectFields(fields: Record<string, unknown>): string {
  return Object.entries(fields).map(([key, value]) =>
    `${key}=${Deno.inspect(value, { depth: 4, breakLength: Infinity, compact: true })}`
  ).join(" ");
}
