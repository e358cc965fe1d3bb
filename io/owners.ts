/**
 * Who owns what is open: the tokens that actors of one scheduler hold.
 *
 * A token that travels in a message belongs to the receiver from the moment of the send, so that it is closed whoever of
 * the two ends first. Both schedulers tell the poller, each before it can tell of an end; the token counts how often it
 * was given away, so that the poller knows which news is older.
 *
 * @module
 */
import type { Pid } from "../runtime/api.ts";
import type { ActorImpl } from "../runtime/actor.ts";
import { CallImpl } from "../runtime/call.ts";
import { extrasOf } from "../runtime/extras.ts";
import { currentActor } from "../runtime/async_context.ts";
import { formatPid } from "../runtime/pid.ts";
import { Category, type ObjectClasses } from "../runtime/sendable.ts";
import { R_CALL, R_CHANNEL_VALUE, R_FAILURE, R_MESSAGE, R_REPLY, R_SPAWN } from "../runtime/protocol.ts";
import type { IoClient } from "./client.ts";
import { onTheWayTo, R_IO_CLAIM, R_IO_CLOSE, R_IO_OWN, R_IO_RELEASE, R_IO_SENT } from "./protocol.ts";
import { Token } from "./token.ts";

/** A token in a record on its way: how often it was given away by then, and the number of this time. */
interface Leaving {
  readonly token: Token;
  readonly given: number;
  readonly handing: number;
}

export class Owners {
  readonly #io: IoClient;
  readonly #held = new Map<number, Token>();
  /** Tokens in the record that is being written, and in the one that was read last. */
  readonly leaving: Leaving[] = [];
  readonly arrived: Token[] = [];
  #handings: number;

  constructor(io: IoClient) {
    this.#io = io;
    this.#handings = (io.s.id + 1) * 2 ** 40;
  }

  /** This scheduler takes the place of others that died: their numbers are not given again. */
  inherit(incarnation: number): void {
    this.#handings += incarnation * 2 ** 32;
  }

  /** A number for a handing-over, which no other has: the same token may be given away by several at a time. */
  nextHanding(): number {
    return ++this.#handings;
  }

  /** How many schedulers have had an id before, and died, as far as this one has been told. */
  lifeOf: (scheduler: number) => number = () => 0;

  /** Somebody here owns something. */
  get areAny(): boolean {
    return this.#held.size > 0;
  }

  /** Whether a value has something in it that is open. */
  areIn(value: unknown): boolean {
    return this.areAny && tokensIn(value, this.#io.s.remote.classes).length > 0;
  }

  /** How many of what is owned can wake an actor by themselves. */
  get canWake(): number {
    let count = 0;
    for (const token of this.#held.values()) if (token.canWake) count++;
    return count;
  }

  /** What was written without waiting could not be. */
  broke(id: number, error: Error): void {
    this.#held.get(id)?.broke(error);
  }

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
    if (tokens === null || tokens === GAVE_AWAY) extras.tokens = token;
    else if (tokens instanceof Set) tokens.add(token);
    else if (tokens !== token) extras.tokens = new Set([tokens, token]);
    this.#held.set(token.id, token);
  }

  /** An actor here owns it, and hears what becomes of it. */
  holds(token: Token): boolean {
    return this.#held.get(token.id) === token;
  }

  /** Another owns it, but its holder may go on using it, and give it away again. */
  #gaveAway(token: Token): void {
    const extras = token.holder?.extras;
    const isOnlyOne = extras?.tokens === token;
    this.drop(token);
    if (isOnlyOne) extras.tokens = GAVE_AWAY;
  }

  /** False: the part has another owner, since it was given away alone. */
  goesWith(whole: Token, part: Token): boolean {
    return this.holds(part) === this.holds(whole) && part.holder === whole.holder;
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
    if (tokens.length === 0) return;
    for (const token of tokens) {
      if (this.holds(token)) this.#held.delete(token.id);
      token.released();
    }
    if (tokens.some((token) => this.#io.homes.has(token.id))) {
      for (const token of tokens) this.#io.post(R_IO_CLOSE, token.id, 0, null);
    } else this.#io.toPoller(R_IO_RELEASE, actor.pid, 0, null);
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
    const tokens = tokensIn(value, this.#io.s.remote.classes);
    const given: Token[] = [];
    for (const token of tokens) {
      const parts = token.parts.filter((part) => this.goesWith(token, part));
      for (const one of [token, ...parts]) {
        this.#gaveAway(one);
        one.given++;
        this.#giveTo(one, to);
        given.push(one);
      }
    }
    return given;
  }

  #giveTo(token: Token, to: Pid): void {
    this.#io.toPoller(R_IO_OWN, token.id, token.given, to);
    const actor = this.#io.s.find(to);
    if (actor !== undefined) this.hold(actor, token);
    else if (!this.#io.s.routes.isLive(to)) this.#io.post(R_IO_CLOSE, token.id, 0, null);
  }

  /** The record with the tokens of `leaving` is on its way to another scheduler. */
  departed(kind: number, target: number, peer: number): void {
    if (!isForActor(kind) && kind !== R_CHANNEL_VALUE) { // an outcome, or a reason: nobody there would close it
      this.leaving.length = 0;
      return;
    }
    const owner = isForActor(kind) ? target : onTheWayTo(peer, this.lifeOf(peer));
    for (const { token, given, handing } of this.leaving.splice(0)) {
      this.#gaveAway(token);
      this.#io.homes.recall(token.id);
      this.#io.toPoller(R_IO_SENT, token.id, given, [owner, handing]);
    }
  }

  /**
   * The tokens of `leaving` were written where other schedulers can take the actor. Who takes it tells nobody in time, so
   * it is told now that they go: to the thief, or back.
   */
  offered(actor: ActorImpl): void {
    if (this.leaving.length === 0) return;
    for (const { token, given, handing } of this.leaving.splice(0)) {
      const { id } = token;
      if (token.holder !== actor) { // who sent it did not hold it
        this.#gaveAway(token);
        this.hold(actor, token);
      }
      (extrasOf(actor).offered ??= []).push({ id, given, handing });
      this.#io.homes.offered(id);
      this.#io.toPoller(R_IO_SENT, id, given, [actor.pid, handing]);
    }
  }

  /** Nobody takes it any more. */
  withdrawn(actor: ActorImpl): void {
    const offered = actor.extras?.offered ?? null;
    if (offered === null) return;
    actor.extras!.offered = null;
    for (const { id, given, handing } of offered) {
      this.#io.toPoller(R_IO_CLAIM, id, given, [actor.pid, handing]);
    }
  }

  /**
   * A record with tokens was read. An actor that comes with them is not there yet: spawn.ts claims for it. For one that is
   * still to come they wait with their record (remote.ts).
   */
  landed(kind: number, target: number, from: number): void {
    if (kind === R_SPAWN || kind === R_CHANNEL_VALUE) return; // channel_remote.ts knows the channel's owner
    if (!isForActor(kind)) this.arrived.length = 0;
    else if (!this.#io.s.remote.isAwaited(target as Pid)) {
      this.claim(target as Pid, from === this.#io.s.id ? R_IO_OWN : R_IO_CLAIM); // who waited here has told of it already
    }
  }

  /** The tokens that were read last are this actor's; when it is dead, or nobody, they are closed. */
  claim(pid: Pid | null, kind: number = R_IO_CLAIM): void {
    for (const token of this.arrived.splice(0)) {
      const actor = pid === null ? undefined : this.#io.s.find(pid);
      const owner = actor?.pid ?? NOBODY;
      if (kind === R_IO_CLAIM) this.#io.homes.recall(token.id); // a thief had it, and what that one has written is in the poller
      // What the sender has asked for comes before a close too.
      if (kind === R_IO_CLAIM) this.#io.toPoller(kind, token.id, token.given, [owner, token.handing]);
      else if (actor !== undefined) this.#io.toPoller(kind, token.id, token.given, owner);
      if (actor === undefined) this.#io.post(R_IO_CLOSE, token.id, 0, null);
      else this.hold(actor, token);
    }
  }

  /** For the dump: what actors hold, and what they wait for. */
  report(): string[] {
    const lines: string[] = [];
    for (const actor of this.#io.s.residents.grown()) {
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
/** For an actor that holds nothing any more, but may still send what it has given away. Stays empty. */
const GAVE_AWAY = new Set<Token>();
const MOST_REPORTED = 100;
const MOST_TOKENS = 10;

function tokensOf({ extras }: ActorImpl): Token[] {
  const tokens = extras?.tokens ?? null;
  if (tokens === null) return [];
  return tokens instanceof Set ? [...tokens] : [tokens];
}

function isForActor(kind: number): boolean {
  return kind === R_MESSAGE || kind === R_SPAWN || kind === R_CALL || kind === R_REPLY || kind === R_FAILURE;
}

/**
 * The tokens in a value, nested anywhere and however deep. Reads no getter, and looks only into what travels itself: a handle
 * leads to its actor, and so to all that this one holds.
 */
function tokensIn(value: unknown, classes: ObjectClasses): Token[] {
  const found: Token[] = [];
  const seen = new Set<object>();
  const left: unknown[] = [value];
  while (left.length > 0) {
    const one = left.pop();
    if (typeof one !== "object" || one === null || seen.has(one)) continue;
    seen.add(one);
    switch (classes.classify(one).category) {
      case Category.Special:
        if (one instanceof Token) found.push(one);
        else if (one instanceof CallImpl) left.push(one.request);
        break;
      case Category.Map:
        for (const [key, entry] of one as Map<unknown, unknown>) left.push(key, entry);
        break;
      case Category.Set:
        for (const entry of one as Set<unknown>) left.push(entry);
        break;
      case Category.Array: // its values, as it may be all holes
        for (const entry of Object.values(one)) if (typeof entry === "object") left.push(entry);
        break;
      case Category.Error:
        pushFields(one, [...Object.keys(one), "cause", "errors"], left);
        break;
      case Category.Plain:
        pushFields(one, Object.keys(one), left);
    }
  }
  return found;
}

function pushFields(object: object, keys: string[], to: unknown[]): void {
  for (const key of keys) {
    const descriptor = Object.getOwnPropertyDescriptor(object, key);
    if (descriptor !== undefined && "value" in descriptor) to.push(descriptor.value);
  }
}
