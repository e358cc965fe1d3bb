/**
 * Receives that cannot take the short way: with a predicate, a timeout or a signal, or while others are pending.
 *
 * Pending receives take messages in the order of the calls. Each has seen, and refused, the first `scanned` messages of
 * the mailbox; a message is shown to a predicate once (Erlang rescans its mailbox after a match; a parked receive here
 * looks only at what is new).
 *
 * @module
 */
import type { WaitOptions } from "./api.ts";
import type { ActorImpl } from "./actor.ts";
import { RACES_TOLD } from "./layout.ts";
import {
  hasUnsettled,
  type Match,
  RECEIVE,
  RX_LEADS,
  RX_LISTED,
  RX_SELECTS,
  RX_STARTS,
  type Wait,
} from "./wait.ts";
import { hasStarted } from "./lifecycle.ts";
import * as waiting from "./waiting.ts";

/** So many pending receives of one actor are what losers of `Promise.race` leave behind. Guessed: nobody means to have as many. */
export const MANY_RECEIVES = 64;

/** JavaScript cannot see that a race was lost, but it adds up. Told once a run. */
function warnOfRaces(actor: ActorImpl): void {
  if (Atomics.exchange(actor.scheduler.run, RACES_TOLD, 1) !== 0) return;
  actor.scheduler.logFor(actor).warn(
    `${MANY_RECEIVES} receives of ${actor.target.name} are pending. The loser of a Promise.race is one of them, and takes ` +
      `a message that nobody sees: give a receive up with { timeout } or { signal }, or wait with self.select`,
  );
}

/**
 * A supervised actor that asks for a message has started, also when one is there already and it need not park: what it does
 * with that is no part of its start, and one whose mailbox is never empty would never have started.
 */
export function asksFirst(actor: ActorImpl): void {
  actor.rx &= ~RX_STARTS;
  if (actor.extras!.startsUnder !== null) hasStarted(actor.scheduler, actor);
}

export function receiveWith(
  actor: ActorImpl,
  a: Match | WaitOptions | undefined,
  b: WaitOptions | undefined,
): Promise<unknown> {
  const match = typeof a === "function" ? a : null;
  const options = match === null ? a as WaitOptions | undefined ?? b : b;
  if (match === null && a !== undefined && (typeof a !== "object" || a === null)) {
    return waiting.reject(
      actor,
      new TypeError(`receive takes a predicate or { timeout, signal }, got ${Deno.inspect(a)}`),
    );
  }
  const s = actor.scheduler;
  const refused = waiting.refuse(actor, "receive");
  if (refused !== null) return refused;
  if ((actor.rx & RX_STARTS) !== 0) asksFirst(actor);
  let refusedByMatch = 0;
  if (match !== null && b === undefined && actor.receives === 0 && !hasUnsettled(actor)) {
    // The short way: what is queued has it, often the first message, and no wait need be made.
    const { mailbox } = actor;
    try {
      while (refusedByMatch < mailbox.length && !matchesAt(actor, match, refusedByMatch)) refusedByMatch++;
    } catch (error) {
      return waiting.reject(actor, error);
    }
    if (refusedByMatch < mailbox.length) {
      return waiting.resolve(actor, takeAt(actor, refusedByMatch));
    }
  }
  const wait = waiting.open(actor, RECEIVE, null, options, false);
  if (wait instanceof Promise) return wait;
  wait.match = match;
  wait.scanned = refusedByMatch;
  if (++actor.receives === MANY_RECEIVES) warnOfRaces(actor);
  actor.rx |= RX_LISTED;
  if (match !== null) {
    actor.rx |= RX_SELECTS;
    wait.becomeDue();
  } else if ((actor.rx & RX_LEADS) === 0) waiting.lead(wait);
  // Earlier receives have the first look at what came since they were woken: then all of them look at the next resume.
  if (actor.receives === 1) tryComplete(actor, wait);
  else if (actor.mailbox.length > 0) s.wake(actor);
  if (wait.isOpen) s.parked(actor);
  else waiting.goOn(wait);
  return wait.promise;
}

/** Completes a receive with the first message that will do, among those that it has not refused. */
export function tryComplete(actor: ActorImpl, wait: Wait): void {
  const mailbox = actor.mailbox;
  if (wait.match === null) {
    if (mailbox.length > 0) wait.complete(takeAt(actor, 0));
    return;
  }
  while (wait.scanned < mailbox.length) {
    const position = wait.scanned;
    let matches: boolean;
    try {
      matches = matchesAt(actor, wait.match, position);
    } catch (error) {
      wait.fail(error);
      return;
    }
    if (!wait.isOpen) return; // the predicate has given it up, or waited and been asked again meanwhile
    if (wait.scanned !== position) continue;
    if (matches) {
      wait.complete(takeAt(actor, wait.scanned));
      return;
    }
    wait.scanned++;
  }
}

/**
 * Shows a queued message to a predicate. That is code of the actor, which can do anything, its own end included: what has
 * come into another place meanwhile is not taken.
 */
export function matchesAt(actor: ActorImpl, match: Match, position: number): boolean {
  const { mailbox } = actor;
  const message = mailbox.at(position);
  const matches = match(message as never);
  if (position < mailbox.length && mailbox.at(position) === message) return matches;
  throw new TypeError(
    "The predicate of a receive has taken messages itself. Let it look only at what it is given",
  );
}

/** Takes a message out and keeps the positions of the pending receives true. */
export function takeAt(actor: ActorImpl, position: number): unknown {
  if ((actor.rx & RX_SELECTS) !== 0) { // else none has refused a message, and the waits may be many
    for (let wait = actor.waits; wait !== null; wait = wait.next) {
      if (wait.scanned > position) wait.scanned--;
    }
  }
  return actor.mailbox.removeAt(position);
}
