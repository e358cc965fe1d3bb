/**
 * Connections that are at home on a scheduler: their sockets are in its own event loop, and its actors read and write them
 * without a trip to the poller.
 *
 * A TCP connection begins in the poller, which accepts it. If it is read before anything else is done with it, the reader's
 * scheduler asks for it (ADOPT), and gets its descriptor, unless another was faster. (Deno takes no write at once until the
 * event loop has seen the socket, so one that is written first would go back at once.) It comes back to the poller, for good, when
 * - another scheduler uses it, or it is sent to one: the poller serves all alike (RECALL),
 * - the OS does not take all that is written to it: whoever waits for a slow peer is not this thread's business. The write
 *   that is under way ends here, and the poller holds all later ones until it is told (FLUSHED).
 *
 * The races. Between ADOPT and its answer requests are kept here, and go then in their order to where the connection is;
 * a RECALL comes behind that answer in the same ring. What comes back is told before the requests that follow it, in
 * the same ring too; requests that others make meanwhile wait in the poller. Answers are given in this thread, at once:
 * none is ever under way, so a request that is given up has no answer that could be lost.
 *
 * @module
 */
import type { IoClient } from "./client.ts";
import {
  type Departure,
  type PackedError,
  R_IO_ADOPT,
  R_IO_CAME_BACK,
  R_IO_CLOSE,
  R_IO_FLUSHED,
} from "./protocol.ts";
import { HomeConn } from "./home_conn.ts";
import { closeDescriptor, TcpSocket } from "./tcp_socket.ts";

/** Where the requests for a connection go that this scheduler has asked for, or has. */
type Place = Coming | HomeConn;

/** Writes up to this length are copied to an array that is used again. */
const LARGEST_SCRATCH = 64 * 1024;

export class Homes {
  readonly #io: IoClient;
  readonly #places = new Map<number, Place>();
  /** Sockets that have left, but for the write that was under way. */
  readonly #flushing = new Map<number, TcpSocket>();

  constructor(io: IoClient) {
    this.#io = io;
  }

  /** This thread's event loop has sockets to look after. */
  get isEmpty(): boolean {
    return this.#places.size === 0;
  }

  /** The connection, if it is here. */
  find(id: number): HomeConn | undefined {
    const place = this.#places.get(id);
    return place instanceof HomeConn ? place : undefined;
  }

  /** Asks the poller for a connection that nobody has used yet. */
  ask(id: number): void {
    if (this.#places.has(id)) return;
    this.#places.set(id, new Coming());
    this.#io.toPoller(R_IO_ADOPT, id, 0, null);
  }

  /** Takes a request that is for a connection here; false when there is none. */
  take(
    id: number,
    kind: number,
    target: number,
    aux: number,
    payload: unknown,
    transfer?: Transferable[],
  ): boolean {
    const place = this.#places.get(id);
    if (place === undefined) return false;
    if (place instanceof HomeConn) place.handle(kind, aux, payload);
    else place.keep(kind, target, aux, payload, transfer);
    return true;
  }

  /** The answer to {@link ask}. */
  adopted(id: number, descriptor: number | null): void {
    const { requests } = this.#places.get(id) as Coming;
    this.#places.delete(id);
    if (descriptor !== null && this.#isOver) {
      closeDescriptor(descriptor);
      this.#io.toPoller(R_IO_CLOSE, id, 0, true);
    } else if (descriptor !== null) {
      const socket = TcpSocket.open(descriptor);
      if (socket !== null) this.#places.set(id, new HomeConn(this, this.#io, id, socket));
      else this.#io.toPoller(R_IO_CAME_BACK, id, 0, untouched(descriptor));
    }
    for (const [kind, target, aux, payload, transfer] of requests) {
      this.#io.tell(id, kind, target, aux, payload, transfer);
    }
  }

  /** The connection goes back to the poller, for others to use it. */
  recall(id: number): void {
    this.find(id)?.goBack(null);
  }

  /** The write that was under way when it left is given up. */
  stop(id: number): void {
    this.#flushing.get(id)?.close();
  }

  /** It is here, or was asked for. */
  has(id: number): boolean {
    return this.#places.has(id);
  }

  closed(id: number): void {
    this.#places.delete(id);
  }

  /** The connection is the poller's, up to a write that is under way. */
  left(id: number, socket: TcpSocket | null): void {
    this.#places.delete(id);
    if (socket !== null) this.#flushing.set(id, socket);
  }

  flushed(id: number, error: PackedError | null): void {
    this.#flushing.get(id)?.close();
    this.#flushing.delete(id);
    this.#io.toPoller(R_IO_FLUSHED, id, 0, error);
  }

  /** A copy of what is to be written: the caller's array is the caller's again when a write has returned. */
  copy(bytes: Uint8Array): Uint8Array {
    if (bytes.length > LARGEST_SCRATCH) return bytes.slice();
    if (this.#scratch === null) this.#scratch = new Uint8Array(LARGEST_SCRATCH);
    this.#scratch.set(bytes);
    return this.#scratch.subarray(0, bytes.length);
  }

  /** The last copy is used on, by a write that is under way. */
  keepCopy(): void {
    this.#scratch = null;
  }

  #scratch: Uint8Array | null = null;

  /** The run is over, up to {@link unsettled}. */
  closeAll(): void {
    this.#isOver = true;
    for (const place of [...this.#places.values()]) if (place instanceof HomeConn) place.close();
  }
  #isOver = false;

  /** How many writes are under way, and descriptors on their way here: nobody else will end the ones or close the others. */
  get unsettled(): number {
    return this.#flushing.size + this.#places.size;
  }

  /** Writes that are still under way are given up. */
  stopAll(): void {
    for (const socket of this.#flushing.values()) socket.close();
  }
}

type Kept = [
  kind: number,
  target: number,
  aux: number,
  payload: unknown,
  transfer: Transferable[] | undefined,
];

/** A connection that was asked for: what its actors want of it meanwhile. */
class Coming {
  readonly requests: Kept[] = [];

  keep(kind: number, target: number, aux: number, payload: unknown, transfer?: Transferable[]): void {
    const isBytes = payload instanceof Uint8Array && transfer === undefined;
    this.requests.push([kind, target, aux, isBytes ? payload.slice() : payload, transfer]);
  }
}

function untouched(descriptor: number): Departure {
  return { descriptor, unread: [], failure: null, writeEnded: false, writing: null };
}
