/**
 * What a scheduler says to other threads, and what it does with what they say: one link a peer and direction, opened
 * when first used.
 *
 * @module
 */
import type { Outcome, Pid } from "./api.ts";
import type { Scheduler } from "./scheduler.ts";

import { HandleImpl } from "./handle.ts";
import { answered, arrived, CallImpl } from "./call.ts";
import { dropWatcher, finalizeAway, noSuchActor, noticed, notify, signal, signalled } from "./lifecycle.ts";
import { extrasOf } from "./extras.ts";
import { adopt } from "./spawn.ts";
import { birthOf } from "./pid.ts";
import { DeadActorError } from "./errors.ts";
import { InLink, OutLink } from "./link.ts";
import { checkSendable, deepFreeze, NotSendableError, ObjectClasses } from "./sendable.ts";
import { ring } from "./doorbell.ts";
import { ASLEEP, HUNGRY, PEER_WORDS, RECORDS_IN, RECORDS_OUT, ringRegion } from "./layout.ts";
import {
  type DeathRecord,
  EXIT_LINK,
  type ExitRecord,
  type NoticeRecord,
  R_ASK_OUTCOME,
  R_CALL,
  R_DEATH,
  R_EXIT,
  R_LINK,
  R_MESSAGE,
  R_NOTICE,
  R_OUTCOME,
  R_REPLY,
  R_SPAWN,
  R_UNLINK,
  R_UNWATCH,
  R_WATCH,
  type SpawnRecord,
  type WatchRecord,
} from "./protocol.ts";

/** Records taken from one peer before the others, and the actors, get their turn. */
const RECORDS_A_TURN = 1024;

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
  readonly #outs: (OutLink | undefined)[] = [];
  readonly #ins: InLink[] = [];
  readonly #portsIn: (MessagePort | undefined)[] = [];
  readonly #portsOut: (MessagePort | undefined)[] = [];
  readonly classes = new ObjectClasses();
  /** Handles of dead children of which copies are abroad. */
  readonly #lent = new Map<Pid, WeakRef<HandleImpl>>();
  readonly #collected = new FinalizationRegistry<Pid>((pid) => this.#lent.delete(pid));
  #backlogged = 0;

  constructor(s: Scheduler, host: RemoteHost) {
    this.#s = s;
    this.#host = host;
    this.classes.registerSpecial(
      HandleImpl,
      1,
      (handle: HandleImpl) => this.#lend(handle),
      ([pid, home]: [Pid, number]) => this.#borrow(pid, home),
    );
    this.classes.registerSpecial(
      CallImpl,
      2,
      (c: CallImpl): [Pid, unknown, number, number, Pid] => [c.from, c.request, c.home, c.number, c.callee],
      ([from, request, home, number, callee]: [Pid, unknown, number, number, Pid]) =>
        new CallImpl(s, from, request, home, number, callee),
    );
    for (let peer = 0; peer < s.memory.peers; peer++) {
      this.#ins.push(
        new InLink(ringRegion(s.memory, peer, s.id), {
          classes: this.classes,
          wakeWriter: () => ring(s.words, peer),
          takeSide: () => this.#takeSide(peer),
          undecodable: (kind, _target, _aux, error) =>
            host.warn(`a record of kind ${kind} from peer ${peer} could not be read: ${error}`),
        }),
      );
    }
  }

  // --- Out --------------------------------------------------------------------------------------------------------

  /** One record to a peer. @throws NotSendableError */
  record(
    peer: number,
    kind: number,
    target: number,
    aux: number,
    payload: unknown,
    transfer?: Transferable[],
  ): void {
    const out = this.#outs[peer] ?? this.#open(peer);
    out.send(kind, target, aux, payload, transfer);
    this.#s.words[this.#s.base + RECORDS_OUT]++;
    if (out.backlogRecords > 0) this.#backlogged = 1;
  }

  #open(peer: number): OutLink {
    const s = this.#s;
    return this.#outs[peer] = new OutLink(ringRegion(s.memory, s.id, peer), {
      classes: this.classes,
      wakeReader: () => ring(s.words, peer),
      post: (values, transfer) => {
        const port = this.#portsOut[peer] ??= this.#host.openPort(peer);
        port.postMessage(values, transfer);
      },
    });
  }

  /** A message to an actor that does not live here. */
  send(pid: Pid, message: unknown, transfer: Transferable[] | undefined): void {
    const s = this.#s;
    const where = s.routes.settled(pid);
    if (where < 0 || where === s.id) {
      s.deadLetters++;
      return;
    }
    this.record(where, R_MESSAGE, pid, 0, message, transfer);
    s.messagesOut++;
  }

  spawn(where: number, pid: Pid, record: SpawnRecord): void {
    this.record(where, R_SPAWN, pid, 0, record);
  }

  call(from: Pid, to: Pid, number: number, request: unknown): boolean {
    const where = this.#s.routes.settled(to);
    if (where < 0 || where === this.#s.id) return false;
    try {
      this.record(where, R_CALL, to, number, [from, request]);
    } catch (error) {
      throw rename(error, "payload[1]", "request");
    }
    this.#s.messagesOut++;
    return true;
  }

  reply(home: number, caller: Pid, number: number, well: boolean, value: unknown): void {
    try {
      this.record(home, R_REPLY, caller, number, [well, value]);
    } catch (error) {
      throw rename(error, "payload[1]", "reply");
    }
  }

  watch(target: Pid, watcher: WatchRecord): void {
    const where = this.#s.routes.settled(target);
    if (where < 0 || where === this.#s.id) {
      notify(this.#s, watcher, target, { kind: "panic", error: noSuchActor(target, "monitor") });
    } else this.record(where, R_WATCH, target, 0, watcher);
  }

  unwatch(target: Pid, ref: number): void {
    const where = this.#s.routes.settled(target);
    if (where >= 0 && where !== this.#s.id) this.record(where, R_UNWATCH, target, ref, this.#s.id);
  }

  notice(scheduler: number, dead: Pid, notice: NoticeRecord): void {
    this.#outcome(
      notice.outcome,
      (outcome) => this.record(scheduler, R_NOTICE, dead, 0, { ...notice, outcome }),
    );
  }

  tellDeath(pid: Pid, outcome: Outcome, observed: boolean, name: string): void {
    this.#outcome(
      outcome,
      (told) => this.record(birthOf(pid), R_DEATH, pid, 0, { outcome: told, observed, name } as DeathRecord),
    );
  }

  exit(to: Pid, record: ExitRecord): void {
    const s = this.#s;
    const where = s.routes.settled(to);
    if (where < 0 || where === s.id) {
      if (record.flavor !== EXIT_LINK) s.deadLetters++;
    } else this.record(where, R_EXIT, to, 0, record);
  }

  link(from: Pid, to: Pid): void {
    const s = this.#s;
    const where = s.routes.settled(to);
    if (where < 0 || where === s.id) this.#linkedDead(from, to);
    else this.record(where, R_LINK, to, 0, from);
  }

  unlink(from: Pid, to: Pid): void {
    const where = this.#s.routes.settled(to);
    if (where >= 0 && where !== this.#s.id) this.record(where, R_UNLINK, to, 0, from);
  }

  askForOutcome(handle: HandleImpl): void {
    this.record(handle.home, R_ASK_OUTCOME, handle.pid, 0, this.#s.id);
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
  #outcome(outcome: Outcome, send: (outcome: Outcome) => void): void {
    try {
      send(outcome);
    } catch (error) {
      if (!(error instanceof NotSendableError)) throw error;
      send({ kind: "panic", error: rename(error, /^.*outcome\.value/, "value") as Error });
    }
  }

  #lend(handle: HandleImpl): [Pid, number] {
    if (handle.home === this.#s.id && !this.#lent.has(handle.pid)) {
      this.#lent.set(handle.pid, new WeakRef(handle));
      this.#collected.register(handle, handle.pid);
    }
    return [handle.pid, handle.home];
  }

  #borrow(pid: Pid, home: number): HandleImpl {
    const s = this.#s;
    return (home === s.id ? this.#original(pid) : undefined) ?? new HandleImpl(s, pid, null, home);
  }

  #original(pid: Pid): HandleImpl | undefined {
    return this.#s.find(pid)?.handle ?? this.#s.away.get(pid) ?? this.#lent.get(pid)?.deref();
  }

  // --- In ---------------------------------------------------------------------------------------------------------

  hasRecords(): boolean {
    for (const link of this.#ins) if (link.hasRecords() && !link.stalled) return true;
    return false;
  }

  /** Takes in what peers have sent, each thing once. Returns how many records. */
  drain(): number {
    let taken = 0;
    for (let peer = 0; peer < this.#ins.length; peer++) {
      const link = this.#ins[peer];
      if (!link.hasRecords()) continue;
      this.#from = peer;
      taken += link.drain(this.#handle, RECORDS_A_TURN);
    }
    if (taken > 0) this.#s.words[this.#s.base + RECORDS_IN] += taken;
    return taken;
  }

  #from = 0;

  readonly #handle = (kind: number, target: number, aux: number, payload: unknown): void => {
    const s = this.#s;
    const pid = target as Pid;
    switch (kind) {
      case R_MESSAGE: {
        s.messagesIn++;
        const actor = s.find(pid);
        if (actor === undefined) s.deadLetters++;
        else s.put(actor, payload);
        return;
      }
      case R_SPAWN:
        adopt(s, pid, payload as SpawnRecord);
        return;
      case R_DEATH: {
        const { outcome, observed, name } = payload as DeathRecord;
        finalizeAway(s, pid, outcome, observed, name);
        return;
      }
      case R_WATCH: {
        const watcher = payload as WatchRecord;
        const actor = s.find(pid);
        if (actor === undefined) {
          notify(s, watcher, pid, { kind: "panic", error: noSuchActor(pid, "monitor") });
        } else extrasOf(actor).watchers.push(watcher);
        return;
      }
      case R_UNWATCH: {
        const actor = s.find(pid);
        if (actor !== undefined) dropWatcher(actor, payload as number, aux);
        return;
      }
      case R_NOTICE:
        noticed(s, pid, payload as NoticeRecord);
        return;
      case R_EXIT: {
        const actor = s.find(pid);
        if (actor !== undefined) signalled(s, actor, payload as ExitRecord);
        return;
      }
      case R_CALL: {
        s.messagesIn++;
        const [from, request] = payload as [Pid, unknown];
        const actor = s.find(pid);
        if (actor !== undefined) arrived(s, actor, from, request, this.#from, aux);
        else {
          const outcome: Outcome = { kind: "panic", error: noSuchActor(pid, "call") };
          notify(s, { kind: 2, scheduler: this.#from, pid: from, ref: aux }, pid, outcome);
        }
        return;
      }
      case R_REPLY: {
        const [well, value] = payload as [boolean, unknown];
        answered(s, aux, well, value);
        return;
      }
      case R_LINK: {
        const actor = s.find(pid);
        if (actor === undefined) this.#linkedDead(payload as Pid, pid);
        else extrasOf(actor).links.add(payload as Pid);
        return;
      }
      case R_UNLINK:
        s.find(pid)?.extras?.links.delete(payload as Pid);
        return;
      case R_ASK_OUTCOME:
        this.#tellOutcome(pid, payload as number);
        return;
      case R_OUTCOME:
        s.away.get(pid)?.settle(payload as Outcome);
        s.away.delete(pid);
        return;
      default:
        if (!this.#host.handle(this.#from, kind, pid, aux, payload)) {
          this.#host.warn(`a record of unknown kind ${kind} came from peer ${this.#from}`);
        }
    }
  };

  #tellOutcome(pid: Pid, asker: number): void {
    const handle = this.#original(pid);
    const tell = (outcome: Outcome) =>
      this.#outcome(outcome, (told) => this.record(asker, R_OUTCOME, pid, 0, told));
    if (handle === undefined) {
      const error = new DeadActorError(
        pid,
        `join: actor is dead, and its spawner keeps no handle of it any more`,
      );
      tell({ kind: "panic", error });
      return;
    }
    handle.joined = true;
    this.#s.observed(pid);
    handle.onOutcome(tell);
  }

  // --- Side channels, backlogs, idle schedulers -------------------------------------------------------------------

  setPort(from: number, port: MessagePort): void {
    this.#portsIn[from] = port;
    this.#ins[from].stalled = false;
    this.#s.arm();
  }

  #takeSide(peer: number): unknown[] | undefined {
    const port = this.#portsIn[peer];
    return port === undefined ? undefined : this.#host.take(port)?.message as unknown[] | undefined;
  }

  /** Moves what full rings held back. False: something is still held back. */
  flush(): boolean {
    if (this.#backlogged === 0) return true;
    this.#backlogged = 0;
    for (const out of this.#outs) {
      if (out !== undefined && out.backlogRecords > 0 && !out.flush()) this.#backlogged = 1;
    }
    return this.#backlogged === 0;
  }

  /** Between two looks at the clock of an actor that keeps the thread busy. */
  whileBusy(): void {
    if (this.#backlogged !== 0) this.flush();
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

  /** --strict: what cannot be sent throws here, wherever the receiver lives, and nobody can change it afterwards. */
  strictCopyCheck(message: unknown): unknown {
    checkSendable(message, "message", { classes: this.classes });
    return deepFreeze(message);
  }

  close(): void {
    for (const port of [...this.#portsIn, ...this.#portsOut]) port?.close();
  }
}

/** The path in the error is what the user wrote, not where the record has it. */
function rename(error: unknown, from: string | RegExp, to: string): unknown {
  if (error instanceof NotSendableError) {
    error.message = error.message.replace(from, to).replace("message[1]", to);
  }
  return error;
}
