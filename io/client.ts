/**
 * A scheduler's end of the poller: requests of its actors, their answers, and who owns what is open. Requests for
 * connections that are at home here (home.ts) go there instead.
 *
 * An answer that comes after its request was given up is not lost: bytes and connections go back to where they came from,
 * and what was opened in vain is closed. The races are told in protocol.ts.
 *
 * Ownership: a token that travels in a message belongs to the receiver from the moment of the send, so that it is closed
 * whoever of the two ends first. Both schedulers tell the poller, each before it can tell of an end; the token counts how
 * often it was given away, so that the poller knows which news is older.
 *
 * @module
 */
import type { Pid, WaitOptions } from "../runtime/api.ts";
import type { ActorImpl } from "../runtime/actor.ts";
import type { Scheduler } from "../runtime/scheduler.ts";
import { extrasOf } from "../runtime/extras.ts";
import { DONE } from "../runtime/actor_state.ts";
import { currentActor } from "../runtime/async_context.ts";
import { type BLOCKING, IO, type Wait } from "../runtime/wait.ts";
import { formatPid } from "../runtime/pid.ts";
import { R_CALL, R_CHANNEL_VALUE, R_MESSAGE, R_REPLY, R_SPAWN } from "../runtime/protocol.ts";
import {
  MOST_RING_BYTES,
  onTheWayTo,
  type PackedError,
  R_IO_ADOPTED,
  R_IO_BROKEN,
  R_IO_CANCEL,
  R_IO_CANCELLED,
  R_IO_CLAIM,
  R_IO_CLOSE,
  R_IO_DONE,
  R_IO_FAILED,
  R_IO_LEND,
  R_IO_OWN,
  R_IO_POST,
  R_IO_RECALL,
  R_IO_RELEASE,
  R_IO_REQUEST,
  R_IO_RETURN,
  R_IO_SENT,
  R_IO_STOP,
  R_IO_WRITE,
} from "./protocol.ts";
import { reviveError } from "./errors.ts";
import { Homes } from "./home.ts";
import { BIG, BytePool } from "./byte_pool.ts";
import { Token } from "./token.ts";
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

/** A token in a record on its way: how often it was given away by then, and the number of this time. */
interface Leaving {
  readonly token: Token;
  readonly given: number;
  readonly handing: number;
}

export class IoClient {
  readonly s: Scheduler;
  /** The poller's number among the peers. */
  readonly #poller: number;
  readonly #tickets: (Ticket | undefined)[] = [];
  readonly #free: number[] = [];
  #ids: number;
  /** Tokens that actors here own. */
  readonly #held = new Map<number, Token>();
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
  /** Tokens in the record that is being written, and in the one that was read last. */
  readonly leaving: Leaving[] = [];
  readonly arrived: Token[] = [];

  constructor(s: Scheduler) {
    this.s = s;
    this.#poller = s.memory.schedulers;
    this.#ids = (s.id + 1) * 2 ** 40; // the poller's own begin at 1
    this.#handings = this.#ids;
    registerTokens(this);
  }

  /** Requests without an answer, and subscriptions: something that can still wake an actor here. */
  get pending(): number {
    let pending = this.#tickets.length - this.#free.length;
    for (const token of this.#held.values()) if (token.canWake) pending++;
    return pending;
  }

  /** The poller owes an answer. */
  get isAwaiting(): boolean {
    return this.#tickets.length > this.#free.length;
  }

  /** Somebody here owns something in the poller. */
  get holdsTokens(): boolean {
    return this.#held.size > 0;
  }

  /** This scheduler takes the place of others that died: their ids are not given again. */
  inherit(incarnation: number): void {
    this.#ids += incarnation * 2 ** 24;
    this.#handings += incarnation * 2 ** 32;
  }

  /** How many schedulers have had an id before, and died, as far as this one has been told. */
  lifeOf: (scheduler: number) => number = () => 0;

  /** An id that no other thread gives. */
  nextId(): number {
    return ++this.#ids;
  }

  /** A number for a handing-over, which no other has: the same token may be given away by several at a time. */
  nextHanding(): number {
    return ++this.#handings;
  }
  #handings: number;

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
    const number = this.#free.pop() ?? this.#tickets.length;
    const ticket = new Ticket(wait, number, resource, answering, subject);
    this.#tickets[number] = ticket;
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
  postRequest(actor: ActorImpl, operation: string, args: unknown[]): void {
    const number = this.#free.pop() ?? this.#tickets.length;
    const ticket = new Ticket(null, number, 0, this.#posted, null);
    this.#unanswered++;
    this.#tickets[number] = ticket;
    this.toPoller(R_IO_REQUEST, actor.pid, number, [operation, 0, ...args]);
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
        this.#held.get(target)?.broke(reviveError(payload as PackedError));
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

  // --- Who owns what ----------------------------------------------------------------------------------------------

  /** The actor whose code uses a token. */
  actorFor(token: Token): ActorImpl {
    const actor = currentActor() ?? token.holder;
    if (actor === null || actor === undefined) {
      throw new TypeError(
        `Cannot use ${token.label} here: only an actor can wait. Use it in an actor's code`,
      );
    }
    return actor;
  }

  /** The actor owns it from now on. */
  hold(actor: ActorImpl, token: Token): void {
    token.holder = actor;
    const extras = extrasOf(actor);
    const { tokens } = extras;
    if (tokens === null) extras.tokens = token;
    else if (tokens instanceof Set) tokens.add(token);
    else if (tokens !== token) extras.tokens = new Set([tokens, token]);
    this.#held.set(token.id, token);
  }

  /** An actor here owns it, and hears what becomes of it. */
  holds(token: Token): boolean {
    return this.#held.get(token.id) === token;
  }

  /** Its holder owns it no more. */
  drop(token: Token): void {
    const extras = token.holder?.extras;
    if (extras?.tokens instanceof Set) extras.tokens.delete(token);
    else if (extras?.tokens === token) extras.tokens = null;
    if (this.#held.get(token.id) === token) this.#held.delete(token.id);
  }

  /** The actor has ended, and had tokens. */
  released(actor: ActorImpl): void {
    const tokens = tokensOf(actor);
    for (const token of tokens) this.#held.delete(token.id);
    if (tokens.some((token) => this.homes.has(token.id))) {
      for (const token of tokens) this.post(R_IO_CLOSE, token.id, 0, null);
    } else this.toPoller(R_IO_RELEASE, actor.pid, 0, null);
  }

  /** The actor lives elsewhere now, and there it claims what came with it. */
  left(actor: ActorImpl): void {
    for (const token of tokensOf(actor)) this.drop(token);
  }

  /**
   * An actor has sent a value to another of this scheduler, or spawned one with it: what is in it is the other's. Gives
   * what that is.
   */
  given(value: unknown, to: Pid): Token[] {
    const tokens = tokensIn(value);
    const given: Token[] = [];
    for (const token of tokens) {
      const parts = token.parts.filter((part) => this.holds(part) && part.holder === token.holder);
      for (const one of [token, ...parts]) {
        this.drop(one);
        one.given++;
        this.#giveTo(one, to);
        given.push(one);
      }
    }
    return given;
  }

  #giveTo(token: Token, to: Pid): void {
    this.toPoller(R_IO_OWN, token.id, token.given, to);
    const actor = this.s.find(to);
    if (actor !== undefined) this.hold(actor, token);
    else if (!this.s.routes.isLive(to)) this.post(R_IO_CLOSE, token.id, 0, null);
  }

  /** The record with the tokens of `leaving` is on its way to another scheduler. */
  departed(kind: number, target: number, peer: number): void {
    if (!isForActor(kind) && kind !== R_CHANNEL_VALUE) { // an outcome, or a reason: nobody there would close it
      this.leaving.length = 0;
      return;
    }
    const owner = isForActor(kind) ? target : onTheWayTo(peer, this.lifeOf(peer));
    for (const { token, given, handing } of this.leaving.splice(0)) {
      this.drop(token);
      this.homes.recall(token.id);
      this.toPoller(R_IO_SENT, token.id, given, [owner, handing]);
    }
  }

  /**
   * The tokens of `leaving` were written where other schedulers can take the actor. Who takes it tells nobody in time, so
   * it is told now that they go: to the thief, or back.
   */
  offered(actor: ActorImpl): void {
    if (this.leaving.length === 0) return;
    for (const { token: { id }, given, handing } of this.leaving.splice(0)) {
      (extrasOf(actor).offered ??= []).push({ id, given, handing });
      this.homes.offered(id);
      this.toPoller(R_IO_SENT, id, given, [actor.pid, handing]);
    }
  }

  /** Nobody takes it any more. */
  withdrawn(actor: ActorImpl): void {
    const offered = actor.extras?.offered ?? null;
    if (offered === null) return;
    actor.extras!.offered = null;
    for (const { id, given, handing } of offered) {
      this.toPoller(R_IO_CLAIM, id, given, [actor.pid, handing]);
    }
  }

  /**
   * A record with tokens was read. An actor that comes with them is not there yet: spawn.ts claims for it. For one that is
   * still to come they wait with their record (remote.ts).
   */
  landed(kind: number, target: number, from: number): void {
    if (kind === R_SPAWN || kind === R_CHANNEL_VALUE) return; // channel_remote.ts knows the channel's owner
    if (!isForActor(kind)) this.arrived.length = 0;
    else if (!this.s.remote.isAwaited(target as Pid)) {
      this.claim(target as Pid, from === this.s.id ? R_IO_OWN : R_IO_CLAIM); // who waited here has told of it already
    }
  }

  /** The tokens that were read last are this actor's; when it is dead, or nobody, they are closed. */
  claim(pid: Pid | null, kind: number = R_IO_CLAIM): void {
    for (const token of this.arrived.splice(0)) {
      const actor = pid === null ? undefined : this.s.find(pid);
      const owner = actor?.pid ?? NOBODY;
      // What the sender has asked for comes before a close too.
      if (kind === R_IO_CLAIM) this.toPoller(kind, token.id, token.given, [owner, token.handing]);
      else if (actor !== undefined) this.toPoller(kind, token.id, token.given, owner);
      if (actor === undefined) this.post(R_IO_CLOSE, token.id, 0, null);
      else this.hold(actor, token);
    }
  }

  /** For the dump: what actors hold, and what they wait for. */
  report(): string[] {
    const lines: string[] = [];
    for (const actor of this.s.residents.grown()) {
      const tokens = tokensOf(actor);
      if (tokens.length === 0) continue;
      if (lines.length === MOST_REPORTED) {
        lines.push("…");
        break;
      }
      const shown = tokens.slice(0, MOST_TOKENS).map((token) => token.describe());
      if (tokens.length > shown.length) shown.push(`… and ${tokens.length - shown.length} more`);
      lines.push(`${actor.target.name} ${formatPid(actor.pid)} holds ${shown.join(", ")}`);
    }
    return lines;
  }
}

const NOBODY = 0;
const MOST_REPORTED = 100;
const MOST_TOKENS = 10;

function tokensOf({ extras }: ActorImpl): Token[] {
  const tokens = extras?.tokens ?? null;
  if (tokens === null) return [];
  return tokens instanceof Set ? [...tokens] : [tokens];
}

function isForActor(kind: number): boolean {
  return kind === R_MESSAGE || kind === R_SPAWN || kind === R_CALL || kind === R_REPLY;
}

/** The tokens in a value, nested anywhere and however deep. Reads no getter. */
function tokensIn(value: unknown): Token[] {
  const found: Token[] = [];
  const seen = new Set<object>();
  const left: unknown[] = [value];
  while (left.length > 0) {
    const one = left.pop();
    if (typeof one !== "object" || one === null || ArrayBuffer.isView(one) || seen.has(one)) continue;
    seen.add(one);
    if (one instanceof Token) found.push(one);
    else if (one instanceof Map) { for (const [key, entry] of one) left.push(key, entry); }
    else if (one instanceof Set) { for (const entry of one) left.push(entry); }
    else if (Array.isArray(one)) { // its values, as it may be all holes
      for (const entry of Object.values(one)) if (typeof entry === "object") left.push(entry);
    } else {
      const keys = one instanceof Error ? [...Object.keys(one), "cause", "errors"] : Object.keys(one);
      for (const key of keys) {
        const descriptor = Object.getOwnPropertyDescriptor(one, key);
        if (descriptor !== undefined && "value" in descriptor) left.push(descriptor.value);
      }
    }
  }
  return found;
}
