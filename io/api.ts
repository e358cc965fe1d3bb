/**
 * The types of `self.io`: names and options are Deno's own, except that every operation takes `{ timeout, signal }` and
 * that what is open belongs to an actor, whose end closes it, also where the actor returns it: send it to whoever is to
 * have it.
 *
 * @module
 */
import type { WaitOptions } from "../runtime/api.ts";

/** Bytes to write; a text goes as UTF-8. */
export type Writable = Uint8Array | string;

/** What can be read in pieces. */
export interface Source extends AsyncIterable<Uint8Array> {
  /** The next bytes, at least one and at most `n` (default 64 KiB, and never more than 1 MiB); null at the end. */
  read(n?: number, options?: WaitOptions): Promise<Uint8Array | null>;
  /** Line by line, without `\n` or `\r\n`. What was read beyond the line where a loop breaks off is given back. */
  lines(options?: WaitOptions): AsyncIterableIterator<string>;
  /** For the web platform's transforms. Its end does not close anything; cancelled, it takes nothing from the next reader. */
  readonly readable: ReadableStream<Uint8Array<ArrayBuffer>>;
}

/** What can be written to. */
export interface Sink {
  /** Writes all of it; gives the number of bytes. Given up halfway, some of it may have been written. */
  write(data: Writable, options?: WaitOptions): Promise<number>;
  /** For the web platform's transforms. Its end closes a file, and the writing half of a connection; aborted, all of it. */
  readonly writable: WritableStream<Uint8Array>;
}

/** Whatever is open. It may be sent in messages; the receiver's end then closes it. */
export interface Resource {
  /** Unique in the run, for logs. */
  readonly id: number;
  /** Closes it. What was asked to be written is written first, for at most a second; what waits for it rejects. */
  close(): void;
  /** `using`: closes it at the end of the block. */
  [Symbol.dispose](): void;
}

/** An open file. It belongs to an actor, whose end closes it. */
export interface File extends Resource, Source, Sink {
  /** As it was opened. */
  readonly path: string;
  /** Moves the position of the next read or write; gives the new position. */
  seek(offset: number | bigint, whence: Deno.SeekMode, options?: WaitOptions): Promise<number>;
  /** Makes it `length` bytes long (default 0). */
  truncate(length?: number, options?: WaitOptions): Promise<void>;
  /** Size, times and kind. */
  stat(options?: WaitOptions): Promise<Deno.FileInfo>;
  /** Waits until bytes and metadata are on the disk. */
  sync(options?: WaitOptions): Promise<void>;
  /** Waits until the bytes are on the disk. */
  syncData(options?: WaitOptions): Promise<void>;
}

/**
 * A TCP, TLS or Unix connection. It belongs to an actor, whose end closes it.
 *
 * As with the OS's own buffer, `write` is over when its bytes are on their way: up to 64 KiB may wait in the poller, a write
 * beyond that waits until all are taken. (A connection that its actor's own scheduler serves waits for nothing but the OS.)
 * Why such a write failed is told to the next write. A write with options waits until the OS has taken it and all before
 * it, and rejects itself; so does that of an actor that has sent the connection to another scheduler.
 */
export interface Conn extends Resource, Source, Sink {
  /** Our end. */
  readonly localAddr: Deno.Addr;
  /** The peer's end. */
  readonly remoteAddr: Deno.Addr;
  /** Ends the writing half: the peer reads an end, and can still write. */
  closeWrite(options?: WaitOptions): Promise<void>;
  /** Whether small writes are sent at once. Default true. */
  setNoDelay(on?: boolean): Promise<void>;
  /** Whether the OS looks now and then if the peer is still there. Default true. */
  setKeepAlive(on?: boolean): Promise<void>;
  /** TLS: waits for the handshake, which the first read or write would do too. */
  handshake(options?: WaitOptions): Promise<{ readonly alpnProtocol: string | null }>;
}

/** A socket that accepts connections. Several actors may accept from it. */
export interface Listener extends Resource, AsyncIterable<Conn> {
  /** Where it listens, with the port that the OS chose for port 0. */
  readonly addr: Deno.Addr;
  /** The next connection. Accepts of several actors are served in turn; clients that are gone by then are passed over. */
  accept(options?: WaitOptions): Promise<Conn>;
}

/** A UDP socket. */
export interface DatagramConn extends Resource, AsyncIterable<[Uint8Array, Deno.NetAddr]> {
  /** Where it is bound, with the port that the OS chose for port 0. */
  readonly addr: Deno.NetAddr;
  /** The next datagram and its sender. Up to 1,024 wait for a reader; further ones are dropped. */
  receive(options?: WaitOptions): Promise<[Uint8Array, Deno.NetAddr]>;
  /** Sends one datagram; gives the number of its bytes. */
  send(data: Uint8Array, to: { hostname?: string; port: number }, options?: WaitOptions): Promise<number>;
}

/**
 * What a command is started with: Deno's names. `timeout` is for the start, or for the whole of `output()`; `signal` is in
 * force until the command has ended: what was spawned is sent SIGTERM when it is aborted, as in Deno.
 */
export interface CommandOptions extends WaitOptions {
  /** Its arguments. */
  readonly args?: readonly string[];
  /** Where it runs. */
  readonly cwd?: string | URL;
  /** Added to the environment. */
  readonly env?: Record<string, string>;
  /** Only `env` makes the environment. */
  readonly clearEnv?: boolean;
  /** The user as whom it runs. */
  readonly uid?: number;
  /** The group as which it runs. */
  readonly gid?: number;
  /** Default `"null"`; with `output()` it cannot be piped. */
  readonly stdin?: "piped" | "inherit" | "null";
  /** Default `"piped"`. */
  readonly stdout?: "piped" | "inherit" | "null";
  /** Default `"piped"` for `output()`, else `"inherit"`. */
  readonly stderr?: "piped" | "inherit" | "null";
}

/** How a command ended. */
export interface CommandStatus {
  /** Its code is 0. */
  readonly success: boolean;
  /** Its exit code. */
  readonly code: number;
  /** The signal that ended it. */
  readonly signal: Deno.Signal | null;
}

/** How a command ended, and what it printed. */
export interface CommandOutput extends CommandStatus {
  /** What it printed. */
  readonly stdout: Uint8Array;
  /** What it printed for people. */
  readonly stderr: Uint8Array;
}

/** The writing end of a child's stdin. */
export interface ChildInput extends Resource, Sink {}
/** The reading end of a child's stdout or stderr. */
export interface ChildOutput extends Resource, Source {}

/** A running command. It is killed when its owner ends. */
export interface Child extends Resource {
  /** The process's id. */
  readonly pid: number;
  /** Its input. @throws TypeError unless it was piped. */
  readonly stdin: ChildInput;
  /** Its output. @throws TypeError unless it was piped. */
  readonly stdout: ChildOutput;
  /** Its output for people. @throws TypeError unless it was piped. */
  readonly stderr: ChildOutput;
  /** Waits for its end. */
  status(options?: WaitOptions): Promise<CommandStatus>;
  /** Sends it a signal, by default SIGTERM. */
  kill(signal?: Deno.Signal): Promise<void>;
}

/** A command that can be started. */
export interface Command {
  /** Starts it. */
  spawn(options?: WaitOptions): Promise<Child>;
  /** Runs it to its end and collects what it printed. */
  output(options?: WaitOptions): Promise<CommandOutput>;
}

/** The program's own input: what one actor does not take, the next one gets. */
export interface Input extends Source {
  /** Whether a person may be at its other end. */
  readonly isTerminal: boolean;
}
/** The program's own output, shared by all actors: writes of one actor keep their order. */
export interface Output extends Sink {
  /** Whether a person may be at its other end. */
  readonly isTerminal: boolean;
}

/** A signal in the mailbox. */
export interface SignalMessage {
  /** Tells it from other messages. */
  readonly type: "SIGNAL";
  /** Which one. */
  readonly signal: Deno.Signal;
}

/** Signals of the OS, from the call of `signals()` on. */
export interface SignalSubscription extends Resource, AsyncIterable<Deno.Signal> {
  /** The next one. */
  next(options?: WaitOptions): Promise<Deno.Signal>;
}

/** What a TLS client may say. */
export interface TlsOptions {
  /** PEM, trusted beside the usual ones. */
  readonly caCerts?: string[];
  /** Protocols offered, the preferred one first. */
  readonly alpnProtocols?: string[];
  /** PEM, for client certificates; at a listener: its own. */
  readonly cert?: string;
  /** The private key of `cert`, PEM. */
  readonly key?: string;
}

/**
 * Where to listen: a port (default: one that the OS chooses; default host 0.0.0.0, which every interface reaches) or the path
 * of a Unix socket.
 */
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

/** Where to connect to: a port (default host 127.0.0.1) or the path of a Unix socket. */
export type ConnectOptions =
  | {
    readonly port: number;
    readonly hostname?: string;
    readonly transport?: "tcp";
    /** True, or options: the connection speaks TLS. */
    readonly tls?: boolean | TlsOptions;
  }
  | { readonly transport: "unix"; readonly path: string };

/** `self.io`. Everything rejects with Deno's own errors, and takes `{ timeout, signal }`. */
export interface Io {
  /** Opens a file, by default for reading. */
  open(path: string | URL, options?: Deno.OpenOptions & WaitOptions): Promise<File>;
  /** Opens an empty file for reading and writing. */
  create(path: string | URL, options?: WaitOptions): Promise<File>;
  /** All bytes of a file. */
  readFile(path: string | URL, options?: WaitOptions): Promise<Uint8Array>;
  /** All of a file as text, from UTF-8. */
  readTextFile(path: string | URL, options?: WaitOptions): Promise<string>;
  /** Writes a whole file; an existing one is replaced unless `append` is set. */
  writeFile(path: string | URL, data: Uint8Array, options?: WriteFileOptions): Promise<void>;
  /** The same with a text, as UTF-8. */
  writeTextFile(path: string | URL, data: string, options?: WriteFileOptions): Promise<void>;
  /** The entries of a folder, as many as there are. */
  readDir(path: string | URL, options?: WaitOptions): AsyncIterableIterator<Deno.DirEntry>;
  /** Size, times and kind; of what a symbolic link points to. */
  stat(path: string | URL, options?: WaitOptions): Promise<Deno.FileInfo>;
  /** The same of the link itself. */
  lstat(path: string | URL, options?: WaitOptions): Promise<Deno.FileInfo>;
  /** Removes a file or a folder; a full one with `recursive`. */
  remove(path: string | URL, options?: Deno.RemoveOptions & WaitOptions): Promise<void>;
  /** Gives it another name; a file of that name is replaced. */
  rename(from: string | URL, to: string | URL, options?: WaitOptions): Promise<void>;
  /** Makes a folder; with `recursive` those above it too. */
  mkdir(path: string | URL, options?: Deno.MkdirOptions & WaitOptions): Promise<void>;
  /** Copies a file, within the OS where that can be done. */
  copyFile(from: string | URL, to: string | URL, options?: WaitOptions): Promise<void>;
  /** The path without symbolic links. */
  realPath(path: string | URL, options?: WaitOptions): Promise<string>;
  /** Makes a folder of a new name; gives its path. Nobody removes it. */
  makeTempDir(options?: Deno.MakeTempOptions & WaitOptions): Promise<string>;
  /** Makes a file of a new name; gives its path. Nobody removes it. */
  makeTempFile(options?: Deno.MakeTempOptions & WaitOptions): Promise<string>;

  /** Listens on a port or a Unix socket; with `cert` and `key` for TLS. */
  listen(options: ListenOptions & WaitOptions): Promise<Listener>;
  /** Connects to a port or a Unix socket, with `tls` by TLS. */
  connect(options: ConnectOptions & WaitOptions): Promise<Conn>;
  /** Deno's name for a listener with `cert` and `key`. */
  listenTls(options: ListenOptions & WaitOptions): Promise<Listener>;
  /** Deno's name for `connect` with `tls`. */
  connectTls(options: { port: number; hostname?: string } & TlsOptions & WaitOptions): Promise<Conn>;
  /** UDP, by default on a port that the OS chooses, on host 127.0.0.1. */
  datagram(options: { port?: number; hostname?: string } & WaitOptions): Promise<DatagramConn>;
  /** Asks the DNS. */
  resolveDns(
    query: string,
    recordType: "A" | "AAAA" | "CNAME" | "NS" | "PTR" | "ANAME",
    options?: Deno.ResolveDnsOptions & WaitOptions,
  ): Promise<string[]>;
  /** Asks the DNS. */
  resolveDns(
    query: string,
    recordType: Deno.RecordType,
    options?: Deno.ResolveDnsOptions & WaitOptions,
  ): Promise<unknown[]>;

  /** The program's input. */
  readonly stdin: Input;
  /** The program's output. */
  readonly stdout: Output;
  /** The program's output for people. */
  readonly stderr: Output;

  /** A command to be started. */
  command(command: string | URL, options?: CommandOptions): Command;
  /**
   * An iterator of signals; with `{ messages: true }` they come as `{ type: "SIGNAL", signal }` into the mailbox. It is in
   * force once a later operation of this actor that is on nothing open, such as `stat`, has been answered. SIGINT and
   * SIGTERM end the program nevertheless.
   * @throws TypeError with `messages`, for a signal that cannot be caught; without, its iterator rejects.
   */
  signals(name: Deno.Signal, options?: { readonly messages?: boolean }): SignalSubscription;

  /**
   * Waits until a read would not wait (something is there, or the end is), or a write; nothing is taken. At a listener
   * `"read"` means a connection to accept.
   */
  ready(resource: Resource | Source | Sink, interest: "read" | "write", options?: WaitOptions): Promise<void>;
}

/** How a whole file is written. */
export type WriteFileOptions =
  & Pick<Deno.WriteFileOptions, "append" | "create" | "createNew" | "mode">
  & WaitOptions;

/** A function that the pool of `self.blocking` can run: exported, and without `self`. */
// deno-lint-ignore no-explicit-any
export type BlockingFunction<A extends unknown[] = any[], T = unknown> = (...args: A) => T;
