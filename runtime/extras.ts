/**
 * What only some actors have: watchers, links, monitors, names, timed messages, resources. Made when first needed, so
 * that an actor without them pays one field.
 *
 * @module
 */
import type { OnFull, Pid } from "./api.ts";
import type { Timed } from "./timed.ts";
import type { WatchRecord } from "./protocol.ts";
import type { ActorImpl } from "./actor.ts";

/** Bounds a mailbox. */
export interface Bound {
  readonly capacity: number;
  readonly onFull: OnFull;
  /** Calls and messages in the mailbox that count; system messages do not. */
  dropped: number;
}

export class Extras {
  bound: Bound | null = null;
  /** Who is told of this actor's death, in the order of asking (S13). */
  readonly watchers: WatchRecord[] = [];
  readonly links: Set<Pid> = new Set();
  /** Monitors that this actor holds: ref to watched pid. */
  readonly monitors: Map<number, Pid> = new Map();
  readonly names: Set<string> = new Set();
  readonly timed: Map<number, Timed> = new Map();
  /** Run at the end of the actor: whatever else it holds. */
  readonly onEnd: Set<() => void> = new Set();
  trapExit = false;
  supervised = false;
  abort: AbortController | null = null;
  /** Tells of ends of unsupervised children: set by `self.signals()`. */
  signals: ((pid: Pid, outcome: import("./api.ts").Outcome) => void) | null = null;
}

export function extrasOf(actor: ActorImpl): Extras {
  return actor.extras ??= new Extras();
}
