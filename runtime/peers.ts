/**
 * The rings and side channels between one thread and its peers: one link a peer and direction, opened when first used.
 *
 * @module
 */
import type { CausalClock } from "./causal_clock.ts";
import { ring } from "./doorbell.ts";
import { PEER_WORDS, RECORDS_IN, RECORDS_OUT, ringRegion, type SharedMemory } from "./layout.ts";
import { InLink, type MessageHandler } from "./in_link.ts";
import { OutLink } from "./out_link.ts";
import { resetRing } from "./ring.ts";
import type { ObjectClasses } from "./sendable.ts";

export interface PeersHost {
  /** Objects that have a form of their own in messages. */
  readonly classes?: ObjectClasses;
  /** Whose stamps all records have that this thread sends. */
  readonly clock: CausalClock;
  /** Opens the side channel to a peer: its port, whose other end the control thread carries there. */
  openPort(to: number): MessagePort;
  /** The oldest message of a port, if one has arrived. */
  take(port: MessagePort): { message: unknown } | undefined;
  /** There are new records for a peer. */
  wakeReader(peer: number): void;
  /** Room for bytes that come past the codec. */
  bytesFor?(length: number): Uint8Array<ArrayBuffer>;
  undecodable(peer: number, kind: number, error: unknown): void;
}

/** What is to be done when so much of each link was taken. */
interface Waiting {
  readonly until: { readonly peer: number; readonly link: InLink; readonly end: number }[];
  readonly then: () => void;
}

export class Peers {
  readonly #memory: SharedMemory;
  readonly #id: number;
  readonly #words: Int32Array;
  readonly #base: number;
  readonly #host: PeersHost;
  readonly #outs: (OutLink | undefined)[] = [];
  readonly #ins: InLink[] = [];
  readonly #portsIn: (MessagePort | undefined)[] = [];
  readonly #portsOut: (MessagePort | undefined)[] = [];
  /** Full rings hold records back. */
  #isBacklogged = false;
  /** Oldest first. */
  readonly #waiting: Waiting[] = [];

  /** Of the thread that has this `id`; its peers are the first `count`. */
  constructor(memory: SharedMemory, id: number, count: number, host: PeersHost) {
    this.#memory = memory;
    this.#id = id;
    this.#words = new Int32Array(memory.peerWords);
    this.#base = id * PEER_WORDS;
    this.#host = host;
    for (let peer = 0; peer < count; peer++) this.#ins.push(this.#listen(peer));
  }

  #listen(peer: number): InLink {
    const { classes, clock, bytesFor } = this.#host;
    return new InLink(ringRegion(this.#memory, peer, this.#id), {
      classes,
      clock,
      bytesFor,
      wakeWriter: () => ring(this.#words, peer),
      takeSide: () => {
        const port = this.#portsIn[peer];
        return port === undefined ? undefined : this.#host.take(port)?.message as unknown[] | undefined;
      },
      undecodable: (kind, _target, _aux, error) => this.#host.undecodable(peer, kind, error),
    });
  }

  #open(peer: number): OutLink {
    return this.#outs[peer] = new OutLink(ringRegion(this.#memory, this.#id, peer), {
      classes: this.#host.classes,
      clock: this.#host.clock,
      wakeReader: () => this.#host.wakeReader(peer),
      post: (values, transfer) => {
        const port = this.#portsOut[peer] ??= this.#host.openPort(peer);
        port.postMessage(values, transfer);
      },
    });
  }

  // --- Out --------------------------------------------------------------------------------------------------------

  /** One record to a peer, if it still `stands` when it is written. @throws NotSendableError */
  send(
    peer: number,
    kind: number,
    target: number,
    aux: number,
    payload: unknown,
    transfer?: Transferable[],
    stands?: () => boolean,
  ): boolean {
    const out = this.#outs[peer] ?? this.#open(peer);
    if (!out.send(kind, target, aux, payload, transfer, stands)) return false;
    this.#sent(out);
    return true;
  }

  /** As {@link send} with bytes as payload, past the codec. */
  sendBytes(
    peer: number,
    kind: number,
    target: number,
    aux: number,
    bytes: Uint8Array,
    length = bytes.length,
  ): void {
    const out = this.#outs[peer] ?? this.#open(peer);
    out.sendBytes(kind, target, aux, bytes, length);
    this.#sent(out);
  }

  #sent(out: OutLink): void {
    this.#words[this.#base + RECORDS_OUT]++;
    if (out.backlogRecords > 0) this.#isBacklogged = true;
  }

  /** Moves what full rings held back. False: something is still held back. */
  flush(): boolean {
    if (!this.#isBacklogged) return true;
    this.#isBacklogged = false;
    for (const out of this.#outs) {
      if (out !== undefined && out.backlogRecords > 0 && !out.flush()) this.#isBacklogged = true;
    }
    return !this.#isBacklogged;
  }

  // --- In ---------------------------------------------------------------------------------------------------------

  hasRecords(): boolean {
    for (let peer = 0; peer < this.#ins.length; peer++) {
      if (peer !== this.#id && this.hasRecordsOf(peer)) return true;
    }
    return false;
  }

  hasRecordsOf(peer: number): boolean {
    const link = this.#ins[peer];
    // A stalled link waits for its side port; when that has come, what was posted to it comes a moment later.
    return link.hasRecords() && !(link.stalled && this.#portsIn[peer] === undefined);
  }

  /**
   * Takes in at most so many records, each once, in causal order: none before one that its sender had sent, or had seen the
   * effects of, before it. What did not go through a ring, such as an array of the side channel, may come later than that,
   * and so may what a full ring has held back. Returns how many; `handlerOf` is asked for each run of one peer's records.
   *
   * What is taken is what one look at all rings has seen. A record that comes before one of these was published before it,
   * so it is seen by a look that is later than that: a ring that seems empty is looked at once more, and again when it has
   * become so. What only that second look sees may itself come after something that was missed: it waits for the next one.
   */
  drain(handlerOf: (peer: number) => MessageHandler, most: number): number {
    const taken = this.#drain(handlerOf, most);
    if (this.#waiting.length > 0) this.#goOn();
    return taken;
  }

  #drain(handlerOf: (peer: number) => MessageHandler, most: number): number {
    let taken = 0, isNew = true;
    while (taken === 0 && isNew) { // what is new is not when it is looked at once more
      const found = this.#look();
      if (found === 0) return 0;
      isNew = this.#lookAgain();
      if (found === 1 && !isNew) return this.#run(this.#oldest, handlerOf(this.#oldest), most, Infinity);
      while (taken < most && this.#findOldest()) {
        const peer = this.#oldest;
        isNew = this.#isNew[peer];
        if (isNew) break;
        taken += this.#run(peer, handlerOf(peer), most - taken, this.#until);
        this.#isNew[peer] = this.#ins[peer].isEmpty && this.#ins[peer].look();
      }
    }
    return taken;
  }

  /**
   * Does something as soon as all that has been published for this thread by now is taken in; at once if nothing is. For
   * who has learned something from shared memory: what was sent before that is on its way, and is not to come after it.
   */
  whenTaken(then: () => void): void {
    const until: Waiting["until"] = [];
    this.#ins.forEach((link, peer) => {
      const end = link.published();
      if (end > link.consumed) until.push({ peer, link, end });
    });
    if (until.length === 0 && this.#waiting.length === 0) then();
    else this.#waiting.push({ until, then });
  }

  #goOn(): void {
    const isTaken = ({ peer, link, end }: Waiting["until"][number]) =>
      link.consumed >= end || link !== this.#ins[peer]; // its writer has died
    while (this.#waiting.length > 0 && this.#waiting[0].until.every(isTaken)) this.#waiting.shift()!.then();
  }

  /** Takes in at most so many records of one peer, whatever others have sent. */
  drainFrom(peer: number, handler: MessageHandler, most: number): number {
    return this.#ins[peer].look() ? this.#run(peer, handler, most, Infinity) : 0;
  }

  /** Records up to a stamp. Returns how many; those that the handler threw for count. */
  #run(peer: number, handler: MessageHandler, most: number, until: number): number {
    const link = this.#ins[peer];
    const before = link.received;
    try {
      link.drainSeen(handler, most, until);
    } finally {
      this.#words[this.#base + RECORDS_IN] += link.received - before;
    }
    return link.received - before;
  }

  /** By peer: only a second look has seen its oldest record. */
  readonly #isNew: boolean[] = [];
  /** The peer whose oldest record is the oldest of all, and until which stamp its records are. */
  #oldest = 0;
  #until = Infinity;

  /** How many rings have records that can be taken; the peer of one of them is {@link #oldest} then. */
  #look(): number {
    let found = 0;
    for (let peer = 0; peer < this.#ins.length; peer++) {
      if (peer === this.#id) continue;
      const link = this.#ins[peer];
      if (link.stalled && this.#portsIn[peer] !== undefined) link.stalled = false;
      this.#isNew[peer] = false;
      if (!link.look() || link.stalled) continue;
      found++;
      this.#oldest = peer;
    }
    return found;
  }

  /** At the rings that seem empty. Whether one is not. */
  #lookAgain(): boolean {
    let found = false;
    for (let peer = 0; peer < this.#ins.length; peer++) {
      if (peer === this.#id) continue;
      const link = this.#ins[peer];
      if (link.isEmpty && link.look()) found = this.#isNew[peer] = true;
    }
    return found;
  }

  #findOldest(): boolean {
    let oldest = Infinity, until = Infinity;
    for (let peer = 0; peer < this.#ins.length; peer++) {
      const link = this.#ins[peer];
      const stamp = link.stalled ? Infinity : link.oldestStamp;
      if (stamp < oldest) {
        until = oldest;
        oldest = stamp;
        this.#oldest = peer;
      } else if (stamp < until) until = stamp;
    }
    this.#until = until;
    return oldest < Infinity;
  }

  setPort(from: number, port: MessagePort): void {
    this.#portsIn[from] = port;
    this.#ins[from].stalled = false;
  }

  // --- The end ----------------------------------------------------------------------------------------------------

  /**
   * A peer is dead, and what it had published has been taken in: what was on its way to it is dropped, and both rings begin
   * anew, since this end is the only one that is left. Returns how many records each of the two has carried.
   */
  reset(peer: number): { sent: number; received: number } {
    const { received } = this.#ins[peer];
    const sent = this.#outs[peer]?.sent ?? 0;
    resetRing(ringRegion(this.#memory, peer, this.#id));
    resetRing(ringRegion(this.#memory, this.#id, peer));
    this.#ins[peer] = this.#listen(peer);
    this.#outs[peer] = undefined;
    this.#goOn();
    for (const ports of [this.#portsIn, this.#portsOut]) {
      ports[peer]?.close();
      ports[peer] = undefined;
    }
    return { sent, received };
  }

  close(): void {
    for (const port of [...this.#portsIn, ...this.#portsOut]) port?.close();
  }
}
