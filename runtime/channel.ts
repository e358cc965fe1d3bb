/**
 * A channel where it is at home: on the scheduler of the actor that made it and that receives from it (S22).
 *
 * Room is counted in *slots*. A value needs one from before it is sent until it is received, so a bounded channel never
 * holds more than its capacity, wherever its senders live. The free slots stand in one number; once the sender was sent
 * to another scheduler, in one word of shared memory, from which every thread takes with a compare-and-swap: a send that
 * finds a slot is over at once, and `trySend` knows the answer, on any scheduler.
 *
 * Who finds none waits here, first come, first served, and nobody polls: a slot that comes free goes to the first who
 * waits and not back into the count. On another scheduler (channel_remote.ts) the value stays with its sender until the
 * slot is granted, so a send that is given up has not happened.
 *
 * The race that the order of looks closes: a sender finds no slot and says that it waits; meanwhile the receiver, which
 * knows of nobody, puts a slot back. So whoever is about to wait tries once more to take one here, at home, where slots
 * are put back.
 *
 * Closing: the top bit of the count says so, which whoever closes sets, and from then on no slot can be taken. The slots
 * that were taken and have not come back as values are *on their way*; the receiver waits for those, and sees the end
 * only behind the last of them. A scheduler that is lost with slots it has taken keeps them: the channel then has that
 * much less room, and once closed never ends.
 *
 * @module
 */
import type { Pid } from "./api.ts";
import type { ActorImpl } from "./actor.ts";
import type { Scheduler } from "./scheduler.ts";
import type { Wait } from "./wait.ts";
import { DONE } from "./actor_state.ts";
import { extrasOf } from "./extras.ts";
import { Fifo } from "./fifo.ts";
import { ChannelClosedError } from "./errors.ts";
import { formatPid } from "./pid.ts";
import { R_CHANNEL_CLOSED, R_CHANNEL_GRANT } from "./protocol.ts";
import type { ChannelTraffic } from "./channel_remote.ts";
import { WaitingSender, WaitingSenders } from "./channel_waiting.ts";
import * as waiting from "./waiting.ts";

/** The slots of a channel without bound: more values than memory holds. */
export const UNBOUNDED = 2 ** 30;
const CLOSED_BIT = 1 << 31;
const SLOTS_MASK = ~CLOSED_BIT;

export const TAKEN = 1;
export const FULL = 0;
export const CLOSED = -1;
export type Taken = typeof TAKEN | typeof FULL | typeof CLOSED;

/** Takes a slot from a shared count. */
export function takeSlot(slots: Int32Array): Taken {
  for (let found = slots[0];;) { // a plain look: an atomic one is a call for V8. Home looks once more for whoever waits
    if (found <= 0) return found === 0 ? FULL : CLOSED;
    const now = Atomics.compareExchange(slots, 0, found, found - 1); // pairs with the add in ChannelCore.release()
    if (now === found) return TAKEN;
    found = now;
  }
}

/** Lets nobody take a slot any more; false when it was so already. */
export function closeSlots(slots: Int32Array): boolean {
  return (Atomics.or(slots, 0, CLOSED_BIT) & CLOSED_BIT) === 0;
}

/** A pending receive; it holds the receiving end, which must not be collected meanwhile. */
interface WaitingReceiver {
  readonly wait: Wait;
  readonly end: object;
}

export class ChannelCore {
  readonly s: Scheduler;
  readonly owner: ActorImpl;
  readonly capacity: number;
  /** Its name in records; 0 until its sender is sent to another scheduler. */
  number = 0;
  /** The free slots, once other schedulers take from them. */
  slots: Int32Array | null = null;
  readonly #buffer: Fifo<unknown> = new Fifo();
  #receivers: WaitingReceiver[] | null = null;
  readonly #waiting: WaitingSenders;
  #free: number;
  /** Closed, and here it is known. */
  #closed = false;
  /** After the close: slots that were taken and whose value has neither come nor been given up. */
  #onTheirWay = 0;
  #hooked = false;
  /** Open selects that watch this channel. */
  selects = 0;

  constructor(s: Scheduler, owner: ActorImpl, capacity: number) {
    this.s = s;
    this.owner = owner;
    this.capacity = capacity;
    this.#free = capacity;
    this.#waiting = new WaitingSenders(s.memory.peers);
  }

  // --- Slots ------------------------------------------------------------------------------------------------------

  /** Takes a slot for a sender that lives here; `FULL` also while others wait for one. */
  take(): Taken {
    if (this.#closed || this.owner.state === DONE) return CLOSED;
    if (this.#waiting.first !== null) return FULL;
    if (this.slots !== null) return takeSlot(this.slots);
    if (this.#free === 0) return FULL;
    this.#free--;
    return TAKEN;
  }

  get isClosed(): boolean {
    return this.#closed || this.owner.state === DONE ||
      (this.slots !== null && Atomics.load(this.slots, 0) < 0);
  }

  /** A slot came free. */
  release(): void {
    const { first } = this.#waiting;
    if (first === null) {
      if (this.slots === null) this.#free++;
      else Atomics.add(this.slots, 0, 1); // pairs with the compare-and-swap in takeSlot()
      return;
    }
    this.#waiting.remove(first);
    if (first.wait === null) this.s.remote.record(first.peer, R_CHANNEL_GRANT, this.number, first.ref, null);
    else {
      waiting.complete(first.wait, undefined);
      this.acceptFrom(first.wait.actor, first.value);
    }
  }

  /** Other schedulers are about to take slots: the count moves to shared memory. */
  share(traffic: ChannelTraffic, end: object | null): Int32Array {
    if (this.slots === null) {
      if (this.owner.state === DONE) this.abandon();
      this.slots = new Int32Array(new SharedArrayBuffer(4));
      this.slots[0] = this.#free | (this.isClosed ? CLOSED_BIT : 0);
      this.number = traffic.enter(this, end);
      if (this.#closed && this.#onTheirWay === 0) traffic.leave(this);
      else this.#hook();
    }
    return this.slots;
  }

  // --- Values -----------------------------------------------------------------------------------------------------

  /** How many values wait to be received. */
  get length(): number {
    return this.#buffer.length;
  }

  /** Closed, and nothing will come any more. */
  get isOver(): boolean {
    return this.#closed && this.#buffer.length === 0 && this.#onTheirWay === 0;
  }

  /** A value of an actor that lives here: the IO tokens in it are the owner's from now on, as in a message. */
  acceptFrom(sender: ActorImpl | undefined, value: unknown): void {
    const tokens = sender?.extras?.tokens;
    if (tokens !== null && tokens !== undefined) this.s.io.owners.given(value, this.owner.pid);
    this.accept(value);
  }

  /** A value that has a slot goes to the first pending receive, or waits. */
  accept(value: unknown): void {
    const receivers = this.#receivers;
    if (receivers !== null && receivers.length > 0) {
      const receiver = receivers.shift()!;
      waiting.complete(receiver.wait, value);
      if (!this.#closed) this.release();
      return;
    }
    this.#buffer.push(value);
    if (this.selects > 0) this.s.wake(this.owner);
  }

  /** The oldest value; there must be one. */
  shift(): unknown {
    const value = this.#buffer.shift();
    if (!this.#closed) this.release();
    return value;
  }

  /** A value has come from another scheduler, which took a slot for it. */
  arrived(value: unknown): void {
    if (this.#closed) this.#onTheirWay--;
    this.accept(value);
    this.#tellTheEnd();
  }

  /** A slot that was granted, or taken, is not used. */
  returned(): void {
    if (!this.#closed) this.release();
    else {
      this.#onTheirWay--;
      this.#tellTheEnd();
    }
  }

  // --- Who waits --------------------------------------------------------------------------------------------------

  addReceiver(wait: Wait, end: object): void {
    (this.#receivers ??= []).push({ wait, end });
    wait.whenGivenUp(() => {
      const at = this.#receivers!.findIndex((one) => one.wait === wait);
      if (at >= 0) this.#receivers!.splice(at, 1);
    });
  }

  /** An actor that lives here waits for a slot. */
  addSender(wait: Wait, value: unknown): void {
    const sender = new WaitingSender(wait, value, 0, 0);
    this.#append(sender);
    wait.whenGivenUp(() => this.#waiting.remove(sender));
  }

  /** A sender on another scheduler waits for a slot, unless one has come free while it said so. */
  addRemoteSender(peer: number, ref: number): void {
    switch (this.take()) {
      case TAKEN:
        this.s.remote.record(peer, R_CHANNEL_GRANT, this.number, ref, null);
        return;
      case CLOSED:
        this.s.remote.record(peer, R_CHANNEL_CLOSED, this.number, ref, null);
        return;
      case FULL:
        this.#append(new WaitingSender(null, undefined, peer, ref));
    }
  }

  /** It does not wait any more; one to which a slot was granted meanwhile gives that back. */
  dropRemoteSender(peer: number, ref: number): void {
    this.#waiting.removeRemote(peer, ref);
  }

  /** Their scheduler is dead. */
  dropRemoteSenders(peer: number): void {
    this.#waiting.removePeer(peer);
  }

  #append(sender: WaitingSender): void {
    this.#hook();
    this.#waiting.append(sender);
  }

  // --- The end ----------------------------------------------------------------------------------------------------

  /** Nothing can be sent any more; what was sent can still be received. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    let free = this.#free;
    if (this.slots !== null) {
      closeSlots(this.slots);
      free = Atomics.load(this.slots, 0) & SLOTS_MASK;
    }
    this.#onTheirWay = this.capacity - free - this.#buffer.length;
    for (let sender = this.#waiting.first; sender !== null; sender = this.#waiting.first) {
      this.#waiting.remove(sender);
      if (sender.wait !== null) waiting.fail(sender.wait, channelClosed("send", this.owner.pid));
      else this.s.remote.record(sender.peer, R_CHANNEL_CLOSED, this.number, sender.ref, null);
    }
    this.#tellTheEnd();
  }

  /** Nobody can receive any more: the owner has ended, or the receiving end was collected. */
  abandon(): void {
    this.close();
    this.#buffer.clear();
    this.#onTheirWay = 0;
    this.#tellTheEnd();
  }

  #tellTheEnd(): void {
    if (!this.#closed || this.#onTheirWay > 0) return;
    if (this.slots !== null) this.s.channels.leave(this);
    if (this.#hooked) this.#unhook();
    if (this.#buffer.length > 0) return;
    const receivers = this.#receivers;
    this.#receivers = null;
    if (receivers !== null) {
      for (const { wait } of receivers) waiting.fail(wait, channelClosed("receive", this.owner.pid));
    }
    if (this.selects > 0) this.s.wake(this.owner);
  }

  /**
   * From here on somebody has to be told when the owner ends. An owner that makes channel after channel must not keep all
   * of them: they are looked through when they have become twice as many. To take each out as soon as nobody waits would
   * be done, and undone, for each value of a channel that is full most of the time.
   */
  #hook(): void {
    if (this.#hooked) return;
    this.#hooked = true;
    const extras = extrasOf(this.owner);
    const { channels } = extras;
    if (channels.size >= extras.mostChannels) {
      for (const core of channels) if (core.slots === null && core.#waiting.first === null) core.#unhook();
      extras.mostChannels = Math.max(2 * channels.size, extras.mostChannels);
    }
    channels.add(this);
  }

  #unhook(): void {
    this.#hooked = false;
    this.owner.extras?.channels.delete(this);
  }
}

export function channelClosed(operation: "send" | "receive", owner: Pid): ChannelClosedError {
  const rest = operation === "send" ? "is closed" : "is closed and empty";
  return new ChannelClosedError(`Cannot ${operation}: the channel of actor ${formatPid(owner)} ${rest}`);
}
