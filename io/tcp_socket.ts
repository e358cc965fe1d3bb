/**
 * A TCP socket that this thread's event loop serves, and that can go to another thread (tcp_native.ts). A read costs what
 * `Deno.Conn.read` does, a write that the OS takes at once costs no promise.
 *
 * @module
 */
import type { PackedError } from "./protocol.ts";
import { type NativeTcp, type NativeWriter, osError, tcpHandles, type WriteRequest } from "./tcp_native.ts";

/** As libuv numbers it. */
const END_OF_FILE = -4095;
/** After how many idle seconds a probe is sent: as the system says, as with Deno's own. */
const SYSTEM_DEFAULT = 0;

/** What a socket tells. */
export interface SocketEvents {
  arrived(bytes: Uint8Array<ArrayBuffer>): void;
  /** The peer writes no more; or nothing more can be read, and why. */
  ended(error: PackedError | null): void;
}

export class TcpSocket {
  readonly #handle: NativeTcp;
  /** A second handle, for what is written until something has come: see {@link write}. */
  #pipe: NativeWriter | null = null;
  #isWriting = false;
  #hasReceived = false;
  #isReading = false;
  #isClosed = false;
  /** Set before anything is read. */
  events!: SocketEvents;

  constructor(handle: NativeTcp) {
    this.#handle = handle;
    const { state, atRead } = tcpHandles()!;
    const arrived = (bytes: ArrayBuffer | undefined) => {
      const count = state[atRead];
      if (count > 0) {
        this.#hasReceived = true;
        this.events.arrived(new Uint8Array(bytes!));
      } else if (count < 0) {
        this.#isReading = false;
        this.events.ended(count === END_OF_FILE ? null : osError(count));
      }
    };
    handle.onread = arrived; // not at once: see runtime/wait.ts, `whenGivenUp`
  }

  /** The descriptor is the socket's from here on. Null when it cannot be opened here. */
  static open(descriptor: number): TcpSocket | null {
    const found = tcpHandles();
    if (found === null) return null;
    const handle = new found.TCP(found.socket);
    return handle.open(descriptor) === 0 ? new TcpSocket(handle) : null;
  }

  /** Reads until {@link pause}. */
  read(): void {
    if (this.#isReading) return;
    this.#isReading = true;
    this.#handle.readStart();
  }

  pause(): void {
    if (!this.#isReading) return;
    this.#isReading = false;
    this.#handle.readStop();
  }

  /**
   * `true`: the OS has taken it all. `false`: it is under way, and `over` is told; the bytes must stay until then.
   *
   * What is under way in a TCP handle of Deno 2.9.6 on which nothing has come ends as a broken pipe, unwritten, when the
   * peer has ended its half; and the first write is under way if it comes before the event loop has looked at the socket.
   * So each handle behind one that has read all, in another thread, lost what was to be answered. A pipe's does not.
   */
  write(bytes: Uint8Array, over: (error: PackedError | null) => void): boolean | PackedError {
    const { state, atAsync } = tcpHandles()!;
    const writer = this.#hasReceived && this.#pipe === null ? this.#handle : this.#earlyWriter();
    const request = this.#request ??= { oncomplete() {} };
    request.handle = writer;
    const status = writer.writeBuffer(request, bytes);
    if (status !== 0) return osError(status);
    if (state[atAsync] === 0) return true;
    this.#request = null;
    this.#isWriting = true;
    request.buffer = bytes; // Deno 2.9.6 does not keep it: collected meanwhile, the write would end as a broken pipe
    request.oncomplete = (status) => {
      this.#isWriting = false;
      over(status === 0 ? null : osError(status));
    };
    return false;
  }

  /** Until something has come, and what is under way then is written. */
  #earlyWriter(): NativeWriter {
    if (this.#hasReceived && !this.#isWriting) {
      this.#pipe!.close();
      this.#pipe = null;
    } else this.#pipe ??= this.#openPipe();
    return this.#pipe ?? this.#handle; // that is right too, unless the peer has ended its half
  }

  /** Null where no descriptor is left. */
  #openPipe(): NativeWriter | null {
    const descriptor = this.descriptor();
    if (descriptor === null) return null;
    const { Pipe, pipe } = tcpHandles()!;
    const writer = new Pipe(pipe);
    if (writer.open(descriptor) === 0) return writer;
    closeDescriptor(descriptor);
    return null;
  }

  /** For the next write: one that is over at once leaves it as it was. */
  #request: WriteRequest | null = null;

  /** Calls back when all sockets that are ready have told so, in the same turn of the event loop. */
  get afterAll(): (callback: () => void) => void {
    return tcpHandles()!.nextTick;
  }

  endWriting(over: (error: PackedError | null) => void): void {
    const status = this.#handle.shutdown({
      oncomplete: (status) => over(status === 0 ? null : osError(status)),
    });
    if (status !== 0) queueMicrotask(() => over(osError(status)));
  }

  setNoDelay(on: boolean): void {
    this.#handle.setNoDelay(on);
  }

  setKeepAlive(on: boolean): void {
    this.#handle.setKeepAlive(on, SYSTEM_DEFAULT);
  }

  /** A second descriptor of the same connection, for another thread; null when the OS has none left. */
  descriptor(): number | null {
    const descriptor = this.#handle.fdForIpc();
    return descriptor < 0 ? null : descriptor;
  }

  /** What is under way is given up. */
  close(): void {
    if (this.#isClosed) return; // a second time Deno 2.9.6 panics
    this.#isClosed = true;
    this.#isReading = false;
    this.#pipe?.close();
    this.#handle.close();
  }
}

/** Closes a descriptor that nobody opened. */
export function closeDescriptor(descriptor: number): void {
  TcpSocket.open(descriptor)?.close();
}
