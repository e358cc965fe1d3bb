/**
 * TCP sockets that this thread's event loop serves, and that can go to another thread: by the number of a descriptor, as
 * Deno's own connections cannot. (A second descriptor of one of Deno's is to be had, but Deno ends the connection when its own
 * is closed.)
 *
 * It is what `node:net` is made of: the handle that Node calls TCPWrap, reached by `process.binding`. Neither documents
 * it, and what is used of it is checked once; where anything is missing, connections stay in the poller. Its callbacks
 * must not throw: Deno 2.9.6 then reports `Uncaught null` and the worker is gone. A read costs what `Deno.Conn.read`
 * does, a write that the OS takes at once costs no promise.
 *
 * @module
 */
import type { PackedError } from "./protocol.ts";

/** Called when a write or the end of writing is over: with the OS's number of an error, or 0. */
interface WriteRequest {
  handle?: NativeTcp;
  buffer?: Uint8Array;
  oncomplete(status: number): void;
}

interface NativeTcp {
  open(descriptor: number): number;
  bind(hostname: string, port: number): number;
  bind6(hostname: string, port: number, flags: number): number;
  bindWithFlags(hostname: string, port: number, flags: number): number;
  listen(backlog: number): number;
  accept(into: NativeTcp): number;
  getsockname(into: NativeAddr): number;
  getpeername(into: NativeAddr): number;
  /** A second descriptor, which belongs to the caller; negative where there is none to be had. */
  fdForIpc(): number;
  readStart(): number;
  readStop(): number;
  writeBuffer(request: WriteRequest, bytes: Uint8Array): number;
  shutdown(request: WriteRequest): number;
  setNoDelay(on: boolean): number;
  setKeepAlive(on: boolean, seconds: number): number;
  close(): void;
  onread: ((bytes: ArrayBuffer | undefined) => void) | null;
  onconnection: ((status: number) => void) | null;
}

interface NativeAddr {
  address?: string;
  port?: number;
}

interface Native {
  TCP: new (kind: number) => NativeTcp;
  socket: number;
  server: number;
  reusePort: number;
  /** What the last read got, and whether the last write is still under way. */
  state: Int32Array;
  atRead: number;
  atAsync: number;
}

let native: Native | null | undefined;

function findNative(): Native | null {
  if (Deno.build.os !== "linux" && Deno.build.os !== "darwin") return null;
  try {
    // deno-lint-ignore no-explicit-any
    const { binding } = (globalThis as any).process; // an import of node:process takes 7 to 12 ms of every start
    const { TCP, constants } = binding("tcp_wrap");
    const { streamBaseState, kReadBytesOrError, kLastWriteWasAsync } = binding("stream_wrap");
    const numbers = [
      constants.SOCKET,
      constants.SERVER,
      constants.UV_TCP_REUSEPORT,
      kReadBytesOrError,
      kLastWriteWasAsync,
    ];
    const methods = [
      "open",
      "bind",
      "bind6",
      "bindWithFlags",
      "listen",
      "accept",
      "getsockname",
      "getpeername",
      "fdForIpc",
      "readStart",
      "readStop",
      "writeBuffer",
      "shutdown",
      "setNoDelay",
      "setKeepAlive",
      "close",
    ];
    const isWhole = numbers.every(Number.isInteger) && streamBaseState instanceof Int32Array &&
      methods.every((name) => typeof TCP.prototype[name] === "function");
    if (!isWhole) return null;
    return {
      TCP,
      socket: constants.SOCKET,
      server: constants.SERVER,
      reusePort: constants.UV_TCP_REUSEPORT,
      state: streamBaseState,
      atRead: kReadBytesOrError,
      atAsync: kLastWriteWasAsync,
    };
  } catch { // another Deno, or a permission that it wants
    return null;
  }
}

function theNative(): Native | null {
  return native === undefined ? native = findNative() : native;
}

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
  #isReading = false;
  #isClosed = false;
  /** Set before anything is read. */
  events!: SocketEvents;

  constructor(handle: NativeTcp) {
    this.#handle = handle;
    const { state, atRead } = native!;
    handle.onread = (bytes) => {
      const count = state[atRead];
      if (count > 0) this.events.arrived(new Uint8Array(bytes!));
      else if (count < 0) {
        this.#isReading = false;
        this.events.ended(count === END_OF_FILE ? null : osError(count));
      }
    };
  }

  /** The descriptor is the socket's from here on. Null when it cannot be opened here. */
  static open(descriptor: number): TcpSocket | null {
    const found = theNative();
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

  /** `true`: the OS has taken it all. `false`: it is under way, and `over` is told; the bytes must stay until then. */
  write(bytes: Uint8Array, over: (error: PackedError | null) => void): boolean | PackedError {
    const { state, atAsync } = native!;
    const handle = this.#handle;
    let isUnderWay = false;
    const status = handle.writeBuffer({
      handle,
      buffer: bytes, // Deno 2.9.6 does not keep it: collected meanwhile, the write would end as a broken pipe
      oncomplete: (status) => {
        if (isUnderWay) over(status === 0 ? null : osError(status));
      },
    }, bytes);
    if (status !== 0) return osError(status);
    isUnderWay = state[atAsync] !== 0;
    return !isUnderWay;
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
    this.#handle.close();
  }
}

/** Closes a descriptor that nobody opened. */
export function closeDescriptor(descriptor: number): void {
  TcpSocket.open(descriptor)?.close();
}

// --- Listening ----------------------------------------------------------------------------------------------------

export interface Accepted {
  readonly socket: TcpSocket;
  readonly localAddr: Deno.NetAddr;
  readonly remoteAddr: Deno.NetAddr;
}

const BACKLOG = 511;
/** So many are accepted before anybody asks; then the OS's own queue fills, and its clients wait. */
const MOST_ACCEPTED = 64;
/**
 * How often a listener that is waited for begins anew: where no descriptor is left Deno's handle neither tells nor looks again
 * (2.9.6), and the next connection would take those with it that wait.
 */
const RENEW_MS = 1000;

/** Options that are understood here; with any other, Deno listens. */
const OWN_OPTIONS = new Set(["transport", "hostname", "port", "reusePort"]);

/** A listener whose connections can go to other threads. */
export class TcpListener {
  #handle: NativeTcp | null;
  /** While nobody listens to it: the descriptor that keeps it open. */
  #paused = -1;
  readonly #accepted: Accepted[] = [];
  #asking: { resolve(accepted: Accepted): void; reject(error: Error): void } | null = null;
  #renewal: ReturnType<typeof setInterval> | undefined;
  #isClosed = false;
  readonly addr: Deno.NetAddr;

  private constructor(handle: NativeTcp, addr: Deno.NetAddr) {
    this.#handle = handle;
    this.addr = addr;
    handle.onconnection = this.#arrived;
  }

  /** Null where Deno is to listen: it knows more options, and words what is wrong. */
  static listen(options: Record<string, unknown>): TcpListener | null {
    const { transport = "tcp", hostname = "0.0.0.0", port, reusePort = false } = options;
    const isOurs = transport === "tcp" && typeof hostname === "string" && hostname !== "" &&
      Number.isInteger(port) && (port as number) >= 0 && (port as number) < 65536 &&
      typeof reusePort === "boolean" && Object.keys(options).every((name) => OWN_OPTIONS.has(name));
    const found = isOurs ? theNative() : null;
    if (found === null) return null;
    const handle = new found.TCP(found.server);
    if (bind(handle, hostname as string, port as number, reusePort ? found.reusePort : 0)) {
      const addr = addrOf((into) => handle.getsockname(into));
      if (addr !== null) {
        const listener = new TcpListener(handle, addr);
        if (handle.listen(BACKLOG) === 0) return listener;
      }
    }
    handle.close();
    return null;
  }

  /** The next connection; one asks at a time. */
  accept(): Promise<Accepted> {
    return new Promise((resolve, reject) => {
      const accepted = this.#accepted.shift();
      if (accepted !== undefined) return resolve(accepted);
      this.#asking = { resolve, reject };
      if (this.#paused >= 0) this.#resume();
      this.#renewal ??= setInterval(this.#renew, RENEW_MS);
    });
  }

  readonly #arrived = (status: number): void => {
    if (status !== 0) return this.#failed(status);
    const handle = new native!.TCP(native!.socket);
    const result = this.#handle!.accept(handle); // now or never: a second one that arrives takes its place
    const localAddr = addrOf((into) => handle.getsockname(into));
    const remoteAddr = addrOf((into) => handle.getpeername(into));
    if (result !== 0 || localAddr === null || remoteAddr === null) { // its client has gone
      handle.close();
      if (result !== 0) this.#failed(result);
      return;
    }
    this.#accepted.push({ socket: new TcpSocket(handle), localAddr, remoteAddr });
    if (this.#asking !== null) {
      const { resolve } = this.#asking;
      this.#asking = null;
      this.#stopRenewing();
      resolve(this.#accepted.shift()!);
    } else if (this.#accepted.length >= MOST_ACCEPTED) setTimeout(this.#rest, 0); // in here it would lose what comes next
  };

  readonly #rest = (): void => {
    if (this.#handle !== null && this.#asking === null && !this.#isClosed) this.#pause();
  };

  #failed(status: number): void {
    const asking = this.#asking;
    if (asking === null) return;
    this.#asking = null;
    this.#stopRenewing();
    asking.reject(Object.assign(new Error(osError(status)[1]), { code: osError(status)[2] }));
  }

  /** False: there is no descriptor left for the time between. */
  #pause(): boolean {
    const descriptor = this.#handle!.fdForIpc();
    if (descriptor < 0) return false;
    this.#paused = descriptor;
    this.#handle!.close();
    this.#handle = null;
    return true;
  }

  #resume(): void {
    const handle = new native!.TCP(native!.server);
    handle.onconnection = this.#arrived;
    let status = handle.open(this.#paused);
    if (status === 0) status = handle.listen(BACKLOG);
    this.#handle = handle;
    this.#paused = -1;
    if (status !== 0) this.#failed(status);
  }

  /** Told the second time only: whether a client waits is not known, and what took the last descriptor may be over soon. */
  readonly #renew = (): void => {
    const lackedOne = this.#lacksDescriptor;
    this.#lacksDescriptor = !this.#pause();
    if (!this.#lacksDescriptor) this.#resume();
    else if (lackedOne) this.#failed(-EMFILE);
  };
  #lacksDescriptor = false;

  #stopRenewing(): void {
    clearInterval(this.#renewal);
    this.#renewal = undefined;
  }

  close(): void {
    this.#isClosed = true;
    this.#stopRenewing();
    for (const { socket } of this.#accepted.splice(0)) socket.close();
    if (this.#handle !== null) this.#handle.close();
    else closeDescriptor(this.#paused);
  }
}

/** False: Deno is to say what is wrong. */
function bind(handle: NativeTcp, hostname: string, port: number, flags: number): boolean {
  try {
    if (hostname.includes(":")) return flags === 0 && handle.bind6(hostname, port, 0) === 0;
    return (flags === 0 ? handle.bind(hostname, port) : handle.bindWithFlags(hostname, port, flags)) === 0;
  } catch { // not permitted
    return false;
  }
}

function addrOf(ask: (into: NativeAddr) => number): Deno.NetAddr | null {
  const into: NativeAddr = {};
  if (ask(into) !== 0 || into.address === undefined || into.port === undefined) return null;
  return { hostname: into.address, port: into.port, transport: "tcp" }; // as Deno's own are shown
}

const EMFILE = 24;

/** What the OS says, in the words of Deno's own connections: class, text and code by errno. */
const OS_ERRORS: Record<string, readonly [linux: number, darwin: number, name: string, text: string]> = {
  EMFILE: [EMFILE, EMFILE, "Error", "Too many open files"],
  ENFILE: [23, 23, "Error", "Too many open files in system"],
  EPIPE: [32, 32, "BrokenPipe", "Broken pipe"],
  ECONNABORTED: [103, 53, "ConnectionAborted", "Software caused connection abort"],
  ECONNRESET: [104, 54, "ConnectionReset", "Connection reset by peer"],
  ENOTCONN: [107, 57, "NotConnected", "Transport endpoint is not connected"],
  ETIMEDOUT: [110, 60, "TimedOut", "Connection timed out"],
  ENETDOWN: [100, 50, "Error", "Network is down"],
  ENETUNREACH: [101, 51, "NetworkUnreachable", "Network is unreachable"],
  EHOSTUNREACH: [113, 65, "Error", "No route to host"],
};

function osError(status: number): PackedError {
  const errno = -status;
  const at = Deno.build.os === "darwin" ? 1 : 0;
  for (const [code, entry] of Object.entries(OS_ERRORS)) {
    if (entry[at] === errno) return [entry[2], `${entry[3]} (os error ${errno})`, code];
  }
  return ["Error", `The connection failed (os error ${errno})`, null];
}
