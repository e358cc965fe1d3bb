/**
 * Something open in the poller: who owns it, and who waits for it.
 *
 * A request lives in exactly one place until it is answered: here in a queue, or in a running operation that will ask
 * `isOpen` before it answers.
 *
 * @module
 */

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
  constructor(peer: number, number: number, pid: number, limit: number) {
    super(peer, number, pid);
    this.limit = limit;
  }
}

/** What resources need of the poller. */
export interface PollerHost {
  done(request: Request, value: unknown, transfer?: Transferable[]): void;
  failed(request: Request, error: unknown): void;
  /** The answer to a request that was given up in time. */
  cancelled(request: Request): void;
  /** The resource is gone: nobody can address it any more. */
  forget(resource: PollerResource): void;
  /** Makes an actor the owner, or nobody. */
  own(resource: PollerResource, pid: number): void;
  find(id: number): PollerResource | undefined;
  nextId(): number;
  add(resource: PollerResource): void;
}

export abstract class PollerResource {
  readonly id: number;
  readonly host: PollerHost;
  owner = 0;
  /** How often it was given away: late news of an earlier owner are no news. */
  given = 0;
  isClosed = false;
  /** Answers on their way back from schedulers that gave their requests up meanwhile. */
  #returning = 0;
  /** How many of them are on their way from each scheduler. */
  readonly #returningFrom: Map<number, number> = new Map();
  protected readonly asking: Asking[] = [];

  constructor(id: number, host: PollerHost) {
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
    const at = this.asking.findIndex((one) => one.number === number && one.peer === peer);
    if (at < 0) return false;
    const [request] = this.asking.splice(at, 1);
    this.host.cancelled(request);
    return true;
  }

  /** The answer was on its way when its request was given up: nobody reads on until it is back. */
  expectReturn(peer: number): void {
    this.#returning++;
    this.#returningFrom.set(peer, (this.#returningFrom.get(peer) ?? 0) + 1);
  }

  returned(peer: number, value: unknown): void {
    if (value !== null) this.takeBack(value);
    this.#returningFrom.set(peer, this.#returningFrom.get(peer)! - 1);
    if (--this.#returning === 0 && !this.isClosed) this.serve();
  }

  /** A scheduler is dead: it asks for nothing any more, and gives nothing back. */
  lost(peer: number): void {
    for (let i = this.asking.length - 1; i >= 0; i--) {
      if (this.asking[i].peer === peer) this.asking.splice(i, 1)[0].isOpen = false;
    }
    const missing = this.#returningFrom.get(peer) ?? 0;
    this.#returningFrom.delete(peer);
    if (missing === 0) return;
    this.#returning -= missing;
    if (this.#returning === 0 && !this.isClosed) this.serve();
  }

  /** Not by a cancelled answer: by a reader that took more than it needed. */
  putBack(value: unknown): void {
    this.takeBack(value);
    if (this.#returning === 0 && !this.isClosed) this.serve();
  }

  protected get isHeld(): boolean {
    return this.#returning > 0;
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.host.forget(this);
    for (const request of this.asking.splice(0)) this.host.failed(request, this.closedError());
    this.release();
  }

  closedError(): Error {
    return new Deno.errors.BadResource(`${this.label} is closed`);
  }

  refuse(request: Request, operation: string): void {
    this.host.failed(request, new TypeError(`Cannot ${operation} ${this.label}: it is no such resource`));
  }
}
