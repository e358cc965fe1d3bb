/**
 * Something open in the poller: who owns it, and who waits for it.
 *
 * A request lives in exactly one place until it is answered: here in a queue, or in a running operation that will ask
 * `isOpen` before it answers.
 *
 * @module
 */
import type { ByteQueue } from "./byte_queue.ts";
import { MOST_RING_BYTES } from "./protocol.ts";

let requests = 0;

/** One request of an actor, answered exactly once. */
export class Request {
  /** Of two requests the one that came first has the lower. */
  readonly order = ++requests;
  /** The asking scheduler, and the number by which it knows the request. */
  readonly peer: number;
  readonly number: number;
  /** The asking actor: it owns what comes of the request. */
  readonly pid: number;
  isOpen = true;
  /** Only a failure is answered. */
  readonly isSilent: boolean;
  /** Stops the operation, where that can be done. */
  onCancel: (() => void) | null = null;

  constructor(peer: number, number: number, pid: number, isSilent = false) {
    this.peer = peer;
    this.number = number;
    this.pid = pid;
    this.isSilent = isSilent;
  }
}

/** A request to read or accept. */
export class Asking extends Request {
  /** At most so many bytes; 0 asks only whether there is something. */
  readonly limit: number;
  /** The next in its queue. */
  next: Asking | null = null;
  constructor(peer: number, number: number, pid: number, limit: number) {
    super(peer, number, pid);
    this.limit = limit;
  }
}

/** Requests in the order of asking; linked, since an array for the usual one takes 180 bytes. */
export class AskingQueue {
  first: Asking | null = null;
  #last: Asking | null = null;

  push(request: Asking): void {
    if (this.#last === null) this.first = request;
    else this.#last.next = request;
    this.#last = request;
  }

  /** Takes the first one. */
  shift(): Asking {
    const request = this.first!;
    this.first = request.next;
    request.next = null; // were it old, the collector would keep all that came after it
    if (this.first === null) this.#last = null;
    return request;
  }

  /** Takes one out of the middle; null when it is not here. */
  remove(peer: number, number: number): Asking | null {
    let previous: Asking | null = null;
    for (let one = this.first; one !== null; previous = one, one = one.next) {
      if (one.number !== number || one.peer !== peer) continue;
      if (previous === null) this.first = one.next;
      else previous.next = one.next;
      if (this.#last === one) this.#last = previous;
      one.next = null;
      return one;
    }
    return null;
  }

  /** Drops those of a scheduler that is dead: nobody waits for their answers. */
  removePeer(peer: number): void {
    let previous: Asking | null = null;
    for (let one = this.first; one !== null; one = one.next) {
      if (one.peer !== peer) {
        previous = one;
        continue;
      }
      one.isOpen = false;
      if (previous === null) this.first = one.next;
      else previous.next = one.next;
    }
    this.#last = previous;
  }

  /** Takes them all. */
  *drain(): IterableIterator<Asking> {
    while (this.first !== null) yield this.shift();
  }
}

/** What files need of where they are: of the poller, or of a scheduler that has them at home. */
export interface ResourceHost {
  done(request: Request, value: unknown, transfer?: Transferable[]): void;
  /** As `done` with the first `count` bytes, which are copied: the array is the caller's again. */
  doneBytes(request: Request, bytes: Uint8Array, count: number): void;
  failed(request: Request, error: unknown): void;
  /** An array of so many bytes, with anything in it; used again after {@link recycle}. */
  buffer(length: number): Uint8Array<ArrayBuffer>;
  recycle(bytes: Uint8Array): void;
  /** The answer to a write, after which the bytes are the host's again. */
  wrote(request: Request, bytes: Uint8Array, count: number): void;
  /** The answer to a request that was given up in time. */
  cancelled(request: Request): void;
  /** What was asked to be written and is not yet, though nobody waits for it any more: the end of the run does. */
  readonly finishing: Set<unknown>;
  /** The resource is gone: nobody can address it any more. */
  forget(resource: PollerResource): void;
}

/** What resources need of the poller. */
export interface PollerHost extends ResourceHost {
  /** Tells a scheduler that a connection or a file is to come from there; or to let go of what it still has of one that came. */
  recall(peer: number, id: number): void;
  letGo(peer: number, id: number): void;
  /** Makes an actor the owner, or nobody. */
  own(resource: PollerResource, pid: number): void;
  find(id: number): PollerResource | undefined;
  nextId(): number;
  add(resource: PollerResource): void;
}

/** Answers a reader with bytes that are there. */
export function answerFrom(queue: ByteQueue, host: ResourceHost, request: Asking): void {
  const bytes = queue.head(request.limit);
  const used = queue.drop(bytes.length);
  if (bytes.length > MOST_RING_BYTES) {
    const own = bytes.length === bytes.buffer.byteLength ? bytes : bytes.slice();
    return host.done(request, own, [own.buffer as ArrayBuffer]);
  }
  host.doneBytes(request, bytes, bytes.length);
  if (used !== null) host.recycle(used);
}

export abstract class PollerResource {
  readonly id: number;
  readonly host: ResourceHost;
  owner = 0;
  /** How often it was given away: late news of an earlier owner are no news. */
  given = 0;
  /** Handings-over that the sender has told of and the receiver has not; null until there is one. */
  unclaimed: number[] | null = null;
  isClosed = false;
  /** Answers on their way back from schedulers that gave their requests up meanwhile. */
  #returning = 0;
  /** How many of them are on their way from each scheduler; null until there is one. */
  #returningFrom: Map<number, number> | null = null;
  /** What was put back meanwhile, which was read before them; null until there is something. */
  #putBack: unknown[] | null = null;
  protected readonly asking: AskingQueue = new AskingQueue();

  constructor(id: number, host: ResourceHost) {
    this.id = id;
    this.host = host;
  }

  /** As errors and dumps name it: `conn 7`. */
  abstract get label(): string;
  /** One operation by its name; what this resource does not know it refuses. */
  abstract operate(request: Request, operation: string, args: unknown[]): void;
  /** Lets go of what the OS gave. What was asked to be written is written first. */
  protected abstract release(): void;
  /** Serves what is asked for, as far as it can. */
  protected abstract serve(): void;
  /** A cancelled read or accept had got this. */
  protected abstract takeBack(value: unknown): void;

  ask(request: Asking): void {
    if (this.isClosed) return this.host.failed(request, this.closedError());
    this.asking.push(request);
    if (this.#returning === 0) this.serve();
  }

  /** The scheduler gives a request up. False: it is not here. */
  cancel(peer: number, number: number): boolean {
    const request = this.asking.remove(peer, number);
    if (request === null) return false;
    this.host.cancelled(request);
    return true;
  }

  /** The answer was on its way when its request was given up: nobody reads on until it is back. */
  expectReturn(peer: number): void {
    this.#returning++;
    const from = this.#returningFrom ??= new Map();
    from.set(peer, (from.get(peer) ?? 0) + 1);
  }

  returned(peer: number, value: unknown): void {
    if (value !== null) this.takeBack(value);
    const from = this.#returningFrom!;
    from.set(peer, from.get(peer)! - 1);
    this.#returning--;
    this.#goOn();
  }

  /** A scheduler is dead: it asks for nothing any more, and gives nothing back. */
  lost(peer: number): void {
    this.asking.removePeer(peer);
    const missing = this.#returningFrom?.get(peer) ?? 0;
    this.#returningFrom?.delete(peer);
    if (missing === 0) return;
    this.#returning -= missing;
    this.#goOn();
  }

  /** Not by a cancelled answer: by a reader that took more than it needed. */
  putBack(value: unknown): void {
    (this.#putBack ??= []).push(value);
    this.#goOn();
  }

  /** Everything that was on its way back is here. */
  #goOn(): void {
    if (this.#returning > 0) return;
    for (const value of this.#putBack?.splice(0) ?? []) this.takeBack(value);
    if (!this.isClosed) this.serve();
  }

  protected get isHeld(): boolean {
    return this.#returning > 0;
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.host.forget(this);
    for (const request of this.asking.drain()) this.host.failed(request, this.closedError());
    this.release();
  }

  closedError(): Error {
    return new Deno.errors.BadResource(`${this.label} is closed`);
  }

  refuse(request: Request, operation: string): void {
    this.host.failed(request, new TypeError(`Cannot ${operation} ${this.label}: it is no such resource`));
  }
}
