/**
 * Handles: an address, what an actor is to run until it begins, and the one place where its outcome is kept (S8, S9).
 *
 * What a spawn gives is what waits in the run queue, too. It becomes an actor ({@link HandleImpl.grow}) when its turn comes,
 * or when somebody has to do with it before: a message, a link, a join. Of a million that wait to begin, and to be over soon,
 * the collector copies half as much.
 *
 * The spawner's handle holds the outcome until it is collected. A handle that was sent to another scheduler is a copy
 * that knows where its original lives and asks there; so the slot of an actor is free as soon as it is dead.
 *
 * @module
 */
import type { ActorFunction, Handle, Outcome, Pid, WaitOptions } from "./api.ts";
import type { ActorImpl } from "./actor.ts";
import { currentActor } from "./async_context.ts";
import { thisThread } from "./this_thread.ts";
import { DONE, UNSTARTED } from "./actor_state.ts";
import type { Scheduler } from "./scheduler.ts";
import type { Target } from "./targets.ts";
import { SETTLED } from "./offer_states.ts";
import { checkWait, JOIN, type Wait } from "./wait.ts";
import { birthOf, formatPid } from "./pid.ts";
import { TimeoutError } from "./errors.ts";
import { Timer } from "../timer/wheel.ts";
import * as waiting from "./waiting.ts";

export class HandleImpl implements Handle {
  readonly pid: Pid;
  /** The actor that it was made for, if that was on this scheduler: it knows its {@link official} handle. */
  child: ActorImpl | null;
  outcome: Outcome | null = null;
  /** Waits of joiners, in the order in which they joined (S13); null until somebody joins. */
  joiners: Joiner[] | null = null;
  /** Who has spawned it, until it begins, or while it lives elsewhere. */
  parent: ActorImpl | null = null;

  /** What to run, from when it can until it does (S9). */
  fn: ActorFunction | null = null;
  target: Target | null = null;
  /** Until it begins: where it is offered to thieves, or SETTLED or AT_HOME (work_sharing.ts). */
  offer = SETTLED;
  /** How many arguments there are; up to three stand here, an array of more in the place of the first. */
  #count = 0;
  #first: unknown = undefined;
  #second: unknown = undefined;
  #third: unknown = undefined;
  /** In a run queue: an actor that has not begun. In the prototype, as it is the same for all. */
  declare readonly state: typeof UNSTARTED;

  constructor(pid: Pid, child: ActorImpl | null) {
    this.pid = pid;
    this.child = child;
  }

  /** It is to run this, when its turn comes. */
  plant(target: Target, fn: ActorFunction | null, args: readonly unknown[], parent: ActorImpl | null): void {
    this.target = target;
    this.fn = fn;
    this.parent = parent;
    const count = this.#count = args.length;
    if (count > MOST_INLINE) this.#first = args;
    else if (count > 0) {
      this.#first = args[0];
      this.#second = args[1];
      this.#third = args[2];
    }
  }

  get args(): unknown[] {
    if (this.#count > MOST_INLINE) return this.#first as unknown[];
    return [this.#first, this.#second, this.#third].slice(0, this.#count);
  }

  /** The actor, of what has not begun; `on` its spawner's scheduler unless told. */
  grow(on?: Scheduler): ActorImpl {
    if (this.child !== null) return this.child;
    const s = on ?? this.parent!.scheduler;
    const actor = this.child = new s.Actor(this);
    s.residents.add(actor);
    return actor;
  }

  /** Begins. Only now does it get a stack, and what its spawner keeps of it holds neither arguments nor spawner any more. */
  begin(actor: ActorImpl): unknown {
    const fn = this.fn!;
    const count = this.#count, first = this.#first, second = this.#second, third = this.#third;
    this.clear();
    switch (count) {
      case 0:
        return fn(actor);
      case 1:
        return fn(actor, first);
      case 2:
        return fn(actor, first, second);
      case MOST_INLINE:
        return fn(actor, first, second, third);
      default:
        return fn(actor, ...first as unknown[]);
    }
  }

  /**
   * The actor was over as soon as it began. A handle that has waited for long is old for the collector, dropped or not: what
   * hung on it would be kept until all that is old is looked at, and copied twice before.
   */
  leaveOver(actor: ActorImpl): void {
    if (actor.handle !== null || this.child !== actor) return;
    this.outcome = actor.outcome;
    this.child = null;
  }

  /** It has begun, or never will here. */
  clear(): void {
    this.fn = this.parent = null;
    this.#first = this.#second = this.#third = undefined;
  }

  /**
   * The handle that is told of the actor's end: this one, or another that was first. What a spawn gives is known to nobody
   * until it is used, so that an actor whose spawner drops it costs no handle.
   */
  official(): HandleImpl {
    const child = this.fn === null ? this.child : this.grow();
    if (child === null) return this;
    if (child.handle === null) {
      child.handle = this;
      if (child.outcome !== null) this.settle(child.outcome);
    }
    return child.handle;
  }

  /** The actor, while it lives on this scheduler and is one. */
  get living(): ActorImpl | null {
    const { child } = this;
    return child === null || child.state === DONE ? null : child;
  }

  /** Somebody has joined: a panic is not reported as unobserved; a copy has asked its original. */
  get joined(): boolean {
    return this.joiners !== null;
  }

  markJoined(): void {
    this.joiners ??= [];
  }

  /** The scheduler that keeps the outcome: the spawner's, which gave the pid. */
  get home(): number {
    return birthOf(this.pid);
  }

  join(options?: WaitOptions): Promise<Outcome> {
    const official = this.official();
    return official === this ? this.#join(options) : official.join(options);
  }

  #join(options?: WaitOptions): Promise<Outcome> {
    this.markJoined();
    const actor = currentActor();
    const s = actor?.scheduler ?? thisThread.scheduler!;
    if (this.outcome !== null) {
      s.observed(this.pid);
      const refused = actor === undefined
        ? waiting.refuseOptions(actor, "join", options)
        : waiting.refuseWait(actor, "join", options);
      if (refused !== null) return refused;
      return actor === undefined ? Promise.resolve(this.outcome) : waiting.resolve(actor, this.outcome);
    }
    if (this.home !== s.id) s.remote.handles.ask(this);
    if (actor === undefined) return this.#joinFromOutside(s, options);
    const wait = waiting.open(actor, JOIN, this.pid, options);
    if (wait instanceof Promise) return wait as Promise<Outcome>;
    wait.whenGivenUp(() => this.leave(s, wait));
    this.joiners!.push(wait);
    return wait.promise as Promise<Outcome>;
  }

  /** The actor has ended: joiners go on in the order in which they came. */
  settle(outcome: Outcome): void {
    this.child = null;
    this.parent = null;
    if (this.outcome !== null) return;
    this.outcome = outcome;
    const joiners = this.joiners;
    if (joiners === null) return;
    this.joiners = [];
    for (const joiner of joiners) {
      if (typeof joiner === "function") joiner(outcome);
      else waiting.complete(joiner, outcome);
    }
  }

  /** For whoever is no actor: the joiners of copies on other schedulers, code outside of actors. */
  onOutcome(listener: (outcome: Outcome) => void): void {
    if (this.outcome !== null) listener(this.outcome);
    else (this.joiners ??= []).push(listener);
  }

  /** One joins no longer; a copy for which nobody waits any more wants no answer. */
  leave(s: Scheduler, joiner: Joiner): void {
    const { joiners } = this;
    const position = joiners?.indexOf(joiner) ?? -1;
    if (position < 0) return;
    joiners!.splice(position, 1);
    if (joiners!.length === 0 && this.home !== s.id) s.remote.handles.unask(this);
  }

  /** A join by code that belongs to no actor, such as a callback set up while the module was loaded. */
  #joinFromOutside(s: Scheduler, options: WaitOptions | undefined): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      checkWait(options, "join");
      const { timeout, signal } = options ?? {};
      const timer = new Timer(() => {
        signal?.removeEventListener("abort", onAbort);
        this.leave(s, onOutcome);
        reject(new TimeoutError(`join ${formatPid(this.pid)} took longer than its timeout of ${timeout} ms`));
      }, undefined);
      const onAbort = () => {
        s.timers.cancel(timer);
        this.leave(s, onOutcome);
        reject(signal!.reason);
      };
      const onOutcome = (outcome: Outcome) => {
        s.timers.cancel(timer);
        signal?.removeEventListener("abort", onAbort);
        resolve(outcome);
      };
      this.onOutcome(onOutcome);
      if (timeout !== undefined) s.timers.insert(timer, s.clock.now() + timeout);
      signal?.addEventListener("abort", onAbort, { once: true });
      s.arm();
    });
  }

  /** For log fields: what is to be run and who waits are the runtime's own. */
  toJSON(): string {
    return `Handle ${formatPid(this.pid)}`;
  }
  [Symbol.for("Deno.customInspect")](): string {
    return this.toJSON();
  }
}

/** The handle that is told of an actor's end. */
export function handleOf(actor: ActorImpl): HandleImpl {
  return actor.handle ?? (actor.seed ?? new HandleImpl(actor.pid, actor)).official();
}

/** With two places more there would be more bytes in each actor that waits than most have use for. */
const MOST_INLINE = 3;

(HandleImpl.prototype as { state: typeof UNSTARTED }).state = UNSTARTED;

/** In a run queue, or in the table of residents. */
export function isSeed(entry: ActorImpl | HandleImpl): entry is HandleImpl {
  return entry.state === UNSTARTED && entry instanceof HandleImpl;
}

export type Joiner = Wait | ((outcome: Outcome) => void);
