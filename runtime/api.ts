/**
 * The types that a program on smarm sees. An actor needs nothing from smarm at run time: all it can do, it does
 * through the `self` that it is handed, and errors are told apart by `error.name`.
 *
 * @module
 */

import type { Io } from "../io/api.ts";
import type { ManyHandle, ManySpec, SupervisorHandle, SupervisorSpec } from "../supervisor/spec.ts";

/**
 * The address of one actor: a number, so it works as a key, in a comparison and in any message. The brand carries
 * the type of message that the actor takes and is contravariant: an address that takes more may stand where one that
 * takes less is asked for. A pid is never given to a second actor.
 */
export type Pid<M = unknown> = number & { readonly "~accepts": (message: M) => void };

/** How an actor ended: it returned (`exit`), or it threw, was ended or was lost (`panic`). */
export type Outcome<T = unknown> =
  | { readonly kind: "exit"; readonly value: T }
  | { readonly kind: "panic"; readonly error: Error };

/**
 * What every wait takes: a timeout in ms (default none) and a signal that gives the wait up. Neither loses a message. An
 * option that there is not is a `TypeError`.
 */
export interface WaitOptions {
  /** Milliseconds, 0 to 2^53-1. When they have passed the operation rejects with `TimeoutError`. */
  readonly timeout?: number;
  /** When it aborts, the operation rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** What `spawn` gives: an address to send to, and the one place where the outcome of the actor is kept. */
export interface Handle<T = unknown, M = unknown> {
  /** Its address. */
  readonly pid: Pid<M>;
  /**
   * The outcome, however late it is asked for. Never throws for the child's panic.
   * @throws TimeoutError when `timeout` has passed.
   */
  join(options?: WaitOptions): Promise<Outcome<T>>;
}

/** Whatever a message can be sent to: a pid, a handle or a registered name. */
export type Address<M = never> = Pid<M> | Handle<unknown, M> | string;

/** An address, whatever its actor takes. */
export type AnyAddress = Address<never>;

/** A request that waits for an answer; it arrives in the mailbox like any message. */
export interface Call<Request = unknown, Reply = unknown> {
  /** Tells it from other messages. */
  readonly type: "CALL";
  /** What is asked. */
  readonly request: Request;
  /** The actor that waits for the answer. */
  readonly from: Pid;
  /** Answers the caller. Only the first answer counts; one that comes after the caller's timeout is dropped. */
  reply(value: Reply): void;
  /** Makes the caller's `call` reject with this error. */
  fail(error: unknown): void;
}

/** The requests that an actor with messages `M` answers. */
export type RequestOf<M> = unknown extends M ? unknown : M extends Call<infer Q, infer _R> ? Q : never;
/** The answer to request `Q` of an actor with messages `M`. */
// deno-lint-ignore no-explicit-any
export type ReplyOf<M, Q> = unknown extends M ? any
  : M extends Call<infer Q2, infer R> ? (Q extends Q2 ? R : Unfrozen<Q> extends Q2 ? R : never)
  : never;
/**
 * A request that `call` has inferred as a constant, without the `readonly` that this gives to its arrays. What has methods
 * is no constant and stays as it is.
 */
export type Unfrozen<Q> = Q extends readonly unknown[] ? { -readonly [K in keyof Q]: Unfrozen<Q[K]> }
  : Extract<Q[keyof Q], (...args: never) => unknown> extends never
    ? { -readonly [K in keyof Q]: Unfrozen<Q[K]> }
  : Q;

/** What a monitor delivers, once, when the watched actor is or becomes dead. */
export interface Down<T = unknown> {
  /** Tells it from other messages. */
  readonly type: "DOWN";
  /** What `monitor` gave. */
  readonly ref: MonitorRef;
  /** The dead actor. */
  readonly pid: Pid;
  /** How it ended. */
  readonly outcome: Outcome<T>;
}

/** What a link delivers to an actor that traps exits. */
export interface Exit<T = unknown> {
  /** Tells it from other messages. */
  readonly type: "EXIT";
  /** The linked actor, or who has asked to end. */
  readonly pid: Pid;
  /** How the linked actor ended; after a request to end, a panic with `ExitError`. */
  readonly outcome: Outcome<T>;
}

/** What `self.signals()` delivers, once for each end of a child that this actor has spawned. */
export type Signal<T = unknown> =
  | { readonly kind: "exit"; readonly pid: Pid; readonly value: T }
  | { readonly kind: "panic"; readonly pid: Pid; readonly error: Error };

/** The ends of an actor's children, in the order in which they came. It belongs to that actor. */
export interface Signals extends AsyncIterable<Signal> {
  /** The next signal. @throws TimeoutError */
  receive(options?: WaitOptions): Promise<Signal>;
  /** The next queued signal, or undefined. Never waits. */
  tryReceive(): Signal | undefined;
}

/** Actors under one name, on any scheduler. Those that end leave it. */
export interface Group<M = unknown> {
  /** The name of the group. */
  readonly name: string;
  /** Makes this actor a member; once, however often it joins. */
  join(): void;
  /** False when it was none. */
  leave(): boolean;
  /** The live members, in the order of their pids. */
  members(): Pid<M>[];
  /** Sends to every member, the sender included if it is one; gives how many those were. Each has the message for its own. */
  broadcast(message: M): number;
}

/** Names one monitor, for `demonitor` and in the `DOWN` message. */
export type MonitorRef = number & { readonly "~monitor": true };

/** Names one timed message, for `cancel`. */
export type TimerRef = number & { readonly "~timer": true };

/**
 * What happens to a message for a mailbox that is full: it is dropped (`"drop-newest"`, the default), the one that has
 * waited longest is, or the receiver ends with `MailboxFullError`.
 */
export type OnFull = "drop-newest" | "drop-oldest" | "panic";

/** Where, and under which conditions, an actor is started. */
export interface SpawnOptions {
  /** Registers the actor under this name, atomically with the spawn. */
  readonly name?: string;
  /** Links it to the spawner, atomically with the spawn. */
  readonly link?: boolean;
  /** Monitors it from the spawner, atomically with the spawn. */
  readonly monitor?: boolean;
  /** A scheduler's id, or `"local"` for the spawner's own: the actor never moves from there. */
  readonly scheduler?: number | "local";
  /** Bounds the mailbox. Default: no bound, or that of `--mailbox-limit`. */
  readonly mailbox?: { readonly capacity: number; readonly onFull?: OnFull };
}

/** The sending end of a channel. May be sent in messages and used from any scheduler. */
export interface ChannelSender<V> {
  /** Waits while a bounded channel is full. @throws ChannelClosedError */
  send(value: V, options?: WaitOptions): Promise<void>;
  /** Never waits: false when the channel is full, when others wait for room in it, or when it is closed. */
  trySend(value: V): boolean;
  /** Nothing can be sent any more, by any sender; what was sent is still received. */
  close(): void;
  /** Whether it was closed, at either end. */
  readonly isClosed: boolean;
}

/** The receiving end of a channel; it belongs to the actor that made the channel. */
export interface ChannelReceiver<V> extends AsyncIterable<V> {
  /** The next value. @throws ChannelClosedError when closed and empty. @throws TimeoutError */
  receive(options?: WaitOptions): Promise<V>;
  /** The next value that is here, or undefined. Never waits. */
  tryReceive(): V | undefined;
  /** Nothing can be sent any more, and sends that wait reject; what was sent can still be received. */
  close(): void;
  /** Whether it was closed, at either end; values may be left in it. */
  readonly isClosed: boolean;
}

/** Both ends of a channel, as {@link Actor.channel} makes it. */
export interface Channel<V> {
  /** To hand out. */
  readonly sender: ChannelSender<V>;
  /** For the actor that made it. */
  readonly receiver: ChannelReceiver<V>;
}

/**
 * What {@link Actor.select} can wait for: a channel's receiver, this actor's mailbox (`self` itself), or those messages
 * in it that match.
 */
// deno-lint-ignore no-explicit-any
export type SelectSource<M> = ChannelReceiver<any> | Actor<M> | ((message: M) => boolean);

/** What {@link Actor.select} gives when `Source`, named `K`, was first. */
export type SelectedFrom<M, K, Source> = Source extends undefined ? never
  : Source extends ChannelReceiver<infer V> ?
      | { readonly source: K; readonly closed: false; readonly value: V }
      | { readonly source: K; readonly closed: true; readonly value: undefined }
  // deno-lint-ignore no-explicit-any
  : Source extends (message: any) => message is infer N
    ? { readonly source: K; readonly closed: false; readonly value: N }
  : { readonly source: K; readonly closed: false; readonly value: M };

/** What {@link Actor.select} gives: which source was first, and what came from it. */
export type Selected<M, S> = { [K in keyof S]-?: SelectedFrom<M, K, S[K]> }[keyof S];

/**
 * Structured log: one line a record on stderr, JSON unless that is a terminal, with level, time, scheduler, pid, name,
 * message and fields. A call never waits and never throws: records that come faster than they can be written are dropped
 * and counted, and a record says how many. Fields may be anything; what JSON does not know is shown as text, and what is
 * long is cut.
 */
export interface Log {
  /** Written from `--log-level error` on. */
  error(message: string, fields?: Record<string, unknown>): void;
  /** Written from `--log-level warn` on. */
  warn(message: string, fields?: Record<string, unknown>): void;
  /** Written from `--log-level info` on. */
  info(message: string, fields?: Record<string, unknown>): void;
  /** Written from `--log-level debug` on. */
  debug(message: string, fields?: Record<string, unknown>): void;
}

/** One record of the log, as the `onLog` option of `runtime.run` gets it. */
export interface LogRecord {
  /** How bad it is. */
  readonly level: "error" | "warn" | "info" | "debug";
  /** When, in ms since 1970. */
  readonly timeMs: number;
  /** Id of the scheduler where it was logged. */
  readonly scheduler: number;
  /** The actor, as `self.format` shows it; null: the scheduler itself. */
  readonly pid: string | null;
  /** The name under which the actor is registered, else that of its function. */
  readonly name: string | null;
  /** What was said. */
  readonly message: string;
  /** Plain data. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** One scheduler in {@link RuntimeStats}. Counts are since the run began. */
export interface SchedulerStats {
  /** From 0 on. */
  readonly id: number;
  /** The actor that is being resumed right now; null when the scheduler is idle. */
  readonly currentPid: Pid | null;
  /** Actors that are ready to run. */
  readonly runQueueLength: number;
  /** The longest that its run queue has been. */
  readonly runQueueHigh: number;
  /** Actors that were spawned here. */
  readonly spawned: number;
  /** Actors that ended here: a stolen one was spawned elsewhere. */
  readonly ended: number;
  /** Actors that ended here as a panic; `"normal"` and `"shutdown"` do not count. */
  readonly panicked: number;
  /** How often an actor was resumed. */
  readonly resumed: number;
  /** Messages between actors that both live here: sent, timed, and requests of calls; not answers, not system messages. */
  readonly messagesLocal: number;
  /** The same, to other schedulers. */
  readonly messagesOut: number;
  /** The same, from other schedulers; those for actors that were dead by then are dead letters instead. */
  readonly messagesIn: number;
  /** Messages for actors that were dead. */
  readonly deadLetters: number;
  /** Messages that a mailbox's bound dropped. */
  readonly dropped: number;
  /** Actors that this scheduler took from others before they began to run. */
  readonly stolen: number;
  /** Actors that this scheduler offered to others. */
  readonly offered: number;
  /** Actors that this scheduler gave to others with their messages. */
  readonly donated: number;
  /** Restarts by supervisors that live here. */
  readonly restarts: number;
  /** Actors in `self.sleep`. */
  readonly sleeping: number;
  /** Actors that wait for IO, `self.until` or `self.blocking`. */
  readonly ioParked: number;
  /** Armed timers: sleeps, timeouts, timed messages. */
  readonly timers: number;
  /** Timers that have fired: sleeps, timeouts, timed messages. */
  readonly timersFired: number;
  /** IO operations and blocking calls that were answered. */
  readonly ioDone: number;
  /** Milliseconds that its thread was awake, since it was ready to run actors; it looks for work up to 0.2 ms before it sleeps. */
  readonly busyMs: number;
  /** Milliseconds that its thread has slept for want of work. `busyMs + idleMs` is the time since it was ready. */
  readonly idleMs: number;
  /** Milliseconds since its event loop last turned: large when an actor does not give way, and when it sleeps. */
  readonly sinceTurnMs: number;
  /** Bytes of live and dead objects in its heap; measured when it falls asleep, and every 250 ms at most. */
  readonly heapUsedBytes: number;
  /** True while its thread sleeps for want of work. */
  readonly parked: boolean;
}

/** A snapshot that any thread can take at any time, without asking a scheduler. */
export interface RuntimeStats {
  /** How many schedulers the run has. */
  readonly schedulerCount: number;
  /** Milliseconds since the run began; how long it took, once it is over. */
  readonly uptimeMs: number;
  /** Actors that have been spawned and have not ended. */
  readonly live: number;
  /**
   * Live actors by what they do. The counts are kept by each scheduler on its own, so while actors move they add up to
   * `live` only nearly; an actor that waits in two things at once counts for both.
   */
  readonly states: {
    /** On the processor right now. */
    readonly running: number;
    /** Ready to run. */
    readonly runnable: number;
    /** In `self.sleep`. */
    readonly sleeping: number;
    /** In IO, `self.until` or `self.blocking`. */
    readonly io: number;
    /** In anything else: receive, call, join, channels, select, promises that are not smarm's. */
    readonly waiting: number;
  };
  /** Actors that are ready to run, on all schedulers. */
  readonly runQueueLength: number;
  /** Actors that wait for IO, on all schedulers. */
  readonly ioParked: number;
  /** Actors in `self.sleep`, on all schedulers. */
  readonly sleeping: number;
  /** The pool of `self.blocking`: its threads, those that run a function now, and calls that wait for a thread. */
  readonly blocking: { readonly threads: number; readonly running: number; readonly queued: number };
  /** Actors that were spawned. */
  readonly spawned: number;
  /** Actors that ended. */
  readonly ended: number;
  /** Armed timers. */
  readonly timers: number;
  /** Timers that have fired. */
  readonly timersFired: number;
  /** IO operations and blocking calls that were answered. */
  readonly ioDone: number;
  /** Messages for actors that were dead. */
  readonly deadLetters: number;
  /** Messages that a mailbox's bound dropped. */
  readonly dropped: number;
  /** Actors that ended as a panic; `"normal"` and `"shutdown"` do not count. */
  readonly panicked: number;
  /** Restarts by supervisors. */
  readonly restarts: number;
  /** Actors that a scheduler took from another before they began. */
  readonly stolen: number;
  /** Bytes. */
  readonly memory: {
    /** What the process holds in physical memory. */
    readonly rssBytes: number;
    /** In the heaps of the schedulers. */
    readonly heapUsedBytes: number;
  };
  /** Each scheduler, by id. */
  readonly schedulers: readonly SchedulerStats[];
}

/** A function that can be an actor. */
// deno-lint-ignore no-explicit-any
export type ActorFunction<M = any, A extends unknown[] = any[], T = unknown> = (
  self: Actor<M>,
  ...args: A
) => T;

/**
 * What an actor does, it does through this. `M` is the type of the messages that it receives. A helper that any actor
 * may call takes an `Actor<any>`, or is generic in `M`; `Actor` alone is one that takes every message.
 *
 * Operations that wait give promises; several may be pending at once, and pending receives take messages in the order
 * of the calls, one each. JavaScript cannot see that a `Promise.race` was lost, so a receive that lost one still takes
 * the next message, and nobody sees it: give a wait up by `{ timeout }` or `{ signal }`, or wait with
 * {@link Actor.select}, which lose nothing.
 */
export interface Actor<M = unknown> extends AsyncIterable<M> {
  /** This actor's own address. */
  readonly pid: Pid<M>;
  /** Aborts when the actor is asked to end, with the `ExitError` that its waits then reject with. */
  readonly signal: AbortSignal;
  /** Structured log with this actor's pid. */
  readonly log: Log;

  /**
   * Starts an actor and returns at once. An exported function of the entry module, or of a module loaded by URL, may
   * run on any scheduler; any other function is a closure and stays on this one.
   * @throws NotSendableError when the actor is to start elsewhere and an argument cannot be sent.
   */
  // deno-lint-ignore no-explicit-any
  spawn<A extends unknown[], T, N = any>(
    target: (self: Actor<N>, ...args: A) => T,
    ...args: NoInfer<A>
  ): Handle<Awaited<T>, N>;
  /** Starts the `main` of the module at this URL. */
  // deno-lint-ignore no-explicit-any
  spawn(target: URL, ...args: unknown[]): Handle<any, any>;
  /** As {@link Actor.spawn}, with options. */
  // deno-lint-ignore no-explicit-any
  spawnWith<A extends unknown[], T, N = any>(
    options: SpawnOptions,
    target: (self: Actor<N>, ...args: A) => T,
    ...args: NoInfer<A>
  ): Handle<Awaited<T>, N>;
  /** As {@link Actor.spawn} of a URL, with options. */
  // deno-lint-ignore no-explicit-any
  spawnWith(options: SpawnOptions, target: URL, ...args: unknown[]): Handle<any, any>;

  /**
   * Never blocks, and never throws for a dead receiver or a name that nobody has (counted as a dead letter). The buffers
   * in `transfer` move.
   * @throws NotSendableError, before anything has moved; TypeError when `to` is no address, or `transfer` no array.
   */
  send<N>(
    to: Pid<N> | Handle<unknown, N> | string,
    message: NoInfer<N>,
    options?: { readonly transfer?: Transferable[] },
  ): void;

  /** The next message. @throws TimeoutError */
  receive(options?: WaitOptions): Promise<M>;
  /**
   * The first queued or coming message that matches; the others keep their order. Each queued message is shown to `match`
   * once. @throws TimeoutError, whatever `match` throws
   */
  receive<S extends M>(match: (message: M) => message is S, options?: WaitOptions): Promise<S>;
  /** The same for a predicate that does not narrow the type. */
  receive(match: (message: M) => boolean, options?: WaitOptions): Promise<M>;
  /** The next queued message, or undefined. Never waits. */
  tryReceive(): M | undefined;

  /**
   * Sends a request and waits for its answer, which a callee gives with `call.reply(value)` or `call.fail(error)`.
   * @throws TimeoutError after `timeout` (default 5000 ms), telling what the callee is doing and whether calls wait for
   * each other in a circle; DeadActorError at once when the callee is or becomes dead; MailboxFullError at once when its
   * mailbox's bound drops the call; NotSendableError; whatever the callee fails it with.
   */
  call<N, const Q>(
    to: Pid<N> | Handle<unknown, N> | string,
    // RequestOf<N>, so that Q is inferred but N is not. As Q's constraint it would be Q where a constant's readonly arrays do
    // not fit it; NoInfer<N> would hide the parts of N.
    request: [Q] extends [never] ? Q : RequestOf<[N][N extends unknown ? 0 : never]>,
    options?: WaitOptions,
  ): Promise<ReplyOf<N, Q>>;

  /** Parks this actor for at least `ms` milliseconds, 0 to 2^53-1. @throws RangeError, TypeError for another number */
  sleep(ms: number, options?: { readonly signal?: AbortSignal }): Promise<void>;
  /** Goes to the back of the run queue. */
  yield(): Promise<void>;
  /** Yields only when the timeslice is used up: for loops that compute, or that send or spawn without waiting. */
  check(): Promise<void>;

  /** Sends `message` after `ms` milliseconds, unless this actor has ended by then. @throws NotSendableError, RangeError */
  after<N>(ms: number, to: Pid<N> | Handle<unknown, N> | string, message: NoInfer<N>): TimerRef;
  /**
   * Sends `message` every `ms` milliseconds (at least 1); ticks that a stall made late are merged into one. Each
   * tick is a message of its own, copied where it can be. It ends with
   * this actor, by `cancel`, and with the actor that it sends to, unless that is given by its name.
   * @throws NotSendableError, RangeError
   */
  every<N>(ms: number, to: Pid<N> | Handle<unknown, N> | string, message: NoInfer<N>): TimerRef;
  /** True when it was pending. A cancelled message is never delivered afterwards. */
  cancel(timer: TimerRef): boolean;
  /** How many ticks of a pending `every` came so late that they were merged into the next one. */
  missedTicks(timer: TimerRef): number;

  /** One `DOWN` message when `to` is or becomes dead, or is a name that nobody has. */
  monitor(to: AnyAddress): MonitorRef;
  /** Takes the monitor back; a `DOWN` that is already queued is removed. False when there was nothing to take back. */
  demonitor(ref: MonitorRef): boolean;
  /**
   * A panic of either ends the other too, unless that one traps exits. Linking to a dead actor is such a panic.
   * @throws DeadActorError for a name that nobody has
   */
  link(to: AnyAddress): void;
  /** Takes the link back, at both ends. A child cannot take back the one to its supervisor. */
  unlink(to: AnyAddress): void;
  /** With true, exits of linked actors and `exit` requests arrive as `EXIT` messages. Returns the former setting. */
  trapExit(on: boolean): boolean;
  /**
   * Asks an actor to end (OTP's exit/2): what it waits for rejects with an `ExitError` of this reason, and its `finally`
   * runs. One that traps exits gets an `EXIT` message instead. `"shutdown"` counts as no fault; `"normal"` moves only this
   * actor itself and those that trap exits; `"kill"` is {@link Actor.kill}.
   */
  exit(to: AnyAddress, reason: unknown): void;
  /** Ends an actor at once, whether it traps exits or not; whatever it still calls on its `self` throws. */
  kill(to: AnyAddress): void;

  /**
   * Registers this actor under a name, 1 to 104 bytes of UTF-8, that is unique across schedulers. It may have several.
   * @throws NameTakenError, RangeError, TypeError
   */
  register(name: string): void;
  /** Gives the name back. False when it was not this actor's. */
  unregister(name: string): boolean;
  /** Who has the name now; undefined: nobody. */
  whereis(name: string): Pid | undefined;

  /**
   * A channel of which this actor has the receiving end. `capacity`: so many values may be in it that were not received
   * yet, a whole number of at least 1; without it there is no bound. It is closed when this actor ends.
   * @throws RangeError, TypeError for another capacity.
   */
  channel<V>(capacity?: number): Channel<V>;
  /**
   * Waits for whichever comes first: a value of a channel, the end of a channel (`closed: true`), a message. Only what it
   * gives is taken; whatever else is or becomes ready stays where it is. When several are ready, the first as written
   * here is given, so write the urgent one first. A closed channel is always ready: leave it out the next time, or give
   * undefined in its place.
   *
   * @example
   * ```ts ignore
   * const event = await self.select({ stop: stop.receiver, orders: orders.receiver, mailbox: self }, { timeout: 1000 });
   * switch (event.source) {
   *   case "stop":
   *     return;
   *   case "orders":
   *     if (!event.closed) handle(event.value);
   *     break;
   *   case "mailbox":
   *     answer(event.value);
   * }
   * ```
   * @throws TimeoutError when `timeout` has passed.
   */
  select<const S extends Readonly<Record<string, SelectSource<M> | undefined>>>(
    sources: S,
    options?: WaitOptions,
  ): Promise<Selected<M, S>>;

  /** Files, sockets, processes, the standard streams. */
  readonly io: Io;
  /**
   * Runs an exported function on a thread of a pool of its own, so that work which computes or blocks stalls no
   * scheduler. The function gets the arguments only, no `self`. When its caller waits no more it may still take 100 ms;
   * then its thread is ended and replaced.
   * @throws TypeError for a function that is not exported; NotSendableError; whatever the function throws.
   */
  blocking<A extends unknown[], T>(target: (...args: A) => T, ...args: NoInfer<A>): Promise<Awaited<T>>;
  /** The same with a timeout, a signal, or buffers that move. */
  blockingWith<A extends unknown[], T>(
    options: WaitOptions & { readonly transfer?: Transferable[] },
    target: (...args: A) => T,
    ...args: NoInfer<A>
  ): Promise<Awaited<T>>;
  /**
   * Waits for a promise that is not smarm's, with `{ timeout, signal }`; counts as a wait for IO. Nobody can tell whether
   * such a promise will ever be settled, so while one is waited for, no deadlock is told.
   */
  until<T>(promise: PromiseLike<T>, options?: WaitOptions): Promise<T>;

  /**
   * Starts a supervisor that is linked to this actor, and gives its handle at once (OTP's `supervisor`). When this actor
   * panics or is told to end, the supervisor stops its children, in reverse order, and ends; being told to end, this
   * actor goes on until then. When it returns, the supervisor lives on, as whatever else is linked to it does. (An OTP
   * supervisor ends with its parent in any case.)
   * @throws TypeError, RangeError for a spec that cannot be kept
   */
  supervise(spec: SupervisorSpec): SupervisorHandle;
  /** Starts a supervisor of any number of alike children, all started at run time (OTP's `simple_one_for_one`). */
  superviseMany<F extends ActorFunction, Given extends unknown[]>(
    spec: ManySpec<F, Given>,
  ): ManyHandle<F, Given>;
  /**
   * The ends of the children that this actor has spawned and that no supervisor has started: each is told here before
   * anybody who joins it hears of it. Tells of ends from the first call on; later calls give the same object.
   */
  signals(): Signals;
  /** The group of that name; there is one for the whole run, and nothing needs to make it. */
  group<N = unknown>(name: string): Group<N>;

  /** Counters of all schedulers, as they are now. */
  stats(): RuntimeStats;
  /** `<scheduler.index.generation>`, the scheduler being the pid's birthplace. @throws TypeError for what is no pid */
  format(pid: Pid<never>): string;
  /**
   * Ends the program with this exit code, 0 (default) to 255: every actor is told to end, then the run is over.
   * @throws RangeError for another code
   */
  halt(code?: number): void;
}
