/**
 * The one place where globals of a scheduler worker are changed, so that user code cannot end or confuse the worker.
 *
 * - `unhandledrejection`, `error`: without listeners that prevent the default a rejection or a throw that nobody catches
 *   ends the worker and the process. Here it ends the actor that it belongs to (S12).
 * - `addEventListener("error")`: an error that comes while Deno tells the listeners of another one ends the worker, whoever
 *   prevents the default (measured on Deno 2.9.6). So what those of the program throw is caught.
 * - `setTimeout`, `setInterval`, `setImmediate`, `queueMicrotask`: a throw in a callback is reported to the worker without
 *   a trace of the actor that set it, so callbacks set by an actor are wrapped.
 * - Timers are counted, because a pending one can wake an actor: the wrapped ones here, those of `node:timers` by what
 *   Node's own API lists. `AbortSignal.timeout` and `Atomics.waitAsync` are in no list, so they are wrapped to be counted.
 *   Those that Deno would not wait for are told apart.
 * - `Deno.serve`: Deno calls its handlers without a trace of the actor that serves, so those are wrapped; and its signal is one
 *   that does not abort after `shutdown()`.
 * - `WebSocket`: its events belong to whoever has made it, which for a server is the actor that serves; what its listeners
 *   throw is told of the actor that has set them, so that one connection's fault does not end all others.
 * - `AbortSignal`: Deno tells the listeners of a timeout, and of what `AbortSignal.any` made of one, without a trace of the
 *   actor that has set them, so those are called in its name.
 * - `Deno.exit`: inside a worker it would end that silently; it ends the program. `process.exit` calls it, and is left alone:
 *   to change it would load `node:process`, which takes each scheduler 7 to 12 ms.
 * - `close`: would end the worker silently; it is refused.
 * - `postMessage`: is the scheduler's own way to the control thread; it is refused.
 * - `Error.stackTraceLimit`: a stack shows ten frames, and seven or more of the runtime's own lie between an actor's function and
 *   the functions that await it.
 *
 * @module
 */
import { currentActor, inNameOf } from "./async_context.ts";
import { ExitError } from "./errors.ts";
import { AbortTimeouts, isReferenced } from "./abort_timeouts.ts";
import { noteUnawaited } from "./report.ts";
import type { Foreign } from "./foreign_work.ts";

/** So many frames of the runtime at most lie below an actor's function that is resumed: 7, with --contain 17. */
const OWN_FRAMES = 20;

export interface GuardHost {
  /** Code of an actor has thrown where nobody catches it. */
  crashed(actor: NonNullable<ReturnType<typeof currentActor>>, error: unknown): void;
  /** The same, when it cannot be told whose it was. */
  lost(error: unknown): void;
  halt(code: number): void;
}

/** Changes the globals of this worker, and `ports` to the control thread; what it gives tells of the program's pending timers. */
export function installGuard(host: GuardHost, ports: readonly unknown[]): () => Foreign {
  const pending = new Set<unknown>();
  guardErrors(host);
  guardErrorListeners(host);
  guardTimers(host, pending);
  guardServers();
  guardEvents(host);
  const timeouts = countUnlisted(pending);
  guardExits(host);
  guardPorts(ports);
  Error.stackTraceLimit += OWN_FRAMES;
  return () => {
    const { process } = globalThis as { process?: { getActiveResourcesInfo?(): string[] } };
    // Cleared by its number, by its own close() or by node:timers: that comes by none of the functions here.
    for (const timer of pending) if ((timer as { _destroyed?: boolean })._destroyed) pending.delete(timer);
    const listed = process?.getActiveResourcesInfo?.() ?? [];
    const waiting = [...pending, ...timeouts.pending()];
    if (listed.includes("Timeout") || waiting.some(isReferenced)) return "something";
    return waiting.length > 0 ? "unreferenced" : "nothing";
  };
}

/** What can wake an actor and is in no list of pending work. */
function countUnlisted(pending: Set<unknown>): AbortTimeouts {
  const timeouts = new AbortTimeouts();
  const timeout = AbortSignal.timeout;
  AbortSignal.timeout = (ms: number) => {
    const signal = timeout.call(AbortSignal, ms);
    timeouts.add(signal);
    return signal;
  };
  // deno-lint-ignore no-explicit-any
  const atomics = Atomics as any;
  const waitAsync = atomics.waitAsync;
  atomics.waitAsync = (...args: unknown[]) => {
    const result = waitAsync.apply(Atomics, args);
    if (result.async && currentActor() !== undefined) { // the scheduler's own wait belongs to no actor
      pending.add(result);
      result.value.then(() => pending.delete(result));
    }
    return result;
  };
  return timeouts;
}

/** What `Deno.exit` has thrown, so that nothing behind it runs. */
const exits = new WeakSet<object>();

/** Nobody has caught it. An exit has ended the callback that called it: its actor is told to end as all others are. */
function uncaught(host: GuardHost, actor: ReturnType<typeof currentActor>, error: unknown): void {
  if (exits.has(error as object)) return;
  if (actor === undefined) host.lost(error);
  else host.crashed(actor, error);
}

function guardErrors(host: GuardHost): void {
  addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    noteUnawaited(event.reason);
    uncaught(host, currentActor(), event.reason);
  });
  addEventListener("error", (event) => {
    event.preventDefault();
    reporting(() => uncaught(host, currentActor(), event.error ?? event.message));
  });
}

let isReporting = false;
const { queueMicrotask: soon } = globalThis;

function reporting<T>(step: () => T): T {
  const before = isReporting;
  isReporting = true;
  try {
    return step();
  } finally {
    isReporting = before;
  }
}

/** Where the program's listeners are called: behind the report of an error, since a throw of theirs would be a second one. */
export function outsideReport(step: () => void): void {
  if (isReporting) soon(step);
  else step();
}

/** What the program's own listeners of `error` throw is caught; `onerror` and `process.on` set theirs by this function too. */
function guardErrorListeners(host: GuardHost): void {
  guardListeners(globalThis, (type) => type === "error", (listener) => {
    const actor = currentActor();
    return function (this: unknown, event: Event) {
      try {
        return reporting(() => hear(this, listener, event));
      } catch (error) {
        reporting(() => uncaught(host, actor, error));
      }
    };
  });
}

function hear(target: unknown, listener: EventListenerOrEventListenerObject, event: Event): void {
  if (typeof listener === "function") listener.call(target as never, event);
  else listener.handleEvent(event);
}

/** Puts `guard(listener)` in the place of each listener of such a type; `onopen` and so on set theirs by this function too. */
function guardListeners(
  on: object,
  covers: (type: string) => boolean,
  guard: (listener: EventListenerOrEventListenerObject) => EventListener,
): void {
  // deno-lint-ignore no-explicit-any
  const owner = on as any;
  const { addEventListener, removeEventListener } = owner;
  // Of each target: actors share the functions of a module.
  const guarded = new WeakMap<object, WeakMap<object, EventListener>>();
  owner.addEventListener = function (this: unknown, type: string, listener: unknown, ...options: unknown[]) {
    let given = listener;
    if (
      covers(`${type}`) && (typeof listener === "function" || typeof listener === "object") &&
      listener !== null
    ) {
      const target = this ?? owner;
      let known = guarded.get(target);
      if (known === undefined) guarded.set(target, known = new WeakMap());
      given = known.get(listener) ?? guard(listener as EventListener);
      known.set(listener, given as EventListener);
    }
    return addEventListener.call(this ?? owner, type, given, ...options);
  };
  owner.removeEventListener = function (
    this: unknown,
    type: string,
    listener: unknown,
    ...options: unknown[]
  ) {
    const target = this ?? owner;
    const given = covers(`${type}`) ? guarded.get(target)?.get(listener as object) ?? listener : listener;
    return removeEventListener.call(target, type, given, ...options);
  };
}

/** Listeners that Deno calls without a context. */
function guardEvents(host: GuardHost): void {
  const guard = (listener: EventListenerOrEventListenerObject) => {
    const actor = currentActor();
    if (actor === undefined) return listener as EventListener;
    return inNameOf(actor, function (this: unknown, event: Event) {
      try {
        hear(this, listener, event);
      } catch (error) {
        uncaught(host, actor, error);
      }
    });
  };
  guardListeners(WebSocket.prototype, () => true, guard);
  guardListeners(AbortSignal.prototype, (type) => type === "abort", guard);
}

/** Servers that an actor starts. Also called for the thread of a test, once. */
export function guardServers(): void {
  // deno-lint-ignore no-explicit-any
  const deno = Deno as any;
  const lazy = Object.getOwnPropertyDescriptor(deno, "serve")!; // to read it loads Deno's server: 5 to 8 ms of every start
  deno.serve = (...args: unknown[]) => {
    const serve = lazy.get === undefined ? lazy.value : lazy.get.call(deno);
    const actor = currentActor();
    if (actor === undefined) return serve(...args);
    const stop = new AbortController();
    let signal: AbortSignal | undefined;
    const own = (given: unknown, of?: object) => {
      if (typeof given === "function") {
        return inNameOf(actor, (of === undefined ? given : given.bind(of)) as Callback);
      }
      if (!(given instanceof AbortSignal)) return given;
      signal = given;
      return stop.signal;
    };
    const server = serve(...args.map((given) => {
      if (typeof given !== "object" || given === null) return own(given);
      // Of what is its own Deno asks whether it is. The rest its class gives, whose methods and getters are to find `given`.
      const options = Object.fromEntries(
        Object.entries(given).map(([name, value]) => [name, own(value, given)]),
      );
      return new Proxy(options, {
        get: (_, name) =>
          Object.hasOwn(options, name) ? Reflect.get(options, name) : own(Reflect.get(given, name), given),
        has: (_, name) => name in given,
      });
    }));
    if (signal !== undefined) stopBy(signal, server, stop);
    return server;
  };
}

/** Deno throws `BadResource` at a signal that aborts after `shutdown()`, as that of an actor does at its end (2.9.6). */
function stopBy(signal: AbortSignal, server: Deno.HttpServer, stop: AbortController): void {
  const abort = () => stop.abort(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort, { once: true });
  const forget = () => signal.removeEventListener("abort", abort);
  const { shutdown } = server;
  server.shutdown = () => {
    forget();
    return shutdown.call(server);
  };
  server[Symbol.asyncDispose] = server.shutdown;
  server.finished.then(forget, forget);
}

type Callback = (...args: unknown[]) => void;

function guardTimers(host: GuardHost, pending: Set<unknown>): void {
  const { setTimeout, setInterval, clearTimeout, clearInterval, queueMicrotask } = globalThis;
  const guarded = (callback: unknown, before?: () => void): unknown => {
    if (typeof callback !== "function") return callback;
    const actor = currentActor();
    return function (this: unknown, ...args: unknown[]) {
      before?.();
      if (actor === undefined) return (callback as Callback).apply(this, args);
      try {
        return (callback as Callback).apply(this, args);
      } catch (error) {
        uncaught(host, actor, error);
      }
    };
  };
  // deno-lint-ignore no-explicit-any
  const global = globalThis as any;
  global.setTimeout = (callback: unknown, ms?: number, ...args: unknown[]) => {
    const id: unknown = setTimeout(guarded(callback, () => pending.delete(id)) as Callback, ms, ...args);
    pending.add(id);
    return id;
  };
  global.setInterval = (callback: unknown, ms?: number, ...args: unknown[]) => {
    const id = setInterval(guarded(callback) as Callback, ms, ...args);
    pending.add(id);
    return id;
  };
  global.clearTimeout = (id?: number) => {
    pending.delete(id);
    clearTimeout(id);
  };
  global.clearInterval = (id?: number) => {
    pending.delete(id);
    clearInterval(id);
  };
  const { setImmediate, clearImmediate } = global;
  global.setImmediate = (callback: unknown, ...args: unknown[]) => {
    const id = setImmediate(guarded(callback, () => pending.delete(id)), ...args);
    pending.add(id);
    return id;
  };
  global.clearImmediate = (id: unknown) => {
    pending.delete(id);
    clearImmediate(id);
  };
  const custom = Symbol.for("nodejs.util.promisify.custom");
  for (const [name, original] of Object.entries({ setTimeout, setInterval, setImmediate })) {
    // deno-lint-ignore no-explicit-any
    const promisified = (original as any)[custom];
    if (promisified !== undefined) Object.defineProperty(global[name], custom, { value: promisified });
  }
  global.queueMicrotask = (callback: unknown) => queueMicrotask(guarded(callback) as () => void);
}

function guardExits(host: GuardHost): void {
  const exit = (code?: number): never => {
    const given = typeof code === "number" ? code : Number(Deno.exitCode) || 0;
    host.halt(given & 0xff);
    const error = new ExitError("shutdown", "the program was told to end by Deno.exit");
    exits.add(error);
    throw error;
  };
  Deno.exit = exit;
  // deno-lint-ignore no-explicit-any
  (globalThis as any).close = () => {
    throw new TypeError(
      "close() would end a scheduler with all its actors. Return to end the actor, or call self.halt(code) to end the program",
    );
  };
}

function guardPorts(ports: readonly unknown[]): void {
  const postMessage = () => {
    throw new TypeError(
      "postMessage() reaches nobody from a scheduler. Send to an actor: self.send(to, message)",
    );
  };
  for (const port of ports) if (port !== null) (port as { postMessage: unknown }).postMessage = postMessage;
}
