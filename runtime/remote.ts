/**
 * What a scheduler says to other threads, and what it does with what they say.
 *
 * @module
 */
import type { Outcome, Pid } from "./api.ts";
import type { Scheduler } from "./scheduler.ts";
import type { Token } from "../io/token.ts";

import { LentHandles } from "./lent_handles.ts";
import { Peers } from "./peers.ts";
import { answered, arrived, CallImpl, dropCall, type PlainCall } from "./call.ts";
import {
  dropWatcher,
  finalizeAway,
  noSuchActor,
  noticed,
  notify,
  signal,
  signalled,
  Started,
} from "./lifecycle.ts";
import { extrasOf } from "./extras.ts";
import { adopt } from "./spawn.ts";
import { put, putSystem } from "./sending.ts";
import { type PlainSender, SenderImpl } from "./channel_ends.ts";
import { birthOf } from "./pid.ts";
import { Loopback } from "./loopback.ts";
import { CausalClock } from "./causal_clock.ts";
import type { MessageHandler } from "./in_link.ts";
import { checkSendable, deepFreeze, NotSendableError, ObjectClasses } from "./sendable.ts";
import { ring } from "./doorbell.ts";
import { ASLEEP, HUNGRY, PEER_WORDS } from "./layout.ts";
import {
  type DeathRecord,
  EXIT_LINK,
  type ExitRecord,
  type NoticeRecord,
  R_ASK_OUTCOME,
  R_CALL,
  R_DEATH,
  R_EXIT,
  R_FAILURE,
  R_GROUP,
  R_HOPE_FAILED,
  R_LINK,
  R_MESSAGE,
  R_NOTICE,
  R_OUTCOME,
  R_REPLY,
  R_SPAWN,
  R_STARTED,
  R_UNASK_OUTCOME,
  R_UNCALL,
  R_UNLINK,
  R_UNWATCH,
  R_WATCH,
  type SpawnRecord,
  type WatchRecord,
} from "./protocol.ts";

/** Records that are taken in before the actors get their turn. */
const RECORDS_A_TURN = 1024;

/** What has come for an actor before the actor itself. */
interface EarlyRecord {
  readonly from: number;
  readonly kind: number;
  readonly aux: number;
  readonly payload: unknown;
  /** What it brings that is open in the poller. */
  readonly tokens: Token[];
}

export interface RemoteHost {
  /** Opens the side channel to a peer: its port, whose other end the control thread carries there. */
  openPort(to: number): MessagePort;
  /** The oldest message of a port, if one has arrived. */
  take(port: MessagePort): { message: unknown } | undefined;
  /** A record of a kind that this file does not know; false when nobody does. */
  handle(from: number, kind: number, target: Pid, aux: number, payload: unknown): boolean;
  warn(text: string): void;
}

export class Remote {
  readonly #s: Scheduler;
  readonly #host: RemoteHost;
  readonly #peers: Peers;
  readonly classes = new ObjectClasses();
  readonly handles: LentHandles;
  #loopback: Loopback | null = null;
  /** Whose stamps all records have that this scheduler sends, and all offers that it makes. */
  readonly clock = new CausalClock();

  constructor(s: Scheduler, host: RemoteHost) {
    this.#s = s;
    this.#host = host;
    this.handles = new LentHandles(s, this.classes);
    this.classes.registerSpecial(
      CallImpl,
      2,
      CallImpl.dehydrate,
      (plain: PlainCall) => CallImpl.hydrate(s, plain),
    );
    this.classes.registerSpecial(
      SenderImpl,
      3,
      SenderImpl.dehydrate,
      (plain: PlainSender) => SenderImpl.hydrate(s, plain),
    );
    this.#peers = new Peers(s.memory, s.id, s.memory.peers, {
      classes: this.classes,
      clock: this.clock,
      openPort: (to) => host.openPort(to),
      take: (port) => host.take(port),
      wakeReader: (peer) => ring(s.words, peer),
      undecodable: (peer, kind, error) => {
        if (s.trace !== null && peer < s.memory.schedulers) s.trace.in(peer, kind);
        host.warn(`a record of kind ${kind} from peer ${peer} could not be read: ${error}`);
      },
    });
  }

  // --- Out --------------------------------------------------------------------------------------------------------

  /** One record to a peer, if it still `stands` when it is written. @throws NotSendableError */
  record(
    peer: number,
    kind: number,
    target: number,
    aux: number,
    payload: unknown,
    transfer?: Transferable[],
    stands?: () => boolean,
  ): boolean {
    const s = this.#s;
    const { io } = s;
    if (io.owners.leaving.length > 0) io.owners.leaving.length = 0; // to set it costs 50 ns, for V8 calls into its runtime
    if (!this.#peers.send(peer, kind, target, aux, payload, transfer, stands)) return false;
    if (s.trace !== null && peer < s.memory.schedulers) s.trace.out(peer, kind, target);
    if (io.owners.leaving.length > 0) io.owners.departed(kind, target, peer);
    return true;
  }

  /** As {@link record} with bytes as payload, past the codec. */
  bytes(peer: number, kind: number, target: number, aux: number, bytes: Uint8Array): void {
    this.#peers.sendBytes(peer, kind, target, aux, bytes);
    if (this.#s.trace !== null && peer < this.#s.memory.schedulers) this.#s.trace.out(peer, kind, target);
  }

  /** A message to an actor that does not live here. False: it is dead. */
  send(pid: Pid, message: unknown, transfer: Transferable[] | undefined): boolean {
    const isLive = this.#toActor(pid, R_MESSAGE, 0, message, transfer);
    if (isLive) this.#s.messagesOut++;
    else this.#s.deadLetters++;
    return isLive;
  }

  /**
   * One record to where an actor lives; false when it is dead. An actor that was spawned elsewhere to live here may be
   * heard of before its spawn record has come, from a third scheduler: what is for it waits for that record.
   */
  #toActor(pid: Pid, kind: number, aux: number, payload: unknown, transfer?: Transferable[]): boolean {
    const s = this.#s;
    const where = s.routes.settled(pid);
    if (where < 0) return false;
    if (where !== s.id) {
      this.record(where, kind, pid, aux, payload, transfer);
      return true;
    }
    if (s.find(pid) !== undefined) return false; // it is ending at this moment
    const isGiven = s.io.owners.areAny && (kind === R_MESSAGE || kind === R_CALL);
    this.#hold(pid, s.id, kind, aux, payload, isGiven ? s.io.owners.given(payload, pid) : []);
    return true;
  }

  readonly #early = new Map<Pid, EarlyRecord[]>();

  #hold(pid: Pid, from: number, kind: number, aux: number, payload: unknown, tokens: Token[]): void {
    const held = this.#early.get(pid);
    const record = { from, kind, aux, payload, tokens };
    if (held === undefined) this.#early.set(pid, [record]);
    else held.push(record);
  }

  /** An actor that is to live here has not come yet. */
  isAwaited(pid: Pid): boolean {
    return this.#s.find(pid) === undefined && this.#s.routes.settled(pid) === this.#s.id;
  }

  /** An actor that was to come will not: whoever has to do with it is told so. */
  ghost(pid: Pid): void {
    this.#release(pid);
  }

  /** The actor has come: what came before it follows, in order. */
  #release(pid: Pid): void {
    const held = this.#early.get(pid);
    if (held === undefined) return;
    this.#early.delete(pid);
    const from = this.#from;
    for (const one of held) {
      this.#from = one.from;
      this.#s.io.owners.arrived.push(...one.tokens);
      this.#handle(one.kind, pid, one.aux, one.payload);
    }
    this.#from = from;
  }

  /** True when the record waits for its actor. */
  #isEarly(pid: Pid, kind: number, aux: number, payload: unknown): boolean {
    if (this.#s.routes.settled(pid) !== this.#s.id) return false;
    this.#hold(pid, this.#from, kind, aux, payload, this.#s.io.owners.arrived.splice(0));
    return true;
  }

  /**
   * An actor is to live elsewhere. One of this scheduler's that is given away takes along what waits in its mailbox, in
   * the one record: its route says already where it will be, and a message from there that came between two records
   * would overtake what waited. So the route changes when nothing can go wrong any more: `leaves` says whether it has.
   */
  spawn(where: number, pid: Pid, record: SpawnRecord, leaves?: () => boolean): boolean {
    try {
      return this.record(where, R_SPAWN, pid, 0, record, undefined, leaves);
    } catch (error) {
      throw rename(error, /^message\.args/, "args");
    }
  }

  call(from: Pid, to: Pid, number: number, request: unknown): boolean {
    try {
      if (!this.#toActor(to, R_CALL, number, [from, request])) return false;
    } catch (error) {
      throw rename(error, /^message\[1\]/, "request");
    }
    this.#s.messagesOut++;
    return true;
  }

  reply(home: number, caller: Pid, number: number, well: boolean, value: unknown): void {
    try {
      this.record(home, well ? R_REPLY : R_FAILURE, caller, number, value);
    } catch (error) {
      throw rename(error, /^message/, "reply");
    }
  }

  watch(target: Pid, watcher: WatchRecord): void {
    if (this.#toActor(target, R_WATCH, 0, watcher)) return;
    const s = this.#s;
    const child = s.away.get(target);
    const tell = () => notify(s, watcher, target, { kind: "panic", error: noSuchActor(target, "monitor") });
    // A child of this scheduler's whose death is on its way, behind what it has sent: the notice must not overtake that.
    if (child !== undefined) child.onOutcome(tell);
    else this.whenTaken(tell);
  }

  unwatch(target: Pid, ref: number): void {
    this.#toActor(target, R_UNWATCH, 0, [this.#s.id, ref]);
  }

  /** A call was answered by another than its callee, or given up. */
  unwatchCall(callee: Pid, home: number, number: number): void {
    this.#toActor(callee, R_UNCALL, number, home);
  }

  notice(scheduler: number, dead: Pid, notice: NoticeRecord): void {
    this.sendOutcome(
      notice.outcome,
      (outcome) => this.record(scheduler, R_NOTICE, dead, 0, { ...notice, outcome }),
    );
  }

  tellDeath(pid: Pid, outcome: Outcome, witnesses: number, name: string): void {
    this.sendOutcome(
      outcome,
      (told) => this.record(birthOf(pid), R_DEATH, pid, 0, { outcome: told, witnesses, name } as DeathRecord),
    );
  }

  /** False: it is dead. */
  exit(to: Pid, record: ExitRecord): boolean {
    try {
      if (this.#toActor(to, R_EXIT, 0, record)) return true;
    } catch (error) {
      throw rename(error, /^message\.reason/, "reason");
    }
    if (record.flavor !== EXIT_LINK) this.#s.deadLetters++;
    return false;
  }

  hopeFailed(pid: Pid): void {
    this.record(birthOf(pid), R_HOPE_FAILED, pid, 0, undefined);
  }

  started(supervisor: Pid, child: Pid): void {
    this.#toActor(supervisor, R_STARTED, 0, child);
  }

  /** To all other schedulers: a group has a new member, or one less. */
  group(name: string, pid: Pid, joins: boolean): void {
    for (let id = 0; id < this.#s.memory.schedulers; id++) {
      if (id !== this.#s.id) this.record(id, R_GROUP, 0, joins ? 1 : 0, [name, pid]);
    }
  }

  link(from: Pid, to: Pid): void {
    if (!this.#toActor(to, R_LINK, 0, from)) this.whenTaken(() => this.#linkedDead(from, to));
  }

  unlink(from: Pid, to: Pid): void {
    this.#toActor(to, R_UNLINK, 0, from);
  }

  /** OTP: linking to a dead process is an exit signal with the reason `noproc`. */
  #linkedDead(from: Pid, to: Pid): void {
    signal(this.#s, from, {
      flavor: EXIT_LINK,
      from: to,
      reason: { kind: "panic", error: noSuchActor(to, "link") } as Outcome,
    });
  }

  /** An outcome that cannot be sent is told as a panic that says so. */
  sendOutcome(outcome: Outcome, send: (outcome: Outcome) => void): void {
    try {
      send(outcome);
    } catch (error) {
      if (!(error instanceof NotSendableError)) throw error;
      send({ kind: "panic", error: rename(error, /^message(\.outcome)?\.value/, "value") as Error });
    }
  }

  // --- In ---------------------------------------------------------------------------------------------------------

  hasRecords(): boolean {
    return this.#peers.hasRecords();
  }

  hasRecordsOf(peer: number): boolean {
    return this.#peers.hasRecordsOf(peer);
  }

  /** Takes in what peers have sent, each thing once and in causal order. Returns how many records. */
  drain(): number {
    this.clock.isNow(this.#s.lastNow);
    return this.#peers.drain(this.#handlerOf, RECORDS_A_TURN);
  }

  /**
   * Does something as soon as all that is on its way here now is taken in; at once if nothing is. Who sees in shared memory
   * that an actor is dead is not to be told so before what that one had sent.
   */
  whenTaken(then: () => void): void {
    this.#peers.whenTaken(then);
  }

  /** Takes in all that is on its way here now, but for what the side channel has not brought yet. Returns how many records. */
  catchUp(): number {
    let isTaken = false, taken = 0;
    this.#peers.whenTaken(() => isTaken = true);
    while (!isTaken) {
      const more = this.drain();
      if (more === 0) break;
      taken += more;
    }
    return taken;
  }

  readonly #handlerOf = (peer: number): MessageHandler => {
    this.#from = peer;
    return this.#s.trace !== null && peer < this.#s.memory.schedulers ? this.#handleTraced : this.#handle;
  };

  #from = 0;

  readonly #handle = (kind: number, target: number, aux: number, payload: unknown): void => {
    const s = this.#s;
    if (s.strict) deepFreeze(payload, this.classes); // as a message from this scheduler would be
    const pid = target as Pid;
    if (s.io.owners.arrived.length > 0) s.io.owners.landed(kind, pid, this.#from);
    switch (kind) {
      case R_MESSAGE: {
        const actor = s.find(pid);
        if (actor !== undefined) {
          s.messagesIn++;
          put(actor, payload);
        } else if (!this.#isEarly(pid, kind, aux, payload)) s.deadLetters++;
        return;
      }
      case R_SPAWN:
        adopt(s, pid, payload as SpawnRecord);
        this.#release(pid);
        return;
      case R_DEATH: {
        const { outcome, witnesses, name } = payload as DeathRecord;
        finalizeAway(s, pid, outcome, witnesses, name);
        return;
      }
      case R_WATCH: {
        const watcher = payload as WatchRecord;
        const actor = s.find(pid);
        if (actor === undefined) {
          if (this.#isEarly(pid, kind, aux, payload)) return;
          notify(s, watcher, pid, { kind: "panic", error: noSuchActor(pid, "monitor") });
        } else extrasOf(actor).watchers.push(watcher);
        return;
      }
      case R_UNWATCH: {
        const actor = s.find(pid);
        const [scheduler, ref] = payload as [number, number];
        if (actor !== undefined) dropWatcher(actor, scheduler, ref);
        else this.#isEarly(pid, kind, aux, payload);
        return;
      }
      case R_UNCALL: {
        const actor = s.find(pid);
        if (actor !== undefined) dropCall(actor, payload as number, aux);
        else this.#isEarly(pid, kind, aux, payload);
        return;
      }
      case R_NOTICE:
        noticed(s, pid, payload as NoticeRecord);
        return;
      case R_EXIT: {
        const actor = s.find(pid);
        const record = payload as ExitRecord;
        if (actor === undefined && this.#isEarly(pid, kind, aux, payload)) return;
        const taken = actor !== undefined && signalled(s, actor, record);
        if (!taken && record.flavor === EXIT_LINK) s.unobserved.hopeFailed(record.from);
        return;
      }
      case R_CALL: {
        const [from, request] = payload as [Pid, unknown];
        const actor = s.find(pid);
        if (actor !== undefined) {
          s.messagesIn++;
          arrived(actor, new CallImpl(s, from, request, pid, this.#from, aux, null));
        } else if (!this.#isEarly(pid, kind, aux, payload)) {
          const outcome: Outcome = { kind: "panic", error: noSuchActor(pid, "call") };
          notify(s, { kind: 2, scheduler: this.#from, pid: from, ref: aux }, pid, outcome, false);
        }
        return;
      }
      case R_REPLY:
      case R_FAILURE:
        if (s.find(pid) === undefined) return; // dead; the number may be another's, on a scheduler in a dead one's place
        answered(s, aux, kind === R_REPLY, payload);
        return;
      case R_LINK: {
        const actor = s.find(pid);
        if (actor !== undefined) extrasOf(actor).links.add(payload as Pid);
        else if (!this.#isEarly(pid, kind, aux, payload)) this.#linkedDead(payload as Pid, pid);
        return;
      }
      case R_UNLINK: {
        const actor = s.find(pid);
        if (actor !== undefined) actor.extras?.links.delete(payload as Pid);
        else this.#isEarly(pid, kind, aux, payload);
        return;
      }
      case R_STARTED: {
        const actor = s.find(pid);
        if (actor !== undefined) putSystem(actor, new Started(payload as Pid));
        return;
      }
      case R_HOPE_FAILED:
        s.unobserved.hopeFailed(pid);
        return;
      case R_GROUP: {
        const [name, member] = payload as [string, Pid];
        s.groups.told(name, member, aux === 1);
        return;
      }
      case R_ASK_OUTCOME:
        this.handles.tell(pid, aux, payload as number);
        return;
      case R_OUTCOME:
        this.handles.answered(pid, aux, payload as Outcome);
        return;
      case R_UNASK_OUTCOME:
        this.handles.tellNot(pid, aux, payload as number);
        return;
      default:
        if (!this.#host.handle(this.#from, kind, pid, aux, payload)) {
          this.#host.warn(`a record of unknown kind ${kind} came from peer ${this.#from}`);
        }
    }
  };

  readonly #handleTraced = (kind: number, target: number, aux: number, payload: unknown): void => {
    this.#s.trace!.in(this.#from, kind);
    this.#handle(kind, target, aux, payload);
  };

  // --- Side channels, backlogs, idle schedulers -------------------------------------------------------------------

  setPort(from: number, port: MessagePort): void {
    this.#peers.setPort(from, port);
    this.#s.arm();
  }

  /** Moves what full rings held back. False: something is still held back. */
  flush(): boolean {
    return this.#peers.flush();
  }

  /** Between two looks at the clock of an actor that keeps the thread busy. */
  whileBusy(): void {
    this.clock.isNow(this.#s.lastNow);
    this.flush();
    this.#s.work.giveAway();
  }

  /** Wakes one scheduler that sleeps for want of work. */
  wakeHungry(): void {
    const s = this.#s;
    if (Atomics.load(s.run, HUNGRY) <= 0) return;
    for (let i = 1; i < s.memory.schedulers; i++) {
      const peer = (s.id + i) % s.memory.schedulers;
      if (Atomics.load(s.words, peer * PEER_WORDS + ASLEEP) !== 0 && ring(s.words, peer)) return;
    }
  }

  /** Takes in all that a dead peer had published. */
  takeAll(peer: number): void {
    while (this.#peers.hasRecordsOf(peer)) {
      const taken = this.#peers.drainFrom(peer, this.#handlerOf(peer), RECORDS_A_TURN);
      if (taken === 0) break; // the array that belongs to a record was lost on its way
    }
  }

  /** A peer is dead. Returns how many records each of the two has carried. */
  reset(peer: number): { sent: number; received: number } {
    this.takeAll(peer);
    return this.#peers.reset(peer); // after the drain, which may have answered
  }

  /** A message with a transfer list for an actor that lives here too. */
  moved(message: unknown, transfer: Transferable[]): unknown {
    this.#loopback ??= new Loopback(this.classes);
    const { io } = this.#s;
    const moved = this.#loopback.pass(message, transfer);
    io.owners.leaving.length = io.owners.arrived.length = 0; // they stay here: who holds them is told by given()
    return moved;
  }

  /**
   * What one actor here is to get of a message that others get too, or it again: a message belongs to its receiver. One that
   * cannot be copied stays the same for all, and so does one with something open in it, which has one owner; with --strict
   * nobody can change it.
   */
  another(message: unknown): unknown {
    if (typeof message !== "object" || message === null || this.#s.strict) return message;
    if (this.#s.io.owners.areIn(message)) return message;
    try {
      return this.moved(message, []);
    } catch (error) {
      if (error instanceof NotSendableError) return message;
      throw error;
    }
  }

  /** @throws NotSendableError for what could not be sent to another scheduler. */
  check(message: unknown, name: string, transfer?: Transferable[]): void {
    checkSendable(message, name, { classes: this.classes, transfer: new Set(transfer) });
  }

  /** --strict: what cannot be sent throws here, wherever the receiver lives, and nobody can change it afterwards. */
  strictCopyCheck(message: unknown, name = "message", transfer?: Transferable[]): unknown {
    this.check(message, name, transfer);
    return deepFreeze(message, this.classes);
  }

  /** What code of ended actors still says goes nowhere: the rings may be those of another run by now. */
  close(): void {
    this.record = () => false;
    this.bytes = () => {};
    this.#peers.close();
  }
}

/** The path in the error is what the user wrote, not where the record has it. */
function rename(error: unknown, from: RegExp, to: string): unknown {
  if (!(error instanceof NotSendableError)) return error;
  const { path, message, stack } = error;
  const renamed = path.replace(from, to);
  error.message = message.replace(path, () => renamed);
  error.stack = stack?.replace(message, () => error.message);
  return Object.assign(error, { path: renamed });
}
