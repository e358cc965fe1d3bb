/**
 * Channels between schedulers: what one says to the other, and what a scheduler keeps of it. The rules are told in
 * channel.ts; here they are spelled as records.
 *
 * | from      | record  | says                                              |
 * | --------- | ------- | ------------------------------------------------- |
 * | a sender  | VALUE   | this value has a slot                             |
 * | a sender  | WAIT    | number `aux` waits for a slot                     |
 * | a sender  | CANCEL  | it does not any more                              |
 * | a sender  | RETURN  | a slot that was taken or granted will not be used |
 * | a sender  | CLOSE   | nobody can take a slot any more                   |
 * | home      | GRANT   | number `aux` has a slot                           |
 * | home      | CLOSED  | number `aux` will get none                        |
 *
 * A CANCEL and a GRANT may pass each other: a granted slot that nobody waits for any more is returned.
 *
 * @module
 */
import type { Pid } from "./api.ts";
import type { Scheduler } from "./scheduler.ts";
import type { Wait } from "./wait.ts";
import { channelClosed, type ChannelCore } from "./channel.ts";
import {
  R_CHANNEL_CANCEL,
  R_CHANNEL_CLOSE,
  R_CHANNEL_CLOSED,
  R_CHANNEL_GRANT,
  R_CHANNEL_RETURN,
  R_CHANNEL_VALUE,
  R_CHANNEL_WAIT,
} from "./protocol.ts";
import * as waiting from "./waiting.ts";

/** A send of an actor that lives here to a channel that does not. */
interface RemoteSend {
  readonly wait: Wait;
  readonly value: unknown;
  readonly home: number;
  readonly number: number;
}

/** Numbers of channels on one scheduler: leaves room for the scheduler's id in a key that is a safe integer. */
const KEY_RANGE = 2 ** 44;
/** Those of each scheduler that has had the same id, one after the other. */
const NUMBERS_A_LIFE = 2 ** 28;

export class ChannelTraffic {
  readonly #s: Scheduler;
  /** Channels that are at home here and whose senders were sent abroad. */
  readonly #cores: Map<number, ChannelCore> = new Map();
  readonly #sends: Map<number, RemoteSend> = new Map();
  /** How many sends wait for each channel abroad. */
  readonly #waiting: Map<number, number> = new Map();
  /** A channel from which nobody can receive any more is closed. */
  readonly #collected: FinalizationRegistry<ChannelCore> = new FinalizationRegistry((core) => core.abandon());
  #numbers = 0;

  constructor(s: Scheduler) {
    this.#s = s;
  }

  // --- At home ----------------------------------------------------------------------------------------------------

  /** A channel gets its number. `end` is its receiving end, where that is at hand. */
  enter(core: ChannelCore, end: object | null): number {
    this.#cores.set(++this.#numbers, core);
    if (end !== null) this.#collected.register(end, core);
    return this.#numbers;
  }

  /** Nothing can come for it any more. */
  leave(core: ChannelCore): void {
    this.#cores.delete(core.number);
  }

  find(number: number): ChannelCore | null {
    return this.#cores.get(number) ?? null;
  }

  /** Open channels with senders abroad. */
  get size(): number {
    return this.#cores.size;
  }

  /** This scheduler takes the place of others that died: their channels' numbers are not given again. */
  inherit(incarnation: number): void {
    this.#numbers = incarnation * NUMBERS_A_LIFE;
  }

  /** A scheduler is dead: its channels are closed, and its senders wait for nothing any more. */
  lost(peer: number): void {
    for (const core of this.#cores.values()) core.dropRemoteSenders(peer);
    for (const [ref, { home, wait }] of [...this.#sends]) {
      if (home !== peer) continue;
      this.#take(ref);
      waiting.fail(wait, channelClosed("send", wait.target as Pid));
    }
  }

  // --- Abroad -----------------------------------------------------------------------------------------------------

  /** Whether senders of this scheduler wait for a slot of that channel. */
  isWaiting(home: number, number: number): boolean {
    return this.#waiting.size > 0 && this.#waiting.has(home * KEY_RANGE + number);
  }

  waitForSlot(home: number, number: number, wait: Wait, value: unknown): void {
    const ref = this.#s.numbers.next(this.#sends);
    const key = home * KEY_RANGE + number;
    this.#sends.set(ref, { wait, value, home, number });
    this.#waiting.set(key, (this.#waiting.get(key) ?? 0) + 1);
    wait.whenGivenUp(() => {
      if (this.#take(ref) !== undefined) this.#s.remote.record(home, R_CHANNEL_CANCEL, number, ref, null);
    });
    this.#s.remote.record(home, R_CHANNEL_WAIT, number, ref, null);
  }

  #take(ref: number): RemoteSend | undefined {
    const send = this.#sends.get(ref);
    if (send === undefined) return undefined;
    this.#sends.delete(ref);
    const key = send.home * KEY_RANGE + send.number;
    const others = this.#waiting.get(key)! - 1;
    if (others === 0) this.#waiting.delete(key);
    else this.#waiting.set(key, others);
    return send;
  }

  #granted(home: number, number: number, ref: number): void {
    const { remote } = this.#s;
    const send = this.#take(ref);
    if (send === undefined) {
      remote.record(home, R_CHANNEL_RETURN, number, 0, null);
      return;
    }
    try {
      remote.record(home, R_CHANNEL_VALUE, number, 0, send.value);
    } catch (error) { // not sendable
      remote.record(home, R_CHANNEL_RETURN, number, 0, null);
      waiting.fail(send.wait, error);
      return;
    }
    waiting.complete(send.wait, undefined);
  }

  // --- Records ----------------------------------------------------------------------------------------------------

  /** A record of the channels' range has come; false when its kind is unknown. */
  handle(from: number, kind: number, number: number, aux: number, payload: unknown): boolean {
    const core = this.#cores.get(number);
    switch (kind) {
      case R_CHANNEL_VALUE:
        if (this.#s.io.owners.arrived.length > 0) this.#s.io.owners.claim(core?.owner.pid ?? null);
        core?.arrived(payload);
        return true;
      case R_CHANNEL_WAIT:
        if (core !== undefined) core.addRemoteSender(from, aux);
        else this.#s.remote.record(from, R_CHANNEL_CLOSED, number, aux, null);
        return true;
      case R_CHANNEL_CANCEL:
        core?.dropRemoteSender(from, aux);
        return true;
      case R_CHANNEL_RETURN:
        core?.returned();
        return true;
      case R_CHANNEL_CLOSE:
        core?.close();
        return true;
      case R_CHANNEL_GRANT:
        this.#granted(from, number, aux);
        return true;
      case R_CHANNEL_CLOSED: {
        const send = this.#take(aux);
        if (send !== undefined) waiting.fail(send.wait, channelClosed("send", send.wait.target as Pid));
        return true;
      }
      default:
        return false;
    }
  }
}
