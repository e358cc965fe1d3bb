/**
 * One scheduler: its actors, its run queue, and the baton that goes from actor to actor.
 *
 * Actors are plain async functions. Resuming one means resolving the promise that it awaits; its code then runs in a
 * microtask until it waits again, and that wait hands the baton to the next actor of the run queue. A chain of such
 * hand-overs is a *burst*; it ends after {@link BURST_MS} so that timers and other threads are served, and now and then
 * the worker's event loop (event_loop.ts). At most one actor holds the baton (`current`), so actors run one at a time and
 * in the order in which they were queued (S20). An actor that awaits a promise that is not smarm's calls no hook: the next
 * turn of the event loop takes the baton from it, and its code goes on whenever that promise is settled.
 *
 * An actor's function is never called on top of another actor's stack: hooks resume begun actors only, and leave
 * unstarted ones to a microtask of their own ({@link Scheduler.drive}).
 *
 * @module
 */
import type { ActorFunction, AnyAddress, Log, Outcome, Pid, RuntimeStats, SpawnOptions } from "./api.ts";
import { actorClass, type ActorImpl, RESOLVED } from "./actor.ts";
import { currentActor, enter, leave } from "./async_context.ts";
import { HandleImpl, isSeed } from "./handle.ts";
import { Residents } from "./residents.ts";
import { type Runnable, RunQueue } from "./run_queue.ts";
import { DONE, park, PARKED, resume, RUNNING, unpark, UNSTARTED, yieldBack } from "./actor_state.ts";
import { RECEIVE, RX_FAST, Wait } from "./wait.ts";
import type { Bound } from "./extras.ts";
import { settle } from "./settling.ts";
import { ActorDetails } from "./actor_details.ts";
import { finalize, hasStarted } from "./lifecycle.ts";
import { spawn } from "./spawn.ts";
import { ChannelTraffic } from "./channel_remote.ts";
import { Inquiries } from "./inquiry.ts";
import { longMailboxes } from "./mailbox.ts";
import { warnOfLongMailboxes } from "./mailbox_warning.ts";
import { toError } from "./errors.ts";
import { isPid, keyOf } from "./pid.ts";
import { Unobserved } from "./unobserved.ts";
import {
  COUNTER_WORDS,
  COUNTERS,
  CURRENT_KEY,
  ENDED,
  LIVE,
  MISSED,
  nearest,
  NO_ACTOR,
  PEER_WORDS,
  RUN_QUEUE_LENGTH,
  type SharedMemory,
  SPAWNED,
  TAKEN_AWAY,
  TIMERS,
} from "./layout.ts";
import { Journal } from "./journal.ts";
import { Numbers } from "./numbers.ts";
import { Routes, SlotTable } from "./slot_table.ts";
import { thisThread } from "./this_thread.ts";
import { Targets, unfitToRun } from "./targets.ts";
import { NameTable } from "./names.ts";
import { Groups } from "../supervisor/groups.ts";
import { readStats } from "./stats.ts";
import type { Config } from "./config.ts";
import type { Clock } from "../timer/clock.ts";
import { TimerWheel } from "../timer/wheel.ts";
import type { Remote } from "./remote.ts";
import type { IoClient } from "../io/client.ts";
import { Aborts } from "./aborts.ts";
import { LateTimeouts } from "./late_timeouts.ts";
import { SETTLED } from "./offer_states.ts";
import { ShortRuns } from "./short_runs.ts";
import { WorkSharing } from "./work_sharing.ts";
import type { Isolation } from "./isolation.ts";
import type { SchedulerTelemetry } from "./telemetry.ts";
import { Recorder } from "../trace/recorder.ts";
import * as event from "../trace/format.ts";

/** How long a burst may last before timers, IO, other schedulers and foreign promises get their turn. */
export const BURST_MS = 0.25; // what is done in between takes 5 to 7 µs (event_loop.ts)
/** Guessed: a burst lasts for longer only when an actor does not give way, and is going on not to. */
const HELD_UP_MS = 10;
/** Between two looks at the clock an actor may use at most this part of its timeslice. */
const LOOKS_PER_SLICE = 8;

/** What a scheduler needs from the thread that it runs on. */
export interface Host {
  /** Makes `pump` run in a later turn of the event loop. */
  arm(): void;
  /** Tells the control thread. */
  halt(code: number): void;
  log(actor: ActorImpl | null): Log;
  mainEnded(actor: ActorImpl, outcome: Outcome): void;
  /** A panic that nobody observed. */
  report(pid: Pid, name: string, outcome: Outcome): void;
  name(id: number, name: string): void;
}

export class Scheduler {
  readonly id: number;
  readonly memory: SharedMemory;
  readonly config: Config;
  readonly clock: Clock;
  readonly host: Host;
  /** Words of all peers; ours begin at `base`. */
  readonly words: Int32Array;
  readonly base: number;
  readonly run: Int32Array;
  readonly #counters: Float64Array;
  readonly details: ActorDetails;
  /** With --trace only: what happens to actors is recorded here. Without, it is the prototype's null, see below. */
  declare readonly trace: Recorder | null;
  /** With OTEL_DENO=true only: it is told of calls, restarts and panics. */
  telemetry: SchedulerTelemetry | null = null;
  readonly timers: TimerWheel;
  readonly lateTimeouts: LateTimeouts = new LateTimeouts(this);
  readonly aborts: Aborts = new Aborts();
  readonly targets: Targets;
  readonly slots: SlotTable;
  readonly journal: Journal;
  readonly routes: Routes;
  readonly names: NameTable;
  readonly groups: Groups;
  remote!: Remote;
  io!: IoClient;
  #work: WorkSharing | null = null;
  /** Spawns the program's main: whoever takes it out of the injector does. */
  startMain: () => void = () => {};

  /** The class of the actors that live here. */
  readonly Actor: typeof ActorImpl = actorClass(this);
  /** The actors that live here. */
  readonly residents: Residents;
  /** Handles of children that live elsewhere. */
  readonly away: Map<Pid, HandleImpl> = new Map();
  /** Panics that somebody may still observe. */
  readonly unobserved: Unobserved = new Unobserved(this);

  /** Open calls of actors that live here, by number. */
  readonly calls: Map<number, Wait> = new Map();
  /** Channels between this scheduler and others. */
  readonly channels: ChannelTraffic = new ChannelTraffic(this);
  /** Questions about callees that have not answered in time. */
  readonly inquiries: Inquiries = new Inquiries(this);
  /** Of all questions to other schedulers. */
  readonly numbers: Numbers = new Numbers();

  readonly queue: RunQueue = new RunQueue();
  readonly shortRuns: ShortRuns;
  current: ActorImpl | null = null;
  main: ActorImpl | null = null;
  /** Operations left until the next look at the clock. */
  ops: number;
  /** Somebody was woken for new work since the last look at the clock. */
  hasRung = false;
  /** The actor on the CPU has used its timeslice up in sends: its next wait gives way. */
  sliceUsed = false;
  lastNow = 0;
  readonly strict: boolean;
  /** Whether actors that may run anywhere are offered to other schedulers. */
  readonly sharesWork: boolean;
  readonly boundByDefault: Bound | null;
  stopping = false;
  /** Actors whose module is being imported. */
  loading = 0;
  readonly sliceMs: number;
  #granted: number;
  #sliceStart = 0;
  /** Who is resumed pays nothing for its slice's start: the next look sees that another was resumed since the last. */
  #resumedAtLook = 0;
  #burstStart = 0;
  #burstOver = false;
  #driving = false;
  /** With --contain only: runs actors one by one, so that one can be cut off alone. */
  isolate: Isolation | null = null;
  #armed = false;
  #refs = 0;

  messagesLocal = 0;
  messagesOut = 0;
  messagesIn = 0;
  deadLetters = 0;
  dropped = 0;
  panicked = 0;
  stolen = 0;
  resumed = 0;
  runQueueHigh = 0;
  spawnedCount = 0;
  endedCount = 0;
  restarts = 0;
  offered = 0;
  donated = 0;
  timersFired = 0;
  ioDone = 0;
  heapUsedBytes = 0;
  startedMs = 0;
  turnedMs = 0;
  idle = 0;

  constructor(id: number, memory: SharedMemory, config: Config, clock: Clock, host: Host) {
    thisThread.scheduler = this;
    this.id = id;
    this.memory = memory;
    this.config = config;
    this.clock = clock;
    this.shortRuns = new ShortRuns(clock);
    this.host = host;
    this.words = new Int32Array(memory.peerWords);
    this.base = id * PEER_WORDS;
    this.residents = new Residents(memory.schedulers);
    this.words[this.base + LIVE] = 0; // not zero where it takes the place of one that died
    this.words[this.base + MISSED] = this.words[this.base + TAKEN_AWAY];
    this.run = new Int32Array(memory.run);
    this.#counters = new Float64Array(memory.counters, id * COUNTER_WORDS * 8, COUNTER_WORDS);
    if (memory.trace !== null) this.trace = new Recorder(memory.trace, id, memory.schedulers, clock);
    this.details = new ActorDetails(memory.details);
    const routes = memory.routes.map((buffer) => new Int32Array(buffer));
    this.journal = new Journal(this.words, this.base);
    this.slots = new SlotTable(routes[id], id, memory.slotCapacity, this.journal);
    this.routes = new Routes(routes);
    this.names = new NameTable(memory, id, this.routes);
    this.groups = new Groups(this);
    this.targets = new Targets((nameId, name) => host.name(nameId, name));
    this.timers = new TimerWheel({ nowMs: clock.now() });
    this.strict = config.isStrict;
    this.sharesWork = memory.schedulers > 1;
    this.boundByDefault = config.mailboxCapacity === undefined
      ? null
      : { capacity: config.mailboxCapacity, onFull: "drop-newest", dropped: 0, exempted: 0 };
    this.sliceMs = config.timesliceUs / 1000;
    this.#granted = 1; // the first look says what operations cost here
    this.ops = this.#granted;
  }

  /** How many actors live here. */
  get live(): number {
    return this.words[this.base + LIVE];
  }
  set live(count: number) {
    this.words[this.base + LIVE] = count;
  }

  /** Offers, thefts and gifts of actors that have not begun. */
  get work(): WorkSharing {
    return this.#work ??= new WorkSharing(this, this.remote.classes);
  }

  // --- Finding actors ---------------------------------------------------------------------------------------------

  /** The actor, if it lives here. */
  find(pid: number): ActorImpl | undefined {
    return this.residents.find(pid);
  }

  /** The pid that an address means now; undefined for a name that nobody has. */
  resolve(to: AnyAddress, operation: string): Pid | undefined {
    if (typeof to === "number") {
      if (isPid(to)) return to;
    } else if (to instanceof HandleImpl) return to.pid;
    else if (typeof to === "string") return this.names.whereis(to);
    throw new TypeError(
      `${operation} needs a pid, a handle or a registered name, got ${Deno.inspect(to, { depth: 0 })}`,
    );
  }

  // --- The run queue and the baton --------------------------------------------------------------------------------

  /** What has not begun. */
  enqueue(seed: HandleImpl): void {
    if (this.trace !== null) this.trace.of(event.ENQUEUE, seed);
    this.#enqueue(seed);
  }

  /** As {@link enqueue}, where another event of the trace says so. */
  #enqueue(next: Runnable): void {
    this.queue.push(next);
    const { length } = this.queue;
    this.words[this.base + RUN_QUEUE_LENGTH] = length;
    if (length > this.runQueueHigh) this.runQueueHigh = length;
    if (!this.#armed) this.arm();
  }

  #dequeue(): Runnable {
    const next = this.queue.shift();
    this.words[this.base + RUN_QUEUE_LENGTH] = this.queue.length;
    return next;
  }

  /** Something that the actor waits for has come: UnparkDirect, or UnparkDeferred when it is on its way to park. */
  wake(actor: ActorImpl): void {
    const result = unpark(actor);
    if (this.trace !== null) this.trace.woken(actor, result);
    if (result === "requeue") this.#enqueue(actor);
  }

  /** The actor waits: the baton goes on. An actor that ran without the baton just waits. */
  parked(actor: ActorImpl): void {
    if (this.current !== actor) {
      if (actor.state === RUNNING) actor.state = PARKED;
      if (!this.#armed) this.arm(); // the event loop may sleep, and knows nothing of a timer that this wait has set
      return;
    }
    this.#putDown(actor);
    this.#handOver();
  }

  #putDown(actor: ActorImpl): void {
    actor.since = this.#since;
    this.current = null;
    const result = park(actor);
    if (this.trace !== null && result !== "stale") this.#tracePark(actor, result);
    if (result === "requeue") this.#enqueue(actor);
    // A plain receive, of an actor with nothing special about it, writes nothing more: 10 of 140 ns of a ping-pong.
    if (actor.extras !== null && actor.extras.startsUnder !== null) hasStarted(this, actor);
    if (actor.waits !== null) this.details.waits(actor);
  }

  /** The actor has something to go on with, but others come first. */
  giveWay(actor: ActorImpl): void {
    if (this.current !== actor) {
      this.wake(actor);
      return;
    }
    this.current = null;
    if (yieldBack(actor) === "requeue") {
      if (this.trace !== null) this.trace.yielded();
      this.#enqueue(actor);
    }
    this.#handOver();
  }

  #tracePark(actor: ActorImpl, result: "parked" | "requeue"): void {
    if (result === "parked" && actor.waits === null && actor.rxResolve !== null) {
      this.trace!.parkedInReceive();
      return;
    }
    const kind = actor.waits !== null ? actor.waits.kind : actor.rxResolve !== null ? RECEIVE : 0;
    if (result === "parked") this.trace!.parked(kind);
    else this.trace!.flagConsumed(kind);
  }

  /** In the stack of an actor that has just put the baton down. */
  #handOver(): void {
    if (this.#driving) return; // whoever is below us in the stack goes on
    while (this.current === null && !this.#burstOver) {
      const next = this.queue.first;
      if (next === null) break;
      if (next.state === UNSTARTED) {
        RESOLVED.then(this.#drive);
        return;
      }
      this.#dequeue();
      this.#resume(next as ActorImpl);
    }
    if (this.current === null) this.#idle();
  }

  readonly #drive = () => this.drive();

  /** Hands the baton out, from a stack that has no actor's code in it. Returns how many actors were resumed. */
  drive(): number {
    if (this.#driving) return 0;
    this.#driving = true;
    const before = this.resumed;
    if (this.isolate !== null) this.isolate.drainOthers(); // what is queued already is not the first actor's
    while (this.current === null && this.queue.length > 0 && !this.#burstOver) {
      if (this.sharesWork && this.queue.first!.state === UNSTARTED) this.work.giveOffered();
      const next = this.#dequeue();
      if (isSeed(next)) this.#begin(next);
      else this.#resume(next);
      if (this.isolate !== null) this.#alone();
    }
    this.#driving = false;
    if (this.current === null) this.#idle();
    return this.resumed - before;
  }

  /** The actor runs until it waits; one that waits for a promise that is not smarm's has the baton taken away at once. */
  #alone(): void {
    this.isolate!.drain();
    if (this.current !== null) this.#putDown(this.current);
  }

  /** The turn was cut off in the middle. The actor whose turn it was; null when it was nobody's. */
  cutOff(): ActorImpl | null {
    const actor = this.current;
    if (this.trace !== null && actor !== null) this.trace.parked(0);
    this.#driving = false;
    this.current = null;
    this.#idle();
    return actor;
  }

  #idle(): void {
    this.words[this.base + CURRENT_KEY] = NO_ACTOR;
  }

  #take(actor: ActorImpl): void {
    this.current = actor;
    this.resumed++;
    this.sliceUsed = false;
    const key = keyOf(actor.pid);
    this.words[this.base + CURRENT_KEY] = key;
    if (--this.ops <= 0) this.look(actor);
    if (this.trace !== null) this.trace.resumed(actor, key);
  }
  /** `lastNow` in whole ms: a small integer takes no object of its own in each actor. */
  #since = 0;

  /** First resume: S9, only now does the actor get a stack and a promise. */
  #begin(seed: HandleImpl): void {
    const { fn } = seed;
    if (fn === null || (seed.offer !== SETTLED && !this.work.claim(seed))) {
      if (this.trace !== null) this.trace.of(event.DEQUEUE, seed);
      return;
    }
    if (this.isolate !== null) this.isolate.begins(seed, fn);
    const actor = seed.grow();
    actor.seed = null;
    resume(actor);
    if (this.trace !== null) this.trace.begins(actor, actor.target);
    this.#take(actor);
    actor.target.staying++;
    if (this.sharesWork) this.shortRuns.began(actor.target, this.resumed);
    this.details.begins(actor);
    let result: unknown;
    enter(actor);
    try {
      result = seed.begin(actor);
      // As `await` takes it: what its `then` throws is a panic of this actor, where it would end the burst for all.
      if (!(result instanceof Promise) && typeof (result as PromiseLike<unknown>)?.then === "function") {
        result = Promise.resolve(result);
      }
    } catch (error) {
      leave();
      this.ended(actor, { kind: "panic", error: unfit(fn) ?? toError(error) });
      seed.leaveOver(actor);
      return;
    }
    if (result instanceof Promise) {
      result.then(returned, threw); // in the actor's context, by which they know whose end it is
      leave();
      return;
    }
    leave();
    const error = typeof result === "object" && result !== null ? unfit(fn) : null;
    if (error !== null) this.ended(actor, { kind: "panic", error });
    else this.ended(actor, result === undefined ? RETURNED : { kind: "exit", value: result });
    seed.leaveOver(actor);
  }

  #resume(actor: ActorImpl): void {
    if (resume(actor) === "stale") {
      if (this.trace !== null) this.trace.of(event.DEQUEUE, actor);
      return;
    }
    this.#take(actor);
    if (actor.rx === RX_FAST && actor.waits === null && actor.mailbox.length > 0) { // what most resumes are for
      const resolve = actor.rxResolve!;
      actor.rxResolve = null;
      actor.rx = 0;
      actor.receives = 0;
      resolve(actor.mailbox.shift());
    } else if (!this.#settle(actor)) this.#putDown(actor); // woken for nothing, or for a message that it refuses
  }

  /** A predicate may wait itself: nobody gets the baton then, as its actor has it. */
  #settle(actor: ActorImpl): boolean {
    const before = this.#driving;
    this.#driving = true;
    const settled = settle(actor);
    this.#driving = before;
    return settled;
  }

  /** The actor's function has returned, thrown, or its promise is settled. */
  ended(actor: ActorImpl, outcome: Outcome): void {
    if (this.strict) outcome = strictOutcome(actor, outcome);
    if (this.current === actor) {
      // Where operations were cheap the next look is far: a hundred actors that compute could run before it.
      if (this.shortRuns.wasOver(this.resumed) >= BURST_MS) this.ops = 0;
      this.#idle(); // before anybody is told: the next tenant of its slot may run elsewhere at once, and is not seen here
    }
    finalize(this, actor, outcome);
    this.baton(actor);
  }

  /** The actor ended while it held the baton, or not; called in a stack that has no actor's code in it. */
  baton(actor: ActorImpl): void {
    if (this.current !== actor) {
      this.arm(); // it may have been the last one: the event loop looks whether the run is over
      return;
    }
    this.current = null;
    this.drive();
  }

  /** The actor was ended from within a stack that may hold actors' code: the event loop hands the baton out again. */
  dropBaton(actor: ActorImpl): void {
    if (this.current !== actor) return;
    this.current = null;
    this.arm();
  }

  // --- The clock --------------------------------------------------------------------------------------------------

  /**
   * Looks at the clock; true when the actor has used its timeslice up and something else is to be served. How many
   * operations pass until the next look adapts to what they cost, so that 128 cheap ones share one look (a look costs
   * 90 ns, a receive 25) and an actor that computes between two operations still stops after a slice and an eighth.
   */
  look(actor: ActorImpl): boolean {
    const now = this.clock.now();
    if (this.resumed !== this.#resumedAtLook) { // somebody else's slice, which began behind the last look
      this.#resumedAtLook = this.resumed;
      this.#sliceStart = this.lastNow;
    }
    const perOp = (now - this.lastNow) / (this.#granted - Math.min(0, this.ops));
    const wanted = perOp > 0 ? this.sliceMs / LOOKS_PER_SLICE / perOp : Infinity;
    this.#granted = wanted >= this.config.checkIntervalOps
      ? this.config.checkIntervalOps
      : Math.max(1, wanted | 0);
    this.ops = this.#granted;
    this.lastNow = now;
    if (this.trace !== null) this.trace.clock(now);
    this.#since = now | 0;
    this.sliceUsed = false;
    this.hasRung = false;
    this.remote.whileBusy();
    if (now - this.#burstStart >= BURST_MS) this.#burstOver = true;
    if (now - this.#sliceStart < this.sliceMs || actor.state === DONE) return false;
    return this.queue.length > 0 || this.#burstOver;
  }

  /** The actor on the CPU has not given way for so long that others should not wait for it to. */
  get isHeldUp(): boolean {
    return this.lastNow - this.#burstStart > HELD_UP_MS;
  }

  /** A send cannot give way; the actor's next wait does. */
  lookInSend(actor: ActorImpl): void {
    this.sliceUsed = this.look(actor);
  }

  /** No microtask is left: who has the baton still awaits a promise that is not smarm's, or that of an earlier operation. */
  expire(): void {
    if (this.current !== null) this.#putDown(this.current);
  }

  /** A new burst: called by the event loop in each of its passes, with the time. */
  startBurst(now: number): void {
    this.expire();
    this.lastNow = now;
    if (this.trace !== null) this.#traceBurst(now);
    this.#since = now | 0;
    this.#burstStart = now;
    this.#burstOver = false;
    this.ops = this.#granted;
    if (longMailboxes.found) warnOfLongMailboxes(this);
    this.lateTimeouts.arm();
  }

  /** What the event loop has taken in before this burst took its time: the burst's own begins now. */
  lengthenBurst(): void {
    this.lastNow = this.#burstStart = this.clock.now();
    if (this.trace !== null) this.trace.clock(this.lastNow);
    this.#burstOver = false;
  }

  #traceBurst(now: number): void {
    this.trace!.clock(now);
    this.trace!.counters(this.queue.length, this.live);
  }

  /** Asks for a turn of the event loop, unless one has been asked for or is running. */
  arm(): void {
    this.asked = true;
    if (this.#armed) return;
    this.#armed = true;
    this.host.arm();
  }
  /** Somebody has asked for a turn since {@link turnHere}, but by a place in the run queue. */
  asked = false;

  /** Takes the place of a turn, if none was asked for; {@link turned} ends it. */
  turnHere(): boolean {
    if (this.#armed) return false;
    this.asked = false;
    return this.#armed = true;
  }

  /** The turn that was asked for is over: `again` asks for another. */
  turned(again: boolean): void {
    this.#armed = again;
    if (again) this.host.arm();
  }

  /** The event loop comes by: told before actors run, because one may keep the thread. */
  turnBegins(now: number): void {
    this.turnedMs = now;
    this.publish();
  }

  /** Makes the counters visible to other threads. */
  publish(): void {
    this.lateTimeouts.arm();
    this.spawnedCount = nearest(this.words[this.base + SPAWNED], this.spawnedCount);
    this.endedCount = nearest(this.words[this.base + ENDED], this.endedCount);
    const counters = this.#counters;
    for (let i = 0; i < COUNTERS.length; i++) counters[i] = this[COUNTERS[i]];
    this.words[this.base + TIMERS] = this.timers.size;
  }

  // --- The program ------------------------------------------------------------------------------------------------

  spawn(parent: ActorImpl, target: unknown, args: unknown[], options: SpawnOptions | null): HandleImpl {
    return spawn(this, parent, target as ActorFunction | URL, args, options);
  }

  /** A reference that is unique on this scheduler, for good: of a monitor, a timer. */
  nextRef(): number {
    return ++this.#refs;
  }

  /** Whoever joins a dead actor has seen its panic. */
  observed(pid: Pid): void {
    this.unobserved.seen(pid);
  }

  logFor(actor: ActorImpl | null): Log {
    return this.host.log(actor);
  }

  stats(): RuntimeStats {
    this.publish();
    return readStats(this.memory, this.clock.now());
  }

  halt(code: number): void {
    if (!Number.isInteger(code) || code < 0 || code > 255) {
      throw new RangeError(`halt needs an exit code from 0 to 255, got ${Deno.inspect(code)}`);
    }
    this.host.halt(code);
  }
}

// Of what stands in a prototype and never changes V8 makes a constant: the hooks of the trace are then no code at all.
// As a field that is null they took 2 % of a ping-pong (bench/trace/cost.ts).
(Scheduler.prototype as { trace: Recorder | null }).trace = null;

// One pair of functions for all actors: two closures an actor were 170 of its 1,400 bytes.
function returned(value: unknown): void {
  const actor = currentActor()!;
  actor.scheduler.ended(actor, { kind: "exit", value });
}

function threw(error: unknown): void {
  const actor = currentActor()!;
  actor.scheduler.ended(actor, { kind: "panic", error: toError(error) });
}

/** --strict: an actor that might have run elsewhere ends as it would have ended there. That of a closure never travels. */
function strictOutcome(actor: ActorImpl, outcome: Outcome): Outcome {
  if (outcome.kind === "panic" || actor.target.module === null) return outcome;
  try {
    actor.scheduler.remote.strictCopyCheck(outcome.value, "value");
    return outcome;
  } catch (error) {
    return { kind: "panic", error: toError(error) };
  }
}

/** The outcome of all that return nothing at once: one object less in each handle that was dropped. */
const RETURNED: Outcome = Object.freeze({ kind: "exit", value: undefined });

/** What is wrong with what was to be run, where that is no actor: V8's own words name no line of the program either. */
function unfit(fn: ActorFunction): TypeError | null {
  const kind = unfitToRun(fn);
  if (kind === null) return null;
  const name = (fn as { name?: string }).name || "without a name";
  return new TypeError(`Cannot run ${kind} as an actor: ${name}. Give a function (self, ...args)`);
}
