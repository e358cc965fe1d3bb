/**
 * One operation of an actor that waits: what it waits for and since when, the promise that the actor's code holds, the
 * timeout, and the abort signal. An actor may have several open at once.
 *
 * A wait is completed by whoever has what it waits for, and settled by the scheduler at the actor's next resume: that
 * is how actors run one at a time. A timeout that fires before the resume loses against a completion that is already
 * there, so that nothing is lost (S16), and a settled wait has no timer left that could wake a later one.
 *
 * @module
 */
import type { Pid, WaitOptions } from "./api.ts";
import type { ActorImpl } from "./actor.ts";
import { within } from "./async_context.ts";
import type { Timer } from "../timer/wheel.ts";
import { checkNames } from "./spelling.ts";
import { checkDuration } from "../timer/duration.ts";
import { TIMER } from "../trace/format.ts";

export const RECEIVE = 1;
export const SLEEP = 2;
export const JOIN = 3;
export const CALL = 4;
export const CHANNEL_SEND = 5;
export const CHANNEL_RECEIVE = 6;
export const YIELD = 7;
export const UNTIL = 8;
export const IO = 9;
export const BLOCKING = 10;
export const SELECT = 11;

export type WaitKind =
  | typeof RECEIVE
  | typeof SLEEP
  | typeof JOIN
  | typeof CALL
  | typeof CHANNEL_SEND
  | typeof CHANNEL_RECEIVE
  | typeof YIELD
  | typeof UNTIL
  | typeof IO
  | typeof BLOCKING
  | typeof SELECT;

/** Whether a wait counts as one for IO (S5). */
export function isIo(kind: WaitKind): boolean {
  return kind >= UNTIL && kind <= BLOCKING;
}

/** How the target of a select begins that waits for messages too. */
export const SELECTS_MAILBOX = "mailbox";

export const WAIT_OPTIONS: readonly string[] = ["timeout", "signal"];

/**
 * @throws TypeError for what is no object, such as a number of ms or a bare signal, and for an option that there is not:
 * a slip would wait for ever.
 */
export function checkOptions(
  options: unknown,
  operation: string,
  known: readonly string[] = WAIT_OPTIONS,
): void {
  if (options === undefined) return;
  if (typeof options !== "object" || options === null || options instanceof AbortSignal) {
    throw new TypeError(
      `${operation} takes { ${known.join(", ")} } as its options, got ${Deno.inspect(options, { depth: 0 })}`,
    );
  }
  // Every wait with a timeout comes by here: an array of its names is made only where one is not known.
  for (const name in options) if (!known.includes(name)) checkNames(options, known, operation);
}

/** What gives a wait up must be able to. */
export function checkSignal(signal: unknown): void {
  if (signal === undefined || signal instanceof AbortSignal) return;
  throw new TypeError(`signal needs an AbortSignal, got ${Deno.inspect(signal, { depth: 0 })}`);
}

/** @throws TypeError, RangeError for options that are wrong; the reason of a signal that has been aborted. */
export function checkWait(options: WaitOptions | undefined, operation: string): void {
  if (options === undefined) return;
  checkOptions(options, operation);
  const { timeout, signal } = options;
  checkSignal(signal);
  signal?.throwIfAborted();
  if (timeout !== undefined) checkDuration(timeout, "timeout");
}

/** As shown in dumps and in the deadlock verdict. */
export const WAIT_NAMES: readonly string[] = [
  "running",
  "receive",
  "sleep",
  "join",
  "call",
  "channel send",
  "channel receive",
  "yield",
  "until",
  "io",
  "blocking",
  "select",
];

/** Bits of an actor's `rx`: why a receive cannot take the short way. */
export const RX_FAST = 1; // a plain receive is pending in rxResolve
export const RX_LISTED = 2; // receives are pending in the list of waits
export const RX_ITERATES = 4; // the plain receive wants an iterator result
export const RX_LEADS = 8; // a plain receive in the list has the lead
export const RX_SELECTS = 16; // of those in the list one chooses among messages, or did
export const RX_STARTS = 32; // supervised, and has not asked for a message yet
export const RX_ENDING = 64; // told to end, or ended; anything from here on refuses waits

export type Match = (message: never) => boolean;

const OPEN = 0;
const COMPLETED = 1;
const FAILED = 2;
const BLAMED = 3;

// One executor for all promises: a closure a wait would cost 30 ns and 64 bytes.
let capturedResolve: (value: unknown) => void;
let capturedReject: (error: unknown) => void;
function capture(resolve: (value: unknown) => void, reject: (error: unknown) => void): void {
  capturedResolve = resolve;
  capturedReject = reject;
}

/** Who is to answer a wait, and need not when it is given up: by timeout, abort or exit. */
export interface Answerer {
  givenUp(): void;
}

function tellAnswerer(wait: Wait): void {
  wait.answerer!.givenUp();
}

export class Wait {
  readonly actor: ActorImpl;
  readonly kind: WaitKind;
  readonly promise: Promise<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  /** Whom or what it waits for: a pid, a name or a word. */
  readonly target: Pid | string | null;
  /** Milliseconds since the run began. */
  readonly since: number;
  /** For receives: which messages will do. */
  match: Match | null = null;
  /** How many queued messages `match` has refused. */
  scanned = 0;
  /** Of the actor's plain receives in the list it is the first, and the only one that each resume looks at. */
  leads = false;
  /** Who answers it, here: see {@link tells}. */
  answerer: Answerer | null = null;
  timer: Timer<Wait> | null = null;
  timedOut = false;
  /** A resume is to look at it: it is over, has timed out, or looks itself whether what it waits for is there. */
  isDue = false;
  onGiveUp: ((wait: Wait) => void) | null = null;
  onPoll: ((wait: Wait) => void) | null = null;
  onTimeout: ((wait: Wait) => void) | null = null;
  signal: AbortSignal | null = null;
  /** Of the actor's first wait: its last one, so that thousands at once are put in line as quickly as two. */
  previous: Wait | null = null;
  next: Wait | null = null;
  #state = OPEN;
  #result: unknown = undefined;

  constructor(actor: ActorImpl, kind: WaitKind, target: Pid | string | null, since: number) {
    this.actor = actor;
    this.kind = kind;
    this.target = target;
    this.since = since;
    this.promise = new Promise(capture);
    this.resolve = capturedResolve;
    this.reject = capturedReject;
  }

  get isOpen(): boolean {
    return this.#state === OPEN;
  }

  // V8 makes a function that stands on the right of `object.property =` an old object at once, and what it holds stays until
  // old objects are collected: who read 1 MiB at a time kept up to 40 of them (measured on Deno 2.9.6). An argument is young.

  /** Undoes what the wait has registered elsewhere, when it is given up: by timeout, abort or exit. */
  whenGivenUp(undo: (wait: Wait) => void): void {
    this.onGiveUp = undo;
  }

  /** As {@link whenGivenUp}, with no closure for each wait. */
  tells(answerer: Answerer): void {
    this.answerer = answerer;
    this.onGiveUp = tellAnswerer;
  }

  /** Looks, at each resume, whether what it waits for is there: for waits on several sources. */
  whenPolled(look: (wait: Wait) => void): void {
    this.onPoll = look;
  }

  /** Makes the error of a timeout; the default says what was waited for. */
  whenTimedOut(fail: (wait: Wait) => void): void {
    this.onTimeout = fail;
  }

  /** Records the result; false when it has one already. The caller unparks the actor. */
  complete(value: unknown): boolean {
    if (this.#state !== OPEN) return false;
    this.#state = COMPLETED;
    this.becomeDue();
    this.#result = value;
    return true;
  }

  fail(error: unknown): boolean {
    if (this.#state !== OPEN) return false;
    this.#state = FAILED;
    this.becomeDue();
    this.#result = error;
    return true;
  }

  becomeDue(): void {
    if (this.isDue) return;
    this.isDue = true;
    this.actor.due++;
  }

  /** As {@link fail} with an error that was made for this wait: its stack is to be that of whoever waits. */
  failAwaiter(error: Error): boolean {
    if (!this.fail(error)) return false;
    this.#state = BLAMED;
    return true;
  }

  /** Settles the promise: the actor's code goes on in a microtask. */
  settle(): void {
    if (this.#state === COMPLETED) this.resolve(this.#result);
    else within(this.actor, () => this.#reject()); // perhaps in the stack of another actor, which has just parked
    this.#result = undefined;
  }

  #reject(): void {
    if (this.#state === BLAMED) this.resolve(failAtAwaiter(this.#result as Error));
    else this.reject(this.#result);
  }
}

/** Whether one of the actor's waits is over and not settled yet. Whatever is taken now is to be seen after that. */
export function hasUnsettled(actor: ActorImpl): boolean {
  let { due } = actor;
  for (let wait = actor.waits; due > 0 && wait !== null; wait = wait.next) {
    if (!wait.isOpen) return true;
    if (wait.isDue) due--;
  }
  return false;
}

/** The timeout of a wait has come: the scheduler settles it at the actor's next resume. */
export function fireWait(timer: Timer<Wait>): void {
  const wait = timer.owner;
  wait.timedOut = true;
  wait.becomeDue();
  const s = wait.actor.scheduler;
  if (s.trace !== null) s.trace.of(TIMER, wait.actor);
  s.wake(wait.actor);
}

/**
 * V8 tells the line of whoever awaits a promise only to errors that are made while that promise is being settled: a
 * timeout's error, or that of an operation, is made in the event loop and would name no line of the program.
 */
export async function failAtAwaiter(error: Error): Promise<never> {
  await null; // the wait's promise is chained to this one in the second microtask
  await null;
  await null;
  Error.captureStackTrace(error, failAtAwaiter);
  throw error;
}
