/**
 * Every message between threads: the records that peers (schedulers and the poller) put into rings, and the messages
 * between the control thread and its workers.
 *
 * @module
 */
import type { Outcome, Pid } from "./api.ts";
import type { PlainConfig } from "./config.ts";
import type { WireOutcome } from "./wire.ts";
import type { SharedMemory } from "./layout.ts";
import type { SpanContext } from "./telemetry.ts";
import type { Foreign } from "./foreign_work.ts";

// --- Records: kind, target pid, aux (int32), payload ------------------------------------------------------------

/** A message: payload is the message. */
export const R_MESSAGE = 1;
/** An actor to start here; target is its pid. Payload: {@link SpawnRecord}. */
export const R_SPAWN = 2;
/** Target has ended; sent to its birth scheduler. Payload: {@link DeathRecord}. */
export const R_DEATH = 3;
/** Tell me when target is dead. Payload: {@link WatchRecord}. */
export const R_WATCH = 4;
/** Not any more. Payload: [the watcher's scheduler, the watch's ref]. */
export const R_UNWATCH = 5;
/** A call to target was answered by another, or given up. aux: the call's number; payload: the caller's scheduler. */
export const R_UNCALL = 26;
/** What was watched is dead; target is the dead one. Payload: {@link NoticeRecord}. */
export const R_NOTICE = 6;
/** An exit signal for target. Payload: {@link ExitRecord}. */
export const R_EXIT = 7;
/** A request. aux: the call's number at the caller; payload: [caller's pid, request]. */
export const R_CALL = 8;
/** An answer. aux: the call's number; payload: the value. */
export const R_REPLY = 9;
/** An answer that is a failure. aux: the call's number; payload: the error. */
export const R_FAILURE = 15;
/** Links target with a pid: payload is that pid. */
export const R_LINK = 10;
export const R_UNLINK = 11;
/** A copy of target's handle asks its original for the outcome. aux: the question's number; payload: the asking scheduler. */
export const R_ASK_OUTCOME = 12;
/** The answer. aux: the question's number; payload: the outcome. */
export const R_OUTCOME = 13;
/** The copy wants it no longer. aux: the question's number; payload: the asking scheduler. */
export const R_UNASK_OUTCOME = 14;
/** An actor that a supervisor, the target, has started waits for the first time. Payload: its pid. */
export const R_STARTED = 28;
/** A group has a new member, or one less. aux: 1 or 0; payload: [group, pid]. */
export const R_GROUP = 29;
/** Tell me when all that you have sent me before is here. aux: the question's number. */
export const R_SYNC = 30;
/** It is. aux: the question's number. */
export const R_SYNCED = 31;
/** The news of target's end came to a linked actor that was dead by then; sent to target's birth scheduler. */
export const R_HOPE_FAILED = 27;
/** Reserved ranges: 32 to 47 for channels, 48 to 79 for the poller. */
export const R_CHANNEL_FIRST = 32;
/** Channels; target is the channel's number at home, aux the number of a waiting send. Told in channel_remote.ts. */
export const R_CHANNEL_VALUE = 32;
export const R_CHANNEL_WAIT = 33;
export const R_CHANNEL_CANCEL = 34;
export const R_CHANNEL_RETURN = 35;
export const R_CHANNEL_CLOSE = 36;
export const R_CHANNEL_GRANT = 37;
export const R_CHANNEL_CLOSED = 38;
/** What is the target doing? A call to it was not answered in time. aux: the question's number. */
export const R_ASK_CALLEE = 40;
/** The answer. aux: the question's number; payload: {@link CalleeReport}. */
export const R_CALLEE = 41;
export const R_IO_FIRST = 48;

/** What a scheduler needs to start an actor that was spawned elsewhere. */
export interface SpawnRecord {
  readonly module: string;
  readonly exportName: string;
  readonly args: unknown[];
  readonly link: Pid | null;
  readonly monitor: { readonly pid: Pid; readonly ref: number } | null;
  readonly mailbox: { readonly capacity: number; readonly onFull: string; readonly dropped: number } | null;
  readonly names: string[] | null;
  /** What an actor that was given away has already. */
  readonly links?: Pid[];
  readonly messages?: unknown[];
  readonly watchers?: WatchRecord[];
  /** It has a parent that restarts it: it is stopped by that, not at the end of the run. */
  readonly supervised: boolean;
}

/** What an actor is doing that has not answered a call. */
export interface CalleeReport {
  readonly name: string;
  /** In words. */
  readonly doing: string;
  /** The actors whose answers it waits for itself. */
  readonly callsTo: readonly Pid[];
}

export interface DeathRecord {
  readonly outcome: Outcome;
  /** How many have been told of it, as in unobserved.ts. */
  readonly witnesses: number;
  /** The name of its function. */
  readonly name: string;
}

export const WATCH_MONITOR = 1;
export const WATCH_CALL = 2;
/** Who is to be told of a death. */
export interface WatchRecord {
  readonly kind: typeof WATCH_MONITOR | typeof WATCH_CALL;
  readonly scheduler: number;
  /** The watching actor. */
  readonly pid: Pid;
  /** Unique on the watcher's scheduler. */
  readonly ref: number;
}

export interface NoticeRecord {
  readonly kind: WatchRecord["kind"];
  readonly pid: Pid;
  readonly ref: number;
  readonly outcome: Outcome;
  /** Of a call: whether it can be that the dead one has received it. */
  readonly received: boolean;
}

export const EXIT_ASK = 1;
export const EXIT_KILL = 2;
/** A linked actor has ended: reason is its outcome. */
export const EXIT_LINK = 3;
export interface ExitRecord {
  readonly flavor: typeof EXIT_ASK | typeof EXIT_KILL | typeof EXIT_LINK;
  readonly from: Pid;
  readonly reason: unknown;
  /** How long the asked one may take to end, in ms; Infinity: as long as it likes. Default: the grace time. */
  readonly withinMs?: number;
}

// --- Control thread → worker -------------------------------------------------------------------------------------

export type ToWorker =
  | {
    readonly type: "init";
    readonly id: number;
    readonly memory: SharedMemory;
    readonly config: PlainConfig;
    readonly module: string;
    readonly args: string[];
    readonly epochMs: number;
    readonly colors: boolean;
    /** How many schedulers have had each id before, and died. */
    readonly incarnations: readonly number[];
    /** The span of the run; null: OpenTelemetry is off. */
    readonly telemetry: SpanContext | null;
    /** The process ends when the run does, and the thread with it. */
    readonly endsWithProcess: boolean;
  }
  /** A scheduler is dead, and its actors have been declared so: whoever has to do with them is told. */
  | { readonly type: "lost"; readonly id: number; readonly why: string }
  /** A scheduler is dead too, and its loss is settled later: whoever waits for an answer from it waits in vain. */
  | { readonly type: "gone"; readonly id: number }
  /** All have told theirs. Another scheduler is about to take its place. */
  | { readonly type: "renewed"; readonly id: number }
  | { readonly type: "ping"; readonly ticket: number }
  /** Was the heap full? (heap_watch.ts) */
  | { readonly type: "ask-heap" }
  | { readonly type: "stop"; readonly graceMs: number }
  | { readonly type: "kill" }
  | { readonly type: "close" }
  | { readonly type: "probe"; readonly ticket: number }
  | { readonly type: "dump"; readonly ticket: number; readonly limit: number }
  | { readonly type: "port"; readonly from: number; readonly port: MessagePort }
  /** For the poller: a thread for blocking functions has been started, and the port to it; or has ended of itself. */
  | { readonly type: "thread"; readonly thread: number; readonly port: MessagePort }
  | { readonly type: "thread-died"; readonly thread: number; readonly reason: string };

// --- Worker → control thread -------------------------------------------------------------------------------------

/** One wait of a live actor, as told in dumps and verdicts. */
export interface WaitReport {
  readonly kind: string;
  readonly target: Pid | string | null;
  readonly sinceMs: number;
}

export interface ActorReport {
  readonly pid: Pid;
  readonly name: string;
  readonly state: string;
  readonly mailbox: number;
  /** Messages that the mailbox's bound has dropped. */
  readonly dropped: number;
  readonly waits: WaitReport[];
  readonly names: string[];
  readonly links: Pid[];
}

/** A supervisor and its children. */
export interface SupervisorReport {
  readonly pid: Pid;
  readonly name: string | undefined;
  readonly strategy: string;
  readonly restarted: number;
  readonly children: readonly {
    /** "" for one of many alike. */
    readonly id: string;
    readonly pid: Pid | null;
    readonly state: string;
    readonly restart: string;
    readonly isSupervisor: boolean;
  }[];
  /** How many more children there are. */
  readonly more: number;
}

export interface SchedulerReport {
  readonly id: number;
  readonly nowMs: number;
  readonly live: number;
  readonly timers: number;
  /** The front of the run queue. */
  readonly queue: readonly Pid[];
  readonly actors: ActorReport[];
  readonly supervisors: readonly SupervisorReport[];
  readonly io: string[];
}

export type LogLevelName = "error" | "warn" | "info" | "debug";

export type FromWorker =
  | { readonly type: "booted" }
  /** `heapLimitBytes`: of a worker that can be ended. */
  | { readonly type: "ready"; readonly heapLimitBytes?: number }
  | { readonly type: "load-error"; readonly text: string; readonly exitCode: number }
  | {
    readonly type: "main-ended";
    readonly pid: Pid;
    readonly outcome: WireOutcome;
    /** It has returned, or was ended for a reason that is no fault. */
    readonly isQuiet: boolean;
    readonly text: string;
    readonly root: string;
  }
  /** Nothing is live any more, and since when. */
  | { readonly type: "done"; readonly atMs: number }
  | { readonly type: "quiet" }
  | {
    readonly type: "probed";
    readonly ticket: number;
    readonly epoch: number;
    /** What is not smarm's and could still wake an actor. */
    readonly foreign: Foreign;
    readonly waiting: ActorReport[];
  }
  | { readonly type: "dumped"; readonly ticket: number; readonly report: SchedulerReport }
  | { readonly type: "pong"; readonly ticket: number }
  /** The limit of its heap; null: nothing hints at one that was full. */
  | { readonly type: "heap"; readonly limitBytes: number | null }
  /** Actors that live here have not ended within the grace time. */
  | { readonly type: "overdue"; readonly report: SchedulerReport }
  /** What a lost scheduler had to do with this peer is settled; the records between them that were counted here. */
  | { readonly type: "recovered"; readonly id: number; readonly sent: number; readonly received: number }
  /** An actor that did not give way was ended alone. */
  | { readonly type: "contained"; readonly pid: Pid; readonly name: string; readonly heldMs: number }
  /** Code did not give way and was cut off, and nobody can say what else was: this scheduler is to be ended. */
  | { readonly type: "unsound"; readonly why: string }
  | { readonly type: "halt"; readonly code: number }
  /** With what the program has set as `Deno.exitCode` there. */
  | { readonly type: "stopped"; readonly exitCode?: number }
  | {
    readonly type: "log";
    readonly level: LogLevelName;
    /** Null: of the scheduler itself. */
    readonly pid: Pid | null;
    readonly name: string | null;
    readonly atMs: number;
    readonly message: string;
    /** JSON of an object; "" when there are none. */
    readonly fields: string;
  }
  /** Log records were dropped after all that was posted had been taken. */
  | { readonly type: "logs-dropped" }
  | {
    readonly type: "report";
    readonly text: string;
    /** The panic that it is of, or that led to it by links; by this it is known when it is told again. */
    readonly root?: string;
    /** It is the end of an actor that was linked to the one that panicked. */
    readonly isEcho?: boolean;
  }
  | { readonly type: "name"; readonly id: number; readonly name: string }
  /** Of the poller: a thread for blocking functions, by the number that the pool gives it. */
  | { readonly type: "start-thread"; readonly thread: number }
  | { readonly type: "end-thread"; readonly thread: number }
  /** `life`: how many schedulers that had the receiver's id are known here to have died. */
  | { readonly type: "port"; readonly to: number; readonly life: number; readonly port: MessagePort };
