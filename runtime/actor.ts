/**
 * The actor: what a program sees as `self`, and the few fields that the scheduler keeps of each.
 *
 * One object serves both, because a million actors are to cost a kilobyte each. The paths that every message takes
 * stand here and call as little as possible; everything that waits with options, watches or ends is next door
 * (receive.ts, lifecycle.ts, timed.ts).
 *
 * @module
 */
import type {
  Actor,
  AnyAddress,
  Channel,
  Group,
  Log,
  MonitorRef,
  Outcome,
  Pid,
  RuntimeStats,
  Signals,
  SpawnOptions,
  TimerRef,
  WaitOptions,
} from "./api.ts";
import type { Target } from "./targets.ts";
import { HandleImpl } from "./handle.ts";
import type { SendOptions } from "./transfer.ts";
import type { Scheduler } from "./scheduler.ts";
import { type Extras, extrasOf } from "./extras.ts";
import { type ActorState, DONE, RUNNING, type Stateful, UNSTARTED } from "./actor_state.ts";
import { SETTLED } from "./offer_states.ts";
import { Mailbox, NO_MAIL } from "./mailbox.ts";
import {
  checkOptions,
  checkSignal,
  hasUnsettled,
  type Match,
  RX_ENDING,
  RX_FAST,
  RX_ITERATES,
  SLEEP,
  UNTIL,
  type Wait,
  YIELD,
} from "./wait.ts";
import { formatPid, isPid } from "./pid.ts";
import { ExitError } from "./errors.ts";
import { checkDuration } from "../timer/duration.ts";
import { NOT_SERIALIZABLE } from "./sendable.ts";
import { STARTS_WITH } from "./marks.ts";
import { receiveWith, takeAt } from "./receive.ts";
import { checkArgs, checkSpawnOptions } from "./spawn.ts";
import { admit } from "./mailbox_bound.ts";
import { sendFrom } from "./sending.ts";
import * as lifecycle from "./lifecycle.ts";
import { supervise, superviseMany } from "../supervisor/supervise.ts";
import { signalsOf } from "../supervisor/signals.ts";
import { groupOf } from "../supervisor/groups.ts";
import type { ManyHandle, ManySpec, SupervisorHandle, SupervisorSpec } from "../supervisor/spec.ts";
import * as timed from "./timed.ts";
import * as call from "./call.ts";
import { channel } from "./channel_ends.ts";
import { select } from "./select.ts";
import type { Io } from "../io/api.ts";
import { ActorIo } from "../io/actor_io.ts";
import { blocking, type BlockingOptions } from "../io/blocking.ts";
import * as waiting from "./waiting.ts";

/** For waits that are over at once: awaiting it costs a microtask and no allocation. */
export const RESOLVED: Promise<void> = Promise.resolve();

/**
 * Whose plain receive is being registered. The resolve function goes straight into the actor: each time that a new
 * function is stored in something old, the collector's write barrier takes 3 to 5 ns, and a ping-pong has two of those.
 */
let pending: ActorImpl;
function captureResolve(resolve: (message: unknown) => void): void {
  pending.rxResolve = resolve;
}

export class ActorImpl implements Stateful, Actor {
  /** The actor itself: what async_context.ts finds along every promise reaction of its code. */
  readonly smarmActor: ActorImpl = this;
  readonly pid: Pid;
  /** Stands in the prototype of its scheduler's own class: a constant for the compiler, and no bytes ({@link actorClass}). */
  declare readonly scheduler: Scheduler;
  state: ActorState = UNSTARTED;
  pendingUnpark = false;
  rx = 0;
  /** How many waits a coming message could satisfy. */
  receives = 0;
  /** What it is to run, until it does. */
  seed: HandleImpl | null;
  readonly target: Target;
  /** Shared and empty until the first message comes: a parked actor that gets none costs no mailbox. */
  mailbox: Mailbox = NO_MAIL;
  rxResolve: ((message: unknown) => void) | null = null;
  /** Since when it has been parked, ms since the run began. */
  since = 0;
  waits: Wait | null = null;
  /** How many of them a resume is to look at. */
  due = 0;
  /** The handle that is told of its end, once somebody waits for that; on its birth scheduler. */
  handle: HandleImpl | null = null;
  /** How it has ended, while it has no such handle. */
  outcome: Outcome | null = null;
  /** Who has spawned it here, while it lives: told of its end when it has asked for signals. */
  parent: ActorImpl | null;
  extras: Extras | null = null;

  constructor(seed: HandleImpl) {
    this.pid = seed.pid;
    this.seed = seed;
    this.target = seed.target!;
    this.parent = seed.parent;
  }

  // --- Messages -------------------------------------------------------------------------------------------------

  send(to: AnyAddress, message: unknown, options?: SendOptions): void {
    if (this.state === DONE) throw this.ended("send");
    const s = this.scheduler;
    if (--s.ops <= 0) s.lookInSend(this);
    let target: ActorImpl | undefined;
    if (typeof to === "number") target = s.find(to);
    else if (to instanceof HandleImpl) target = to.living ?? s.find(to.pid);
    if (
      target === undefined || target.offer >= 0 || s.strict || options !== undefined ||
      (this.extras !== null && this.extras.tokens !== null)
    ) {
      sendFrom(this, to, message, options);
      return;
    }
    s.messagesLocal++;
    if (target.extras !== null && target.extras.bound !== null && !admit(target)) return;
    if (s.trace !== null) s.trace.message(this, target, target.receives > 0 && target.state >= RUNNING);
    if (target.mailbox === NO_MAIL) target.mailbox = new Mailbox();
    target.mailbox.push(message);
    if (target.receives > 0 && target.state >= RUNNING) s.wake(target);
  }

  receive(a?: Match | WaitOptions, b?: WaitOptions): Promise<never> {
    if (a !== undefined || b !== undefined || this.rx !== 0) return receiveWith(this, a, b) as Promise<never>;
    const s = this.scheduler;
    const mailbox = this.mailbox;
    if (mailbox.length > 0) {
      if (this.waits !== null && hasUnsettled(this)) return receiveWith(this, a, b) as Promise<never>;
      if (--s.ops > 0 ? !s.sliceUsed : !s.look(this)) {
        return Promise.resolve(mailbox.shift()) as Promise<never>;
      }
      const promise = this.#pend();
      s.giveWay(this);
      return promise;
    }
    s.ops--;
    const promise = this.#pend();
    s.parked(this);
    return promise;
  }

  tryReceive(): unknown {
    if (this.state === DONE) throw this.ended("tryReceive");
    return this.mailbox.length > 0 ? takeAt(this, 0) : undefined;
  }

  [Symbol.asyncIterator](): AsyncIterator<never> {
    return new Messages(this) as AsyncIterator<never>;
  }

  /** Registers the plain receive that is to be satisfied first. */
  #pend(): Promise<never> {
    pending = this;
    const promise = new Promise(captureResolve);
    this.rx = RX_FAST;
    this.receives++;
    return promise as Promise<never>;
  }

  [STARTS_WITH]<T>(step: () => T | Promise<T>): Promise<T> {
    return lifecycle.startsWith(this, step);
  }

  // --- Giving way -----------------------------------------------------------------------------------------------

  yield(): Promise<void> {
    const s = this.scheduler;
    const refused = waiting.refuse(this, "yield");
    if (refused !== null) return refused;
    const wait = waiting.begin(this, YIELD, null);
    wait.complete(undefined);
    s.giveWay(this);
    return wait.promise as Promise<void>;
  }

  check(): Promise<void> {
    const s = this.scheduler;
    if (this.rx >= RX_ENDING) return waiting.refuse(this, "check")!;
    return (--s.ops > 0 ? !s.sliceUsed : !s.look(this)) ? RESOLVED : this.yield();
  }

  sleep(ms: number, options?: { readonly signal?: AbortSignal }): Promise<void> {
    checkDuration(ms, "sleep");
    checkOptions(options, "sleep");
    checkSignal(options?.signal);
    const s = this.scheduler;
    const refused = waiting.refuse(this, "sleep");
    if (refused !== null) return refused;
    const wait = waiting.begin(this, SLEEP, null);
    wait.whenTimedOut(wokenUp);
    waiting.timeoutIn(wait, ms);
    if (options?.signal !== undefined) s.aborts.watch(wait, options.signal);
    s.parked(this);
    return wait.promise as Promise<void>;
  }

  until<T>(promise: PromiseLike<T>, options?: WaitOptions): Promise<T> {
    const awaited = Promise.resolve(promise);
    const wait = waiting.open(this, UNTIL, "a promise", options);
    if (wait instanceof Promise) {
      awaited.catch(() => {}); // as one that is given up later: its rejection is no news to anybody
      return wait;
    }
    awaited.then(
      (value) => waiting.complete(wait, value),
      (error) => waiting.fail(wait, error),
    );
    return wait.promise as Promise<T>;
  }

  // --- Spawning -------------------------------------------------------------------------------------------------

  // deno-lint-ignore no-explicit-any
  spawn(target: any, ...args: unknown[]): any {
    if (this.scheduler.strict) checkArgs(this.scheduler, target, args);
    return this.scheduler.spawn(this, target, args, null);
  }

  // deno-lint-ignore no-explicit-any
  spawnWith(options: SpawnOptions, target: any, ...args: unknown[]): any {
    checkSpawnOptions(options);
    if (this.scheduler.strict) checkArgs(this.scheduler, target, args);
    return this.scheduler.spawn(this, target, args, options);
  }

  // --- Watching and ending --------------------------------------------------------------------------------------

  // deno-lint-ignore no-explicit-any
  call(to: AnyAddress, request: unknown, options?: WaitOptions): Promise<any> {
    return call.call(this, to, request, options);
  }
  monitor(to: AnyAddress): MonitorRef {
    return lifecycle.monitor(this, to);
  }
  demonitor(ref: MonitorRef): boolean {
    return lifecycle.demonitor(this, ref);
  }
  link(to: AnyAddress): void {
    lifecycle.link(this, to);
  }
  unlink(to: AnyAddress): void {
    lifecycle.unlink(this, to);
  }
  trapExit(on: boolean): boolean {
    return lifecycle.trapExit(this, on);
  }
  exit(to: AnyAddress, reason: unknown): void {
    lifecycle.exit(this, to, reason);
  }
  kill(to: AnyAddress): void {
    lifecycle.kill(this, to);
  }
  register(name: string): void {
    lifecycle.register(this, name);
  }
  unregister(name: string): boolean {
    return lifecycle.unregister(this, name);
  }
  whereis(name: string): Pid | undefined {
    if (this.state === DONE) throw this.ended("whereis");
    return this.scheduler.names.whereis(name);
  }
  supervise(spec: SupervisorSpec): SupervisorHandle {
    return supervise(this, spec);
  }
  // deno-lint-ignore no-explicit-any
  superviseMany(spec: ManySpec<any>): ManyHandle<any> {
    return superviseMany(this, spec);
  }
  signals(): Signals {
    return signalsOf(this);
  }
  // deno-lint-ignore no-explicit-any
  group(name: string): Group<any> {
    return groupOf(this, name);
  }
  get signal(): AbortSignal {
    return lifecycle.signalOf(this);
  }

  // --- Timed messages, channels ---------------------------------------------------------------------------------

  after(ms: number, to: AnyAddress, message: unknown): TimerRef {
    return timed.after(this, ms, to, message);
  }
  every(ms: number, to: AnyAddress, message: unknown): TimerRef {
    return timed.every(this, ms, to, message);
  }
  cancel(timer: TimerRef): boolean {
    return timed.cancel(this, timer);
  }
  missedTicks(timer: TimerRef): number {
    return timed.missedTicks(this, timer);
  }
  channel(capacity?: number): Channel<never> {
    if (this.state === DONE) throw this.ended("channel");
    return channel(this, capacity) as Channel<never>;
  }
  // deno-lint-ignore no-explicit-any
  select(sources: any, options?: WaitOptions): Promise<any> {
    return select(this, sources, options);
  }

  // --- IO ---------------------------------------------------------------------------------------------------------

  get io(): Io {
    return new ActorIo(this, this.scheduler.io);
  }
  // deno-lint-ignore no-explicit-any
  blocking(target: any, ...args: any[]): Promise<any> {
    return blocking(this.scheduler.io, this, undefined, target, args);
  }
  // deno-lint-ignore no-explicit-any
  blockingWith(options: BlockingOptions, target: any, ...args: any[]): Promise<any> {
    return blocking(this.scheduler.io, this, options, target, args);
  }

  // --- The program ----------------------------------------------------------------------------------------------

  get log(): Log {
    if (this.state === DONE) throw this.ended("log");
    return this.scheduler.logFor(this);
  }
  stats(): RuntimeStats {
    if (this.state === DONE) throw this.ended("stats");
    return this.scheduler.stats();
  }
  format(pid: Pid<never>): string {
    if (!isPid(pid)) throw new TypeError(`format needs a pid, got ${Deno.inspect(pid, { depth: 0 })}`);
    return formatPid(pid);
  }
  halt(code = 0): void {
    if (this.state === DONE) throw this.ended("halt");
    this.scheduler.halt(code);
  }

  /** Where it is offered to thieves, until it begins, or SETTLED or AT_HOME (work_sharing.ts). */
  get offer(): number {
    return this.seed === null ? SETTLED : this.seed.offer;
  }

  /** Why it was told to end. */
  get exiting(): ExitError | null {
    return this.extras === null ? null : this.extras.exiting;
  }
  set exiting(error: ExitError | null) {
    extrasOf(this).exiting = error;
  }

  /** What every operation of an actor that has ended throws. */
  ended(operation: string): ExitError {
    return this.exiting ??
      new ExitError(
        "ended",
        `Cannot ${operation}: actor ${formatPid(this.pid)} has ended, its self is of no use`,
      );
  }

  get [Symbol.toStringTag](): string {
    return "Actor";
  }
  get [NOT_SERIALIZABLE](): true {
    return true;
  }
  /** For log fields: what hangs on an actor is the whole scheduler. */
  toJSON(): string {
    return `Actor ${formatPid(this.pid)}`;
  }
  [Symbol.for("Deno.customInspect")](): string {
    return `Actor ${formatPid(this.pid)} ${this.target.name}`;
  }
}

/**
 * The class of the actors that live on one scheduler. The first one of an isolate, and a worker has no other, takes
 * ActorImpl itself: V8 does not compile the constructor of a class that only extends into whoever calls it.
 */
export function actorClass(scheduler: Scheduler): typeof ActorImpl {
  const prototype = ActorImpl.prototype as { scheduler?: Scheduler };
  if (prototype.scheduler === undefined) {
    prototype.scheduler = scheduler;
    return ActorImpl;
  }
  class LocalActor extends ActorImpl {}
  (LocalActor.prototype as { scheduler: Scheduler }).scheduler = scheduler;
  return LocalActor;
}

function wokenUp(wait: Wait): void {
  wait.complete(undefined);
}

/** `for await (const message of self)`: one object for the whole loop, and a result object a message. */
class Messages implements AsyncIterator<unknown> {
  readonly #actor: ActorImpl;
  constructor(actor: ActorImpl) {
    this.#actor = actor;
  }
  next(): Promise<IteratorResult<unknown>> {
    const actor = this.#actor;
    if (actor.rx !== 0 || (actor.waits !== null && hasUnsettled(actor))) {
      return receiveWith(actor, undefined, undefined).then(toResult);
    }
    const s = actor.scheduler;
    if (actor.mailbox.length > 0 && (--s.ops > 0 ? !s.sliceUsed : !s.look(actor))) {
      return Promise.resolve({ value: actor.mailbox.shift(), done: false });
    }
    const promise = actor.receive();
    if ((actor.rx as number) !== RX_FAST) return promise.then(toResult);
    actor.rx |= RX_ITERATES;
    return promise;
  }
}

function toResult(value: unknown): IteratorResult<unknown> {
  return { value, done: false };
}
