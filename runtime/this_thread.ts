/**
 * The scheduler of this thread, for code that runs outside of any actor, and the program that it is loading. There is
 * one a thread.
 *
 * @module
 */
import type { Scheduler } from "./scheduler.ts";

interface ThisThread {
  scheduler: Scheduler | null;
  /** `refuse` ends the run, whose module starts a run of itself at its top level: each scheduler would start more. */
  loading: { readonly url: string; refuse(): void } | null;
}

export const thisThread: ThisThread = { scheduler: null, loading: null };
