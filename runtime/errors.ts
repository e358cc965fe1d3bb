/**
 * The errors that smarm throws. A program tells them apart by `error.name`: the class of an error that crossed a
 * scheduler is not the one that the program may have imported.
 *
 * @module
 */
import type { Outcome, Pid } from "./api.ts";
import { limitStacks } from "./stack_limit.ts";

/** A wait's `timeout` has passed. */
export class TimeoutError extends Error {
  /** `"TimeoutError"`, also where the class is not at hand. */
  override readonly name: string = "TimeoutError";
}

/** The actor that was to answer, or whose outcome was asked for, is dead. */
export class DeadActorError extends Error {
  /** `"DeadActorError"`, also where the class is not at hand. */
  override readonly name: string = "DeadActorError";
  /** The dead actor. */
  readonly pid: Pid;
  /** `pid` is the dead actor. */
  constructor(pid: Pid, message: string, options?: ErrorOptions) {
    super(message, options);
    this.pid = pid;
  }
}

/** The actor was asked to end, or was ended: its waits reject with this, and its outcome carries it. */
export class ExitError extends Error {
  /** `"ExitError"`, also where the class is not at hand. */
  override readonly name: string = "ExitError";
  /** What `self.exit(to, reason)` was given; `"killed"` after `self.kill(to)`. */
  readonly reason: unknown;
  /** An Error as the reason becomes the cause too. */
  constructor(reason: unknown, message = `the actor was told to end: ${describeReason(reason)}`) {
    super(message, reason instanceof Error ? { cause: reason } : undefined);
    this.reason = reason;
  }
}

/**
 * Without a stack, where that would show no line of the program: V8 takes 5 µs to note one, and Deno 200 to make a text of
 * it, which the end of each actor that was spawned on another scheduler would wait for.
 */
export function bareExit(reason: unknown, message?: string): ExitError {
  const before = limitStacks(0);
  const error = new ExitError(reason, message);
  limitStacks(before);
  return error;
}

/** A supervisor has given up, or refuses what it was asked. Its cause is the error of the child. */
export class SupervisorError extends Error {
  /** `"SupervisorError"`, also where the class is not at hand. */
  override readonly name: string = "SupervisorError";
}

/** A message came to a mailbox that is full and whose policy is `"panic"`. */
export class MailboxFullError extends Error {
  /** `"MailboxFullError"`, also where the class is not at hand. */
  override readonly name: string = "MailboxFullError";
}

/** The channel is closed, and nothing is buffered in it any more. */
export class ChannelClosedError extends Error {
  /** `"ChannelClosedError"`, also where the class is not at hand. */
  override readonly name: string = "ChannelClosedError";
}

/** A live actor has the name, which may be the one that asks. */
export class NameTakenError extends Error {
  /** `"NameTakenError"`, also where the class is not at hand. */
  override readonly name: string = "NameTakenError";
}

/** `run` was called while a run is active. */
export class AlreadyRunningError extends Error {
  /** `"AlreadyRunningError"`, also where the class is not at hand. */
  override readonly name: string = "AlreadyRunningError";
}

/** Nothing can ever wake a live actor, and not all of them merely wait for messages after main has ended. */
export class DeadlockError extends Error {
  /** `"DeadlockError"`, also where the class is not at hand. */
  override readonly name: string = "DeadlockError";
}

/** The program was ended by `self.halt(code)` or `Deno.exit(code)`. */
export class HaltedError extends Error {
  /** `"HaltedError"`, also where the class is not at hand. */
  override readonly name: string = "HaltedError";
  /** The exit code. */
  readonly code: number;
  /** `code` is the exit code. */
  constructor(code: number) {
    super(`the program was halted with code ${code}`);
    this.code = code;
  }
}

/** The run was ended by `runtime.stop()` or a signal, or a thread that it cannot do without died. */
export class StoppedError extends Error {
  /** `"StoppedError"`, also where the class is not at hand. */
  override readonly name: string = "StoppedError";
}

/** The module could not be loaded, or has no `main` function. */
export class LoadError extends Error {
  /** `"LoadError"`, also where the class is not at hand. */
  override readonly name: string = "LoadError";
}

/** Every slot of a scheduler holds a live actor. */
export class SlotLimitError extends RangeError {
  /** `"SlotLimitError"`, also where the class is not at hand. */
  override readonly name: string = "SlotLimitError";
}

export function describeReason(reason: unknown): string {
  try {
    if (reason instanceof Error) return `${reason.name}: ${reason.message}`;
    if (typeof reason === "string") return reason;
    return Deno.inspect(reason, { depth: 1, breakLength: Infinity });
  } catch {
    return `a value of type ${typeof reason} that cannot be shown`; // a revoked proxy, getters that throw
  }
}

/**
 * What an actor threw, as an Error that survives being told to others: a thrown value that is no Error becomes the
 * message and the cause of one, and so does an Error whose properties cannot be read.
 */
export function toError(thrown: unknown, what = "the actor threw"): Error {
  try {
    if (thrown instanceof Error) {
      void `${thrown.name}${thrown.message}`;
      void thrown.cause;
      return thrown;
    }
  } catch {
    const error = new Error(`${what} an error whose properties cannot be read`);
    error.stack = `${error.name}: ${error.message}`;
    return error;
  }
  const error = new Error(`${what} a value that is no Error: ${describeReason(thrown)}`);
  error.stack = `${error.name}: ${error.message}`; // the throw's own place is unknown, ours would mislead
  error.cause = thrown;
  return error;
}

/** Whether an end is one that people need not hear of. */
export function isQuiet(outcome: Outcome): boolean {
  if (outcome.kind === "exit") return true;
  return outcome.error.name === "ExitError" && isQuietReason((outcome.error as ExitError).reason);
}

/** The reasons that are no fault: not reported, not spread by links, no cause for a transient restart (OTP). */
export function isQuietReason(reason: unknown): boolean {
  return reason === "normal" || reason === "shutdown";
}
