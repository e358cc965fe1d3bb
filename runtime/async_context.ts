/**
 * Which actor the running JavaScript belongs to, also after an `await` of a promise that is not smarm's, in a timer
 * callback and in `unhandledrejection`: V8 carries one value along every promise reaction.
 *
 * `AsyncLocalStorage.run` costs 220 to 480 ns a spawn; setting the value directly costs 7 to 20 ns (measured on Deno
 * 2.9.6). Deno's own async variables copy the own properties of what they find there, so ours survives theirs. Where
 * the internal functions are missing, AsyncLocalStorage does the same work more slowly.
 *
 * @module
 */
import type { ActorImpl } from "./actor.ts";
import { DONE } from "./actor_state.ts";
import { nodeBuiltin } from "./node_builtin.ts";

interface ContextFunctions {
  getAsyncContext(): { smarmActor?: ActorImpl } | undefined;
  setAsyncContext(frame: unknown): void;
}

// deno-lint-ignore no-explicit-any
const internal = (Deno as any)[(Deno as any).internal]?.core as ContextFunctions | undefined;
const direct = typeof internal?.getAsyncContext === "function" &&
  typeof internal.setAsyncContext === "function";
const get = internal?.getAsyncContext as ContextFunctions["getAsyncContext"];
const set = internal?.setAsyncContext as ContextFunctions["setAsyncContext"];
const storage = direct ? null : new (nodeBuiltin("node:async_hooks").AsyncLocalStorage)<ActorImpl>();

/** Everything that starts in here, and all that follows from it, belongs to this actor until {@link leave}. */
export function enter(actor: ActorImpl): void {
  if (direct) set(actor); // it has a property smarmActor, itself: no object of its own is needed
  else storage!.enterWith(actor);
}

export function leave(): void {
  if (direct) set(undefined);
  // deno-lint-ignore no-explicit-any
  else storage!.enterWith(undefined as any);
}

/** Takes one step in an actor's name, in whatever stack: a rejection that nobody handles is told to be its own. */
export function within(actor: ActorImpl, step: () => void): void {
  if (!direct) return storage!.run(actor, step);
  const before = get();
  set(actor);
  step();
  set(before);
}

/**
 * Takes one step in nobody's name, in whatever stack. Dynamic imports above all: the context of one stays (measured on Deno
 * 2.9.6), and is that of all that Deno calls without one, as it does when an `AbortSignal.timeout` is over. So that actor
 * would end for what others leave behind there.
 */
export function outside<T>(step: () => T): T {
  if (!direct) return storage!.exit(step);
  const before = get();
  set(undefined);
  try {
    return step();
  } finally {
    set(before);
  }
}

/**
 * What runs `callback` in an actor's name, whoever calls it: Deno calls the handlers of a server without a context. What Deno
 * itself keeps in one, a span say, stays. Of an actor that has ended nothing begins any more.
 */
export function inNameOf<A extends unknown[], R>(
  actor: ActorImpl,
  callback: (...args: A) => R,
): (...args: A) => R {
  const called = function (this: unknown, ...args: A): R {
    if (actor.state === DONE) return callback.apply(this, args);
    if (!direct) return storage!.run(actor, () => callback.apply(this, args));
    const before = get();
    set(before === undefined || before.smarmActor === before ? actor : { ...before, smarmActor: actor });
    try {
      return callback.apply(this, args);
    } finally {
      set(before);
    }
  };
  // Deno.serve makes no request and no address for a handler that has no parameter for it.
  return Object.defineProperty(called, "length", { value: callback.length });
}

/** The actor whose code is running, or whose rejection is being reported. */
export function currentActor(): ActorImpl | undefined {
  return direct ? get()?.smarmActor : storage!.getStore();
}
