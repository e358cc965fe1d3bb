/**
 * Handles abroad. A handle that was sent to another scheduler is a copy that asks where its original is; whoever lends one
 * keeps it findable while it lives, so that a copy that comes home is the original again. A copy for which nobody waits
 * any more takes its question back.
 *
 * @module
 */
import type { Outcome, Pid } from "./api.ts";
import type { Scheduler } from "./scheduler.ts";
import { SupervisorHandleImpl } from "../supervisor/handle.ts";
import { DeadActorError } from "./errors.ts";
import { HandleImpl, handleOf } from "./handle.ts";
import { R_ASK_OUTCOME, R_OUTCOME, R_UNASK_OUTCOME } from "./protocol.ts";
import type { ObjectClasses } from "./sendable.ts";

export class LentHandles {
  readonly #s: Scheduler;
  /** Handles of which copies are abroad: who has one asks here. */
  readonly #lent = new Map<Pid, WeakRef<HandleImpl>>();
  readonly #collected = new FinalizationRegistry<Pid>((pid) => this.#lent.delete(pid));
  /** Copies of handles that have asked for the outcome, by the question's number. */
  readonly #asking = new Map<number, HandleImpl>();
  readonly #questions = new Map<HandleImpl, number>();
  /** Questions of copies abroad that wait here for an end: who asks, and what tells it. */
  readonly #askers = new Map<string, { handle: HandleImpl; tell: (outcome: Outcome) => void }>();

  constructor(s: Scheduler, classes: ObjectClasses) {
    this.#s = s;
    classes.registerSpecial(
      HandleImpl,
      1,
      (handle: HandleImpl) => this.#lend(handle),
      ([pid, home]: [Pid, number]) => this.#borrow(pid, home, () => new HandleImpl(pid, null)),
    );
    classes.registerSpecial(
      SupervisorHandleImpl,
      20,
      (handle: SupervisorHandleImpl) => this.#lend(handle),
      ([pid, home]: [Pid, number]) =>
        this.#borrow(pid, home, () => new SupervisorHandleImpl(s, pid, null, null)),
    );
  }

  #lend(given: HandleImpl): [Pid, number] {
    const handle = given.official();
    if (handle.home === this.#s.id && !this.#lent.has(handle.pid)) {
      this.#lent.set(handle.pid, new WeakRef(handle));
      this.#collected.register(handle, handle.pid);
    }
    return [handle.pid, handle.home];
  }

  #borrow(pid: Pid, home: number, copy: () => HandleImpl): HandleImpl {
    const s = this.#s;
    if (home !== s.id) return copy();
    const original = this.#original(pid);
    if (original !== undefined) return original;
    const handle = copy(); // it has come home after the original was collected: nobody else would ever settle it
    if (s.routes.isLive(pid)) s.away.set(pid, handle);
    else handle.outcome = { kind: "panic", error: outcomeForgotten(pid) };
    return handle;
  }

  #original(pid: Pid): HandleImpl | undefined {
    const actor = this.#s.find(pid);
    return actor !== undefined ? handleOf(actor) : this.#s.away.get(pid) ?? this.#lent.get(pid)?.deref();
  }

  /** Each copy asks for itself: two actors here may join two copies of one handle. */
  ask(handle: HandleImpl): void {
    if (this.#questions.has(handle)) return;
    const ref = this.#s.numbers.next(this.#asking);
    this.#asking.set(ref, handle);
    this.#questions.set(handle, ref);
    this.#s.remote.record(handle.home, R_ASK_OUTCOME, handle.pid, ref, this.#s.id);
  }

  /** Nobody waits for it any more: an actor that lives for long is not to keep all who once asked for its end. */
  unask(handle: HandleImpl): void {
    const ref = this.#questions.get(handle);
    if (ref === undefined) return;
    this.#forget(ref, handle);
    this.#s.remote.record(handle.home, R_UNASK_OUTCOME, handle.pid, ref, this.#s.id);
  }

  #forget(ref: number, handle: HandleImpl): void {
    this.#asking.delete(ref);
    this.#questions.delete(handle);
  }

  /** Not for whoever asked under the same number on a scheduler that died, and in whose place this one is. */
  answered(pid: Pid, ref: number, outcome: Outcome): void {
    const handle = this.#asking.get(ref);
    if (handle?.pid !== pid) return;
    this.#forget(ref, handle);
    handle.settle(outcome);
  }

  /** Questions of copies whose original was on a scheduler that is lost: whoever takes its place is asked anew. */
  asksOf(lost: number): [ref: number, handle: HandleImpl][] {
    return [...this.#asking].filter(([, handle]) => handle.home === lost);
  }

  askAgain(ref: number, handle: HandleImpl): void {
    this.#forget(ref, handle);
    this.ask(handle);
  }

  /** A copy on another scheduler has asked. */
  tell(pid: Pid, ref: number, asker: number): void {
    const { remote } = this.#s;
    let handle = this.#original(pid);
    if (handle === undefined && this.#s.routes.isLive(pid)) { // whoever had the handle was lost with its scheduler
      handle = new HandleImpl(pid, null);
      this.#s.away.set(pid, handle);
    }
    const question = `${asker} ${ref}`;
    const tell = (outcome: Outcome) => {
      this.#askers.delete(question);
      remote.sendOutcome(outcome, (told) => remote.record(asker, R_OUTCOME, pid, ref, told));
    };
    if (handle === undefined) {
      tell({ kind: "panic", error: outcomeForgotten(pid) });
      return;
    }
    handle.markJoined();
    this.#s.observed(pid);
    this.#askers.set(question, { handle, tell });
    handle.onOutcome(tell);
  }

  /** A copy on another scheduler has asked, and waits no longer. */
  tellNot(pid: Pid, ref: number, asker: number): void {
    const question = `${asker} ${ref}`;
    const asked = this.#askers.get(question);
    if (asked?.handle.pid !== pid) return; // told meanwhile
    this.#askers.delete(question);
    asked.handle.leave(this.#s, asked.tell);
  }

  /** A scheduler is dead: nobody there waits for an outcome any more. */
  lost(scheduler: number): void {
    for (const [question, { handle, tell }] of [...this.#askers]) {
      if (!question.startsWith(`${scheduler} `)) continue;
      this.#askers.delete(question);
      handle.leave(this.#s, tell);
    }
  }
}

function outcomeForgotten(pid: Pid): DeadActorError {
  return new DeadActorError(pid, `join: actor is dead, and its spawner keeps no handle of it any more`);
}
