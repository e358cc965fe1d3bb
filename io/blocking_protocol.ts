/**
 * What the poller, the keeper of the blocking pool and its threads say to each other.
 *
 * @module
 */
import type { WireOutcome } from "../runtime/wire.ts";

/** What a function of the pool came to, on the port of its job. */
export type JobResult = WireOutcome;

/** One call of a function. Its arguments lie in the port. */
export interface Job {
  readonly id: number;
  readonly module: string;
  readonly exportName: string;
  readonly port: MessagePort;
}

export type ToKeeper =
  | {
    readonly type: "size";
    readonly threads: number;
    readonly idleMs: number;
    readonly graceMs: number;
    /** Shared: how many threads there are, how many of them run a function, how many calls wait. */
    readonly load: Int32Array;
  }
  | { readonly type: "job"; readonly job: Job }
  | { readonly type: "give-up"; readonly id: number }
  | { readonly type: "close" };

export type FromKeeper =
  | { readonly type: "done"; readonly id: number }
  | { readonly type: "failed"; readonly id: number; readonly text: string }
  | { readonly type: "closed" };

export type ToThread = { readonly type: "job"; readonly job: Job };

export type FromThread =
  | { readonly type: "ready" }
  /** The module is loaded, the function is about to be called: from here on the thread may be ended by force. */
  | { readonly type: "running"; readonly id: number }
  | { readonly type: "done"; readonly id: number };
