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

/** The actor whose code is running, or whose rejection is being reported. */
export function currentActor(): ActorImpl | undefined {
  return direct ? get()?.smarmActor : storage!.getStore();
}
