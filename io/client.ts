/**
 * A scheduler's end of the poller: requests of its actors, and their answers. Who owns what is open is told in owners.ts. Requests for
 * connections that are at home here (home.ts) go there instead.
 *
 * An answer that comes after its request was given up is not lost: bytes and connections go back to where they came from,
 * and what was opened in vain is closed. The races are told in protocol.ts.
 *
 * @module
 */
import type { WaitOptions } from "../runtime/api.ts";
import type { ActorImpl } from "../runtime/actor.ts";
import type { Scheduler } from "../runtime/scheduler.ts";
import { DONE } from "../runtime/actor_state.ts";
import { type BLOCKING, IO, type Wait } from "../runtime/wait.ts";
import {
  firstIdOf,
  MOST_RING_BYTES,
  type PackedError,
  R_IO_ADOPTED,
  R_IO_BROKEN,
  R_IO_CANCEL,
  R_IO_CANCELLED,
  R_IO_CLOSE,
  R_IO_DONE,
  R_IO_FAILED,
  R_IO_LEND,
  R_IO_POST,
  R_IO_RECALL,
  R_IO_REQUEST,
  R_IO_RETURN,
  R_IO_STOP,
  R_IO_WRITE,
} from "./protocol.ts";
import { reviveError } from "./errors.ts";
import { Homes } from "./home.ts";
import { BIG, BytePool } from "./byte_pool.ts";
import { Owners } from "./owners.ts";
import { registerTokens } from "./tokens.ts";
import * as waiting from "../runtime/waiting.ts";

/** How a kind of request is answered. One object a kind, shared by all requests of it. */
export interface Answering {
  /** Makes of the answer what the actor gets. */
  readonly revive?: (io: IoClient, actor: ActorImpl, value: never, ticket: Ticket) => unknown;
  /** A late answer carries something that goes back to the resource. */
  readonly comesBack?: (value: never) => unknown;
  /** A late answer carries resources, which are closed: their ids. */
  readonly opened?: (value: never) => number[];
  /** What the wait is called; IO unless said. */
  readonly waitKind?: typeof IO | typeof BLOCKING;
  /** The request has its answer, whether somebody waited for it or not. */
  readonly over?: (ticket: Ticket) => void;
  /** The actor awaits the wait itself, with no function of ours around it that would tell the error its line. */
  readonly blamesAwaiter?: true;
  /** Goes on even when its actor has ended. */
  readonly outlives?: true;
}

/** The answer is what the actor gets. */
export const PLAIN: Answering = {};

/** One request that has no answer yet. */
export class Ticket {
  wait: Wait | null;
  readonly number: number;
  readonly resource: number;
  readonly answering: Answering;
  /** For `revive`: what the request knew. */
  readonly subject: unknown;
  constructor(wait: Wait | null, number: number, resource: number, answering: Answering, subject: unknown) {
    this.wait = wait;
    this.number = number;
    this.resource = resource;
    this.answering = answering;
    this.subject = subject;
  }
}

export class IoClient {
  readonly s: Scheduler;
  /** The poller's number among the peers. */
  readonly #poller: number;
  readonly #tickets: (Ticket | undefined)[] = [];
  readonly #free: number[] = [];
  #ids: number;
  /** Who owns what is open. */
  readonly owners: Owners;
  /** Connections that this thread serves itself. */
  readonly homes: Homes = new Homes(this);
  /** Whether it may: not where the thread can be ended at any time, with descriptors that only it knows. */
  mayServe = false;
  /** Runs the actors of a socket that has something, where nothing else runs; see event_loop.ts. */
  loop: {
    serve(): boolean;
    served(): void;
    servedBy(later: (callback: () => void) => void): void;
    servedInMicrotask(): void;
  } | null = null;
  /** For copies of big pieces that actors write. */
  readonly buffers = new BytePool(BIG);

  constructor(s: Scheduler) {
    this.s = s;
    this.#poller = s.memory.schedulers;
    this.#ids = firstIdOf(s.id);
    this.owners = new Owners(this);
    registerTokens(this);
  }

  /** Requests without an answer, and subscriptions: something that can still wake an actor here. */
  get pending(): number {
    return this.#tickets.length - this.#free.length + this.homes.readers + this.owners.canWake;
  }

  /** The poller owes an answer, or a peer something to read. */
  get isAwaiting(): boolean {
    return this.#tickets.length > this.#free.length || this.homes.readers > 0;
  }

  /** This scheduler takes the place of others that died: their ids are not given again. */
  inherit(incarnation: number): void {
    this.#ids += incarnation * 2 ** 24;
    this.owners.inherit(incarnation);
  }

  /** An id that no other thread gives. The poller is to be told of it before of the next one: see untold.ts. */
  nextId(): number {
    return ++this.#ids;
  }

  // --- Requests ---------------------------------------------------------------------------------------------------

  /** One operation of an actor: it waits, the poller answers, or this thread itself. */
  ask(
    actor: ActorImpl,
    label: string,
    options: WaitOptions | undefined,
    kind: number,
    target: number,
    payload: unknown,
    answering: Answering,
    resource: number,
    transfer?: Transferable[],
    subject?: unknown,
  ): Promise<unknown> {
    return this.begin(
      actor,
      label,
      options,
      answering,
      resource,
      subject,
      (number) => this.tell(resource, kind, target, number, payload, transfer),
    );
  }

  /** Opens a request; `start` sends it off under its number. */
  begin(
    actor: ActorImpl,
    label: string,
    options: WaitOptions | undefined,
    answering: Answering,
    resource: number,
    subject: unknown,
    start: (number: number) => void,
  ): Promise<unknown> {
    const wait = waiting.open(actor, answering.waitKind ?? IO, label, options, false);
    if (wait instanceof Promise) {
      if (answering.over !== undefined) answering.over(new Ticket(null, 0, resource, answering, subject));
      return wait;
    }
    const ticket = this.#ticket(wait, resource, answering, subject);
    const { number } = ticket;
    try {
      start(number);
    } catch (error) { // an argument that cannot be sent
      this.#tickets[number] = undefined;
      this.#free.push(number);
      answering.over?.(ticket);
      wait.fail(error);
      waiting.settleNow(wait);
      return wait.promise;
    }
    if (wait.isOpen) {
      wait.whenGivenUp(() => this.#giveUp(ticket));
      this.s.parked(actor);
    } else waiting.goOn(wait); // it was answered at home
    return wait.promise;
  }

  #ticket(wait: Wait | null, resource: number, answering: Answering, subject: unknown): Ticket {
    const number = this.#free.pop() ?? this.#tickets.length;
    return this.#tickets[number] = new Ticket(wait, number, resource, answering, subject);
  }

  /** A request for what somebody waits for already; gives its number. */
  open(wait: Wait, answering: Answering, resource: number): number {
    const ticket = this.#ticket(wait, resource, answering, null);
    wait.whenGivenUp(() => this.#giveUp(ticket));
    return ticket.number;
  }

  /** An operation by its name; on a resource, or with 0 on none. */
  operate(
    actor: ActorImpl,
    label: string,
    options: WaitOptions | undefined,
    operation: string,
    resource: number,
    args: unknown[],
    answering: Answering = PLAIN,
    transfer?: Transferable[],
    subject?: unknown,
  ): Promise<unknown> {
    const payload = [operation, resource, ...args];
    return this.ask(
      actor,
      label,
      options,
      R_IO_REQUEST,
      actor.pid,
      payload,
      answering,
      resource,
      transfer,
      subject,
    );
  }

  /** Something about a resource that nobody waits for. */
  post(kind: number, resource: number, aux: number, payload: unknown): void {
    this.tell(resource, kind, resource, aux, payload);
  }

  /** Bytes to write that nobody waits for. */
  postBytes(resource: number, bytes: Uint8Array): void {
    this.tell(resource, R_IO_POST, resource, 0, bytes);
  }

  /** To where the resource is: here, or in the poller. */
  tell(
    resource: number,
    kind: number,
    target: number,
    aux: number,
    payload: unknown,
    transfer?: Transferable[],
  ): void {
    if (resource === 0) {
      const mayServe = this.mayServe && (this.#unanswered === 0 || kind !== R_IO_REQUEST);
      if (mayServe && this.homes.operate(kind, target, aux, payload)) return;
    } else if (!this.homes.isEmpty && this.homes.take(resource, kind, target, aux, payload, transfer)) return;
    if (kind === R_IO_WRITE || kind === R_IO_LEND) this.#write(target, aux, payload as Uint8Array);
    else if (kind === R_IO_POST) this.s.remote.bytes(this.#poller, kind, target, aux, payload as Uint8Array);
    else this.toPoller(kind, target, aux, payload, transfer);
  }

  /** Many bytes move, so they are copied first; fewer are copied on their way. */
  #write(target: number, aux: number, bytes: Uint8Array): void {
    if (bytes.length <= MOST_RING_BYTES) this.s.remote.bytes(this.#poller, R_IO_WRITE, target, aux, bytes);
    else {
      const copy = this.buffers.take(bytes.length);
      copy.set(bytes);
      this.toPoller(R_IO_WRITE, target, aux, copy, [copy.buffer]);
    }
  }

  toPoller(kind: number, target: number, aux: number, payload: unknown, transfer?: Transferable[]): void {
    this.s.remote.record(this.#poller, kind, target, aux, payload, transfer);
  }

  /** A request whose answer wakes nobody. Until it is there, the poller does what is asked next: in that order. */
  postRequest(actor: ActorImpl, operation: string, resource: number, args: unknown[]): void {
    const { number } = this.#ticket(null, 0, this.#posted, null);
    this.#unanswered++;
    this.toPoller(R_IO_REQUEST, actor.pid, number, [operation, resource, ...args]);
  }

  #unanswered = 0;
  readonly #posted: Answering = { over: () => this.#unanswered-- };

  #giveUp(ticket: Ticket): void {
    const { wait, answering, number, resource } = ticket;
    ticket.wait = null;
    if (answering.outlives && wait?.actor.state === DONE) return;
    this.tell(resource, R_IO_CANCEL, resource, number, answering.comesBack !== undefined);
  }

  /** A record of the poller. False: not of a kind that is known here. */
  heard(kind: number, target: number, number: number, payload: unknown): boolean {
    switch (kind) {
      case R_IO_BROKEN:
        this.owners.broke(target, reviveError(payload as PackedError));
        return true;
      case R_IO_ADOPTED:
        this.homes.adopted(target, payload as number | null);
        return true;
      case R_IO_RECALL:
        this.homes.recall(target);
        return true;
      case R_IO_STOP:
        this.homes.stop(target);
        return true;
    }
    if (kind !== R_IO_DONE && kind !== R_IO_FAILED && kind !== R_IO_CANCELLED) return false;
    const ticket = this.#tickets[number]!;
    this.#tickets[number] = undefined;
    this.#free.push(number);
    const { wait, answering, resource } = ticket;
    if (wait !== null) {
      this.s.ioDone++;
      this.#settle(ticket, wait, kind, payload);
      answering.over?.(ticket);
      return true;
    }
    answering.over?.(ticket);
    if (kind === R_IO_CANCELLED) return true;
    if (answering.comesBack !== undefined) {
      const back = kind === R_IO_DONE ? answering.comesBack(payload as never) : null;
      this.post(R_IO_RETURN, resource, 0, [back, true]);
    } else if (answering.opened !== undefined && kind === R_IO_DONE) {
      for (const id of answering.opened(payload as never)) this.post(R_IO_CLOSE, id, 0, null);
    }
    return true;
  }

  #settle(ticket: Ticket, wait: Wait, kind: number, payload: unknown): void {
    if (kind === R_IO_FAILED) {
      const error = reviveError(payload as PackedError);
      if (ticket.answering.blamesAwaiter) waiting.failAwaiter(wait, error);
      else waiting.fail(wait, error);
      return;
    }
    const { revive } = ticket.answering;
    let value = payload;
    try {
      if (revive !== undefined) value = revive(this, wait.actor, payload as never, ticket);
    } catch (error) { // what the function in the blocking pool threw
      waiting.fail(wait, error);
      return;
    }
    waiting.complete(wait, value);
  }
}
