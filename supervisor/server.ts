/**
 * Servers in the manner of OTP's `gen_server`, typed from their handlers: the client has one method for each call and
 * each cast, and nobody writes a message type.
 *
 * The module is pure: everything goes through the `self` of the actor that runs it, so a program may import it at run
 * time, and each scheduler has its own copy. On the wire a call is a `Call` with {@link ServerCall} as its request and a
 * cast is a {@link ServerCast}; whatever else comes is `info`.
 *
 * @module
 */
import { describeReason } from "../runtime/errors.ts";
import { checkNames } from "../runtime/spelling.ts";
import { OF_SUPERVISOR, STARTS_WITH } from "../runtime/marks.ts";
import type { Actor, AnyAddress, Call, Exit, Handle, Pid, SpawnOptions } from "../runtime/api.ts";

/** What a handler of a server works with. */
export interface Context<S> {
  /** The server's actor. */
  readonly self: Actor<unknown>;
  /** Change it, or put another in its place. */
  state: S;
  /** Who has called; null in a cast, in info and in terminate. */
  readonly from: Pid | null;
  /** Ends the server, once the handler is done, with this reason; `"normal"` unless given. */
  stop(reason?: unknown): void;
  /**
   * The caller's `await` throws this error; the server goes on. An error that is thrown otherwise ends the server, and so
   * does this one where nobody has called.
   */
  fail(error: Error): never;
  /** Answers the call later: `keep` gets what to answer with. Return what this gives. */
  later<R>(keep: (reply: Reply<R>) => void): R;
}

/** The answer to a call that is given later. It may be sent, and whoever has it then may give it (as OTP's `From`). */
export interface Reply<R> {
  /** The caller's `await` gives this. */
  reply(value: R): void;
  /** The caller's `await` throws this. */
  fail(error: unknown): void;
}

/** Handlers by name: each takes the context and the caller's arguments. */
// deno-lint-ignore no-explicit-any
export type Handlers<S> = Record<string, (context: Context<S>, ...args: any[]) => unknown>;

/** What `server` takes. A handler may be async: the server takes its next message when it is done. */
export interface ServerSpec<S, A extends unknown[], C, K> {
  /** Makes the state. The actor has not started before this is done: a supervisor goes on with its next child then. */
  readonly init: (self: Actor<unknown>, ...args: A) => S | Promise<S>;
  /** What a handler returns is the answer. */
  readonly calls?: C & Handlers<S>;
  /** A cast has no answer; what its handler returns is dropped. */
  readonly casts?: K & Handlers<S>;
  /**
   * Any other message: `DOWN`, `EXIT`, timed messages, whatever was sent by hand. Not an `EXIT` of its supervisor: that
   * ends the server, though it traps exits, and all operations work in its `terminate` then.
   */
  readonly info?: (context: Context<S>, message: unknown) => unknown;
  /** At the end, whatever led to it but `kill`: only `send`, `log` and plain promises work here. */
  readonly terminate?: (context: Context<S>, reason: unknown) => unknown;
}

/** What a client gives to a handler: its parameters without the context. */
// deno-lint-ignore no-explicit-any
export type Tail<F> = F extends (context: any, ...args: infer A) => unknown ? A : never;
/** What a client gets from a handler. */
// deno-lint-ignore no-explicit-any
export type Result<F> = F extends (...args: any[]) => infer R ? Awaited<R> : never;

/** One method a call, which gives a promise, and one a cast, which gives nothing. */
export type Client<C, K> =
  & { readonly [N in keyof C]: (...args: Tail<C[N]>) => Promise<Result<C[N]>> }
  & { readonly [N in keyof K]: (...args: Tail<K[N]>) => void };

/** A client of a server that was just started, with its handle. */
export type Started<C, K> = Client<C, K> & { readonly handle: Handle<unknown, unknown> };

/** How long a client's calls wait. */
export interface ClientOptions {
  /** In milliseconds; default 5000, as for `self.call`. */
  readonly timeout?: number;
  /** Gives the calls up. */
  readonly signal?: AbortSignal;
}

/** A server: an actor function, to be exported and spawned as it is, and its clients. */
export interface Server<S, A extends unknown[], C, K> {
  (self: Actor<unknown>, ...args: A): Promise<void>;
  /** Spawns one and gives its client. */
  // deno-lint-ignore no-explicit-any
  start(self: Actor<any>, ...args: A): Started<C, K>;
  /** The same, with the options of `spawnWith`. */
  // deno-lint-ignore no-explicit-any
  startWith(self: Actor<any>, options: SpawnOptions, ...args: A): Started<C, K>;
  /** A client of one that runs: by pid, handle or name. */
  // deno-lint-ignore no-explicit-any
  client(self: Actor<any>, to: AnyAddress, options?: ClientOptions): Client<C, K>;
  /** For types only. */
  readonly state?: S;
}

/** The request of a call. */
export interface ServerCall {
  readonly call: string;
  readonly args: readonly unknown[];
}

export interface ServerCast {
  readonly type: "CAST";
  readonly cast: string;
  readonly args: readonly unknown[];
}

/** A call that a handler refuses: the error is the caller's. */
class Refusal {
  readonly error: Error;
  constructor(error: Error) {
    this.error = error;
  }
}
const LATER = Symbol("later");

class ServerContext<S> implements Context<S> {
  readonly self: Actor<unknown>;
  state!: S;
  from: Pid | null = null;
  call: Call | null = null;
  stopping: { reason: unknown } | null = null;

  constructor(self: Actor<unknown>) {
    this.self = self;
  }
  stop(reason: unknown = "normal"): void {
    this.stopping ??= { reason };
  }
  fail(error: Error): never {
    throw this.call === null ? error : new Refusal(error);
  }
  later<R>(keep: (reply: Reply<R>) => void): R {
    const { call } = this;
    if (call === null) throw new TypeError("later answers a call: there is none in a cast or in info");
    keep(call as Reply<R>);
    return LATER as R;
  }
}

/**
 * Makes a server of its handlers. Export it, so that it can be started on any scheduler.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { type Actor, server } from "smarm";
 *
 * export const counter = server({
 *   init: (_self, start: number) => ({ n: start }),
 *   calls: {
 *     add: (s, by: number) => s.state.n += by,
 *     get: (s) => s.state.n,
 *   },
 *   casts: {
 *     reset: (s) => s.state.n = 0,
 *   },
 * });
 *
 * export async function main(self: Actor) {
 *   const client = counter.start(self, 10);
 *   assertEquals(await client.add(5), 15);
 *   client.reset();
 *   assertEquals(await client.get(), 0);
 * }
 * ```
 */
export function server<S, A extends unknown[], C, K>(spec: ServerSpec<S, A, C, K>): Server<S, A, C, K> {
  checkParts("server", spec, ["init"], ["info", "terminate"]);
  checkNames(spec, ["init", "calls", "casts", "info", "terminate"], "server");
  checkHandlers("server", spec);
  const calls: Handlers<S> = spec.calls ?? {};
  const casts: Handlers<S> = spec.casts ?? {};
  for (const name of Object.keys(calls)) {
    if (Object.hasOwn(casts, name)) {
      throw new TypeError(`server has a call and a cast named ${name}. Rename one`);
    }
  }
  const run = async (self: Actor<unknown>, ...args: unknown[]) => {
    const announce = takeAnnouncement(args);
    const context = new ServerContext<S>(self);
    context.state = await starting(self, () => spec.init(self, ...args as A));
    if (announce !== null) await announceTo(self, announce);
    let reason: unknown = "normal";
    try {
      while (context.stopping === null) await serve(context, calls, casts, spec.info, await self.receive());
      reason = context.stopping.reason;
    } catch (error) {
      reason = isExit(error) ? error.reason : error;
      throw error;
    } finally {
      context.from = context.call = null;
      if (isAlive(self)) await spec.terminate?.(context, reason);
    }
    if (reason !== "normal") throw asError(self, reason);
  };
  const client = (self: Actor<unknown>, to: AnyAddress, options?: ClientOptions) =>
    makeClient(self, to, Object.keys(calls), Object.keys(casts), options) as Client<C, K>;
  const startWith = (self: Actor<unknown>, options: SpawnOptions, ...args: A) => {
    // deno-lint-ignore no-explicit-any
    const handle = self.spawnWith(options, run as any, ...args) as Handle<unknown, unknown>;
    return Object.assign(client(self, handle), { handle }) as Started<C, K>;
  };
  return Object.assign(shownAs("server", run), {
    client,
    startWith,
    start: (self: Actor<unknown>, ...args: A) => {
      // deno-lint-ignore no-explicit-any
      const handle = self.spawn(run as any, ...args) as Handle<unknown, unknown>;
      return Object.assign(client(self, handle), { handle }) as Started<C, K>;
    },
  }) as unknown as Server<S, A, C, K>;
}

/** Runs an `init`, for which a supervisor waits, however often that waits itself (OTP). */
export function starting<T>(self: Actor<unknown>, init: () => T | Promise<T>): T | Promise<T> {
  const startsWith = (self as { [STARTS_WITH]?: (step: () => T | Promise<T>) => Promise<T> })[STARTS_WITH];
  return startsWith === undefined ? init() : startsWith.call(self, init);
}

/** Said where the spec is written, and not when an actor comes to it. @throws TypeError */
export function checkParts(what: string, spec: object, needed: readonly string[], others: readonly string[]) {
  if (typeof spec !== "object" || spec === null) {
    throw new TypeError(`${what} needs an object, got ${show(spec)}`);
  }
  for (const name of [...needed, ...others]) {
    const part: unknown = (spec as Record<string, unknown>)[name];
    if (typeof part === "function" || (part === undefined && others.includes(name))) continue;
    throw new TypeError(`${what} needs a function as its ${name}, got ${show(part)}`);
  }
}

/** @throws TypeError */
export function checkHandlers(
  what: string,
  spec: { readonly calls?: object; readonly casts?: object },
): void {
  for (const kind of ["calls", "casts"] as const) {
    const handlers = spec[kind];
    if (handlers === undefined) continue;
    if (typeof handlers !== "object" || handlers === null) {
      throw new TypeError(`${what} needs functions by name as its ${kind}, got ${show(handlers)}`);
    }
    checkParts(`${what}: ${kind}`, handlers, Object.keys(handlers), []);
  }
}

function show(value: unknown): string {
  return Deno.inspect(value, { depth: 0, breakLength: Infinity });
}

async function serve<S>(
  context: ServerContext<S>,
  calls: Handlers<S>,
  casts: Handlers<S>,
  info: ((context: Context<S>, message: unknown) => unknown) | undefined,
  message: unknown,
): Promise<void> {
  const order = orderOf(message);
  if (order !== null) {
    context.stop(order.reason);
    return;
  }
  const pool = poolOf(message);
  if (pool !== null) return await announceTo(context.self, pool);
  if (isServerCall(message)) {
    const { call: name, args } = message.request;
    const own = ownHandler(calls, name);
    try {
      if (own !== undefined || !Object.hasOwn(casts, name)) {
        context.call = message;
        context.from = message.from;
        if (own === undefined) {
          throw new Refusal(new TypeError(`the server has no call ${JSON.stringify(name)}`));
        }
        const answer = own(context, ...args);
        const value = answer instanceof Promise ? await answer : answer;
        if (value !== LATER) answerWith(message, value);
      } else { // a pool wants to know when a cast is done
        const done = casts[name](context, ...args);
        if (done instanceof Promise) await done;
        message.reply(undefined);
      }
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      message.fail(error.error);
    } finally {
      context.call = null;
      context.from = null;
    }
    return;
  }
  const cast = isCast(message) ? ownHandler(casts, message.cast) : undefined;
  const handled = cast === undefined
    ? info?.(context, message)
    : cast(context, ...(message as ServerCast).args);
  if (handled instanceof Promise) await handled;
}

/** An answer that cannot be sent is told to the caller; the server has done its part. */
export function answerWith(call: Call, value: unknown): void {
  try {
    call.reply(value);
  } catch (error) {
    call.fail(error);
  }
}

export function isServerCall(message: unknown): message is Call<ServerCall> {
  const call = message as Call<ServerCall> | null;
  return typeof call === "object" && call?.type === "CALL" && typeof call.request?.call === "string" &&
    Array.isArray(call.request.args);
}

export function isCast(message: unknown): message is ServerCast {
  const cast = message as ServerCast | null;
  return typeof cast === "object" && cast?.type === "CAST" && typeof cast.cast === "string" &&
    Array.isArray(cast.args);
}

/** Names come from whoever sends: what every object inherits is no handler. */
export function ownHandler<H>(
  handlers: Readonly<Record<string, H>> | undefined,
  name: string,
): H | undefined {
  return handlers !== undefined && Object.hasOwn(handlers, name) ? handlers[name] : undefined;
}

/** Names an actor function in dumps and errors, where its module does not export it under a name of its own. */
export function shownAs<F extends (...args: never[]) => unknown>(name: string, run: F): F {
  return Object.defineProperty(run, "name", { value: name });
}

/** One method for each name. */
export function makeClient(
  self: Actor<unknown>,
  to: AnyAddress,
  calls: readonly string[],
  casts: readonly string[],
  options?: ClientOptions,
): Record<string, (...args: unknown[]) => unknown> {
  const client: Record<string, (...args: unknown[]) => unknown> = {};
  // deno-lint-ignore no-explicit-any
  const address = to as any;
  for (const call of calls) client[call] = (...args) => self.call(address, { call, args } as never, options);
  for (const cast of casts) {
    client[cast] = (...args) => self.send(address, { type: "CAST", cast, args } as never);
  }
  return client;
}

/** The argument by which a pool asks its workers to tell it that they run, and the message, that they still do. */
const POOL_KEY = "smarm pool";
/** How long a worker waits when its pool's mailbox was full. Guessed. */
const ANNOUNCE_AGAIN_MS = 1;

/** What a pool adds to the arguments of its workers. */
export function announcement(pool: Pid): unknown {
  return { [POOL_KEY]: pool };
}

/** A call: whoever sends hears nothing of a message that the pool's full mailbox drops, and would never get work. */
export async function announceTo(self: Actor<unknown>, pool: Pid): Promise<void> {
  for (;;) {
    try {
      return await self.call(pool as Pid<Call<Announcement, void>>, { announces: self.pid });
    } catch (error) {
      const { name } = error as Error;
      if (name === "DeadActorError") return; // and its supervisor is about to end this one
      if (name === "MailboxFullError") await self.sleep(ANNOUNCE_AGAIN_MS);
      else if (name !== "TimeoutError") throw error;
    }
  }
}

/** The request by which a worker tells its pool that it runs. */
export interface Announcement {
  readonly announces: Pid;
}

export function isAnnouncement(message: unknown): message is Call<Announcement, void> {
  const call = message as Call<Announcement> | null;
  return typeof call === "object" && call?.type === "CALL" && typeof call.request?.announces === "number";
}

export function takeAnnouncement(args: unknown[]): Pid | null {
  const pool = poolOf(args.at(-1));
  if (pool !== null) args.pop();
  return pool;
}

/** The other end of {@link announcement}. */
export function poolOf(value: unknown): Pid | null {
  const pool = (value as Record<string, unknown> | null | undefined)?.[POOL_KEY];
  return typeof pool === "number" ? pool as Pid : null;
}

export function isExit(error: unknown): error is Error & { reason: unknown } {
  return error instanceof Error && error.name === "ExitError";
}

/** What its supervisor tells an actor that traps exits: to end, and why. */
export function orderOf(message: unknown): { readonly reason: unknown } | null {
  if (typeof message !== "object" || message === null || !(OF_SUPERVISOR in message)) return null;
  const { outcome } = message as unknown as Exit;
  if (outcome.kind === "exit") return { reason: "normal" };
  const { error } = outcome;
  return { reason: isExit(error) ? error.reason : error };
}

/** An actor that was killed has nothing to terminate with. */
export function isAlive(self: Actor<unknown>): boolean {
  try {
    return self.log !== undefined;
  } catch {
    return false;
  }
}

/** The end for a reason: as if the server had been told to end. */
export function asError(self: Actor<unknown>, reason: unknown): Error {
  if (reason instanceof Error) return reason;
  const error = new Error(`the server ${self.format(self.pid)} has stopped: ${describeReason(reason)}`);
  return Object.assign(Object.defineProperty(error, "name", { value: "ExitError" }), { reason });
}
