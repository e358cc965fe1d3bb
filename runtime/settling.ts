/**
 * Settling, at an actor's resume, what it can go on with: the end of its waits.
 *
 * @module
 */
import type { ActorImpl } from "./actor.ts";
import { within } from "./async_context.ts";
import { TimeoutError } from "./errors.ts";
import { formatPid } from "./pid.ts";
import { takeAt, tryComplete } from "./receive.ts";
import { RECEIVE, RX_ENDING, RX_FAST, RX_ITERATES, type Wait, WAIT_NAMES } from "./wait.ts";
import * as waiting from "./waiting.ts";

/** Settles whatever the actor can go on with, all waits re-checked. False: nothing. */
export function settle(actor: ActorImpl): boolean {
  if (actor.rx >= RX_ENDING) return refuseAll(actor);
  let settled = false;
  if (actor.rxResolve !== null && actor.mailbox.length > 0) {
    const resolve = actor.rxResolve;
    actor.rxResolve = null;
    const iterates = (actor.rx & RX_ITERATES) !== 0;
    actor.rx &= ~(RX_FAST | RX_ITERATES);
    actor.receives--;
    const message = takeAt(actor, 0);
    resolve(iterates ? { value: message, done: false } : message);
    settled = true;
  }
  let left = 0; // an actor may have thousands open, and is not to look at all of them for each message
  for (let wait = actor.waits, next: Wait | null; wait !== null && actor.due > left; wait = next) {
    next = wait.next;
    if (!wait.isDue) continue;
    if (wait.isOpen && wait.kind === RECEIVE) tryComplete(actor, wait);
    else if (wait.isOpen && wait.onPoll !== null) wait.onPoll(wait);
    if (wait.isOpen && wait.timedOut) {
      wait.onGiveUp?.(wait);
      if (wait.onTimeout !== null) wait.onTimeout(wait);
      else wait.failAwaiter(timeoutError(wait, actor.scheduler.lastNow));
    }
    next = wait.next; // a predicate may have begun another wait, or ended the actor
    if (wait.isOpen) left++;
    else {
      waiting.settleNow(wait);
      settled = true;
    }
  }
  return settled;
}

/** The actor was told to end: every wait rejects. */
function refuseAll(actor: ActorImpl): boolean {
  let settled = false;
  const resolve = actor.rxResolve;
  if (resolve !== null) {
    actor.rxResolve = null;
    actor.receives--;
    actor.rx &= ~(RX_FAST | RX_ITERATES);
    within(actor, () => resolve(Promise.reject(actor.exiting))); // its reject function is not kept: 64 bytes an actor
    settled = true;
  }
  for (let wait = actor.waits; wait !== null; wait = actor.waits) {
    if (wait.isOpen) {
      wait.onGiveUp?.(wait);
      wait.fail(actor.exiting);
    }
    waiting.settleNow(wait);
    settled = true;
  }
  return settled;
}

function timeoutError(wait: Wait, now: number): TimeoutError {
  const on = wait.target === null
    ? ""
    : ` ${typeof wait.target === "number" ? formatPid(wait.target) : wait.target}`;
  return new TimeoutError(
    `${WAIT_NAMES[wait.kind]}${on} took longer than its timeout: waited ${Math.round(now - wait.since)} ms`,
  );
}
