/**
 * The entry of a scheduler's worker, of either kind (thread.ts): takes its part of the shared memory, loads the program, runs it, and answers
 * the control thread.
 *
 * @module
 */
import "./global_self.ts";
import type { ActorFunction, Log, Outcome } from "./api.ts";
import type { ActorImpl } from "./actor.ts";
import { UNTIL, type Wait } from "./wait.ts";
import { type FromWorker, R_CHANNEL_FIRST, R_IO_FIRST, type ToWorker } from "./protocol.ts";
import { Config } from "./config.ts";
import { Scheduler } from "./scheduler.ts";
import { Remote } from "./remote.ts";
import { IoClient } from "../io/client.ts";
import { LINGER_MS } from "../io/protocol.ts";
import { Doorbell } from "./doorbell.ts";
import { EventLoop } from "./event_loop.ts";
import { type Foreign, ForeignWork } from "./foreign_work.ts";
import { installGuard } from "./guard.ts";
import { LoadFailure, loadProgram, runsItself } from "./load.ts";
import { packOutcome } from "./wire.ts";
import { describeOutcome, rootOf } from "./report.ts";
import { askToEnd, finalize } from "./lifecycle.ts";
import { spawnMain } from "./spawn.ts";
import { reportActor, reportScheduler } from "./dump.ts";
import { bareExit, isQuiet, toError } from "./errors.ts";
import { DONE } from "./actor_state.ts";
import { RunClock } from "../timer/clock.ts";
import { Timer } from "../timer/timer.ts";
import { inherit, Recovery } from "./recovery.ts";
import { Containment } from "./containment.ts";
import { currentHeapLimit, heapLimit } from "./heap_watch.ts";
import type { ThreadData } from "./thread.ts";
import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { SchedulerTelemetry } from "./telemetry.ts";
import { awaitProcessEnd, countPosts } from "./last_words.ts";
import { LogGate } from "./log_gate.ts";
import { WorkerLog } from "./log.ts";
import { ASLEEP, CLOSING, ENDED, EPOCH, NOTICE_PENDING, PEER_WORDS, SPAWNED, TIMERS } from "./layout.ts";
import { thisThread } from "./this_thread.ts";
import { setImmediate } from "node:timers";

/** Of a worker that can be ended; null in a Web Worker. */
const thread = ((workerData as Partial<ThreadData> | null)?.lock === undefined ? null : workerData) as
  | ThreadData
  | null;
// deno-lint-ignore no-explicit-any
const control = (thread === null ? globalThis : parentPort) as any;
let post: (message: FromWorker, transfer?: Transferable[]) => void = control.postMessage.bind(control);
/** The other kind is ended from outside. */
let leave: () => void = thread === null ? control.close.bind(control) : () => {};

/** How long a scheduler that is closed waits for the others, which are told to close at the same moment. */
const LAST_WORD_MS = 100;

let s: Scheduler;
let loop: EventLoop;
let foreign: ForeignWork;
let recovery: Recovery;
/** The program's functions are known, by the same numbers as on all schedulers: actors can be taken in. */
let isLoaded = false;
/** What waits until then: questions for dumps, and news of other losses, because settling one takes actors in. */
const early: ToWorker[] = [];
/** What the scheduler itself has to say (M12). */
let log: Log;

// Not `onmessage`: the program may set that, as a module does that serves as a worker elsewhere. What comes is for no
// listener but the first one.
if (thread === null) control.addEventListener("message", (event: MessageEvent<ToWorker>) => hear(event.data));
else control.on("message", hear);
addEventListener("message", (event) => event.stopImmediatePropagation());

function hear(message: ToWorker): void {
  switch (message.type) {
    case "init":
      boot(message);
      return;
    case "stop":
      stop(message.graceMs);
      return;
    case "kill":
      tellOverdue();
      for (const actor of [...s.residents]) {
        finalize(s, actor, { kind: "panic", error: actor.exiting ?? bareExit("killed") });
      }
      s.arm();
      return;
    case "probe":
      probe(message.ticket);
      return;
    case "dump":
      if (!isLoaded) return void early.push(message);
      post({ type: "dumped", ticket: message.ticket, report: reportScheduler(s, message.limit) });
      return;
    case "port":
      s.remote.setPort(message.from, message.port);
      return;
    case "close":
      s.io.homes.closeAll();
      s.remote.drain(); // deaths that were told and not heard yet: their panics are reported below
      if (isUnsettled()) return void setTimeout(hear, 1, message);
      s.io.homes.stopAll();
      awaitLastWord();
      close();
      return;
    case "lost":
      if (!isLoaded) return void early.push(message);
      loop.holdHunger();
      recovery.lost(message.id, message.why);
      return;
    case "gone":
      if (!isLoaded) return void early.push(message);
      recovery.gone(message.id);
      return;
    case "renewed":
      if (!isLoaded) return void early.push(message);
      recovery.renewed(message.id);
      loop.releaseHunger();
      return;
    case "ping":
      post({ type: "pong", ticket: message.ticket });
      return;
    case "ask-heap":
      post({ type: "heap", limitBytes: heapLimit(s.residents.grown(), awaitsForeign) });
  }
}

function close(): void {
  if (!s.unobserved.settleSome()) return void setTimeout(close, 0); // the watchdog is answered in between
  s.timers.cancel(overdue);
  s.publish(); // another scheduler may have found the run over before this one published its last turn
  loop.close();
  s.remote.close();
  log.info("stopped", { resumed: s.resumed, stolen: s.stolen });
  post({ type: "stopped", exitCode: Number(Deno.exitCode) });
  leave();
}

/** Whether the OS has not taken all that actors wrote, or a connection is on its way here; not for long. */
function isUnsettled(): boolean {
  closesBy ??= s.clock.now() + LINGER_MS;
  return s.io.homes.unsettled > 0 && s.clock.now() < closesBy;
}
let closesBy: number | undefined;

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
  const words = new Int32Array(memory.peerWords);
  post = countPosts(words, id, post);
  if (init.endsWithProcess && thread === null) leave = awaitProcessEnd;
  const gate = new LogGate(words, id);
  const logs = new WorkerLog(config.minLogLevel, gate, () => clock.now(), post);
  log = logs.of(null);
  s = new Scheduler(id, memory, config, clock, {
    arm: () => {
      if (isLoaded) loop.arm(); // before, what others have sent to this scheduler's predecessor's place waits
    },
    halt: (code) => post({ type: "halt", code }),
    log: (actor) => logs.of(actor),
    mainEnded: (actor, outcome) =>
      post({
        type: "main-ended",
        pid: actor.pid,
        outcome: packOutcome(outcome),
        isQuiet: isQuiet(outcome),
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
      post({ type: "port", to, life: recovery.lifeOf(to), port: channel.port2 }, [channel.port2]);
      return channel.port1;
    },
    // deno-lint-ignore no-explicit-any
    take: (port) => receiveMessageOnPort(port as any) as { message: unknown } | undefined,
    handle: (from, kind, target, aux, payload) =>
      kind >= R_CHANNEL_FIRST && kind < R_IO_FIRST &&
        (s.channels.handle(from, kind, target, aux, payload) ||
          s.inquiries.handle(from, kind, target, aux, payload)) ||
      recovery.handle(from, kind, aux) ||
      s.io.heard(kind, target, aux, payload),
    warn: (text) => log.error(text),
  });
  s.io = new IoClient(s);
  s.io.mayServe = thread === null; // the other kind is ended at any time
  recovery = new Recovery(
    s,
    init.incarnations,
    (lost, sent, received) => post({ type: "recovered", id: lost, sent, received }),
  );
  s.io.owners.lifeOf = (peer) => recovery.lifeOf(peer);
  if (init.incarnations[id] > 0) inherit(s, init.incarnations[id]);
  s.telemetry = SchedulerTelemetry.start(init.telemetry);
  const doorbell = new Doorbell(s.words, id, () => loop.rung());
  const spins = memory.schedulers > 1 && memory.schedulers <= (navigator.hardwareConcurrency || 1);
  const containment = config.isContained
    ? Containment.start(s, config.watchdogMs!, (message) => post(message))
    : null;
  const onFailed = (error: unknown) => {
    const { message, stack } = toError(error);
    post({ type: "unsound", why: `its event loop has failed: ${stack ?? message}` });
  };
  s.io.loop = loop = new EventLoop(s, doorbell, spins, onIdle, onFailed, containment);
  const timers = installGuard({
    crashed: (actor, error) => {
      // A wait that nobody awaits has rejected: the actor ends as it was told, its `finally` included.
      if (actor.exiting !== null && error === actor.exiting) return;
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
  }, [globalThis, parentPort]);
  log.info("initialized", { schedulers: memory.schedulers });
  foreign = new ForeignWork(timers, () => new Promise((resolve) => setImmediate(resolve)));
  if (thread !== null) await foreign.ownIs(() => holdLock(thread.lock));
  else if (s.telemetry !== null) await foreign.discount();
  const heapLimitBytes = thread === null ? undefined : currentHeapLimit(); // before the program may fill it
  thisThread.loading = {
    url: URL.parse(init.module)?.href ?? init.module, // as import.meta.url has it
    refuse: () => post({ type: "load-error", text: runsItself(init.module), exitCode: 2 }),
  };
  try {
    const namespace = await loadProgram(init.module);
    s.targets.register(init.module, namespace);
    s.startMain = () => spawnMain(s, namespace.main as ActorFunction, init.args);
  } catch (error) {
    const failure = error instanceof LoadFailure ? error : new LoadFailure(String(error), 2);
    post({ type: "load-error", text: failure.message, exitCode: failure.exitCode });
    return;
  } finally {
    thisThread.loading = null;
  }
  if (thread !== null) await holdLock(thread.lock);
  log.info("started");
  s.startedMs = clock.now();
  post({ type: "ready", heapLimitBytes });
  isLoaded = true;
  early.splice(0).forEach(hear);
  loop.arm();
}

/** From here on this thread can be ended while it computes (thread.ts). Gives what lets go of the lock again. */
function holdLock(name: string): Promise<() => void> {
  return new Promise((held, failed) => {
    const { locks } = navigator as unknown as {
      locks: { request(name: string, callback: () => Promise<void>): Promise<void> };
    };
    locks.request(name, () => new Promise((release) => held(release))).catch(failed);
  });
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
    if (spawned !== 0) post({ type: "done", atMs: s.clock.now() });
    return;
  }
  if (s.io.isAwaiting) return; // an answer will wake an actor here, and then this is asked again
  for (let id = 0; id < memory.schedulers; id++) {
    const base = id * PEER_WORDS;
    if (Atomics.load(words, base + ASLEEP) === 0 || Atomics.load(words, base + TIMERS) > 0) return;
  }
  if (Atomics.compareExchange(run, NOTICE_PENDING, 0, 1) === 0) post({ type: "quiet" });
}

/** Every actor is told to end; supervised ones are told by their supervisors, in their order. */
function stop(graceMs: number): void {
  s.stopping = true;
  // First: it names those that the timers after it cut off.
  if (graceMs !== Infinity) s.timers.insert(overdue, s.clock.now() + graceMs);
  for (const actor of [...s.residents]) {
    if (actor.extras?.supervised !== true) askToEnd(s, actor, bareExit("shutdown"), graceMs);
  }
  s.arm();
}

/** The grace time is over. */
const overdue = new Timer(tellOverdue, undefined);
let isOverdueTold = false;

/** Those whose supervisor is still ending them are not cut off at that moment, but they are late all the same. */
function tellOverdue(): void {
  if (isOverdueTold) return;
  isOverdueTold = true;
  const report = reportScheduler(s, MOST_OVERDUE);
  if (report.live > 0) post({ type: "overdue", report });
}

/** Could anything here still go on? Answered in turns of its own, so that what just began is seen. */
async function probe(ticket: number): Promise<void> {
  const epoch = Atomics.load(s.words, s.base + EPOCH);
  let stuckOutside = false;
  for (const actor of s.residents) {
    if (!awaitsForeign(actor)) continue;
    stuckOutside = true;
    break;
  }
  // Cheapest first: a server with ten thousand connections has as many actors to report.
  let foreignWork: Foreign = "something";
  if (!stuckOutside && s.io.pending === 0 && s.timers.size === 0) foreignWork = await foreign.pending();
  // Those that wait in something else than a receive decide the verdict: they come first, and all others may be too many.
  const waiting = [];
  for (const decides of [true, false]) {
    for (const actor of foreignWork === "something" ? [] : s.residents) {
      if (waiting.length === MOST_REPORTED) break;
      if ((actor.waits !== null) === decides) waiting.push(reportActor(actor));
    }
  }
  if (
    epoch !== Atomics.load(s.words, s.base + EPOCH) || s.loading > 0 || s.timers.size > 0 ||
    s.io.pending > 0 || s.queue.length > 0
  ) foreignWork = "something"; // what is pending may have begun meanwhile
  post({
    type: "probed",
    ticket,
    epoch,
    foreign: foreignWork,
    waiting,
  });
}

/** A promise that is not ours: not all that could settle it can be seen, the loading of a module cannot. */
function awaitsForeign(actor: ActorImpl): boolean {
  if (actor.waits === null) return actor.rxResolve === null;
  for (let wait: Wait | null = actor.waits; wait !== null; wait = wait.next) {
    if (wait.kind === UNTIL) return true;
  }
  return false;
}

const MOST_REPORTED = 10_000;
const MOST_OVERDUE = 20;
