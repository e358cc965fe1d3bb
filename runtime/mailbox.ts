/**
 * The messages that came to one actor and that it has not received: first in, first out, with removal from the middle
 * for selective receives. Owned by the scheduler where the actor lives.
 *
 * The first message stands in a field of its own: an actor that gets one message at a time never needs a ring.
 *
 * @module
 */
import { Fifo } from "./fifo.ts";

/** A mailbox of this length is told of, once (mailbox_warning.ts). Guessed: a second's worth of messages for most actors. */
export const MAILBOX_WARNING_LENGTH = 100_000;

/** Whether a mailbox of this thread has become long since the scheduler last looked. */
export const longMailboxes = { found: false };

/** Stands in the first place when no message does; any value can be a message. */
const NONE = Symbol("none");

export class Mailbox {
  /** The oldest message, if it came to an empty mailbox. */
  #first: unknown = NONE;
  #rest: Fifo<unknown> | null = null;
  length = 0;

  push(message: unknown): void {
    if (this.length++ === 0) this.#first = message;
    else {
      (this.#rest ??= new Fifo()).push(message);
      if (this.length === MAILBOX_WARNING_LENGTH) longMailboxes.found = true;
    }
  }

  /** The oldest message; the mailbox must not be empty. */
  shift(): unknown {
    this.length--;
    const message = this.#first;
    if (message === NONE) return this.#rest!.shift();
    this.#first = NONE;
    return message;
  }

  at(position: number): unknown {
    if (this.#first === NONE) return this.#rest!.at(position);
    return position === 0 ? this.#first : this.#rest!.at(position - 1);
  }

  removeAt(position: number): unknown {
    if (position === 0) return this.shift();
    this.length--;
    return this.#rest!.removeAt(this.#first === NONE ? position : position - 1);
  }

  clear(): void {
    this.#first = NONE;
    this.#rest = null;
    this.length = 0;
  }
}

/** The mailbox of all actors that have not got a message yet; never written. */
export const NO_MAIL: Mailbox = new Mailbox();
