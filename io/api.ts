/**
 * The types of `self.io`: names and options are Deno's own, except that every operation takes `{ timeout, signal }` and
 * that what is open belongs to an actor, whose end closes it.
 *
 * @module
 */
import type { WaitOptions } from "../runtime/api.ts";

/** Bytes to write; a text goes as UTF-8. */
export type Writable = Uint8Array | string;

/** What can be read in pieces. */
export interface Source extends AsyncIterable<Uint8Array> {
  /** The next bytes, at least one and at most `n` (default 64 KiB); null at the end. */
  read(n?: number, options?: WaitOptions): Promise<Uint8Array | null>;
  /** Line by line, without `\n` or `\r\n`. What was read beyond the line where a loop breaks off is given back. */
  lines(options?: WaitOptions): AsyncIterableIterator<string>;
  /** For the web platform's transforms. Its end does not close anything. */
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
}

/** What can be written to. */
export interface Sink {
  /** Writes all of it; gives the number of bytes. Given up halfway, some of it may have been written. */
  write(data: Writable, options?: WaitOptions): Promise<number>;
  readonly writable: WritableStream<Uint8Array>;
}

/** Whatever lives in the poller. It may be sent in messages; the receiver's end then closes it. */
export interface Resource {
  /** Unique in the run, for logs. */
  readonly id: number;
  /** Closes it. What was asked to be written is written first, for at most a second; what waits for it rejects. */
  close(): void;
  [Symbol.dispose](): void;
}

export interface File extends Resource, Source, Sink {
  readonly path: string;
  /** Moves the position of the next read or write; gives the new position. */
  seek(offset: number | bigint, whence: Deno.SeekMode, options?: WaitOptions): Promise<number>;
  truncate(length?: number, options?: WaitOptions): Promise<void>;
  stat(options?: WaitOptions): Promise<Deno.FileInfo>;
  sync(options?: WaitOptions): Promise<void>;
  syncData(options?: WaitOptions): Promise<void>;
}

export interface Conn extends Resource, Source, Sink {
  readonly localAddr: Deno.Addr;
  readonly remoteAddr: Deno.Addr;
  /** Ends the writing half: the peer reads an end, and can still write. */
  closeWrite(options?: WaitOptions): Promise<void>;
  setNoDelay(on?: boolean): Promise<void>;
  setKeepAlive(on?: boolean): Promise<void>;
  /** TLS: waits for the handshake, which the first read or write would do too. */
  handshake(options?: WaitOptions): Promise<{ readonly alpnProtocol: string | null }>;
}

export interface Listener extends Resource, AsyncIterable<Conn> {
  readonly addr: Deno.Addr;
  /** The next connection. Accepts of several actors are served in turn. */
  accept(options?: WaitOptions): Promise<Conn>;
}

export interface DatagramConn extends Resource, AsyncIterable<[Uint8Array, Deno.NetAddr]> {
  readonly addr: Deno.NetAddr;
  receive(options?: WaitOptions): Promise<[Uint8Array, Deno.NetAddr]>;
  send(data: Uint8Array, to: { hostname?: string; port: number }, options?: WaitOptions): Promise<number>;
}

export interface CommandOptions extends WaitOptions {
  readonly args?: readonly string[];
  readonly cwd?: string | URL;
  readonly env?: Record<string, string>;
  readonly clearEnv?: boolean;
  readonly uid?: number;
  readonly gid?: number;
  /** Default `"null"`; with `output()` it cannot be piped. */
  readonly stdin?: "piped" | "inherit" | "null";
  /** Default `"piped"`. */
  readonly stdout?: "piped" | "inherit" | "null";
  /** Default `"piped"` for `output()`, else `"inherit"`. */
  readonly stderr?: "piped" | "inherit" | "null";
}

export interface CommandStatus {
  readonly success: boolean;
  readonly code: number;
  readonly signal: Deno.Signal | null;
}

export interface CommandOutput extends CommandStatus {
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
}

/** The writing end of a child's stdin. */
export interface ChildInput extends Resource, Sink {}
/** The reading end of a child's stdout or stderr. */
export interface ChildOutput extends Resource, Source {}

/** A running command. It is killed when its owner ends. */
export interface Child extends Resource {
  readonly pid: number;
  /** @throws TypeError unless it was piped. */
  readonly stdin: ChildInput;
  readonly stdout: ChildOutput;
  readonly stderr: ChildOutput;
  /** Waits for its end. */
  status(options?: WaitOptions): Promise<CommandStatus>;
  kill(signal?: Deno.Signal): Promise<void>;
}

export interface Command {
  /** Starts it. */
  spawn(options?: WaitOptions): Promise<Child>;
  /** Runs it to its end and collects what it printed. */
  output(options?: WaitOptions): Promise<CommandOutput>;
}

/** The program's own input: what one actor does not take, the next one gets. */
export interface Input extends Source {
  readonly isTerminal: boolean;
}
export interface Output extends Sink {
  readonly isTerminal: boolean;
}

export interface SignalMessage {
  readonly type: "SIGNAL";
  readonly signal: Deno.Signal;
}

/** Signals of the OS, from the call of `signals()` on. */
export interface Signals extends Resource, AsyncIterable<Deno.Signal> {
  next(options?: WaitOptions): Promise<Deno.Signal>;
}

export interface TlsOptions {
  readonly caCerts?: string[];
  readonly alpnProtocols?: string[];
  /** PEM, for client certificates; at a listener: its own. */
  readonly cert?: string;
  readonly key?: string;
}

export type ListenOptions =
  | {
    readonly port?: number;
    readonly hostname?: string;
    readonly transport?: "tcp";
    readonly reusePort?: boolean;
    readonly tcpBacklog?: number;
    /** With `cert` and `key` the listener speaks TLS. */
    readonly cert?: string;
    readonly key?: string;
    readonly alpnProtocols?: string[];
  }
  | { readonly transport: "unix"; readonly path: string };

export type ConnectOptions =
  | {
    readonly port: number;
    readonly hostname?: string;
    readonly transport?: "tcp";
    /** True, or options: the connection speaks TLS. */
    readonly tls?: boolean | TlsOptions;
  }
  | { readonly transport: "unix"; readonly path: string };

export interface Io {
  open(path: string | URL, options?: Deno.OpenOptions & WaitOptions): Promise<File>;
  create(path: string | URL, options?: WaitOptions): Promise<File>;
  readFile(path: string | URL, options?: WaitOptions): Promise<Uint8Array>;
  readTextFile(path: string | URL, options?: WaitOptions): Promise<string>;
  writeFile(path: string | URL, data: Uint8Array, options?: WriteFileOptions): Promise<void>;
  writeTextFile(path: string | URL, data: string, options?: WriteFileOptions): Promise<void>;
  /** The entries of a folder, as many as there are. */
  readDir(path: string | URL, options?: WaitOptions): AsyncIterableIterator<Deno.DirEntry>;
  stat(path: string | URL, options?: WaitOptions): Promise<Deno.FileInfo>;
  lstat(path: string | URL, options?: WaitOptions): Promise<Deno.FileInfo>;
  remove(path: string | URL, options?: Deno.RemoveOptions & WaitOptions): Promise<void>;
  rename(from: string | URL, to: string | URL, options?: WaitOptions): Promise<void>;
  mkdir(path: string | URL, options?: Deno.MkdirOptions & WaitOptions): Promise<void>;
  copyFile(from: string | URL, to: string | URL, options?: WaitOptions): Promise<void>;
  realPath(path: string | URL, options?: WaitOptions): Promise<string>;
  makeTempDir(options?: Deno.MakeTempOptions & WaitOptions): Promise<string>;
  makeTempFile(options?: Deno.MakeTempOptions & WaitOptions): Promise<string>;

  listen(options: ListenOptions & WaitOptions): Promise<Listener>;
  connect(options: ConnectOptions & WaitOptions): Promise<Conn>;
  /** Deno's name for a listener with `cert` and `key`. */
  listenTls(options: ListenOptions & WaitOptions): Promise<Listener>;
  /** Deno's name for `connect` with `tls`. */
  connectTls(options: { port: number; hostname?: string } & TlsOptions & WaitOptions): Promise<Conn>;
  /** UDP. */
  datagram(options: { port?: number; hostname?: string } & WaitOptions): Promise<DatagramConn>;
  resolveDns(
    query: string,
    recordType: "A" | "AAAA" | "CNAME" | "NS" | "PTR" | "ANAME",
    options?: Deno.ResolveDnsOptions & WaitOptions,
  ): Promise<string[]>;
  resolveDns(
    query: string,
    recordType: Deno.RecordType,
    options?: Deno.ResolveDnsOptions & WaitOptions,
  ): Promise<unknown[]>;

  readonly stdin: Input;
  readonly stdout: Output;
  readonly stderr: Output;

  command(command: string | URL, options?: CommandOptions): Command;
  /** An iterator of signals; with `{ messages: true }` they come as `{ type: "SIGNAL", signal }` into the mailbox. */
  signals(name: Deno.Signal, options?: { readonly messages?: boolean }): Signals;

  /**
   * Waits until a read would not wait (something is there, or the end is), or a write; nothing is taken. At a listener
   * `"read"` means a connection to accept.
   */
  ready(resource: Resource | Source | Sink, interest: "read" | "write", options?: WaitOptions): Promise<void>;
}

export type WriteFileOptions =
  & Pick<Deno.WriteFileOptions, "append" | "create" | "createNew" | "mode">
  & WaitOptions;

/** A function that the pool of `self.blocking` can run: exported, and without `self`. */
// deno-lint-ignore no-explicit-any
export type BlockingFunction<A extends unknown[] = any[], T = unknown> = (...args: A) => T;
