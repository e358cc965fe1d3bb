/**
 * Handles: an address, and the one place where the outcome of an actor is kept (S8).
 *
 * The spawner's handle holds the outcome until it is collected. A handle that was sent to another scheduler is a copy
 * that knows where its original lives and asks there; so the slot of an actor is free as soon as it is dead.
 *
 * @module
 */
import type { Handle, Outcome, Pid, WaitOptions } from "./api.ts";
import type { ActorImpl } from "./actor.ts";
import { currentActor } from "./async_context.ts";
import { thisThread } from "./this_thread.ts";
import { DONE } from "./actor_state.ts";
import type { Scheduler } from "./scheduler.ts";
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
  /** Who has spawned it, while it lives elsewhere. */
  parent: ActorImpl | null = null;

  constructor(pid: Pid, child: ActorImpl | null) {
    this.pid = pid;
    this.child = child;
  }

  /**
   * The handle that is told of the actor's end: this one, or another that was first. What a spawn gives is known to nobody
   * until it is used, so that an actor whose spawner drops it costs no handle.
   */
  official(): HandleImpl {
    const { child } = this;
    if (child === null) return this;
    if (child.handle === null) {
      child.handle = this;
      if (child.outcome !== null) this.settle(child.outcome);
    }
    return child.handle;
  }

  /** The actor, while it lives on this scheduler. */
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

  [Symbol.for("Deno.customInspect")](): string {
    return `Handle ${formatPid(this.pid)}`;
  }
}

/** The handle that is told of an actor's end. */
export function handleOf(actor: ActorImpl): HandleImpl {
  return actor.handle ?? new HandleImpl(actor.pid, actor).official();
}

export type Joiner = Wait | ((outcome: Outcome) => void);
