/**
 * The states of an actor and the one place that moves between them.
 *
 * | state \ event | resume | park             | yield    | unpark           | end  |
 * | ------------- | ------ | ---------------- | -------- | ---------------- | ---- |
 * | Unstarted     | run    | —                | —        | ignored          | Done |
 * | Runnable      | run    | —                | —        | ignored          | Done |
 * | Running       | —      | Parked, or with the flag: Runnable, requeue, flag used up | Runnable, requeue, flag kept | flag set, deferred | Done |
 * | Parked        | —      | stays            | —        | Runnable, requeue | Done |
 * | Done          | stale  | stale            | stale    | stale            | stale |
 *
 * The race that the flag closes (S7, from Rust smarm's `pending_unpark`): an actor that was resumed for one wait still
 * has others open; one of those completes while the actor is on its way to park. An unpark that only looked for Parked
 * actors would be lost and the actor would sleep for ever. The flag makes the next park requeue it instead; it outlives
 * a yield, and since every resume re-checks all waits, a wake-up that turns out to be for nothing is harmless.
 *
 * Running means: it holds the scheduler's baton. An actor that awaits a promise that is not smarm's loses the baton at
 * the next turn of the event loop, which is a park like any other.
 *
 * @module
 */

/** Waits in a run queue for its first resume: only such an actor may be stolen. */
export const UNSTARTED = 0;
/** Waits in a run queue. */
export const RUNNABLE = 1;
/** Holds the baton of its scheduler. */
export const RUNNING = 2;
/** Waits for an operation of smarm or for a foreign promise. */
export const PARKED = 3;
/** Has ended. */
export const DONE = 4;

export type ActorState = typeof UNSTARTED | typeof RUNNABLE | typeof RUNNING | typeof PARKED | typeof DONE;

export const STATE_NAMES = ["unstarted", "runnable", "running", "parked", "done"] as const;

/** What the machine needs of an actor. */
export interface Stateful {
  state: ActorState;
  pendingUnpark: boolean;
}

/** A run queue hands the actor out. */
export function resume(actor: Stateful): "run" | "stale" {
  if (actor.state > RUNNABLE) return "stale";
  actor.state = RUNNING;
  return "run";
}

/** It waits. `requeue`: an unpark came on the way, the caller puts it back into the run queue. */
export function park(actor: Stateful): "parked" | "requeue" | "stale" {
  if (actor.state === RUNNING) {
    if (actor.pendingUnpark) {
      actor.pendingUnpark = false;
      actor.state = RUNNABLE;
      return "requeue";
    }
    actor.state = PARKED;
    return "parked";
  }
  return actor.state === DONE ? "stale" : "parked";
}

/** It goes to the back of the queue; the caller puts it there. */
export function yieldBack(actor: Stateful): "requeue" | "stale" {
  if (actor.state !== RUNNING) return "stale";
  actor.state = RUNNABLE;
  return "requeue";
}

/** Something that it waits for has come. `requeue`: the caller puts it into the run queue. */
export function unpark(actor: Stateful): "requeue" | "deferred" | "ignored" | "stale" {
  switch (actor.state) {
    case PARKED:
      actor.state = RUNNABLE;
      return "requeue";
    case RUNNING:
      actor.pendingUnpark = true;
      return "deferred";
    case DONE:
      return "stale";
    default:
      return "ignored";
  }
}

/** It ended. False when it had ended before. */
export function end(actor: Stateful): boolean {
  if (actor.state === DONE) return false;
  actor.state = DONE;
  return true;
}
