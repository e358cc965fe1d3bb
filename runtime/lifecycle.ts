/**
 * How actors end, and who is told: finalize, watchers, monitors, links, exits, names.
 *
 * Telling a death is one primitive: `watch` puts a {@link WatchRecord} on the actor, wherever it lives, and `notify`
 * carries the notice home. Joins of the spawner need no watch, because every death is told to the birth scheduler,
 * which keeps the handle. Exit signals, links and their order follow Erlang/OTP (`erlang:exit/2`, `link/1`,
 * `monitor/2`), except that the reason "shutdown" is not spread by links.
 *
 * @module
 */
import type { AnyAddress, Exit, MonitorRef, Outcome, Pid } from "./api.ts";
import type { ActorImpl } from "./actor.ts";
import type { Scheduler } from "./scheduler.ts";
import { within } from "./async_context.ts";
import { DONE, end, UNSTARTED } from "./actor_state.ts";
import { extrasOf } from "./extras.ts";
import { RX_ENDING } from "./wait.ts";
import { takeAt } from "./receive.ts";
import { NO_MAIL } from "./mailbox.ts";
import { SETTLED } from "./offer_states.ts";
import { bareExit, DeadActorError, describeReason, ExitError, isQuiet, isQuietReason } from "./errors.ts";
import { SEEN, type Witnesses } from "./unobserved.ts";
import { birthOf, formatPid, ROOT_PID } from "./pid.ts";
import { ENDED } from "./layout.ts";
import {
  EXIT_ASK,
  EXIT_KILL,
  EXIT_LINK,
  type ExitRecord,
  type NoticeRecord,
  WATCH_CALL,
  WATCH_MONITOR,
  type WatchRecord,
} from "./protocol.ts";
import { OF_SUPERVISOR } from "./marks.ts";
import { Timer } from "../timer/wheel.ts";
import { failCall, failCallsOf } from "./call.ts";
import { findToSend, putSystem } from "./sending.ts";
import * as waiting from "./waiting.ts";
import { outsideReport } from "./guard.ts";

/**
 * Ends an actor, once: first those who supervise it are told, then watchers and links, then joiners in the order in
 * which they joined, then its slot is free (S13).
 */
export function finalize(s: Scheduler, actor: ActorImpl, given: Outcome): void {
  if (actor.offer !== SETTLED && !s.work.claim(actor.seed!)) return; // a thief has it
  if (!end(actor)) return;
  const outcome: Outcome = actor.exiting === null ? given : { kind: "panic", error: actor.exiting };
  if (outcome !== given && given.kind === "panic") tellOfOther(s, actor, given.error);
  const { pid, extras } = actor;
  actor.rx |= RX_ENDING;
  if (actor.seed !== null) { // it never began
    actor.seed.clear();
    actor.seed = null;
  } else actor.target.staying--;
  s.live--;
  if (outcome.kind === "panic" && !isQuiet(outcome)) {
    s.panicked++;
    if (s.telemetry !== null) s.telemetry.panicked(actor, outcome.error);
  }
  if (actor.waits !== null || actor.rxResolve !== null) waiting.dropAll(actor);

  let witnesses: Witnesses = tellParent(actor.parent, pid, outcome) ? SEEN : 0;
  actor.parent = null;
  if (extras !== null) witnesses += release(s, actor, outcome);
  if (actor.mailbox !== NO_MAIL) actor.mailbox.clear(); // after its calls: those that are still in it were never received

  s.journal.ends(pid);
  s.residents.remove(actor);
  if (birthOf(pid) === s.id) {
    const { handle } = actor;
    if (handle === null) actor.outcome = outcome;
    else {
      handle.settle(outcome);
      if (handle.joined) witnesses = SEEN;
    }
    if (outcome.kind === "panic") s.unobserved.ended(pid, actor.target.name, outcome, witnesses);
    s.slots.free(pid);
  } else {
    s.routes.declareDead(pid);
    s.remote.tellDeath(pid, outcome, witnesses, actor.target.name);
  }
  if (actor === s.main) s.host.mainEnded(actor, outcome);
  if (s.trace !== null) s.trace.done(actor, !isQuiet(outcome)); // here: those who are told are woken by its last slice
  s.words[s.base + ENDED]++; // last: who sees this count sees all that the end has caused
}

/** A death told by another scheduler: the handle gets the outcome, the slot is free. */
export function finalizeAway(
  s: Scheduler,
  pid: Pid,
  outcome: Outcome,
  witnesses: Witnesses,
  name: string,
): void {
  const stolen = s.find(pid);
  if (stolen !== undefined) s.work.wasStolen(stolen); // taken and ended before anybody here noticed
  const handle = s.away.get(pid);
  s.away.delete(pid);
  const told = handle !== undefined && tellParent(handle.parent, pid, outcome);
  if (handle !== undefined) handle.settle(outcome);
  if (told || handle?.joined === true) witnesses = SEEN;
  s.unobserved.ended(pid, name, outcome, witnesses); // of an exit too: it takes back what has come before the death
  s.slots.freeUnlessFreed(pid);
}

/**
 * The signal to the parent that asked for them with `self.signals()` (S13, S23): a child's birth scheduler is the one
 * where its parent lives. True when it was told.
 */
function tellParent(parent: ActorImpl | null, pid: Pid, outcome: Outcome): boolean {
  const signals = parent?.extras?.signals;
  if (signals === undefined || signals === null) return false;
  signals.put(
    outcome.kind === "exit"
      ? { kind: "exit", pid, value: outcome.value }
      : { kind: "panic", pid, error: outcome.error },
  );
  return true;
}

/** Frees what only some actors have and tells those who watch. Gives how many of these see to it that it is known. */
function release(s: Scheduler, actor: ActorImpl, outcome: Outcome): Witnesses {
  const extras = actor.extras!;
  const { pid } = actor;
  let witnesses: Witnesses = 0;
  for (const timed of extras.timed.values()) s.timers.cancel(timed.timer);
  extras.timed.clear();
  for (const name of extras.names) s.names.unregister(name, pid);
  for (const name of extras.groups) s.groups.change(name, pid, false);
  for (const channel of extras.channels) channel.abandon();
  for (const undo of extras.onEnd) undo();
  extras.onEnd.clear();
  if (extras.tokens !== null) s.io.owners.released(actor);
  for (const [ref, watched] of extras.monitors) unwatch(s, watched, ref);
  if (extras.signals !== null) {
    extras.signals = null;
  }
  if (extras.supervisor !== null) {
    tellLinked(s, actor, extras.supervisor, outcome);
    witnesses = SEEN; // also when its supervisor ended before it: what ended that is news, not this
  }
  for (const watcher of extras.watchers) {
    if (watcher.kind === WATCH_MONITOR) witnesses = SEEN;
    notify(s, watcher, pid, outcome);
  }
  failCallsOf(s, actor, extras, outcome);
  for (const other of [...extras.links]) witnesses += tellLinked(s, actor, other, outcome);
  if (extras.abort !== null) abort(actor, outcome.kind === "panic" ? outcome.error : bareExit("normal"));
  return Math.min(witnesses, SEEN);
}

/** Each partner of a link is told once, also where links form a circle. */
function tellLinked(s: Scheduler, actor: ActorImpl, other: Pid, outcome: Outcome): Witnesses {
  if (!actor.extras!.links.delete(other)) return 0;
  return signal(s, other, { flavor: EXIT_LINK, from: actor.pid, reason: outcome });
}

// --- Watching -----------------------------------------------------------------------------------------------------

export function noSuchActor(pid: Pid, operation: string): DeadActorError {
  return new DeadActorError(pid, `${operation}: actor ${formatPid(pid)} is dead`);
}

/** Asks to be told of a death, at once if it was before. */
export function watch(s: Scheduler, target: Pid, watcher: WatchRecord): void {
  const local = findToSend(s, target);
  if (local !== undefined) extrasOf(local).watchers.push(watcher);
  else s.remote.watch(target, watcher);
}

export function unwatch(s: Scheduler, target: Pid, ref: number): void {
  const local = s.find(target);
  if (local === undefined) s.remote.unwatch(target, ref);
  else dropWatcher(local, s.id, ref);
}

export function dropWatcher(target: ActorImpl, scheduler: number, ref: number): void {
  const watchers = target.extras?.watchers;
  if (watchers === undefined) return;
  const at = watchers.findIndex((watcher) => watcher.ref === ref && watcher.scheduler === scheduler);
  if (at >= 0) watchers.splice(at, 1);
}

/** Carries the news of a death to the watcher's scheduler. */
export function notify(
  s: Scheduler,
  watcher: WatchRecord,
  dead: Pid,
  outcome: Outcome,
  received = true,
): void {
  const notice: NoticeRecord = { kind: watcher.kind, pid: watcher.pid, ref: watcher.ref, outcome, received };
  if (watcher.scheduler === s.id) noticed(s, dead, notice);
  else s.remote.notice(watcher.scheduler, dead, notice);
}

/** The news has arrived. */
export function noticed(s: Scheduler, dead: Pid, notice: NoticeRecord): void {
  if (notice.kind === WATCH_CALL) {
    if (s.find(notice.pid) === undefined) return; // as for R_REPLY in remote.ts
    failCall(s, notice.ref, dead, notice.outcome, notice.received);
    return;
  }
  const watcher = s.find(notice.pid);
  if (watcher === undefined || watcher.extras?.monitors.delete(notice.ref) !== true) return;
  putSystem(watcher, { type: "DOWN", ref: notice.ref as MonitorRef, pid: dead, outcome: notice.outcome });
}

export function monitor(actor: ActorImpl, to: AnyAddress): MonitorRef {
  if (actor.state === DONE) throw actor.ended("monitor");
  const s = actor.scheduler;
  const pid = s.resolve(to, "monitor");
  const ref = s.nextRef();
  if (pid === undefined) {
    const error = new DeadActorError(ROOT_PID, `monitor: no actor is registered as ${JSON.stringify(to)}`);
    putSystem(actor, {
      type: "DOWN",
      ref: ref as MonitorRef,
      pid: ROOT_PID,
      outcome: { kind: "panic", error },
    });
    return ref as MonitorRef;
  }
  extrasOf(actor).monitors.set(ref, pid);
  watch(s, pid, { kind: WATCH_MONITOR, scheduler: s.id, pid: actor.pid, ref });
  return ref as MonitorRef;
}

export function demonitor(actor: ActorImpl, ref: MonitorRef): boolean {
  if (actor.state === DONE) throw actor.ended("demonitor");
  const watched = actor.extras?.monitors.get(ref);
  if (watched !== undefined) {
    actor.extras!.monitors.delete(ref);
    unwatch(actor.scheduler, watched, ref);
    return true;
  }
  for (let i = 0; i < actor.mailbox.length; i++) { // OTP's `flush`: a queued DOWN is taken back
    const message = actor.mailbox.at(i) as { type?: unknown; ref?: unknown } | null;
    if (typeof message === "object" && message?.type === "DOWN" && message.ref === ref) {
      takeAt(actor, i);
      return true;
    }
  }
  return false;
}

// --- Links and exits ----------------------------------------------------------------------------------------------

export function link(actor: ActorImpl, to: AnyAddress): void {
  if (actor.state === DONE) throw actor.ended("link");
  const s = actor.scheduler;
  const pid = s.resolve(to, "link");
  if (pid === undefined) {
    throw new DeadActorError(ROOT_PID, `Cannot link: no actor is registered as ${JSON.stringify(to)}`);
  }
  if (pid === actor.pid) return;
  extrasOf(actor).links.add(pid);
  const other = findToSend(s, pid);
  if (other !== undefined) extrasOf(other).links.add(actor.pid);
  // Also where a link is known here. A and B, on two schedulers, are linked: A unlinks B and links it again while B unlinks
  // A. The link of A comes to B, then the unlink of B comes to A: only B knows of a link, until one of them asks again.
  else s.remote.link(actor.pid, pid);
}

export function unlink(actor: ActorImpl, to: AnyAddress): void {
  if (actor.state === DONE) throw actor.ended("unlink");
  const s = actor.scheduler;
  const pid = s.resolve(to, "unlink");
  // A child stays its supervisor's: one of whose end nobody hears would be waited for until the end of the run.
  if (pid === undefined || pid === actor.extras?.supervisor) return;
  if (actor.extras?.links.delete(pid) !== true) return;
  actor.extras.supervisors?.delete(pid); // it does not end with this actor any more
  const other = s.find(pid);
  if (other !== undefined) other.extras?.links.delete(actor.pid);
  else s.remote.unlink(actor.pid, pid);
}

export function trapExit(actor: ActorImpl, on: boolean): boolean {
  if (actor.state === DONE) throw actor.ended("trapExit");
  if (typeof on !== "boolean") {
    throw new TypeError(`trapExit needs true or false, got ${Deno.inspect(on, { depth: 0 })}`);
  }
  const extras = extrasOf(actor);
  const before = extras.trapExit;
  extras.trapExit = on;
  return before;
}

/** As in OTP the reason `"kill"` cannot be trapped: it is `kill`. */
export function exit(actor: ActorImpl, to: AnyAddress, reason: unknown): void {
  if (reason === "kill") return kill(actor, to);
  const s = actor.scheduler;
  if (s.strict && actor.state !== DONE) s.remote.strictCopyCheck(reason, "reason");
  sendExit(actor, to, "exit", { flavor: EXIT_ASK, from: actor.pid, reason });
}

export function kill(actor: ActorImpl, to: AnyAddress): void {
  sendExit(actor, to, "kill", { flavor: EXIT_KILL, from: actor.pid, reason: "killed" });
  if ((actor.state as number) === DONE) throw actor.ended("go on");
}

function sendExit(actor: ActorImpl, to: AnyAddress, operation: string, record: ExitRecord): void {
  if (actor.state === DONE) throw actor.ended(operation);
  const s = actor.scheduler;
  const pid = s.resolve(to, operation);
  if (pid === undefined) s.deadLetters++;
  else signal(s, pid, record);
}

/** Its outcome is that it was told to end; what it threw instead, in a `finally` say, is told where warnings are. */
function tellOfOther(s: Scheduler, actor: ActorImpl, thrown: Error): void {
  let error: unknown = thrown;
  for (let depth = 0; depth < 10 && error instanceof Error; depth++, error = error.cause) {
    if (error.name === "ExitError") return; // of its end, or because of it
  }
  s.logFor(actor).warn("threw another error while it was being ended", { error: thrown });
}

/** Carries an exit signal to where the actor lives. */
export function signal(s: Scheduler, to: Pid, record: ExitRecord): Witnesses {
  const target = findToSend(s, to);
  if (target !== undefined) return signalled(s, target, record, true) ? SEEN : 0;
  return s.remote.exit(to, record) ? 1 : 0;
}

/** An exit signal has arrived. False: it means nothing to the actor any more. `sent`: in the stack of whoever sends it. */
export function signalled(s: Scheduler, target: ActorImpl, record: ExitRecord, sent = false): boolean {
  const { flavor, from, reason } = record;
  if (target.state === DONE) return false;
  const made = (message?: string) =>
    sent && !isQuietReason(reason) ? new ExitError(reason, message) : bareExit(reason, message);
  if (flavor === EXIT_KILL) {
    target.exiting = made("the actor was killed");
    finalize(s, target, { kind: "panic", error: target.exiting });
    s.dropBaton(target);
    return true;
  }
  const extras = target.extras;
  const trapping = extras?.trapExit === true;
  if (flavor === EXIT_LINK) {
    const outcome = reason as Outcome;
    if (extras?.links.delete(from) !== true) return false; // unlinked meanwhile
    if (extras.isSupervisor) putSystem(target, new ExitSignal(flavor, from, outcome));
    else if (trapping) putSystem(target, trapped(target, from, outcome));
    else if (!isQuiet(outcome) && outcome.kind === "panic") {
      askToEnd(s, target, linkedEnd(from, outcome.error));
    }
    if (extras.supervisors?.delete(from) === true && extras.supervisors.size === 0) {
      extras.endAfterSupervisors?.();
    }
    return true;
  }
  if (extras?.isSupervisor === true) putSystem(target, new ExitSignal(flavor, from, reason));
  else if (trapping) {
    putSystem(target, trapped(target, from, { kind: "panic", error: made() }));
  } else if (reason !== "normal" || from === target.pid) {
    askToEnd(s, target, made(), record.withinMs);
  }
  return true;
}

function trapped(target: ActorImpl, from: Pid, outcome: Outcome): Exit {
  const message: Exit = { type: "EXIT", pid: from, outcome };
  if (from === target.extras!.supervisor) Object.defineProperty(message, OF_SUPERVISOR, { value: true });
  return message;
}

/** An exit signal in the mailbox of a supervisor. A class of its own: no message of a program is mistaken for it. */
export class ExitSignal {
  readonly flavor: ExitRecord["flavor"];
  readonly from: Pid;
  /** Of a linked actor: its outcome. */
  readonly reason: unknown;
  constructor(flavor: ExitRecord["flavor"], from: Pid, reason: unknown) {
    this.flavor = flavor;
    this.from = from;
    this.reason = reason;
  }
}

/**
 * Why an actor ends whose partner has ended. As in OTP the reason is that of the first of the chain, however long the
 * chain is, so that neither texts nor causes grow with it.
 */
export function linkedEnd(from: Pid, error: Error): ExitError {
  const reason = error.name === "ExitError" ? (error as ExitError).reason : error;
  return new ExitError(reason, `linked actor ${formatPid(from)} ended: ${describeReason(reason)}`);
}

/**
 * Tells an actor to end: its waits reject, its signal aborts, its `finally` blocks run. One that has not begun ends at
 * once; one that does not end within `withinMs` is cut off. A supervisor is told in its mailbox, and an actor that has
 * started supervisors goes on until these have stopped their children: a tree ends from its leaves.
 */
export function askToEnd(
  s: Scheduler,
  target: ActorImpl,
  error: ExitError,
  withinMs = s.config.graceMs,
): void {
  if (target.state === DONE || target.exiting !== null) return;
  const { extras } = target;
  if (target.state === UNSTARTED) {
    target.exiting = error;
    finalize(s, target, { kind: "panic", error });
    return;
  }
  if (extras !== null) {
    if (extras.isSupervisor) {
      putSystem(target, new ExitSignal(EXIT_ASK, ROOT_PID, error.reason));
      return;
    }
    if (extras.endAfterSupervisors !== null) return;
  }
  if (withinMs !== Infinity) {
    const cutOff = new Timer(() => {
      target.exiting = error;
      finalize(s, target, { kind: "panic", error });
      s.dropBaton(target);
    }, undefined);
    s.timers.insert(cutOff, s.clock.now() + withinMs);
    extrasOf(target).onEnd.add(() => s.timers.cancel(cutOff));
  }
  if (extras === null || extras.supervisors === null || extras.supervisors.size === 0) {
    beginToEnd(s, target, error);
    return;
  }
  extras.endAfterSupervisors = () => beginToEnd(s, target, error);
  for (const supervisor of [...extras.supervisors].reverse()) {
    signal(s, supervisor, { flavor: EXIT_ASK, from: target.pid, reason: "shutdown" });
  }
}

function beginToEnd(s: Scheduler, target: ActorImpl, error: ExitError): void {
  if (target.exiting !== null) return;
  target.exiting = error;
  target.rx |= RX_ENDING;
  abort(target, error);
  s.wake(target);
}

/** The listeners are the actor's own code, in whatever stack it is told to end. */
function abort(actor: ActorImpl, reason: Error): void {
  const controller = actor.extras?.abort ?? null;
  if (controller === null || controller.signal.aborted) return;
  const tell = () => outsideReport(() => within(actor, () => controller.abort(reason)));
  const { isolate } = actor.scheduler;
  if (isolate === null) tell();
  else isolate.tell(actor, tell);
}

/**
 * A supervised actor waits for the first time: it has started. Called by the scheduler when the baton is put down, and by
 * receives that find a message.
 */
export function hasStarted(s: Scheduler, actor: ActorImpl): void {
  const extras = actor.extras!;
  const supervisor = extras.startsUnder!;
  extras.startsUnder = null;
  const target = s.find(supervisor);
  if (target !== undefined) putSystem(target, new Started(actor.pid));
  else s.remote.started(supervisor, actor.pid);
}

/** What `step` waits for is a part of the actor's start, as with a server's `init`: its supervisor waits for the end of it. */
export async function startsWith<T>(actor: ActorImpl, step: () => T | Promise<T>): Promise<T> {
  const above = actor.extras?.startsUnder ?? null;
  if (above === null) return await step();
  actor.extras!.startsUnder = null;
  const result = await step();
  if (actor.state !== DONE) {
    actor.extras!.startsUnder = above;
    hasStarted(actor.scheduler, actor);
  }
  return result;
}

/** In the mailbox of a supervisor: a child waits for the first time. */
export class Started {
  readonly pid: Pid;
  constructor(pid: Pid) {
    this.pid = pid;
  }
}

export function signalOf(actor: ActorImpl): AbortSignal {
  const extras = extrasOf(actor);
  if (extras.abort === null) {
    extras.abort = new AbortController();
    // Asked for only now by what an actor that has ended left behind: it would go on for ever.
    const error = actor.state === DONE ? actor.ended("go on") : actor.exiting;
    if (error !== null) extras.abort.abort(error);
  }
  return extras.abort.signal;
}

// --- Names --------------------------------------------------------------------------------------------------------

export function register(actor: ActorImpl, name: string): void {
  if (actor.state === DONE) throw actor.ended("register");
  actor.scheduler.names.register(name, actor.pid);
  extrasOf(actor).names.add(name);
}

export function unregister(actor: ActorImpl, name: string): boolean {
  if (actor.state === DONE) throw actor.ended("unregister");
  if (actor.extras?.names.delete(name) !== true) return false;
  actor.scheduler.names.unregister(name, actor.pid);
  return true;
}

// --- Bounded mailboxes --------------------------------------------------------------------------------------------
