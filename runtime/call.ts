/**
 * Calls: a request that always ends, by reply, failure, the callee's death or timeout.
 *
 * On one scheduler the call in the callee's mailbox knows the caller's wait and completes it. Between schedulers the caller
 * keeps its wait under a number, and the reply, and the news of the callee's death, name that number. What comes for a
 * wait that is no longer open is late and dropped.
 *
 * The calls that an actor has not answered form a list, so that its death fails them; those that were given up leave it,
 * or one that answers nothing would keep them all. Timeouts are armed at the end of
 * the burst (late_timeouts.ts), when most calls have been answered: that, and the list, brought a call's round trip
 * from 2.4 to 1.4 times that of two plain messages (bench/call_bench.ts).
 *
 * @module
 */
import type { AnyAddress, Call, Outcome, Pid, WaitOptions } from "./api.ts";
import type { ActorImpl } from "./actor.ts";
import type { Scheduler } from "./scheduler.ts";
import { DONE } from "./actor_state.ts";
import { CALL, type Wait } from "./wait.ts";
import { DeadActorError, MailboxFullError, toError } from "./errors.ts";
import { formatPid, ROOT_PID } from "./pid.ts";
import { type Extras, extrasOf } from "./extras.ts";
import { WATCH_CALL } from "./protocol.ts";
import { NEVER_RECEIVED } from "./marks.ts";
import { notify } from "./lifecycle.ts";
import { inquire } from "./inquiry.ts";
import { findToSend, put } from "./sending.ts";
import * as waiting from "./waiting.ts";

export const DEFAULT_CALL_TIMEOUT_MS = 5000;

/** How a call travels. */
export type PlainCall = [from: Pid, request: unknown, home: number, number: number, callee: Pid];

/** What the callee gets. A copy that was sent to another scheduler still answers the caller. */
export class CallImpl implements Call {
  readonly type = "CALL";
  readonly request: unknown;
  readonly from: Pid;
  /** Who was asked. */
  readonly callee: Pid;
  readonly s: Scheduler;
  /** Where the caller waits. */
  readonly home: number;
  /** The caller's number for it; 0 while it has none, because the caller lives here and nobody elsewhere has a copy. */
  number: number;
  /** The caller's wait, if that is here and this is no copy. */
  wait: Wait | null;
  answered = false;
  /** The callee whose list of open calls this is in. */
  holder: Extras | null = null;
  previous: CallImpl | null = null;
  next: CallImpl | null = null;

  constructor(
    s: Scheduler,
    from: Pid,
    request: unknown,
    callee: Pid,
    home: number,
    number: number,
    wait: Wait | null,
  ) {
    this.s = s;
    this.from = from;
    this.request = request;
    this.callee = callee;
    this.home = home;
    this.number = number;
    this.wait = wait;
  }

  reply(value: unknown): void {
    this.#answer(true, value);
  }

  fail(error: unknown): void {
    this.#answer(false, toError(error, "the call was failed with"));
  }

  /** A mailbox's bound has dropped it: its caller hears of it at once. `inCall`: while that is in `self.call`. */
  dropped(capacity: number, inCall = false): void {
    const text = `call: the mailbox of ${formatPid(this.callee)} is full, it holds its ${capacity} already`;
    const error = new MailboxFullError(text);
    // Else that of whoever waits comes in its place: ours names another's line, and to write it out takes some 80 µs here.
    if (!inCall) error.stack = "";
    this.#answer(false, error, !inCall);
  }

  /** `blamesCaller`: the error's stack becomes that of whoever waits. */
  #answer(well: boolean, value: unknown, blamesCaller = false): void {
    if (this.answered) return;
    const { s, home, number } = this;
    if (well && s.strict) value = s.remote.strictCopyCheck(value, "reply");
    if (home !== s.id) s.remote.reply(home, this.from, number, well, value); // may throw NotSendableError: not answered yet
    else {
      const { wait } = this;
      if (this.holder !== null ? this.holder.tokens !== null : s.find(this.callee)?.extras?.tokens) {
        s.io.owners.given(value, this.from);
      }
      if (wait === null) answered(s, number, well, value);
      else {
        if (number !== 0) s.calls.delete(number);
        if (well) waiting.complete(wait, value);
        else if (blamesCaller) waiting.failAwaiter(wait, value as Error);
        else waiting.fail(wait, value);
      }
    }
    this.answered = true;
    this.wait = null;
    if (this.holder !== null) this.leave();
    else if (number !== 0) forget(s, this.callee, home, number);
  }

  /** The caller waits no longer: what the callee never answers is not kept for it. */
  givenUp(): void {
    const { s, number } = this;
    this.wait = null;
    if (number !== 0) {
      s.calls.delete(number);
      forget(s, this.callee, s.id, number);
    } else if (this.holder !== null) this.leave();
  }

  /** Into the list of the callee's open calls. */
  enter(holder: Extras): void {
    this.holder = holder;
    const last = holder.lastCall;
    this.previous = last;
    holder.lastCall = this;
    if (last === null) holder.firstCall = this;
    else last.next = this;
  }

  /** Out of it. */
  leave(): void {
    const holder = this.holder!;
    const { previous, next } = this;
    if (previous === null) holder.firstCall = next;
    else previous.next = next;
    if (next === null) holder.lastCall = previous;
    else next.previous = previous;
    this.holder = this.previous = this.next = null;
  }

  static dehydrate(call: CallImpl): PlainCall {
    const { s, wait } = call;
    if (call.number === 0) {
      const number = call.number = s.numbers.next(s.calls);
      // Else it was answered or given up, or its caller has ended: a number that nobody waits for.
      if (wait !== null && wait.isOpen && wait.actor.state !== DONE) s.calls.set(number, wait);
    }
    return [call.from, call.request, call.home, call.number, call.callee];
  }

  static hydrate(s: Scheduler, [from, request, home, number, callee]: PlainCall): CallImpl {
    return new CallImpl(s, from, request, callee, home, number, null);
  }

  [Symbol.for("Deno.customInspect")](inspect: typeof Deno.inspect, options: Deno.InspectOptions): string {
    return `Call ${inspect({ from: formatPid(this.from), request: this.request }, options)}`;
  }
}

/** The callee has nothing to answer any more, wherever it lives. */
function forget(s: Scheduler, pid: Pid, home: number, number: number): void {
  const callee = s.find(pid);
  if (callee === undefined) s.remote.unwatchCall(pid, home, number);
  else dropCall(callee, home, number);
}

/** A call was answered elsewhere, or given up: the callee's death is no news for it any more. */
export function dropCall(callee: ActorImpl, home: number, number: number): void {
  for (let call = callee.extras?.firstCall ?? null; call !== null; call = call.next) {
    if (call.number === number && call.home === home) {
      call.leave();
      return;
    }
  }
}

/** An actor has ended: what it has not answered fails. */
export function failCallsOf(
  s: Scheduler,
  { pid, mailbox }: ActorImpl,
  extras: Extras,
  outcome: Outcome,
): void {
  if (extras.firstCall === null) return;
  const queued = new Set<unknown>();
  for (let i = 0; i < mailbox.length; i++) queued.add(mailbox.at(i));
  for (let call = extras.firstCall; call !== null; call = extras.firstCall) {
    const { wait, home, from, number } = call;
    const received = !queued.has(call);
    call.leave();
    if (wait === null) {
      notify(s, { kind: WATCH_CALL, scheduler: home, pid: from, ref: number }, pid, outcome, received);
    } else {
      if (number !== 0) s.calls.delete(number);
      waiting.failAwaiter(wait, deadCallee(pid, outcome, received));
    }
  }
}

const NO_OPTIONS: WaitOptions = {};

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
    return waiting.reject(actor, error);
  }
  if (pid === undefined) {
    return waiting.reject(
      actor,
      new DeadActorError(ROOT_PID, `call: no actor is registered as ${JSON.stringify(to)}`),
    );
  }
  return callPid(actor, pid, request, options, DEFAULT_CALL_TIMEOUT_MS);
}

/** A call to a pid; without any timeout it waits until it is answered or the callee is dead. */
export function callPid(
  actor: ActorImpl,
  pid: Pid,
  request: unknown,
  options: WaitOptions | undefined,
  defaultMs: number | undefined,
): Promise<unknown> {
  const { telemetry } = actor.scheduler;
  if (telemetry === null) return startCall(actor, pid, request, options, defaultMs);
  return telemetry.call(actor, pid, () => startCall(actor, pid, request, options, defaultMs));
}

function startCall(
  actor: ActorImpl,
  pid: Pid,
  request: unknown,
  options: WaitOptions | undefined,
  defaultMs: number | undefined,
): Promise<unknown> {
  const s = actor.scheduler;
  const refused = waiting.refuseWait(actor, "call", options);
  if (refused !== null) return refused;
  const { timeout = defaultMs, signal } = options ?? NO_OPTIONS;
  const wait = waiting.begin(actor, CALL, pid);
  wait.whenTimedOut(inquire);
  if (timeout !== undefined) s.lateTimeouts.insert(wait, timeout);
  if (signal !== undefined) s.aborts.watch(wait, signal);
  s.ops--;
  try {
    send(s, actor, pid, wait, request);
  } catch (error) { // not sendable: said at once, the actor need not park
    wait.onGiveUp?.(wait);
    wait.fail(error);
  }
  if (wait.isOpen) s.parked(actor);
  else waiting.goOn(wait);
  return wait.promise;
}

function send(s: Scheduler, actor: ActorImpl, pid: Pid, wait: Wait, request: unknown): void {
  if (s.strict) s.remote.strictCopyCheck(request, "request");
  const callee = findToSend(s, pid);
  if (callee !== undefined) {
    if (actor.extras !== null && actor.extras.tokens !== null) s.io.owners.given(request, pid);
    s.messagesLocal++;
    const call = new CallImpl(s, actor.pid, request, pid, s.id, 0, wait);
    wait.tells(call);
    arrived(callee, call);
    return;
  }
  const number = s.numbers.next(s.calls);
  s.calls.set(number, wait);
  wait.whenGivenUp(() => {
    if (s.calls.delete(number)) forget(s, pid, s.id, number);
  });
  if (!s.remote.call(actor.pid, pid, number, request)) {
    const error = deadCallee(pid, null, false);
    s.remote.whenTaken(() => {
      if (s.calls.delete(number)) waiting.fail(wait, error);
    });
  }
}

/** A request has come to an actor that lives here. */
export function arrived(callee: ActorImpl, call: CallImpl): void {
  call.enter(extrasOf(callee));
  if (!put(callee, call)) call.dropped(callee.extras!.bound!.capacity, call.wait !== null);
}

/** An answer has come home. */
export function answered(s: Scheduler, number: number, well: boolean, value: unknown): void {
  const wait = s.calls.get(number);
  if (wait === undefined) return; // late
  s.calls.delete(number);
  if (well) waiting.complete(wait, value);
  else if (value instanceof Error && value.stack === "" && value.name === "MailboxFullError") {
    waiting.failAwaiter(wait, new MailboxFullError(value.message)); // see CallImpl.dropped; --strict has frozen what came
  } else waiting.fail(wait, value);
}

/** The news that a callee elsewhere is dead. */
export function failCall(
  s: Scheduler,
  number: number,
  dead: Pid,
  outcome: Outcome,
  received: boolean,
): void {
  const wait = s.calls.get(number);
  if (wait === undefined) return;
  s.calls.delete(number);
  waiting.failAwaiter(wait, deadCallee(dead, outcome, received));
}

/** `outcome` is null when it was dead before it was asked. */
function deadCallee(dead: Pid, outcome: Outcome | null, received: boolean): DeadActorError {
  const error = new DeadActorError(
    dead,
    outcome === null
      ? `call: actor ${formatPid(dead)} is dead`
      : `call: actor ${formatPid(dead)} ended before it answered`,
    outcome?.kind === "panic" ? { cause: outcome.error } : undefined,
  );
  if (!received) Object.defineProperty(error, NEVER_RECEIVED, { value: true });
  return error;
}
