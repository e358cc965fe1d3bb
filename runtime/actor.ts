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
  ActorFunction,
  AnyAddress,
  Log,
  MonitorRef,
  Pid,
  RuntimeStats,
  SpawnOptions,
  TimerRef,
  WaitOptions,
} from "./api.ts";
import type { Target } from "./targets.ts";
import { HandleImpl } from "./handle.ts";
import type { Scheduler } from "./scheduler.ts";
import type { Extras } from "./extras.ts";
import { type ActorState, DONE, RUNNING, type Stateful, UNSTARTED } from "./actor_state.ts";
import { Mailbox } from "./mailbox.ts";
import {
  capture,
  lastReject,
  lastResolve,
  type Match,
  RX_ENDING,
  RX_FAST,
  SLEEP,
  UNTIL,
  type Wait,
  YIELD,
} from "./wait.ts";
import { formatPid } from "./pid.ts";
import { ExitError } from "./errors.ts";
import { checkDuration } from "../timer/duration.ts";
import { receiveWith, takeAt } from "./receive.ts";
import * as lifecycle from "./lifecycle.ts";
import * as timed from "./timed.ts";
import * as call from "./call.ts";

/** For waits that are over at once: awaiting it costs a microtask and no allocation. */
export const RESOLVED: Promise<void> = Promise.resolve();

export class ActorImpl implements Stateful, Actor {
  readonly pid: Pid;
  readonly scheduler: Scheduler;
  state: ActorState = UNSTARTED;
  pendingUnpark = false;
  /** True while thieves may take it: not begun, and nobody has sent it anything. */
  stealable = false;
  rx = 0;
  /** How many waits a coming message could satisfy. */
  receives = 0;
  fn: ActorFunction | null;
  args: unknown[] | null;
  readonly target: Target;
  readonly mailbox: Mailbox = new Mailbox();
  rxResolve: ((message: unknown) => void) | null = null;
  rxReject: ((error: unknown) => void) | null = null;
  /** The pending receive wants an iterator result. */
  rxIterates = false;
  /** Since when it has been parked, ms since the run began. */
  since = 0;
  waits: Wait | null = null;
  lastWait: Wait | null = null;
  handle: HandleImpl | null = null;
  exiting: ExitError | null = null;
  extras: Extras | null = null;

  constructor(scheduler: Scheduler, pid: Pid, fn: ActorFunction | null, args: unknown[], target: Target) {
    this.scheduler = scheduler;
    this.pid = pid;
    this.fn = fn;
    this.args = args;
    this.target = target;
  }

  // --- Messages -------------------------------------------------------------------------------------------------

  send(to: AnyAddress, message: unknown, options?: { readonly transfer?: Transferable[] }): void {
    if (this.state === DONE) throw this.ended("send");
    const s = this.scheduler;
    if (--s.ops <= 0) s.lookInSend(this);
    let target: ActorImpl | undefined;
    if (typeof to === "number") target = s.find(to);
    else if (to instanceof HandleImpl) target = to.child ?? s.find(to.pid);
    if (target === undefined || target.stealable || s.strict || options !== undefined) {
      s.sendSlow(this, to, message, options?.transfer);
      return;
    }
    s.messagesLocal++;
    if (target.extras !== null && target.extras.bound !== null && !lifecycle.admit(target)) return;
    target.mailbox.push(message);
    if (target.receives > 0 && target.state >= RUNNING) s.wake(target);
  }

  receive(a?: Match | WaitOptions, b?: WaitOptions): Promise<never> {
    if (a !== undefined || this.rx !== 0) return receiveWith(this, a, b) as Promise<never>;
    const s = this.scheduler;
    const mailbox = this.mailbox;
    if (mailbox.length > 0) {
      if (--s.ops > 0 || !s.look(this)) return Promise.resolve(mailbox.shift()) as Promise<never>;
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
    const promise = new Promise(capture);
    this.rxResolve = lastResolve();
    this.rxReject = lastReject();
    this.rx = RX_FAST;
    this.receives++;
    return promise as Promise<never>;
  }

  // --- Giving way -----------------------------------------------------------------------------------------------

  yield(): Promise<void> {
    const s = this.scheduler;
    const refused = s.refuse(this, "yield");
    if (refused !== null) return refused;
    const wait = s.begin(this, YIELD, null);
    wait.complete(undefined);
    s.giveWay(this);
    return wait.promise as Promise<void>;
  }

  check(): Promise<void> {
    const s = this.scheduler;
    if (this.rx >= RX_ENDING) return s.refuse(this, "check")!;
    return --s.ops > 0 || !s.look(this) ? RESOLVED : this.yield();
  }

  sleep(ms: number, options?: { readonly signal?: AbortSignal }): Promise<void> {
    checkDuration(ms, "sleep");
    const s = this.scheduler;
    const refused = s.refuse(this, "sleep");
    if (refused !== null) return refused;
    const wait = s.begin(this, SLEEP, null);
    wait.onTimeout = wokenUp;
    s.timeoutIn(wait, ms);
    if (options?.signal !== undefined) s.giveUpOn(wait, options.signal);
    s.parked(this);
    return wait.promise as Promise<void>;
  }

  until<T>(promise: PromiseLike<T>, options?: WaitOptions): Promise<T> {
    const s = this.scheduler;
    const wait = s.wait(this, UNTIL, "a promise", options);
    if (wait instanceof Promise) return wait;
    Promise.resolve(promise).then((value) => s.complete(wait, value), (error) => s.fail(wait, error));
    return wait.promise as Promise<T>;
  }

  // --- Spawning -------------------------------------------------------------------------------------------------

  // deno-lint-ignore no-explicit-any
  spawn(target: any, ...args: unknown[]): any {
    return this.scheduler.spawn(this, target, args, null);
  }

  // deno-lint-ignore no-explicit-any
  spawnWith(options: SpawnOptions, target: any, ...args: unknown[]): any {
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
    return this.scheduler.names.whereis(name);
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

  // --- The program ----------------------------------------------------------------------------------------------

  get log(): Log {
    return this.scheduler.logFor(this);
  }
  stats(): RuntimeStats {
    return this.scheduler.stats();
  }
  format(pid: Pid): string {
    return formatPid(pid);
  }
  halt(code = 0): void {
    this.scheduler.halt(code);
  }

  /** What every operation of an actor that has ended throws. */
  ended(operation: string): ExitError {
    return this.exiting ??
      new ExitError(
        "ended",
        `Cannot ${operation}: actor ${formatPid(this.pid)} has ended, its self is of no use`,
      );
  }

  [Symbol.for("Deno.customInspect")](): string {
    return `Actor ${formatPid(this.pid)} ${this.target.name}`;
  }
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
    if (actor.rx !== 0) return receiveWith(actor, undefined, undefined).then(toResult);
    const s = actor.scheduler;
    if (actor.mailbox.length > 0 && (--s.ops > 0 || !s.look(actor))) {
      return Promise.resolve({ value: actor.mailbox.shift(), done: false });
    }
    const promise = actor.receive();
    actor.rxIterates = (actor.rx as number) === RX_FAST;
    return actor.rxIterates ? promise : promise.then(toResult);
  }
}

function toResult(value: unknown): IteratorResult<unknown> {
  return { value, done: false };
}
