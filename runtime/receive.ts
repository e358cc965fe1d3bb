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
import { type Match, RECEIVE, RX_LISTED, type Wait } from "./wait.ts";

export function receiveWith(
  actor: ActorImpl,
  a: Match | WaitOptions | undefined,
  b: WaitOptions | undefined,
): Promise<unknown> {
  const match = typeof a === "function" ? a : null;
  const options = match === null ? a as WaitOptions | undefined : b;
  if (match === null && a !== undefined && (typeof a !== "object" || a === null)) {
    return Promise.reject(
      new TypeError(`receive takes a predicate or { timeout, signal }, got ${Deno.inspect(a)}`),
    );
  }
  const s = actor.scheduler;
  const refused = s.refuse(actor, "receive");
  if (refused !== null) return refused;
  const wait = s.wait(actor, RECEIVE, null, options, false);
  if (wait instanceof Promise) return wait;
  wait.match = match;
  actor.receives++;
  actor.rx |= RX_LISTED;
  // Earlier receives have had their look at what is queued, except for what came since they were woken: they go first.
  if (actor.receives === 1) tryComplete(actor, wait);
  if (wait.isOpen) s.parked(actor);
  else s.settleNow(actor, wait);
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
    let matches: boolean;
    try {
      matches = wait.match(mailbox.at(wait.scanned) as never);
    } catch (error) {
      wait.fail(error);
      return;
    }
    if (matches) {
      wait.complete(takeAt(actor, wait.scanned));
      return;
    }
    wait.scanned++;
  }
}

/** Takes a message out and keeps the positions of the pending receives true. */
export function takeAt(actor: ActorImpl, position: number): unknown {
  for (let wait = actor.waits; wait !== null; wait = wait.next) {
    if (wait.scanned > position) wait.scanned--;
  }
  return actor.mailbox.removeAt(position);
}
