/**
 * `self.io`: the operations of one actor.
 *
 * @module
 */
import type { WaitOptions } from "../runtime/api.ts";
import type { ActorImpl } from "../runtime/actor.ts";
import { DONE } from "../runtime/actor_state.ts";
import { staysWithActor } from "../runtime/sendable.ts";
import { checkNames, closestName } from "../runtime/spelling.ts";
import { WAIT_OPTIONS } from "../runtime/wait.ts";
import type * as api from "./api.ts";
import { type Answering, type IoClient, PLAIN } from "./client.ts";
import { type ConnRecord, MOST_RING_BYTES, R_IO_REQUEST, STDERR, STDIN, STDOUT } from "./protocol.ts";
import { AS_IT_IS, toBytes } from "./bytes.ts";
import { Command, Signals } from "./command.ts";
import { blame } from "./errors.ts";
import { File } from "./file.ts";
import { DatagramConn, Listener, reviveConn } from "./net.ts";
import { StandardInput, StandardOutput } from "./standard.ts";
import { ByteToken } from "./byte_token.ts";
import { Token } from "./token.ts";

type Path = string | URL;

const OPEN: Answering = {
  revive: (io, actor, id: number, ticket) => {
    const file = new File(io, id, ticket.subject as string);
    io.owners.hold(actor, file);
    return file;
  },
  opened: (id: number) => [id],
};
const CONNECT: Answering = { revive: reviveConn, opened: ([id]: ConnRecord) => [id] };
const LISTEN: Answering = {
  revive: (io, actor, [id, addr]: [number, Deno.Addr]) => {
    const listener = new Listener(io, id, addr);
    io.owners.hold(actor, listener);
    return listener;
  },
  opened: ([id]: [number, Deno.Addr]) => [id],
};
const DATAGRAM: Answering = {
  revive: (io, actor, [id, addr]: [number, Deno.NetAddr]) => {
    const socket = new DatagramConn(io, id, addr);
    io.owners.hold(actor, socket);
    return socket;
  },
  opened: ([id]: [number, Deno.NetAddr]) => [id],
};
/** A file that is being written is written, whatever becomes of the actor. */
const WRITE_FILE: Answering = { outlives: true };

export class ActorIo implements api.Io {
  static {
    staysWithActor(this, "Io");
  }

  readonly #actor: ActorImpl;
  readonly #io: IoClient;

  constructor(actor: ActorImpl, io: IoClient) {
    this.#actor = actor;
    this.#io = io;
  }

  /** One operation that concerns no open resource. */
  async #do(
    operation: string,
    about: string,
    options: WaitOptions | undefined,
    args: unknown[],
    answering: Answering = PLAIN,
    transfer?: Transferable[],
  ): Promise<unknown> {
    try {
      return await this.#io.operate(
        this.#actor,
        `${operation} ${about}`,
        options,
        operation,
        0,
        args,
        answering,
        transfer,
        about,
      );
    } catch (error) {
      throw blame(error);
    }
  }

  // --- Files ------------------------------------------------------------------------------------------------------

  async open(path: Path, options: Deno.OpenOptions & WaitOptions = {}): Promise<api.File> {
    const [wait, rest] = split(options);
    const how = Object.keys(rest).length === 0 ? { read: true } : rest;
    return await this.#do("open", text(path), wait, [text(path), how], OPEN) as api.File;
  }
  async create(path: Path, options?: WaitOptions): Promise<api.File> {
    return await this.open(path, { read: true, write: true, create: true, truncate: true, ...options });
  }
  async readFile(path: Path, options?: WaitOptions): Promise<Uint8Array> {
    return await this.#do("readFile", text(path), options, [text(path)]) as Uint8Array;
  }
  async readTextFile(path: Path, options?: WaitOptions): Promise<string> {
    return AS_IT_IS.decode(await this.readFile(path, options));
  }
  async writeFile(path: Path, data: Uint8Array, options: api.WriteFileOptions = {}): Promise<void> {
    const [wait, rest] = split(options);
    const bytes = toBytes(data).slice();
    const transfer = bytes.length <= MOST_RING_BYTES ? undefined : [bytes.buffer as ArrayBuffer];
    await this.#do("writeFile", text(path), wait, [text(path), bytes, rest], WRITE_FILE, transfer);
  }
  writeTextFile(path: Path, data: string, options?: api.WriteFileOptions): Promise<void> {
    return this.writeFile(path, new TextEncoder().encode(data), options);
  }
  async *readDir(path: Path, options?: WaitOptions): AsyncIterableIterator<Deno.DirEntry> {
    const entries = await this.#do("readDir", text(path), options, [text(path)]) as [string, number][];
    for (const [name, kind] of entries) {
      yield {
        name,
        isFile: (kind & 1) !== 0,
        isDirectory: (kind & 2) !== 0,
        isSymlink: (kind & 4) !== 0,
      };
    }
  }
  async stat(path: Path, options?: WaitOptions): Promise<Deno.FileInfo> {
    return await this.#do("stat", text(path), options, [text(path)]) as Deno.FileInfo;
  }
  async lstat(path: Path, options?: WaitOptions): Promise<Deno.FileInfo> {
    return await this.#do("lstat", text(path), options, [text(path)]) as Deno.FileInfo;
  }
  async remove(path: Path, options: Deno.RemoveOptions & WaitOptions = {}): Promise<void> {
    const [wait, rest] = split(options);
    await this.#do("remove", text(path), wait, [text(path), rest]);
  }
  async rename(from: Path, to: Path, options?: WaitOptions): Promise<void> {
    await this.#do("rename", text(from), options, [text(from), text(to)]);
  }
  async mkdir(path: Path, options: Deno.MkdirOptions & WaitOptions = {}): Promise<void> {
    const [wait, rest] = split(options);
    await this.#do("mkdir", text(path), wait, [text(path), rest]);
  }
  async copyFile(from: Path, to: Path, options?: WaitOptions): Promise<void> {
    await this.#do("copyFile", text(from), options, [text(from), text(to)]);
  }
  async realPath(path: Path, options?: WaitOptions): Promise<string> {
    return await this.#do("realPath", text(path), options, [text(path)]) as string;
  }
  async makeTempDir(options: Deno.MakeTempOptions & WaitOptions = {}): Promise<string> {
    const [wait, rest] = split(options);
    return await this.#do("makeTempDir", "", wait, [rest]) as string;
  }
  async makeTempFile(options: Deno.MakeTempOptions & WaitOptions = {}): Promise<string> {
    const [wait, rest] = split(options);
    return await this.#do("makeTempFile", "", wait, [rest]) as string;
  }

  // --- Network ----------------------------------------------------------------------------------------------------

  async listen(options: api.ListenOptions & WaitOptions): Promise<api.Listener> {
    return await this.#listen(options, false);
  }
  async listenTls(options: api.ListenOptions & WaitOptions): Promise<api.Listener> {
    return await this.#listen(options, true);
  }
  async #listen(options: api.ListenOptions & WaitOptions, isTls: boolean): Promise<api.Listener> {
    const [wait, rest] = split(options);
    const { cert, key } = rest as { cert?: string; key?: string };
    const where = "path" in options ? options.path : `${options.hostname ?? ""}:${options.port ?? 0}`;
    const hasTls = isTls || cert !== undefined || key !== undefined;
    return await this.#do("listen", where, wait, [rest, hasTls], LISTEN) as api.Listener;
  }
  async connect(options: api.ConnectOptions & WaitOptions): Promise<api.Conn> {
    const [wait, rest] = split(options);
    const { tls, ...to } = rest as { tls?: boolean | api.TlsOptions };
    const where = "path" in options ? options.path : `${options.hostname ?? "127.0.0.1"}:${options.port}`;
    const secure = tls === undefined || tls === false ? null : tls === true ? {} : tls;
    return await this.#do("connect", where, wait, [to, secure], CONNECT) as api.Conn;
  }
  async connectTls(
    options: { port: number; hostname?: string } & api.TlsOptions & WaitOptions,
  ): Promise<api.Conn> {
    const [wait, { port, hostname, ...tls }] = split(options);
    return await this.connect({ port, ...(hostname === undefined ? {} : { hostname }), tls, ...wait });
  }
  async datagram(options: { port?: number; hostname?: string } & WaitOptions): Promise<api.DatagramConn> {
    const [wait, { port = 0, hostname = "127.0.0.1" }] = split(options);
    const where = `${hostname}:${port}`;
    return await this.#do("datagram", where, wait, [hostname, port], DATAGRAM) as api.DatagramConn;
  }
  async resolveDns(
    query: string,
    recordType: Deno.RecordType,
    options: Deno.ResolveDnsOptions & WaitOptions = {},
    // deno-lint-ignore no-explicit-any
  ): Promise<any> {
    const [wait, rest] = split(options);
    return await this.#do("resolveDns", query, wait, [query, recordType, rest]);
  }

  // --- The process ------------------------------------------------------------------------------------------------

  get stdin(): api.Input {
    return new StandardInput(this.#actor, this.#io, STDIN);
  }
  get stdout(): api.Output {
    return new StandardOutput(this.#actor, this.#io, STDOUT);
  }
  get stderr(): api.Output {
    return new StandardOutput(this.#actor, this.#io, STDERR);
  }

  command(command: Path, options: api.CommandOptions = {}): api.Command {
    const [, { cwd }] = split(options);
    const how = cwd === undefined ? options : { ...options, cwd: text(cwd) };
    return new Command(this.#actor, this.#io, text(command), how);
  }

  signals(name: Deno.Signal, options: { readonly messages?: boolean } = {}): api.SignalSubscription {
    const actor = this.#actor, io = this.#io;
    if (actor.state === DONE) throw actor.ended("signals");
    checkNames(options, ["messages"], "signals");
    const messages = options.messages === true;
    if (messages) checkSignalName(name);
    const signals = new Signals(io, io.nextId(), name, messages);
    io.owners.hold(actor, signals);
    io.postRequest(actor, "signals", 0, [signals.id, name, messages]);
    return signals;
  }

  async ready(
    resource: api.Resource | api.Source | api.Sink,
    interest: "read" | "write",
    options?: WaitOptions,
  ): Promise<void> {
    const id = resource instanceof Token || resource instanceof StandardInput ||
        resource instanceof StandardOutput
      ? resource.id
      : undefined;
    if (id === undefined || (interest !== "read" && interest !== "write")) {
      throw new TypeError(
        `ready needs a resource of self.io and "read" or "write", got ` +
          `${Deno.inspect(id === undefined ? resource : interest, { depth: 0 })}`,
      );
    }
    try {
      const io = this.#io, actor = this.#actor;
      const label = `ready to ${interest} ${(resource as unknown as { label: string }).label}`;
      if (interest === "write") await io.operate(actor, label, options, "writable", id, []);
      else if (resource instanceof Token && !(resource instanceof ByteToken)) {
        await io.operate(actor, label, options, "accept", id, [0]);
      } else await io.ask(actor, label, options, R_IO_REQUEST, actor.pid, ["accept", id, 0], PLAIN, id);
    } catch (error) {
      throw blame(error);
    }
  }
}

/** A name that Deno refuses is told at once: nobody asks a subscription by messages, and so hears of it. */
function checkSignalName(name: Deno.Signal): void {
  const listener = () => {};
  Deno.addSignalListener(name, listener);
  Deno.removeSignalListener(name, listener);
}

/**
 * The options of the wait, and the others, which Deno takes as it does. @throws TypeError for what is no object, such as a
 * bare port, and for what is probably meant for the wait
 */
function split<T extends WaitOptions>(options: T): [WaitOptions, Omit<T, "timeout" | "signal">] {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`self.io takes options as an object, got ${Deno.inspect(options)}`);
  }
  const { timeout, signal, ...rest } = options;
  for (const name in rest) {
    const closest = closestName(name, WAIT_OPTIONS);
    if (closest === undefined) continue;
    throw new TypeError(`self.io has no option ${JSON.stringify(name)}. Did you mean ${closest}?`);
  }
  return [{ timeout, signal }, rest];
}

/** A path as the OS takes it. */
function text(path: Path): string {
  if (typeof path === "string") return path;
  if (path instanceof URL && path.protocol === "file:") {
    return decodeURIComponent(path.pathname.replace(/%(?![0-9a-f]{2})/gi, "%25")); // a lone % is one, as for Deno
  }
  const got = path instanceof URL ? path.href : Deno.inspect(path, { depth: 0 });
  throw new TypeError(`A path is a string or a file: URL, got ${got}`);
}
