/**
 * One connection that is at home on a scheduler: what home.ts tells of, from the moment when its socket is here.
 *
 * @module
 */
import type { ActorImpl } from "../runtime/actor.ts";
import { type Answerer, IO, type Wait } from "../runtime/wait.ts";
import * as waiting from "../runtime/waiting.ts";
import type { IoClient } from "./client.ts";
import type { Homes } from "./home.ts";
import {
  type Departure,
  type PackedError,
  R_IO_BROKEN,
  R_IO_CAME_BACK,
  R_IO_CANCEL,
  R_IO_CANCELLED,
  R_IO_CLOSE,
  R_IO_DONE,
  R_IO_FAILED,
  R_IO_POST,
  R_IO_READ,
  R_IO_REQUEST,
  R_IO_RETURN,
  R_IO_WRITE,
} from "./protocol.ts";
import { READ } from "./bytes.ts";
import { packError, reviveError } from "./errors.ts";
import { ByteQueue } from "./byte_queue.ts";
import type { SocketEvents, TcpSocket } from "./tcp_socket.ts";

/** Nothing is there to be read, and nobody knows whether anything will be. */
export const NOTHING_YET: unique symbol = Symbol();

/** A reader that waits: an actor of this scheduler, or who is known by the number of a request. */
class Reader implements Answerer {
  readonly #conn: HomeConn;
  readonly wait: Wait | null;
  /** -1: a wait without a request, which is the usual one. */
  readonly number: number;
  /** At most how many bytes it takes. */
  readonly limit: number;
  constructor(conn: HomeConn, wait: Wait | null, number: number, limit: number) {
    this.#conn = conn;
    this.wait = wait;
    this.number = number;
    this.limit = limit;
  }
  givenUp(): void {
    this.#conn.leave(this);
  }
}

export class HomeConn implements SocketEvents {
  readonly #homes: Homes;
  readonly #io: IoClient;
  readonly #id: number;
  readonly #socket: TcpSocket;
  readonly #asking: Reader[] = [];
  readonly #queue = new ByteQueue();
  #ended = false;
  #failure: PackedError | null = null;
  #writeEnded = false;
  /** The request to end the writing half, until the OS has done it. */
  #ending: number | null = null;

  constructor(homes: Homes, io: IoClient, id: number, socket: TcpSocket) {
    this.#homes = homes;
    this.#io = io;
    this.#id = id;
    this.#socket = socket;
    socket.events = this;
  }

  // --- What the OS says -------------------------------------------------------------------------------------------

  arrived(bytes: Uint8Array<ArrayBuffer>): void {
    const isServed = this.#io.loop!.serve();
    const first = this.#asking.length === 0 || this.#queue.length > 0 ? undefined : this.#asking[0];
    if (first !== undefined && first.limit >= bytes.length) { // the usual case: straight to its reader
      if (this.#asking.length === 1) this.#asking.pop(); // a third of what shift takes
      else this.#asking.shift();
      this.#give(first, bytes);
    } else {
      this.#queue.push(bytes);
      this.#serve();
    }
    if (isServed) {
      if (bytes.length < LARGE_PIECE) this.#io.loop!.servedBy(this.#socket.afterAll);
      else this.#io.loop!.served();
    }
    if (this.#queue.length > 0) this.#socket.pause();
  }

  ended(error: PackedError | null): void {
    const isServed = this.#io.loop!.serve();
    this.#ended = true;
    this.#failure = error;
    this.#serve();
    if (isServed) this.#io.loop!.served();
  }

  // --- Reading ----------------------------------------------------------------------------------------------------

  /** What a reader gets that does not wait; {@link NOTHING_YET} when it has to, or others do. */
  take(limit: number): Uint8Array | null | typeof NOTHING_YET {
    if (this.#asking.length > 0) return NOTHING_YET;
    if (this.#queue.length > 0) return this.#head(limit);
    return this.#ended && this.#failure === null ? null : NOTHING_YET;
  }

  #head(limit: number): Uint8Array {
    const bytes = this.#queue.head(limit);
    this.#queue.drop(bytes.length);
    return bytes.length === bytes.buffer.byteLength ? bytes : bytes.slice(); // each reader's array is its own
  }

  /** A reader waits, under the number of its request. */
  ask(number: number, limit: number): void {
    this.#asking.push(new Reader(this, null, number, limit));
    this.#serve();
  }

  /** An actor waits, which may read. No request of its own: with its ticket and closures an echo took 4 % longer. */
  await(actor: ActorImpl, label: string, limit: number): Promise<unknown> {
    const wait = waiting.begin(actor, IO, label);
    const reader = new Reader(this, wait, -1, limit);
    wait.tells(reader);
    this.#homes.readers++;
    actor.scheduler.ops--;
    this.#asking.push(reader);
    this.#serve();
    if (wait.isOpen) actor.scheduler.parked(actor);
    else waiting.goOn(wait);
    return wait.promise;
  }

  /** It waits no longer. */
  leave(reader: Reader): void {
    this.#homes.readers--;
    this.#asking.splice(this.#asking.indexOf(reader), 1);
  }

  #give({ wait, number }: Reader, bytes: Uint8Array | null): void {
    if (wait === null) return void this.#io.heard(R_IO_DONE, 0, number, bytes);
    this.#settles();
    waiting.complete(wait, bytes);
  }

  #fail({ wait, number }: Reader, error: PackedError): void {
    if (wait === null) return void this.#io.heard(R_IO_FAILED, 0, number, error);
    this.#settles();
    waiting.failAwaiter(wait, reviveError(error));
  }

  #settles(): void {
    this.#homes.readers--;
    this.#io.s.ioDone++;
  }

  #serve(): void {
    while (this.#asking.length > 0) {
      const reader = this.#asking[0];
      const { limit } = reader;
      if (this.#queue.length > 0) {
        this.#asking.shift();
        this.#give(reader, limit === 0 ? null : this.#head(limit));
      } else if (!this.#ended) return this.#socket.read();
      else if (this.#failure !== null && limit > 0) {
        const failure = this.#failure;
        this.#failure = null; // told once; then it is at its end, as the OS says too
        this.#asking.shift();
        this.#fail(reader, failure);
      } else {
        this.#asking.shift();
        this.#give(reader, null);
      }
    }
  }

  // --- Writing ----------------------------------------------------------------------------------------------------

  /** `true`: the OS has it all. `false`: a part is under way, and the caller lets the connection {@link goBack} with it. */
  write(bytes: Uint8Array): boolean | PackedError {
    if (this.#writeEnded) {
      return packError(new Deno.errors.BrokenPipe(`the writing half of conn ${this.#id} is closed`));
    }
    if (bytes.length === 0) return true;
    const own = this.#homes.copy(bytes);
    const result = this.#socket.write(own, this.#flushed);
    if (result === false) this.#homes.keepCopy();
    return result;
  }
  readonly #flushed = (error: PackedError | null): void => this.#homes.flushed(this.#id, error);

  // --- Requests ---------------------------------------------------------------------------------------------------

  handle(kind: number, number: number, payload: unknown): void {
    switch (kind) {
      case R_IO_READ:
        return this.ask(number, payload as number);
      case R_IO_WRITE: {
        const { length } = payload as Uint8Array;
        const result = this.write(payload as Uint8Array);
        if (result === false) return this.goBack([number, length, false]);
        return this.#answer(number, result, length);
      }
      case R_IO_POST: {
        const { length } = payload as Uint8Array;
        const result = this.write(payload as Uint8Array);
        if (result === false) this.goBack([this.#id, length, true]);
        else if (result !== true) this.#io.heard(R_IO_BROKEN, this.#id, 0, result);
        return;
      }
      case R_IO_CANCEL: {
        const at = this.#asking.findIndex((one) => one.number === number);
        if (at < 0) return; // it has had its answer
        this.#asking.splice(at, 1);
        this.#io.heard(R_IO_CANCELLED, 0, number, null);
        return;
      }
      case R_IO_RETURN: {
        const [bytes] = payload as [Uint8Array | null, boolean];
        if (bytes !== null) this.#queue.unshift(bytes);
        return this.#serve();
      }
      case R_IO_CLOSE:
        return this.close();
      case R_IO_REQUEST: {
        const [operation, , ...args] = payload as [string, number, ...unknown[]];
        return this.#operate(number, operation, args);
      }
    }
    throw new TypeError(`conn ${this.#id} was sent a record of kind ${kind}`);
  }

  #answer(number: number, result: true | PackedError, value: unknown): void {
    if (result === true) this.#io.heard(R_IO_DONE, 0, number, value);
    else this.#io.heard(R_IO_FAILED, 0, number, result);
  }

  #operate(number: number, operation: string, args: unknown[]): void {
    switch (operation) {
      case "accept": // with a limit of 0: is there something to read?
        return this.ask(number, args[0] as number);
      case "closeWrite": {
        if (this.#writeEnded) return this.#answer(number, true, 0); // as for Deno
        this.#writeEnded = true;
        this.#ending = number;
        return this.#socket.endWriting((error) => {
          if (this.#ending !== number) return; // it is the poller's by now, or closed
          this.#ending = null;
          this.#answer(number, error ?? true, 0);
        });
      }
      case "setNoDelay":
        this.#socket.setNoDelay(args[0] as boolean);
        break;
      case "setKeepAlive":
        this.#socket.setKeepAlive(args[0] as boolean);
        break;
      case "writable": // whatever was written has been taken by the OS
      case "handshake": // there is none without TLS
        break;
      default: {
        const error = new TypeError(`Cannot ${operation} conn ${this.#id}: it is no such resource`);
        return this.#answer(number, packError(error), null);
      }
    }
    this.#answer(number, true, null);
  }

  // --- The end ----------------------------------------------------------------------------------------------------

  /** What has not been read goes with it, and who waits for more. */
  goBack(writing: Departure["writing"]): void {
    const socket = this.#socket, ending = this.#ending;
    this.#ending = null;
    socket.pause();
    const descriptor = socket.descriptor();
    const unread: Uint8Array[] = [];
    while (this.#queue.length > 0) unread.push(this.#head(Infinity));
    this.#homes.left(this.#id, writing === null ? null : socket);
    if (writing === null) socket.close();
    const departure: Departure = {
      descriptor,
      unread,
      failure: descriptor === null ? NO_DESCRIPTOR : this.#failure,
      writeEnded: this.#writeEnded && ending === null,
      writing,
    };
    this.#io.toPoller(R_IO_CAME_BACK, this.#id, 0, departure);
    for (const { wait, number, limit } of this.#asking.splice(0)) {
      if (wait !== null) this.#homes.readers--;
      const request = wait === null ? number : this.#io.open(wait, READ, this.#id);
      this.#io.toPoller(R_IO_READ, this.#id, request, limit);
    }
    if (ending !== null) this.#io.toPoller(R_IO_REQUEST, 0, ending, ["closeWrite", this.#id]);
  }

  close(): void {
    this.#homes.closed(this.#id);
    this.#socket.close();
    const error = packError(new Deno.errors.BadResource(`conn ${this.#id} is closed`));
    const ending = this.#ending;
    this.#ending = null;
    for (const reader of this.#asking.splice(0)) this.#fail(reader, error);
    if (ending !== null) this.#io.heard(R_IO_FAILED, 0, ending, error);
    this.#io.toPoller(R_IO_CLOSE, this.#id, 0, true);
  }
}

/**
 * Of smaller ones come many at once, and what is done for each callback (the clock, the counters, a call for the microtasks)
 * is done for all that are ready: an echo takes a tenth less. Of one as large there is more behind it, in the same turn of
 * the event loop, and its reader is to ask for that before it comes.
 */
const LARGE_PIECE = 16 * 1024;

const NO_DESCRIPTOR: PackedError = [
  "Error",
  "Cannot hand the connection on: too many open files (raise `ulimit -n`)",
  "EMFILE",
];
