/**
 * State machines in the manner of OTP's `gen_statem`: handlers by state, a timeout of the state, events that are put off
 * until the state has changed. Typed as servers are (server.ts), with the same messages on the wire.
 *
 * @module
 */
import type { Actor, Pid, TimerRef } from "../runtime/api.ts";
import { OWN_EVENT } from "../runtime/marks.ts";
import { checkNames } from "../runtime/spelling.ts";
import { checkDuration } from "../timer/duration.ts";
import {
  announceTo,
  answerWith,
  asError,
  checkHandlers,
  checkParts,
  type Client,
  type ClientOptions,
  isAlive,
  isCast,
  isExit,
  isServerCall,
  makeClient,
  orderOf,
  ownHandler,
  poolOf,
  type Reply,
  type Server,
  shownAs,
  starting,
  takeAnnouncement,
} from "./server.ts";

/** What a handler of a state machine works with. */
export interface Machine<D> {
  /** The machine's actor. */
  readonly self: Actor<unknown>;
  /** Change it, or put other data in its place. */
  data: D;
  /** The current state. */
  readonly state: string;
  /** Who has called; null otherwise. */
  readonly from: Pid | null;
  /**
   * Changes the state once the handler is done: the timeout of the old state is off, `enter` of the new one runs, and
   * then come the events that were put off. The state that it is in already is no change.
   */
  go(state: string): void;
  /**
   * The handler `timeout` of the current state, or of the one that `go` has named, runs after `ms` without a change. It
   * takes its turn among the messages, also with 0 (where OTP's comes before those that are there already).
   */
  timeoutIn(ms: number): void;
  /** Puts this event off until the state has changed. Of a call give back what this gives. */
  // deno-lint-ignore no-explicit-any
  postpone(): any;
  /** The caller's `await` throws this error; the machine goes on. Where nobody has called, the error ends it. */
  fail(error: Error): never;
  /** Answers the call later. */
  later<R>(keep: (reply: Reply<R>) => void): R;
  /** Ends the machine once the handler is done. */
  stop(reason?: unknown): void;
}

/** Handlers by name: each takes the machine and the caller's arguments. */
// deno-lint-ignore no-explicit-any
export type MachineHandlers<D> = Record<string, (machine: Machine<D>, ...args: any[]) => unknown>;

/** One state: what it does with each event. An event that it does not name is ignored, a call of that kind refused. */
export interface StateSpec<D> {
  /** Runs when the machine comes into this state, at the start too. */
  readonly enter?: (machine: Machine<D>) => unknown;
  /** What a handler returns is the answer. */
  readonly calls?: MachineHandlers<D>;
  /** Events without an answer. */
  readonly casts?: MachineHandlers<D>;
  /** What {@link Machine.timeoutIn} has asked for. */
  readonly timeout?: (machine: Machine<D>) => unknown;
  /** Any other message, but for an `EXIT` of the machine's supervisor, which ends it. */
  readonly info?: (machine: Machine<D>, message: unknown) => unknown;
}

/** What `statem` takes. */
export interface StatemSpec<D, A extends unknown[], T> {
  /** Makes the data. The actor has not started before this is done: a supervisor goes on with its next child then. */
  readonly init: (self: Actor<unknown>, ...args: A) => D | Promise<D>;
  /** The first state. */
  readonly initial: string;
  /** Every state, by name. */
  readonly states: T & { readonly [state: string]: StateSpec<D> };
  /** At the end, whatever led to it but `kill`. */
  readonly terminate?: (machine: Machine<D>, reason: unknown) => unknown;
}

/** The calls, or casts, of each state. */
export type Part<T, K extends "calls" | "casts"> = T[keyof T] extends infer One
  ? One extends { readonly [P in K]: infer H } ? H : never
  : never;
/** The names that any of them has. */
export type Keys<U> = U extends unknown ? keyof U : never;
/** The handlers of one name. */
export type At<U, N extends PropertyKey> = U extends { readonly [P in N]: infer F } ? F : never;
/** The calls, or casts, of all states together. */
export type Merged<T, K extends "calls" | "casts"> = { [N in Keys<Part<T, K>>]: At<Part<T, K>, N> };

/** A client of a state machine. */
export type MachineClient<T> = Client<Merged<T, "calls">, Merged<T, "casts">>;

/** A state machine: an actor function, to be exported and spawned as it is, and its clients. */
export type Statem<D, A extends unknown[], T> = Server<D, A, Merged<T, "calls">, Merged<T, "casts">>;

const POSTPONED = Symbol("postponed");
const LATER = Symbol("later");
const NO_EVENT = Symbol("no event");

class Refusal {
  readonly error: Error;
  constructor(error: Error) {
    this.error = error;
  }
}

class Runner<D> implements Machine<D> {
  readonly self: Actor<unknown>;
  readonly #states: Record<string, StateSpec<D>>;
  data!: D;
  state: string;
  from: Pid | null = null;
  stopping: { reason: unknown } | null = null;
  #next: string | null = null;
  #timer: TimerRef | null = null;
  /** A timeout that was armed in another state, or replaced, is stale. */
  #token = 0;
  #timeoutMs: number | null = null;
  #event: unknown = NO_EVENT;
  /** Put off until the state changes, in the order in which they came. */
  #postponed: unknown[] = [];

  constructor(self: Actor<unknown>, states: Record<string, StateSpec<D>>, initial: string) {
    this.self = self;
    this.#states = states;
    this.state = initial;
    this.#known(initial);
  }

  go(state: string): void {
    this.#known(state);
    this.#next = state;
  }
  timeoutIn(ms: number): void {
    this.#timeoutMs = checkDuration(ms, "timeoutIn");
  }
  // deno-lint-ignore no-explicit-any
  postpone(): any {
    if (this.#event === NO_EVENT) throw new TypeError("postpone puts an event off: enter has none");
    if (this.#postponed.at(-1) !== this.#event) this.#postponed.push(this.#event);
    return POSTPONED;
  }
  fail(error: Error): never {
    throw this.from === null ? error : new Refusal(error);
  }
  later<R>(keep: (reply: Reply<R>) => void): R {
    const call = this.#event;
    if (!isServerCall(call)) throw new TypeError("later answers a call: this event is none");
    keep(call as Reply<R>);
    return LATER as R;
  }
  stop(reason: unknown = "normal"): void {
    this.stopping ??= { reason };
  }

  #known(state: string): void {
    if (Object.hasOwn(this.#states, state)) return;
    const known = Object.keys(this.#states).map((name) => JSON.stringify(name)).join(", ");
    throw new RangeError(`statem has no state ${JSON.stringify(state)}: it has ${known}`);
  }

  async #enter(): Promise<void> {
    this.#event = NO_EVENT;
    await this.#states[this.state].enter?.(this);
  }

  async start(): Promise<void> {
    await this.#enter();
    await this.#settle();
  }

  /** One event, and all that follows from it. */
  async handle(event: unknown): Promise<void> {
    const order = orderOf(event);
    if (order !== null) return this.stop(order.reason);
    const pool = poolOf(event);
    if (pool !== null) return await announceTo(this.self, pool);
    await this.#dispatch(event);
    await this.#settle();
  }

  /** Carries state changes out, until nothing changes any more. */
  async #settle(): Promise<void> {
    while (this.stopping === null) {
      const next = this.#next;
      this.#next = null;
      if (next === null || next === this.state) {
        this.#armTimeout();
        return;
      }
      this.#disarm();
      this.state = next;
      this.#armTimeout(); // asked for together with the change
      await this.self.check(); // a machine may go from state to state for ever
      await this.#enter();
      this.#armTimeout();
      const postponed = this.#postponed;
      this.#postponed = [];
      while (postponed.length > 0 && this.stopping === null) {
        if (this.#next !== null && this.#next !== this.state) { // the state changes again: they go on waiting, in order
          this.#postponed.push(...postponed);
          break;
        }
        await this.#dispatch(postponed.shift());
        this.#armTimeout(); // of this state: the next one may leave it
      }
    }
  }

  #armTimeout(): void {
    const ms = this.#timeoutMs;
    if (ms === null || this.#next !== null && this.#next !== this.state) return;
    this.#timeoutMs = null;
    this.#disarm();
    this.#timer = this.self.after(ms, this.self.pid, {
      type: "STATE_TIMEOUT",
      token: this.#token,
      [OWN_EVENT]: true,
    });
  }

  #disarm(): void {
    this.#token++;
    if (this.#timer !== null) this.self.cancel(this.#timer);
    this.#timer = null;
  }

  async #dispatch(event: unknown): Promise<void> {
    const state = this.#states[this.state];
    this.#event = event;
    if (isServerCall(event)) {
      const { call: name, args } = event.request;
      const call = ownHandler(state.calls, name);
      const own = call ?? ownHandler(state.casts, name); // of a pool, which wants to know when a cast is done
      if (call !== undefined) this.from = event.from;
      try {
        if (own === undefined) {
          throw new Refusal(
            new TypeError(
              `the call ${JSON.stringify(name)} is not taken in state ${JSON.stringify(this.state)}`,
            ),
          );
        }
        const value = await own(this, ...args);
        if (value !== POSTPONED && value !== LATER) answerWith(event, value);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        event.fail(error.error);
      } finally {
        this.from = null;
      }
    } else if (isCast(event)) await ownHandler(state.casts, event.cast)?.(this, ...event.args);
    else if (isTimeout(event)) {
      if (event.token === this.#token) await state.timeout?.(this);
    } else await state.info?.(this, event);
  }
}

function isTimeout(message: unknown): message is { readonly token: number } {
  return typeof message === "object" && message !== null && OWN_EVENT in message;
}

/**
 * Makes a state machine of its states. Export it, so that it can be started on any scheduler.
 *
 * @example A door that opens with a code, and locks again by itself
 * ```ts
 * import { type Actor, statem } from "smarm";
 *
 * export const door = statem({
 *   init: (_self, code: string) => ({ code }),
 *   initial: "locked",
 *   states: {
 *     locked: {
 *       calls: {
 *         unlock: (m, code: string) => {
 *           if (code !== m.data.code) return false;
 *           m.go("open");
 *           return true;
 *         },
 *       },
 *       casts: { walkThrough: (m) => m.postpone() },
 *     },
 *     open: {
 *       enter: (m) => m.timeoutIn(10_000),
 *       casts: { walkThrough: (m) => m.self.log.info("somebody comes in") },
 *       timeout: (m) => m.go("locked"),
 *     },
 *   },
 * });
 *
 * export async function main(self: Actor) {
 *   const client = door.start(self, "1234");
 *   client.walkThrough();
 *   await client.unlock("1234");
 * }
 * ```
 */
export function statem<D, A extends unknown[], T>(
  spec: StatemSpec<D, A, T>,
): Statem<D, A, T> {
  checkParts("statem", spec, ["init"], ["terminate"]);
  checkNames(spec, ["init", "initial", "states", "terminate"], "statem");
  for (const [name, state] of Object.entries(spec.states ?? {})) {
    const what = `statem: state ${JSON.stringify(name)}`;
    checkParts(what, state, [], ["enter", "timeout", "info"]);
    checkNames(state, ["enter", "calls", "casts", "timeout", "info"], what);
    checkHandlers(what, state);
  }
  if (!Object.hasOwn(spec.states ?? {}, spec.initial)) {
    throw new RangeError(
      `statem begins in state ${JSON.stringify(spec.initial)}, which it does not have. Add it`,
    );
  }
  const names = (part: "calls" | "casts") => [
    ...new Set(Object.values(spec.states).flatMap((state) => Object.keys(state[part] ?? {}))),
  ];
  const calls = names("calls"), casts = names("casts");
  const both = calls.find((name) => casts.includes(name));
  if (both !== undefined) throw new TypeError(`statem has a call and a cast named ${both}. Rename one`);
  const run = async (self: Actor<unknown>, ...args: unknown[]) => {
    const announce = takeAnnouncement(args);
    const machine = new Runner<D>(self, spec.states, spec.initial);
    machine.data = await starting(self, () => spec.init(self, ...args as A));
    if (announce !== null) await announceTo(self, announce);
    let reason: unknown = "normal";
    try {
      await machine.start();
      while (machine.stopping === null) await machine.handle(await self.receive());
      reason = machine.stopping.reason;
    } catch (error) {
      reason = isExit(error) ? error.reason : error;
      throw error;
    } finally {
      if (isAlive(self)) await spec.terminate?.(machine, reason);
    }
    if (reason !== "normal") throw asError(self, reason);
  };
  const client = (self: Actor<unknown>, to: never, options?: ClientOptions) =>
    makeClient(self, to, calls, casts, options);
  const startWith = (self: Actor<unknown>, options: object, ...args: A) => {
    const handle = self.spawnWith(options, run as never, ...args as never);
    return Object.assign(client(self, handle as never), { handle });
  };
  const start = (self: Actor<unknown>, ...args: A) => {
    const handle = self.spawn(run as never, ...args as never);
    return Object.assign(client(self, handle as never), { handle });
  };
  return Object.assign(shownAs("statem", run), { client, start, startWith }) as unknown as Statem<D, A, T>;
}
