/**
 * `self.signals()`: a parent hears of the ends of the children that it has spawned, on a queue of its own (S23, from
 * Rust smarm's supervisor channel, whose payload was empty: here it is the value or the error).
 *
 * lifecycle.ts puts signals in, before it tells anybody who joins (S13); only the owner takes them out.
 *
 * @module
 */
import type { Signal, Signals, WaitOptions } from "../runtime/api.ts";
import type { ActorImpl } from "../runtime/actor.ts";
import { extrasOf } from "../runtime/extras.ts";
import { Fifo } from "../runtime/fifo.ts";
import { DONE } from "../runtime/actor_state.ts";
import { staysWithActor } from "../runtime/sendable.ts";
import { CHANNEL_RECEIVE, type Wait } from "../runtime/wait.ts";
import * as waiting from "../runtime/waiting.ts";

export class SignalsImpl implements Signals {
  static {
    staysWithActor(this, "Signals");
  }

  readonly #owner: ActorImpl;
  readonly #queued = new Fifo<Signal>();
  /** Receives that wait, in the order of the calls. */
  readonly #waits: Wait[] = [];

  constructor(owner: ActorImpl) {
    this.#owner = owner;
  }

  put(signal: Signal): void {
    const wait = this.#waits.shift();
    if (wait === undefined) this.#queued.push(signal);
    else waiting.complete(wait, signal);
  }

  tryReceive(): Signal | undefined {
    if (this.#owner.state === DONE) throw this.#owner.ended("tryReceive");
    return this.#queued.length > 0 ? this.#queued.shift() : undefined;
  }

  receive(options?: WaitOptions): Promise<Signal> {
    const s = this.#owner.scheduler;
    const wait = waiting.open(this.#owner, CHANNEL_RECEIVE, "signals", options, false);
    if (wait instanceof Promise) return wait;
    if (this.#queued.length > 0) {
      wait.complete(this.#queued.shift());
      waiting.settleNow(wait);
    } else {
      wait.whenGivenUp(() => this.#forget(wait));
      this.#waits.push(wait);
      s.parked(this.#owner);
    }
    return wait.promise as Promise<Signal>;
  }

  #forget(wait: Wait): void {
    const at = this.#waits.indexOf(wait);
    if (at >= 0) this.#waits.splice(at, 1);
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Signal> {
    for (;;) yield await this.receive();
  }
}

export function signalsOf(actor: ActorImpl): Signals {
  if (actor.state === DONE) throw actor.ended("signals");
  const extras = extrasOf(actor);
  return (extras.signals ??= new SignalsImpl(actor)) as SignalsImpl;
}
