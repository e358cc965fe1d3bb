/**
 * What the blocking pool and its threads say to each other.
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

export type FromThread =
  | { readonly type: "ready" }
  /** The module is loaded, the function is about to be called: from here on the thread may be ended by force. */
  | { readonly type: "running"; readonly id: number }
  | { readonly type: "done"; readonly id: number };
