/**
 * The supervisor's actor: starts children in order, restarts them as its strategy says, stops them in reverse order, and
 * gives up when that is needed too often. Semantics are those of OTP's `supervisor`, with these differences:
 *
 * - A restart under `one_for_one` does not wait until the child has started, and starts by `startChild` do not wait for
 *   each other.
 * - One that gives up ends as a panic, so a transient supervisor is restarted then. (OTP's ends with `shutdown`.)
 * - Anybody may end one with `exit`, and one to which somebody has linked ends with that one's panic. (OTP's obeys nobody
 *   but its parent.)
 * - One in the place of a supervisor that was killed waits for the children that this has left, and kills those that take
 *   longer than their shutdown time. (OTP's starts new ones beside them.)
 * - A child whose restart has failed and is to be tried again does not run: `restartChild` starts it, `deleteChild` drops
 *   it. (OTP refuses both: `restarting`.)
 *
 * Everything it hears comes through its mailbox: {@link ExitSignal} for ends, {@link Started} for first waits, calls
 * from handles. What a message means for a child's state is noted as soon as it is read ({@link Tree.take}), also in the
 * middle of a stop or a restart of several; what is to be done about it waits in `exits` and `requests` until then. An
 * end that was noted before its child was started anew is void: the child's incarnation has changed.
 *
 * | child's state \ event | start    | first wait | ends well         | panics                        | stop     |
 * | --------------------- | -------- | ---------- | ----------------- | ----------------------------- | -------- |
 * | stopped               | starting | —          | —                 | —                             | —        |
 * | starting              | —        | running    | stopped, an exit  | stopped, failed, or an exit   | stopping |
 * | running               | —        | —          | stopped, an exit  | stopped, an exit              | stopping |
 * | stopping              | —        | —          | stopped           | stopped                       | —        |
 *
 * A failed start is told to whoever waits for it: to the starter of the supervisor, to the caller of `startChild`, and
 * in a restart it is an end that counts like any other.
 *
 * @module
 */
import type { Actor, Down, MonitorRef, Outcome, Pid, SpawnOptions } from "../runtime/api.ts";
import type { ActorImpl } from "../runtime/actor.ts";
import type { Scheduler } from "../runtime/scheduler.ts";
import { CallImpl } from "../runtime/call.ts";
import { ExitError, isQuiet, SupervisorError, toError } from "../runtime/errors.ts";
import { extrasOf } from "../runtime/extras.ts";
import { Fifo } from "../runtime/fifo.ts";
import { ExitSignal, hasStarted, linkedEnd, monitor, signal, Started } from "../runtime/lifecycle.ts";
import { formatPid, isPid } from "../runtime/pid.ts";
import { EXIT_ASK, EXIT_KILL, EXIT_LINK, type SupervisorReport } from "../runtime/protocol.ts";
import { putSystem } from "../runtime/sending.ts";
import { Timer } from "../timer/wheel.ts";
import {
  checkChild,
  type Child,
  type ChildCount,
  type ChildInfo,
  type ChildSpec,
  type Setup,
} from "./spec.ts";
import { type Request, unpack } from "./handle.ts";
import { makeSupervisor } from "./supervise.ts";
import { RESTART } from "../trace/format.ts";

/** The function of a supervisor's actor. `caller` has started it: it ends when that panics or is told to end. */
export async function supervisor(self: Actor, setup: Setup, caller: Pid): Promise<void> {
  const actor = self as unknown as ActorImpl;
  const extras = extrasOf(actor);
  const above = extras.startsUnder;
  extras.startsUnder = null; // it waits for its children first: that is not what a supervisor above waits for
  const tree = extras.supervision = new Tree(actor, setup, caller);
  if (await tree.start() && above !== null) {
    extras.startsUnder = above;
    hasStarted(actor.scheduler, actor);
  }
  await tree.run();
}

/** A child and what has become of it. */
class Member {
  readonly child: Child;
  readonly options: SpawnOptions;
  pid: Pid | null = null;
  state: "stopped" | "starting" | "running" | "stopping" = "stopped";
  incarnation = 0;
  /** Why it ended. */
  outcome: Outcome | null = null;
  /** The supervisor itself waits for its start. */
  awaited = false;
  /** Whoever waits for its start. */
  call: CallImpl | null = null;
  /** Dropped when it fails to start for the first time. */
  isNew = false;

  constructor(child: Child) {
    this.child = child;
    this.options = optionsOf(child, child.scheduler === "spread" ? "local" : child.scheduler);
  }
}

function optionsOf(child: Child, scheduler: number | "local"): SpawnOptions {
  return {
    scheduler,
    link: true,
    supervised: true,
    name: child.name,
    mailbox: child.mailbox,
  } as SpawnOptions;
}

interface End {
  readonly member: Member;
  readonly incarnation: number;
  readonly outcome: Outcome;
  /** A restart that failed: it is tried again, whatever the reason. */
  readonly again?: boolean;
}

/**
 * In the supervisor's own mailbox: a restart that failed is tried again when what has come before is done (OTP's
 * `try_again_restart`). One that fails at once, for ever, keeps neither its scheduler nor whoever asks the supervisor.
 */
class TryAgain {
  readonly end: End;
  constructor(end: End) {
    this.end = end;
  }
}

/** As whom a child was started last, and by whom: by a supervisor that was killed, if this one takes its place. */
const lastStarted = new WeakMap<Child, { readonly pid: Pid; readonly supervisor: Pid }>();

class Tree {
  readonly #actor: ActorImpl;
  readonly #s: Scheduler;
  readonly #setup: Setup;
  readonly #caller: Pid;
  /** In the order of start. */
  readonly #members = new Set<Member>();
  readonly #byId = new Map<string, Member>();
  readonly #byPid = new Map<Pid, Member>();
  /** Alike children on other schedulers that have told their end, and are shown as dead to all only after that. */
  readonly #justEnded = new Set<Pid>();
  readonly #exits = new Fifo<End>();
  readonly #requests = new Fifo<CallImpl>();
  /** When the restarts of the last period were, ms since the run began. */
  readonly #restarts = new Fifo<number>();
  /** Monitors of what a killed supervisor has left, whose place this one takes. */
  readonly #left = new Set<MonitorRef>();
  #restarted = 0;
  #turn = 0;
  /** When the shutdown time of those that are stopping is over: by then their own scheduler may have cut them off. */
  #overdueMs = Infinity;
  #ending: Error | null = null;

  constructor(actor: ActorImpl, setup: Setup, caller: Pid) {
    this.#actor = actor;
    this.#s = actor.scheduler;
    this.#setup = setup;
    this.#caller = caller;
    for (const child of setup.children) this.#add(child);
  }

  /** The children, one after the other. False: the supervisor is to end. */
  async start(): Promise<boolean> {
    await this.#waitForLeft();
    if (this.#ending !== null) return false;
    for (const member of [...this.#members]) {
      const failure = await this.#startAndWait(member);
      if (failure !== null) {
        this.#end(this.#error(`could not start child ${JSON.stringify(member.child.id)}`, failure));
      }
      if (this.#ending !== null) return false;
    }
    return true;
  }

  /**
   * The children of a killed supervisor end by their links to it, which takes a while: the one in its place would start
   * them beside themselves, and find their names taken until its restarts are used up. Whoever takes longer than its
   * shutdown time is killed.
   */
  async #waitForLeft(): Promise<void> {
    const s = this.#s;
    const timers: Timer<undefined>[] = [];
    for (const child of this.#setup.children) {
      const last = lastStarted.get(child);
      if (last === undefined || s.routes.isLive(last.supervisor) || !s.routes.isLive(last.pid)) continue;
      const { pid } = last;
      this.#left.add(monitor(this.#actor, pid));
      const kill = () => signal(s, pid, { flavor: EXIT_KILL, from: this.#actor.pid, reason: "killed" });
      if (child.shutdown === "kill") kill();
      else if (child.shutdown !== "infinity") {
        const timer = new Timer(kill, undefined);
        s.timers.insert(timer, s.clock.now() + child.shutdown);
        timers.push(timer);
      }
    }
    while (this.#left.size > 0 && this.#ending === null) this.take(await this.#actor.receive());
    for (const timer of timers) s.timers.cancel(timer);
  }

  /** Until it is told to end or gives up: then it throws why. */
  async run(): Promise<never> {
    while (this.#ending === null) {
      let step: Promise<void> | void = undefined;
      if (this.#exits.length > 0) step = this.#ended(this.#exits.shift());
      else if (this.#requests.length > 0) step = this.#serve(this.#requests.shift());
      else this.take(await this.#actor.receive());
      if (step !== undefined) await step;
    }
    await this.#stop([...this.#members].reverse());
    throw this.#ending;
  }

  // --- What comes in ----------------------------------------------------------------------------------------------

  take(message: unknown): void {
    if (message instanceof Started) {
      const member = this.#byPid.get(message.pid);
      if (member?.state === "starting") this.#hasStarted(member);
    } else if (message instanceof ExitSignal) {
      if (message.flavor === EXIT_LINK) this.#linkedEnd(message.from, message.reason as Outcome);
      else if (message.reason !== "normal") this.#end(new ExitError(message.reason));
    } else if (message instanceof CallImpl) this.#requests.push(message);
    else if (message instanceof TryAgain) this.#exits.push(message.end);
    else if (this.#left.size > 0) this.#left.delete((message as Partial<Down> | null)?.ref as MonitorRef);
    // OTP's supervisor ignores other messages too
  }

  #hasStarted(member: Member): void {
    member.state = "running";
    member.isNew = false;
    if (member.call === null) return;
    member.call.reply(member.pid);
    member.call = null;
  }

  #linkedEnd(pid: Pid, outcome: Outcome): void {
    const member = this.#byPid.get(pid);
    if (member === undefined) {
      if (outcome.kind === "panic" && (pid === this.#caller || !isQuiet(outcome))) {
        this.#end(linkedEnd(pid, outcome.error));
      }
      return;
    }
    const { state } = member;
    this.#byPid.delete(pid);
    if (this.#setup.template !== null) this.#noteEnd(pid);
    const { incarnation } = member;
    const isCutOff = state === "stopping" && outcome.kind === "panic" &&
      this.#s.clock.now() >= this.#overdueMs;
    if (isCutOff) this.#tellOverdue(member.child, pid);
    if (state === "starting" && outcome.kind === "exit") this.#hasStarted(member);
    member.pid = null;
    member.state = "stopped";
    member.outcome = outcome;
    const failed = state === "starting" && outcome.kind === "panic";
    if (failed && member.call !== null) {
      member.call.fail(
        this.#error(`could not start child ${JSON.stringify(member.child.id)}`, outcome.error),
      );
      member.call = null;
      if (member.isNew) this.#remove(member);
    } else if (state !== "stopping" && !(failed && member.awaited)) {
      this.#exits.push({ member, incarnation, outcome });
    }
  }

  /** The first reason counts. */
  #end(reason: Error): void {
    this.#ending ??= reason;
  }

  #error(what: string, cause: Error | null): SupervisorError {
    const who = this.#setup.name === undefined ? "" : ` ${JSON.stringify(this.#setup.name)}`;
    return new SupervisorError(
      `supervisor ${formatPid(this.#actor.pid)}${who} ${what}`,
      cause === null ? undefined : { cause },
    );
  }

  // --- Starting ---------------------------------------------------------------------------------------------------

  #add(child: Child): Member {
    const member = new Member(child);
    this.#members.add(member);
    if (this.#setup.template === null) this.#byId.set(child.id, member);
    return member;
  }

  #remove(member: Member): void {
    this.#members.delete(member);
    if (this.#setup.template === null) this.#byId.delete(member.child.id);
  }

  /** Starts a child; gives the error when not even that is possible. */
  #spawn(member: Member): Error | null {
    const { child } = member;
    const s = this.#s;
    member.incarnation++;
    try {
      const options = child.scheduler === "spread"
        ? optionsOf(child, this.#turn++ % s.memory.schedulers)
        : member.options;
      const handle = child.supervise === null
        ? s.spawn(this.#actor, child.target, child.args as unknown[], options)
        : s.spawn(this.#actor, supervisor, [child.supervise, this.#actor.pid], options);
      if (child.supervise !== null && handle.living !== null) makeSupervisor(handle.living);
      member.pid = handle.pid;
    } catch (error) {
      member.outcome = { kind: "panic", error: toError(error) };
      return member.outcome.error;
    }
    lastStarted.set(child, { pid: member.pid, supervisor: this.#actor.pid });
    member.state = "starting";
    member.outcome = null;
    this.#byPid.set(member.pid, member);
    return null;
  }

  /** Null when it has started, or when the supervisor is to end meanwhile. */
  async #startAndWait(member: Member): Promise<Error | null> {
    const error = this.#spawn(member);
    if (error !== null) return error;
    member.awaited = true;
    while (member.state === "starting" && this.#ending === null) this.take(await this.#actor.receive());
    member.awaited = false;
    const { outcome } = member;
    const failed = outcome !== null && outcome.kind === "panic" && this.#ending === null &&
      (member.state as string) === "stopped" && !this.#isQueued(member);
    return failed ? outcome.error : null;
  }

  /** It had started, and its end is to be dealt with. */
  #isQueued(member: Member): boolean {
    for (let i = 0; i < this.#exits.length; i++) {
      const end = this.#exits.at(i);
      if (end.member === member && end.incarnation === member.incarnation) return true;
    }
    return false;
  }

  // --- Restarting -------------------------------------------------------------------------------------------------

  #ended({ member, incarnation, outcome, again }: End): Promise<void> | void {
    if (incarnation !== member.incarnation || !this.#members.has(member)) return;
    const { restart } = member.child;
    if (again || restart === "permanent" || (restart === "transient" && !isQuiet(outcome))) {
      return this.#restart(member, outcome);
    }
    if (restart === "temporary" || this.#setup.template !== null) this.#remove(member);
  }

  #restart(member: Member, outcome: Outcome): Promise<void> | void {
    const { intensity, periodMs, strategy } = this.#setup;
    const now = this.#s.clock.now();
    this.#restarts.push(now);
    while (now - this.#restarts.at(0) > periodMs) this.#restarts.shift();
    if (this.#restarts.length > intensity) {
      this.#end(this.#error(
        `gave up: child ${
          JSON.stringify(member.child.id)
        } ended, and ${intensity} restarts within ${periodMs} ms ` +
          `are the most that it makes`,
        outcome.kind === "panic" ? outcome.error : null,
      ));
      return;
    }
    this.#restarted++;
    this.#s.restarts++;
    if (this.#s.trace !== null) this.#s.trace.of(RESTART, this.#actor);
    if (strategy !== "one_for_one") return this.#restartSeveral(member, outcome);
    const before = member.outcome;
    const failure = this.#spawn(member);
    this.#log(member, before ?? outcome);
    if (failure !== null) this.#tryAgain(member, failure);
  }

  #tryAgain(member: Member, error: Error): void {
    const { incarnation } = member;
    const outcome: Outcome = { kind: "panic", error };
    putSystem(this.#actor, new TryAgain({ member, incarnation, outcome, again: true }));
  }

  async #restartSeveral(member: Member, outcome: Outcome): Promise<void> {
    const all = [...this.#members];
    const several = this.#setup.strategy === "one_for_all" ? all : all.slice(all.indexOf(member));
    await this.#stop([...several].reverse());
    for (const one of several) {
      if (one.child.restart === "temporary" || one.isNew) { // whoever has asked for a new one was told that it failed
        this.#remove(one);
        continue;
      }
      const failure = await this.#startAndWait(one);
      if (one === member) this.#log(one, outcome);
      if (this.#ending !== null) return;
      if (failure !== null) return this.#tryAgain(one, failure);
    }
  }

  get #warns(): boolean {
    const level = this.#s.config.minLogLevel;
    return level !== "error" && level !== "silent";
  }

  #log(member: Member, outcome: Outcome): void {
    this.#s.telemetry?.restarted(this.#actor, member.child.id, member.pid, outcome);
    if (!this.#warns) return;
    const { intensity, periodMs } = this.#setup;
    const pid = member.pid === null ? "" : ` as ${formatPid(member.pid)}`;
    const why = outcome.kind === "exit" ? "it returned" : `${outcome.error.name}: ${outcome.error.message}`;
    this.#s.host.log(this.#actor).warn(
      `restarted child ${JSON.stringify(member.child.id)}${pid} after ${why} ` +
        `(restart ${this.#restarted}, ${this.#restarts.length} of ${intensity} within ${periodMs} ms)`,
    );
  }

  // --- Stopping ---------------------------------------------------------------------------------------------------

  /** One after the other in the order given; alike children all at once. */
  async #stop(members: readonly Member[]): Promise<void> {
    if (this.#setup.template !== null) await this.#stopAtOnce(members);
    else for (const member of members) if (member.pid !== null) await this.#stopAtOnce([member]);
  }

  async #stopAtOnce(members: readonly Member[]): Promise<void> {
    const s = this.#s;
    const askedMs = s.clock.now(); // before whoever is asked takes the time
    let limitMs = Infinity;
    let left = 0;
    for (const member of members) {
      const { pid } = member;
      if (member.call !== null) {
        member.call.fail(this.#error(`stops child ${JSON.stringify(member.child.id)}`, null));
        member.call = null;
      }
      if (pid === null) continue;
      left++;
      member.state = "stopping";
      const { shutdown } = member.child;
      if (shutdown === "kill") {
        signal(s, pid, { flavor: EXIT_KILL, from: this.#actor.pid, reason: "killed" });
        continue;
      }
      const withinMs = shutdown === "infinity" ? Infinity : shutdown;
      limitMs = withinMs;
      signal(s, pid, { flavor: EXIT_ASK, from: this.#actor.pid, reason: "shutdown", withinMs });
    }
    const timer = new Timer(() => {
      for (const { pid } of members) {
        if (pid !== null) signal(s, pid, { flavor: EXIT_KILL, from: this.#actor.pid, reason: "killed" });
      }
    }, undefined);
    this.#overdueMs = askedMs + limitMs;
    if (left > 0 && limitMs !== Infinity) s.timers.insert(timer, this.#overdueMs);
    for (const member of members) while (member.pid !== null) this.take(await this.#actor.receive());
    s.timers.cancel(timer);
  }

  /** What the child had not finished is lost, and nobody else says so. (OTP reports it as a `shutdown_error`.) */
  #tellOverdue({ id, shutdown }: Child, pid: Pid): void {
    if (!this.#warns) return;
    this.#s.host.log(this.#actor).warn(
      `child ${JSON.stringify(id)}, ${
        formatPid(pid)
      }, did not end within its shutdown time of ${shutdown} ms`,
    );
  }

  // --- Requests ---------------------------------------------------------------------------------------------------

  #serve(call: CallImpl): Promise<void> | void {
    const request = call.request as Request;
    try {
      switch (request?.op) {
        case "children":
          call.reply(this.#children());
          return;
        case "count":
          call.reply(this.#count());
          return;
        case "start":
          this.#startChild(call, request.args);
          return;
        case "terminate":
          return this.#terminateChild(call, request.which);
        case "restart":
          this.#restartChild(call, request.which);
          return;
        case "delete":
          this.#deleteChild(call, request.which);
          return;
        default:
          throw this.#error(`does not know the request ${Deno.inspect(request, { depth: 1 })}`, null);
      }
    } catch (error) {
      call.fail(error);
    }
  }

  #children(): ChildInfo[] {
    const isMany = this.#setup.template !== null;
    return [...this.#members].map(({ child, pid }) => ({
      id: isMany && pid !== null ? formatPid(pid) : child.id,
      pid,
      type: child.type,
      restart: child.restart,
    }));
  }

  report(limit: number): SupervisorReport {
    const { template, strategy, name } = this.#setup;
    const children = [...this.#members].slice(0, limit).map(({ child, pid, state }) => ({
      id: template === null ? child.id : "",
      pid,
      state,
      restart: child.restart,
      isSupervisor: child.supervise !== null,
    }));
    return {
      pid: this.#actor.pid,
      name,
      strategy: template === null ? strategy : "of many alike",
      restarted: this.#restarted,
      children,
      more: this.#members.size - children.length,
    };
  }

  #count(): ChildCount {
    let active = 0, supervisors = 0;
    for (const member of this.#members) {
      if (member.pid !== null) active++;
      if (member.child.type === "supervisor") supervisors++;
    }
    const specs = this.#members.size;
    return { specs, active, supervisors, workers: specs - supervisors };
  }

  #startChild(call: CallImpl, packed: readonly unknown[]): void {
    const { template } = this.#setup;
    const args = packed.map((arg) => unpack(this.#s, arg));
    const child = template === null
      ? checkChild(args[0] as ChildSpec)
      : args.length === 0
      ? template
      : { ...template, args: [...template.args, ...args] };
    if (template === null && this.#byId.has(child.id)) {
      const { pid } = this.#byId.get(child.id)!;
      throw this.#error(
        `has a child ${JSON.stringify(child.id)} already${
          pid === null ? ", which is stopped: restart or delete it" : `: ${formatPid(pid)}`
        }`,
        null,
      );
    }
    const member = this.#add(child);
    member.isNew = true;
    this.#startFor(call, member);
  }

  #restartChild(call: CallImpl, id: string): void {
    const member = this.#find(id);
    if (member.pid !== null) {
      throw this.#error(`has child ${JSON.stringify(id)} running already: ${formatPid(member.pid)}`, null);
    }
    this.#startFor(call, member);
  }

  #startFor(call: CallImpl, member: Member): void {
    const failure = this.#spawn(member);
    if (failure === null) {
      member.call = call;
      return;
    }
    if (member.isNew) this.#remove(member);
    throw this.#error(`could not start child ${JSON.stringify(member.child.id)}`, failure);
  }

  async #terminateChild(call: CallImpl, which: string | Pid): Promise<void> {
    let member: Member;
    try {
      if (this.#hasEnded(which)) {
        call.reply(undefined);
        return;
      }
      member = this.#find(which);
    } catch (error) {
      call.fail(error);
      return;
    }
    await this.#stopAtOnce([member]);
    member.incarnation++; // an end of its own that is still queued restarts it no more
    if (member.child.restart === "temporary" || this.#setup.template !== null) this.#remove(member);
    call.reply(undefined);
  }

  /** Alike children go by pids: whoever terminates one may come just after its end, which is what was asked for (OTP). */
  #hasEnded(which: string | Pid): boolean {
    return this.#setup.template !== null && isPid(which) && !this.#byPid.has(which) &&
      (this.#justEnded.has(which) || !this.#s.routes.isLive(which));
  }

  /** Its `finally` is over, but what listens to its signal may keep its scheduler for long before all can see it dead. */
  #noteEnd(pid: Pid): void {
    const { routes } = this.#s;
    for (const one of this.#justEnded) if (!routes.isLive(one)) this.#justEnded.delete(one);
    if (routes.isLive(pid)) this.#justEnded.add(pid);
  }

  #deleteChild(call: CallImpl, id: string): void {
    const member = this.#find(id);
    if (member.pid !== null) {
      throw this.#error(
        `cannot delete child ${JSON.stringify(id)}: it runs as ${formatPid(member.pid)}. Terminate it first`,
        null,
      );
    }
    this.#remove(member);
    call.reply(undefined);
  }

  #find(which: string | Pid): Member {
    const member = typeof which === "string" ? this.#byId.get(which) : this.#byPid.get(which);
    if (member !== undefined) return member;
    const shown = typeof which === "number" ? formatPid(which) : Deno.inspect(which, { depth: 0 });
    throw this.#error(`has no child ${shown}`, null);
  }
}
