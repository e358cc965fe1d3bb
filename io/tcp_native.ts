/**
 * The handle that Deno's `node:net` is made of, which Node calls TCPWrap: a socket of it can be opened by the number of a
 * descriptor and gives a second one, so it can go from thread to thread, as Deno's own connections cannot. (A second
 * descriptor of one of Deno's is to be had, but Deno ends the connection when its own is closed.)
 *
 * It is reached by `process.binding`. Neither documents it, and what is used of it is checked once; where anything is
 * missing, connections stay in the poller. Its callbacks must not throw: Deno 2.9.6 then reports `Uncaught null` and the
 * worker is gone.
 *
 * @module
 */
import type { PackedError } from "./protocol.ts";

/** Called when a write or the end of writing is over: with the OS's number of an error, or 0. */
export interface WriteRequest {
  handle?: NativeWriter;
  buffer?: Uint8Array;
  oncomplete(status: number): void;
}

/** A handle that is only written to. */
export interface NativeWriter {
  open(descriptor: number): number;
  writeBuffer(request: WriteRequest, bytes: Uint8Array): number;
  close(): void;
}

export interface NativeTcp extends NativeWriter {
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
  shutdown(request: WriteRequest): number;
  setNoDelay(on: boolean): number;
  setKeepAlive(on: boolean, seconds: number): number;
  onread: ((bytes: ArrayBuffer | undefined) => void) | null;
  onconnection: ((status: number) => void) | null;
}

export interface NativeAddr {
  address?: string;
  port?: number;
}

export interface Native {
  TCP: new (kind: number) => NativeTcp;
  /** As for the pipes of `node:net`: it writes to any descriptor, as write(2) does. */
  Pipe: new (kind: number) => NativeWriter;
  pipe: number;
  socket: number;
  server: number;
  reusePort: number;
  /** What the last read got, and whether the last write is still under way. */
  state: Int32Array;
  atRead: number;
  atAsync: number;
  /** Node's. Deno calls back behind the callbacks of all sockets that are ready, and behind their microtasks. */
  nextTick(callback: () => void): void;
}

let native: Native | null | undefined;

function findNative(): Native | null {
  if (Deno.build.os !== "linux" && Deno.build.os !== "darwin") return null;
  try {
    // deno-lint-ignore no-explicit-any
    const { binding, nextTick } = (globalThis as any).process; // an import of node:process takes 7 to 12 ms of every start
    const { TCP, constants } = binding("tcp_wrap");
    const { Pipe, constants: pipeConstants } = binding("pipe_wrap");
    const { streamBaseState, kReadBytesOrError, kLastWriteWasAsync } = binding("stream_wrap");
    const numbers = [
      constants.SOCKET,
      constants.SERVER,
      constants.UV_TCP_REUSEPORT,
      pipeConstants.SOCKET,
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
    const isWhole = typeof nextTick === "function" && numbers.every(Number.isInteger) &&
      streamBaseState instanceof Int32Array &&
      methods.every((name) => typeof TCP.prototype[name] === "function") &&
      ["open", "writeBuffer", "close"].every((name) => typeof Pipe.prototype[name] === "function");
    if (!isWhole) return null;
    return {
      TCP,
      Pipe,
      pipe: pipeConstants.SOCKET,
      socket: constants.SOCKET,
      server: constants.SERVER,
      reusePort: constants.UV_TCP_REUSEPORT,
      state: streamBaseState,
      atRead: kReadBytesOrError,
      atAsync: kLastWriteWasAsync,
      nextTick,
    };
  } catch { // another Deno, or a permission that it wants
    return null;
  }
}

/** Null where there is no such handle, or another than is known here. */
export function tcpHandles(): Native | null {
  return native === undefined ? native = findNative() : native;
}

export const EMFILE = 24;

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

/** What a negative status says. */
export function osError(status: number): PackedError {
  const errno = -status;
  const at = Deno.build.os === "darwin" ? 1 : 0;
  for (const [code, entry] of Object.entries(OS_ERRORS)) {
    if (entry[at] === errno) return [entry[2], `${entry[3]} (os error ${errno})`, code];
  }
  return ["Error", `The connection failed (os error ${errno})`, null];
}
