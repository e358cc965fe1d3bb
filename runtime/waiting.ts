/**
 * The open waits of an actor: begun by whoever waits, completed by whoever has what is waited for, and taken out of the
 * actor's list when they are over. An actor may have several open at once; nearly always it has one.
 *
 * Whoever completes a wait wakes the actor, and its promise is settled at the actor's next resume (settling.ts).
 *
 * @module
 */
import type { Pid, WaitOptions } from "./api.ts";
import type { ActorImpl } from "./actor.ts";
import { DONE } from "./actor_state.ts";
import { IO_PARKED, NOT_RECEIVING, SLEEPING } from "./layout.ts";
import {
  checkWait,
  fireWait,
  IO,
  isIo,
  RECEIVE,
  RX_ENDING,
  RX_LEADS,
  RX_LISTED,
  RX_SELECTS,
  SELECT,
  SLEEP,
  Wait,
  WAIT_NAMES,
  type WaitKind,
  YIELD,
} from "./wait.ts";
import { Timer } from "../timer/wheel.ts";
import { setImmediate } from "node:timers";

/** For so long the code of an actor that has ended may hold up the live ones. Guessed: many timeslices. */
const LONGEST_MICROTASKS_MS = 10;

/** A rejected promise when the actor must not wait any more, else null. */
export function refuse(actor: ActorImpl, operation: string): Promise<never> | null {
  if (actor.rx < RX_ENDING) return null;
  return reject(actor, actor.state === DONE ? actor.ended(operation) : actor.exiting);
}

/**
 * A rejection without a wait. A loop that catches whatever comes may try again and again, and would keep the thread for
 * good, also from the timer that is to cut it off: so with the timeslice used up the actor gives way first.
 */
export function reject(actor: ActorImpl, error: unknown): Promise<never> {
  const s = actor.scheduler;
  if (actor.state === DONE) { // is not resumed any more: its code goes on in the event loop's next turn
    if (s.clock.now() - s.lastNow < LONGEST_MICROTASKS_MS) return Promise.reject(error);
    return new Promise((_, reject) => setImmediate(reject, error));
  }
  if (--s.ops > 0 ? !s.sliceUsed : !s.look(actor)) return Promise.reject(error);
  const wait = begin(actor, YIELD, null);
  wait.fail(error);
  s.giveWay(actor);
  return wait.promise as Promise<never>;
}

/** A value that is there already, for code that may ask for it again and again: see {@link reject}. */
export function resolve<T>(actor: ActorImpl, value: T): Promise<T> {
  const s = actor.scheduler;
  if (--s.ops > 0 ? !s.sliceUsed : !s.look(actor)) return Promise.resolve(value);
  const wait = begin(actor, YIELD, null);
  wait.complete(value);
  s.giveWay(actor);
  return wait.promise as Promise<T>;
}

/** As {@link refuse}, also for what is wrong with the options of a wait. */
export function refuseWait(
  actor: ActorImpl,
  operation: string,
  options: WaitOptions | undefined,
): Promise<never> | null {
  const refused = refuse(actor, operation);
  if (refused !== null || options === undefined) return refused;
  return refuseOptions(actor, operation, options);
}

/** A rejected promise for what is wrong with the options of a wait, or for a signal that has been aborted; else null. */
export function refuseOptions(
  actor: ActorImpl | undefined,
  operation: string,
  options: WaitOptions | undefined,
): Promise<never> | null {
  try {
    checkWait(options, operation);
  } catch (error) {
    return actor === undefined ? Promise.reject(error) : reject(actor, error);
  }
  return null;
}

/** Opens a wait; the caller parks the actor. */
export function begin(actor: ActorImpl, kind: WaitKind, target: Pid | string | null): Wait {
  const s = actor.scheduler;
  const now = s.current === actor ? s.lastNow : s.clock.now(); // after a foreign promise the last look is old
  const wait = new Wait(actor, kind, target, now);
  const first = actor.waits;
  if (first === null) {
    actor.waits = wait;
    wait.previous = wait;
  } else {
    const last = first.previous!;
    wait.previous = last;
    last.next = first.previous = wait;
  }
  if (kind === SLEEP) s.words[s.base + SLEEPING]++;
  else if (isIo(kind)) s.words[s.base + IO_PARKED]++;
  if (kind !== RECEIVE && kind !== SLEEP) s.words[s.base + NOT_RECEIVING]++;
  if (kind === SELECT) wait.becomeDue();
  return wait;
}

/** Opens a wait with the options that every wait takes, and parks; or gives the rejected promise. */
export function open(
  actor: ActorImpl,
  kind: WaitKind,
  target: Pid | string | null,
  options?: WaitOptions,
  parkNow = true,
): Wait | Promise<never> {
  const refused = refuseWait(actor, kind === IO ? target as string : WAIT_NAMES[kind], options);
  if (refused !== null) return refused;
  const timeout = options?.timeout, signal = options?.signal;
  const wait = begin(actor, kind, target);
  if (timeout !== undefined) timeoutIn(wait, timeout);
  if (signal !== undefined) actor.scheduler.aborts.watch(wait, signal);
  actor.scheduler.ops--;
  if (parkNow) actor.scheduler.parked(actor);
  return wait;
}

export function timeoutIn(wait: Wait, ms: number): void {
  timeoutAt(wait, wait.actor.scheduler.clock.now() + ms);
}

export function timeoutAt(wait: Wait, atMs: number): void {
  wait.timer = new Timer(fireWait, wait);
  wait.actor.scheduler.timers.insert(wait.timer, atMs);
}

/** What a wait waited for is there. */
export function complete(wait: Wait, value: unknown): boolean {
  return wait.complete(value) && isOver(wait);
}

export function fail(wait: Wait, error: unknown): boolean {
  return wait.fail(error) && isOver(wait);
}

/** As {@link fail}; the error's stack becomes that of whoever awaits. */
export function failAwaiter(wait: Wait, error: Error): boolean {
  return wait.failAwaiter(error) && isOver(wait);
}

function isOver({ actor, kind }: Wait): true {
  const s = actor.scheduler;
  if (s.trace !== null) s.trace.completed(kind, actor, isIo(kind));
  s.wake(actor);
  return true;
}

/** A wait that was over as soon as it began: the actor goes on, behind the others if its timeslice is used up. */
export function goOn(wait: Wait): void {
  if (wait.previous === null) return; // see settleNow
  const { actor } = wait;
  const s = actor.scheduler;
  if (isBehind(wait) || (s.ops > 0 ? s.sliceUsed : s.look(actor))) s.giveWay(actor);
  else settleNow(wait);
}

/** Whether an earlier wait is over and not settled yet: what came first is to be seen first. */
function isBehind(wait: Wait): boolean {
  if (wait.actor.due === 1) return false;
  let before = wait.actor.waits!;
  while (before !== wait && before.isOpen) before = before.next!;
  return before !== wait;
}

/** A wait that was over as soon as it began: the actor goes on without having parked. */
export function settleNow(wait: Wait): void {
  if (wait.previous === null) return; // a predicate has waited, and its actor was resumed meanwhile; or has ended it
  detach(wait);
  wait.settle();
}

/** Takes a wait that is over out of its actor's list. */
export function detach(wait: Wait): void {
  if (wait.previous === null) return; // a predicate has ended its actor, and with that all waits
  const { actor, kind } = wait;
  const s = actor.scheduler;
  const first = actor.waits!;
  if (wait === first) actor.waits = wait.next;
  else wait.previous.next = wait.next;
  if (wait.next !== null) wait.next.previous = wait.previous;
  else first.previous = wait.previous;
  wait.previous = null;
  if (wait.isDue) actor.due--;
  if (wait.timer !== null) s.timers.cancel(wait.timer);
  if (wait.signal !== null) s.aborts.forget(wait);
  if (kind === SLEEP) s.words[s.base + SLEEPING]--;
  else if (isIo(kind)) s.words[s.base + IO_PARKED]--;
  if (kind !== RECEIVE && kind !== SLEEP) s.words[s.base + NOT_RECEIVING]--;
  if (kind === RECEIVE) {
    leaveMailbox(actor);
    if (wait.leads) passLead(wait);
  }
  // An old wait would keep all that were begun after it, with what they have got, until what is old is collected.
  wait.next = null;
  if (actor.waits === null) s.details.waitsForNothing(actor); // a plain receive, which may come next, notes nothing
}

/** Of what a coming message could satisfy there is one less. */
export function leaveMailbox(actor: ActorImpl): void {
  actor.receives--;
  if (actor.receives === 0 || (actor.receives === 1 && actor.rxResolve !== null)) {
    actor.rx &= ~(RX_LISTED | RX_SELECTS);
  }
}

/**
 * The lead goes to the next plain receive. The others have nothing to look for before: were all of them looked at for
 * each message, 24,000 pending ones took 140 µs a message.
 */
function passLead(wait: Wait): void {
  const { actor } = wait;
  let next = wait.next;
  while (next !== null && !(next.kind === RECEIVE && next.match === null && next.isOpen)) next = next.next;
  if (next === null) actor.rx &= ~RX_LEADS;
  else lead(next);
}

/** A resume looks at this plain receive. */
export function lead(wait: Wait): void {
  wait.actor.rx |= RX_LEADS;
  wait.leads = true;
  wait.becomeDue();
}

/** Drops all that an ended actor was waiting for; its promises are never settled. */
export function dropAll(actor: ActorImpl): void {
  for (let wait = actor.waits; wait !== null; wait = actor.waits) {
    if (wait.isOpen) wait.onGiveUp?.(wait);
    detach(wait);
  }
  actor.rxResolve = null;
  actor.receives = 0;
}
