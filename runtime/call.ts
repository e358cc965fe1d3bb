/**
 * Calls: a request that always ends, by reply, failure, the callee's death or timeout.
 *
 * The caller keeps the open call under a number; the reply, and the news of the callee's death, name that number. What
 * comes for a number that is no longer open is late and dropped.
 *
 * @module
 */
import type { AnyAddress, Call, Outcome, Pid, WaitOptions } from "./api.ts";
import type { ActorImpl } from "./actor.ts";
import type { Scheduler } from "./scheduler.ts";
import { CALL, type Wait } from "./wait.ts";
import { DeadActorError, TimeoutError, toError } from "./errors.ts";
import { formatPid, ROOT_PID } from "./pid.ts";
import { extrasOf } from "./extras.ts";
import { WATCH_CALL } from "./protocol.ts";
import { dropWatcher } from "./lifecycle.ts";

export const DEFAULT_CALL_TIMEOUT_MS = 5000;

/** What the callee gets. A copy that was sent to another scheduler still answers the caller. */
export class CallImpl implements Call {
  readonly type = "CALL";
  readonly request: unknown;
  readonly from: Pid;
  readonly #scheduler: Scheduler;
  /** Where the caller waits. */
  readonly home: number;
  readonly number: number;
  /** Who was asked: watched until it has answered. */
  readonly callee: Pid;
  #answered = false;

  constructor(s: Scheduler, from: Pid, request: unknown, home: number, number: number, callee: Pid) {
    this.#scheduler = s;
    this.from = from;
    this.request = request;
    this.home = home;
    this.number = number;
    this.callee = callee;
  }

  reply(value: unknown): void {
    this.#answer(true, value);
  }

  fail(error: unknown): void {
    this.#answer(false, toError(error));
  }

  #answer(well: boolean, value: unknown): void {
    if (this.#answered) return;
    const s = this.#scheduler;
    if (this.home === s.id) answered(s, this.number, well, value);
    else s.remote.reply(this.home, this.from, this.number, well, value); // may throw NotSendableError: not answered yet
    this.#answered = true;
    const callee = s.find(this.callee);
    if (callee !== undefined) dropWatcher(callee, this.home, this.number);
  }
}

export function call(
  actor: ActorImpl,
  to: AnyAddress,
  request: unknown,
  options?: WaitOptions,
): Promise<unknown> {
  const s = actor.scheduler;
  let pid: Pid | undefined;
  try {
    pid = s.resolve(to, "call");
  } catch (error) {
    return Promise.reject(error);
  }
  if (pid === undefined) {
    return Promise.reject(
      new DeadActorError(ROOT_PID, `call: no actor is registered as ${JSON.stringify(to)}`),
    );
  }
  const wait = s.wait(
    actor,
    CALL,
    pid,
    { timeout: options?.timeout ?? DEFAULT_CALL_TIMEOUT_MS, signal: options?.signal },
    false,
  );
  if (wait instanceof Promise) return wait;
  const number = s.nextRef();
  s.calls.set(number, wait);
  wait.onGiveUp = () => s.calls.delete(number);
  wait.onTimeout = timedOut;
  try {
    send(s, actor, pid, number, request);
  } catch (error) { // not sendable: said at once, the actor need not park
    s.calls.delete(number);
    wait.fail(error);
  }
  if (wait.isOpen) s.parked(actor);
  else s.settleNow(actor, wait);
  return wait.promise;
}

function send(s: Scheduler, actor: ActorImpl, pid: Pid, number: number, request: unknown): void {
  const callee = s.findToSend(pid);
  if (callee === undefined) {
    if (!s.remote.call(actor.pid, pid, number, request)) failCall(s, number, pid, null);
    return;
  }
  arrived(s, callee, actor.pid, s.strict ? s.remote.strictCopyCheck(request) : request, s.id, number);
}

/** A request has come to an actor that lives here. */
export function arrived(
  s: Scheduler,
  callee: ActorImpl,
  from: Pid,
  request: unknown,
  home: number,
  number: number,
): void {
  extrasOf(callee).watchers.push({ kind: WATCH_CALL, scheduler: home, pid: from, ref: number });
  s.messagesLocal++;
  s.put(callee, new CallImpl(s, from, request, home, number, callee.pid));
}

/** An answer has come home. */
export function answered(s: Scheduler, number: number, well: boolean, value: unknown): void {
  const wait = s.calls.get(number);
  if (wait === undefined) return; // late
  s.calls.delete(number);
  if (well) s.complete(wait, value);
  else s.fail(wait, value);
}

/** The callee is dead. */
export function failCall(s: Scheduler, number: number, dead: Pid, outcome: Outcome | null): void {
  const wait = s.calls.get(number);
  if (wait === undefined) return;
  s.calls.delete(number);
  const error = new DeadActorError(
    dead,
    outcome === null
      ? `call: actor ${formatPid(dead)} is dead`
      : `call: actor ${formatPid(dead)} ended before it answered`,
    outcome?.kind === "panic" ? { cause: outcome.error } : undefined,
  );
  s.fail(wait, error);
}

function timedOut(wait: Wait): void {
  const s = wait.actor.scheduler;
  const pid = wait.target as Pid;
  const waited = Math.round(s.clock.now() - wait.since);
  wait.fail(
    new TimeoutError(`call to ${formatPid(pid)} was not answered within ${waited} ms: ${s.describe(pid)}`),
  );
}
