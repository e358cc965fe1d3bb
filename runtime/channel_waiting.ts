/**
 * The senders that wait for a slot of one channel, first come, first served: actors that live at the channel's home, with
 * their values, and numbers of senders on other schedulers, which keep theirs until the slot is granted.
 *
 * @module
 */
import type { Wait } from "./wait.ts";

/** One of them. Its `wait` is null when it is on another scheduler: then `peer` and `ref` name it. */
export class WaitingSender {
  readonly wait: Wait | null;
  readonly value: unknown;
  readonly peer: number;
  readonly ref: number;
  /** The list's own. */
  previous: WaitingSender | null = null;
  /** The list's own. */
  next: WaitingSender | null = null;

  constructor(wait: Wait | null, value: unknown, peer: number, ref: number) {
    this.wait = wait;
    this.value = value;
    this.peer = peer;
    this.ref = ref;
  }
}

export class WaitingSenders {
  readonly #peers: number;
  #last: WaitingSender | null = null;
  /** Those of other schedulers, by scheduler and number. */
  #remote: Map<number, WaitingSender> | null = null;
  /** Who waits longest. */
  first: WaitingSender | null = null;

  /** `peers`: how many threads there are at most. */
  constructor(peers: number) {
    this.#peers = peers;
  }

  append(sender: WaitingSender): void {
    sender.previous = this.#last;
    if (this.#last === null) this.first = sender;
    else this.#last.next = sender;
    this.#last = sender;
    if (sender.wait === null) (this.#remote ??= new Map()).set(this.#key(sender.peer, sender.ref), sender);
  }

  /** Takes one out, wherever it stands; one that is out already stays so. */
  remove(sender: WaitingSender): void {
    const { previous, next } = sender;
    if (previous !== null) previous.next = next;
    else if (this.first === sender) this.first = next;
    else return;
    if (next === null) this.#last = previous;
    else next.previous = previous;
    sender.previous = sender.next = null;
    if (sender.wait === null) this.#remote!.delete(this.#key(sender.peer, sender.ref));
  }

  removeRemote(peer: number, ref: number): void {
    const sender = this.#remote?.get(this.#key(peer, ref));
    if (sender !== undefined) this.remove(sender);
  }

  /** All of one scheduler. */
  removePeer(peer: number): void {
    for (const sender of [...this.#remote?.values() ?? []]) if (sender.peer === peer) this.remove(sender);
  }

  #key(peer: number, ref: number): number {
    return ref * this.#peers + peer;
  }
}
