/**
 * What a program holds of a channel: the receiving end, which belongs to the actor that made the channel, and sending
 * ends, which may be copied by sending them in messages.
 *
 * @module
 */
import type { Channel, ChannelReceiver, ChannelSender, Pid, WaitOptions } from "./api.ts";
import { type ActorImpl, RESOLVED } from "./actor.ts";
import type { Scheduler } from "./scheduler.ts";
import { currentActor } from "./async_context.ts";
import { ChannelClosedError, TimeoutError } from "./errors.ts";
import { CHANNEL_RECEIVE, CHANNEL_SEND, checkWait, hasUnsettled, RX_ENDING, WAIT_NAMES } from "./wait.ts";
import {
  channelClosed,
  ChannelCore,
  CLOSED,
  closeSlots,
  FULL,
  TAKEN,
  type Taken,
  takeSlot,
  UNBOUNDED,
} from "./channel.ts";
import { R_CHANNEL_CLOSE, R_CHANNEL_RETURN, R_CHANNEL_VALUE } from "./protocol.ts";
import { formatPid } from "./pid.ts";
import { NOT_SERIALIZABLE } from "./sendable.ts";
import * as waiting from "./waiting.ts";

export function channel(actor: ActorImpl, capacity: number | undefined): Channel<unknown> {
  if (capacity !== undefined && (!Number.isInteger(capacity) || capacity < 1 || capacity > UNBOUNDED)) {
    const given = Deno.inspect(capacity, { depth: 0 });
    const text = `channel needs a whole number from 1 to ${UNBOUNDED}, or nothing for no bound, got ${given}`;
    throw typeof capacity === "number" ? new RangeError(text) : new TypeError(text);
  }
  if (actor.rx >= RX_ENDING && actor.exiting === null) throw actor.ended("channel");
  const s = actor.scheduler;
  const core = new ChannelCore(s, actor, capacity ?? UNBOUNDED);
  const receiver = new ReceiverImpl(core);
  return { sender: new SenderImpl(s, s.id, actor.pid, core, receiver), receiver };
}

/** How a sending end travels: home, owner, number there, the free slots; a number of 0 means that it was closed. */
export type PlainSender = [home: number, owner: Pid, number: number, slots: SharedArrayBuffer];

// All fields are private: strict mode freezes what is sent, and a sending end is as alive as before.
export class SenderImpl implements ChannelSender<unknown> {
  readonly #s: Scheduler;
  /** The scheduler on which values are received. */
  readonly #home: number;
  readonly #owner: Pid;
  /** The channel, when it is at home on this scheduler. */
  readonly #core: ChannelCore | null;
  /** Kept so that the channel lives as long as this end of it at home. */
  readonly #receiver: ReceiverImpl | null;
  readonly #number: number;
  readonly #slots: Int32Array | null;

  constructor(
    s: Scheduler,
    home: number,
    owner: Pid,
    core: ChannelCore | null,
    receiver: ReceiverImpl | null,
    number = 0,
    slots: Int32Array | null = null,
  ) {
    this.#s = s;
    this.#home = home;
    this.#owner = owner;
    this.#core = core;
    this.#receiver = receiver;
    this.#number = number;
    this.#slots = slots;
  }

  get isClosed(): boolean {
    if (this.#core !== null) return this.#core.isClosed;
    return Atomics.load(this.#slots!, 0) < 0 || !this.#s.routes.isLive(this.#owner);
  }

  send(value: unknown, options?: WaitOptions): Promise<void> {
    const actor = currentActor();
    const s = this.#s;
    try {
      const refused = actor === undefined ? null : waiting.refuse(actor, "send");
      if (refused !== null) return refused;
      if (options !== undefined) checkWait(options, WAIT_NAMES[CHANNEL_SEND]);
      if (s.strict) value = s.remote.strictCopyCheck(value, "value");
      switch (this.#trySend(value)) {
        case TAKEN:
          return actor !== undefined && (--s.ops > 0 ? s.sliceUsed : s.look(actor))
            ? actor.yield()
            : RESOLVED;
        case CLOSED:
          throw channelClosed("send", this.#owner);
      }
    } catch (error) { // closed, not sendable, or what is wrong with the options
      return actor === undefined ? Promise.reject(error) : waiting.reject(actor, error);
    }
    if (actor === undefined) return this.#sendFromOutside(value, options);
    const wait = waiting.open(actor, CHANNEL_SEND, this.#owner, options, false);
    if (wait instanceof Promise) return wait;
    if (this.#core !== null) this.#core.addSender(wait, value);
    else s.channels.waitForSlot(this.#home, this.#number, wait, value);
    s.parked(actor);
    return wait.promise as Promise<void>;
  }

  trySend(value: unknown): boolean {
    const s = this.#s;
    if (s.strict) value = s.remote.strictCopyCheck(value, "value");
    if (--s.ops <= 0 && s.current !== null) s.lookInSend(s.current);
    return this.#trySend(value) === TAKEN;
  }

  #trySend(value: unknown): Taken {
    const core = this.#core;
    if (core !== null) {
      const taken = core.take();
      if (taken === TAKEN) core.acceptFrom(this.#s.io.owners.areAny ? currentActor() : undefined, value);
      return taken;
    }
    const s = this.#s;
    // Behind those of this scheduler that wait: values of one sender keep their order.
    if (s.channels.isWaiting(this.#home, this.#number)) return this.isClosed ? CLOSED : FULL;
    // An owner that was lost with its scheduler has closed nothing.
    if (!s.routes.isLive(this.#owner)) closeSlots(this.#slots!);
    const taken = takeSlot(this.#slots!);
    if (taken === TAKEN) {
      try {
        s.remote.record(this.#home, R_CHANNEL_VALUE, this.#number, 0, value);
      } catch (error) {
        s.remote.record(this.#home, R_CHANNEL_RETURN, this.#number, 0, null);
        throw error;
      }
    }
    return taken;
  }

  close(): void {
    if (this.#core !== null) this.#core.close();
    else if (closeSlots(this.#slots!)) {
      this.#s.remote.record(this.#home, R_CHANNEL_CLOSE, this.#number, 0, null);
    }
  }

  /** Code that belongs to no actor, such as a callback set up while the module was loaded, tries again and again. */
  async #sendFromOutside(value: unknown, options?: WaitOptions): Promise<void> {
    const { timeout = Infinity, signal } = options ?? {};
    const began = this.#s.clock.now();
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, OUTSIDE_RETRY_MS));
      signal?.throwIfAborted();
      const taken = this.#trySend(value);
      if (taken === TAKEN) return;
      if (taken === CLOSED) throw channelClosed("send", this.#owner);
      if (this.#s.clock.now() - began >= timeout) {
        throw new TimeoutError(
          `channel send ${formatPid(this.#owner)} took longer than its timeout of ${timeout} ms`,
        );
      }
    }
  }

  /** How it travels. */
  static dehydrate(sender: SenderImpl): PlainSender {
    const core = sender.#core;
    const slots = core === null ? sender.#slots! : core.share(sender.#s.channels, sender.#receiver);
    return [
      sender.#home,
      sender.#owner,
      core === null ? sender.#number : core.number,
      slots.buffer as SharedArrayBuffer,
    ];
  }

  /** A sending end that has come to `s`. */
  static hydrate(s: Scheduler, [home, owner, number, slots]: PlainSender): SenderImpl {
    const core = home === s.id ? s.channels.find(number) : null;
    return new SenderImpl(s, home, owner, core, null, number, new Int32Array(slots));
  }

  [Symbol.for("Deno.customInspect")](): string {
    return `ChannelSender ${formatPid(this.#owner)}${this.isClosed ? " (closed)" : ""}`;
  }
}

/** Between two attempts of code that is no actor and so cannot be woken. */
const OUTSIDE_RETRY_MS = 2;

export class ReceiverImpl implements ChannelReceiver<unknown> {
  readonly #core: ChannelCore;

  constructor(core: ChannelCore) {
    this.#core = core;
  }

  get isClosed(): boolean {
    return this.#core.isClosed;
  }

  receive(options?: WaitOptions): Promise<unknown> {
    const core = this.#core;
    const { s, owner } = core;
    const stranger = strangerTo(owner);
    if (stranger !== null) return Promise.reject(stranger);
    if (core.length > 0 && options === undefined && !hasUnsettled(owner) && owner.rx < RX_ENDING) {
      return waiting.resolve(owner, core.shift());
    }
    const wait = waiting.open(owner, CHANNEL_RECEIVE, null, options, false);
    if (wait instanceof Promise) return wait;
    if (core.length > 0) wait.complete(core.shift());
    else if (core.isOver) wait.fail(channelClosed("receive", owner.pid));
    else {
      core.addReceiver(wait, this);
      s.parked(owner);
      return wait.promise;
    }
    waiting.goOn(wait);
    return wait.promise;
  }

  tryReceive(): unknown {
    const core = this.#core;
    const stranger = strangerTo(core.owner);
    if (stranger !== null) throw stranger;
    core.s.ops--;
    return core.length > 0 ? core.shift() : undefined;
  }

  close(): void {
    this.#core.close();
  }

  [Symbol.asyncIterator](): AsyncIterator<unknown> {
    return {
      next: () => {
        const core = this.#core;
        const { s, owner } = core;
        if (
          core.length > 0 && !hasUnsettled(owner) && owner.rx < RX_ENDING && strangerTo(owner) === null &&
          (--s.ops > 0 ? !s.sliceUsed : !s.look(owner))
        ) return Promise.resolve(toResult(core.shift())); // as in receive(), without a second promise
        return core.isOver
          ? Promise.resolve({ value: undefined, done: true })
          : this.receive().then(toResult, endOfIteration);
      },
    };
  }

  /** For select. */
  static coreOf(end: ReceiverImpl): ChannelCore {
    return end.#core;
  }

  get [Symbol.toStringTag](): string {
    return "ChannelReceiver";
  }
  get [NOT_SERIALIZABLE](): true {
    return true;
  }
  [Symbol.for("Deno.customInspect")](): string {
    return `ChannelReceiver ${formatPid(this.#core.owner.pid)}${this.isClosed ? " (closed)" : ""}`;
  }
}

const toResult = (value: unknown): IteratorResult<unknown> => ({ value, done: false });

function endOfIteration(error: unknown): IteratorResult<unknown> {
  if (error instanceof ChannelClosedError) return { value: undefined, done: true };
  throw error;
}

/** The error for an actor that waits at another one's end: it would run on that one's turn. */
function strangerTo(owner: ActorImpl): TypeError | null {
  const actor = currentActor();
  return actor === undefined || actor === owner ? null : new TypeError(
    `Cannot receive: the channel's receiver belongs to actor ${formatPid(owner.pid)}. Receive there, ` +
      `or make a channel of your own and hand out its sender`,
  );
}
