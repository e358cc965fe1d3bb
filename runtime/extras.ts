/**
 * What only some actors have: watchers, links, monitors, names, timed messages, resources. Made when first needed, so
 * that an actor without them pays one field.
 *
 * @module
 */
import type { OnFull, Pid, Signal } from "./api.ts";
import type { Timed } from "./timed.ts";
import type { WatchRecord } from "./protocol.ts";
import type { CallImpl } from "./call.ts";
import type { ChannelCore } from "./channel.ts";
import type { ActorImpl } from "./actor.ts";

/** Bounds a mailbox. */
export interface Bound {
  readonly capacity: number;
  readonly onFull: OnFull;
  /** Messages that were dropped, calls among them. */
  dropped: number;
  /** At most so many system messages are in the mailbox: they do not count. */
  exempted: number;
}

export class Extras {
  // Collections are made when first looked at: most of what has extras needs one of them, and each costs 200 bytes.
  #watchers: WatchRecord[] | null = null;
  #links: Set<Pid> | null = null;
  #monitors: Map<number, Pid> | null = null;
  #names: Set<string> | null = null;
  #groups: Set<string> | null = null;
  #timed: Map<number, Timed> | null = null;
  #channels: Set<ChannelCore> | null = null;
  #onEnd: Set<() => void> | null = null;
  bound: Bound | null = null;
  /** Who is told of this actor's death, in the order of asking (S13). */
  get watchers(): WatchRecord[] {
    return this.#watchers ??= [];
  }
  /** Calls that it has received and not answered yet. */
  firstCall: CallImpl | null = null;
  lastCall: CallImpl | null = null;
  get links(): Set<Pid> {
    return this.#links ??= new Set();
  }
  /** Monitors that this actor holds: ref to watched pid. */
  get monitors(): Map<number, Pid> {
    return this.#monitors ??= new Map();
  }
  get names(): Set<string> {
    return this.#names ??= new Set();
  }
  /** Those that it is a member of. */
  get groups(): Set<string> {
    return this.#groups ??= new Set();
  }
  get timed(): Map<number, Timed> {
    return this.#timed ??= new Map();
  }
  /** Its channels of which somebody elsewhere has a sending end, or waits for a slot or once did. */
  get channels(): Set<ChannelCore> {
    return this.#channels ??= new Set();
  }
  /** At so many those on which nobody waits any more are taken out. */
  mostChannels = 32;
  /** Run at the end of the actor: whatever else it holds. */
  get onEnd(): Set<() => void> {
    return this.#onEnd ??= new Set();
  }
  /** What it has open in the poller; nearly always it is one thing, which needs no set. */
  tokens: import("../io/token.ts").Token | Set<import("../io/token.ts").Token> | null = null;
  /** Handings-over of them that the poller was told of when the actor was offered to other schedulers. */
  offered: { readonly id: number; readonly given: number; readonly handing: number }[] | null = null;
  trapExit = false;
  /** Why the actor was told to end. */
  exiting: import("./errors.ts").ExitError | null = null;
  /** It has a supervisor, which stops it: the end of the run does not. */
  supervised = false;
  /** The supervisor, told before all others of this actor's death (S13). */
  supervisor: Pid | null = null;
  /** The supervisor that waits for this actor's first wait; null once it has been told. */
  startsUnder: Pid | null = null;
  /** A supervisor: exit signals come into its mailbox as they are, whatever they ask for. */
  isSupervisor = false;
  /** Of a supervisor: what it says in dumps. */
  supervision: { report(limit: number): import("./protocol.ts").SupervisorReport } | null = null;
  /** Supervisors that this actor has started and that live: they end before it does. */
  supervisors: Set<Pid> | null = null;
  /** Told to end, and waits for its supervisors: goes on with the end. */
  endAfterSupervisors: (() => void) | null = null;
  abort: AbortController | null = null;
  /** Gets the signals of children: set by `self.signals()`. */
  signals: { put(signal: Signal): void } | null = null;
}

export function extrasOf(actor: ActorImpl): Extras {
  return actor.extras ??= new Extras();
}
