/**
 * A connection of the poller's whose socket can go to a scheduler, or came back from one: what {@link Deno.Conn} is for the
 * others.
 *
 * @module
 */
import { reviveError } from "./errors.ts";
import { ByteQueue } from "./byte_queue.ts";
import type { PackedError } from "./protocol.ts";
import { type SocketEvents, TcpSocket } from "./tcp_socket.ts";

const LARGEST_PIECE = 64 * 1024;

interface Reader {
  readonly into: Uint8Array;
  resolve(count: number | null): void;
  reject(error: Error): void;
}

export class SocketConn implements SocketEvents {
  readonly #socket: TcpSocket;
  /** One at a time reads. */
  #reader: Reader | null = null;
  readonly #queue = new ByteQueue();
  #ended = false;
  #failure: Error | null = null;

  constructor(socket: TcpSocket) {
    this.#socket = socket;
    socket.events = this;
  }

  /** A second descriptor, for another thread. Nothing must have been read. */
  descriptor(): number | null {
    return this.#socket.descriptor();
  }

  arrived(bytes: Uint8Array): void {
    this.#queue.push(bytes);
    this.#serve();
    if (this.#reader === null) this.#socket.pause();
  }

  ended(error: PackedError | null): void {
    this.#ended = true;
    if (error !== null) this.#failure = reviveError(error);
    this.#serve();
  }

  read(into: Uint8Array): Promise<number | null> {
    return new Promise((resolve, reject) => {
      this.#reader = { into, resolve, reject };
      this.#serve();
    });
  }

  #serve(): void {
    const reader = this.#reader;
    if (reader === null) return;
    if (this.#queue.length > 0) {
      const bytes = this.#queue.head(reader.into.length);
      reader.into.set(bytes);
      this.#queue.drop(bytes.length);
      reader.resolve(bytes.length);
    } else if (this.#failure !== null) {
      reader.reject(this.#failure);
      this.#failure = null; // told once; then it is at its end, as the OS says too
    } else if (this.#ended) reader.resolve(null);
    else return this.#socket.read();
    this.#reader = null;
  }

  /** Gives how many of the bytes the OS has taken: in pieces, so that a write that is given up ends with one. */
  write(bytes: Uint8Array): Promise<number> {
    const piece = bytes.length <= LARGEST_PIECE ? bytes : bytes.subarray(0, LARGEST_PIECE);
    return new Promise((resolve, reject) => {
      const result = this.#socket.write(piece, (error) => {
        if (error === null) resolve(piece.length);
        else reject(reviveError(error));
      });
      if (result === true) resolve(piece.length);
      else if (result !== false) reject(reviveError(result));
    });
  }

  closeWrite(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.endWriting((error) => error === null ? resolve() : reject(reviveError(error)));
    });
  }

  setNoDelay(on = true): void {
    this.#socket.setNoDelay(on);
  }

  setKeepAlive(on = true): void {
    this.#socket.setKeepAlive(on);
  }

  close(): void {
    this.#socket.close();
  }
}
