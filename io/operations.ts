/**
 * The operations of the poller that concern no open resource: whole files and folders (file_operations.ts), and everything
 * that opens one.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import type { PollerHost, Request } from "./resource.ts";
import { FileResource } from "./file_resource.ts";
import { openedBy } from "./conn_resource.ts";
import { adoptConn, DatagramResource, listen, ListenerResource, portIsFree } from "./net_resources.ts";
import { StreamResource } from "./stream_resource.ts";
import { ChildResource, readingEnd, SignalResource, writingEnd } from "./process_resources.ts";
import type { BlockingPool } from "./blocking_pool.ts";
import { abortOf, FILE_OPERATIONS, type Result } from "./file_operations.ts";
import type { CommandOptions, TlsOptions } from "./api.ts";

export interface OperationHost extends PollerHost {
  /** A signal for an actor's mailbox. */
  tell(pid: number, message: unknown): void;
  readonly blocking: BlockingPool;
}

type Operation = (
  host: OperationHost,
  request: Request,
  // deno-lint-ignore no-explicit-any
  ...args: any[]
) => Promise<Result | void | Unfinished>;

/** Somebody else answers the request. */
const UNFINISHED = Symbol();
type Unfinished = typeof UNFINISHED;

export const OPERATIONS: Record<string, Operation> = {
  async open(host, request, path: string, options: Deno.OpenOptions) {
    const file = await Deno.open(path, options);
    const resource = new FileResource(host.nextId(), host, file);
    host.add(resource);
    host.own(resource, request.pid);
    return { value: resource.id, undo: () => resource.close() };
  },
  /** Its answer says that all that the scheduler has sent before was taken in. */
  noted: () => Promise.resolve(),
  ...FILE_OPERATIONS,

  // deno-lint-ignore require-await
  async listen(host, request, options: Record<string, unknown>, isTls: boolean) {
    const resource = new ListenerResource(host.nextId(), host, listen(options, isTls));
    host.add(resource);
    host.own(resource, request.pid);
    return { value: [resource.id, resource.addr], undo: () => resource.close() };
  },
  async connect(host, request, options: Record<string, unknown>, tls: TlsOptions | null) {
    const abort = abortOf(request);
    // Deno 2.9.6 looks at the signal when it has connected, and forgets the socket if it was aborted by then.
    Object.defineProperty(abort.signal, "throwIfAborted", { value: () => {} });
    const conn: Deno.Conn = tls !== null
      ? await connectTls(options as { port: number; hostname?: string }, tls)
      : await Deno.connect(
        (options.transport === "unix" ? options : { ...options, signal: abort.signal }) as never,
      );
    const resource = adoptConn(host, openedBy(conn));
    host.own(resource, request.pid);
    return { value: resource.record(), undo: () => resource.close() };
  },
  async datagram(host, request, hostname: string, port: number) {
    if (!(port >= 0 && port < 65536)) throw new RangeError(`Invalid port (out of range): ${port}`);
    // Loaded when they are needed: that takes 5 ms of every start.
    const [dgram, { lookup }] = await Promise.all([import("node:dgram"), import("node:dns/promises")]);
    const isIpv6 = hostname.includes(":");
    const family = isIpv6 ? 6 : 4;
    const { address: own } = await lookup(hostname || "0.0.0.0", { family }).catch(async (error) => {
      await mayUse(hostname, port);
      throw error;
    });
    await mayUse(own, port); // node's bind throws its refusal where nobody hears it
    await portIsFree(port);
    const socket = dgram.createSocket(isIpv6 ? "udp6" : "udp4");
    await new Promise<void>((resolve, reject) => {
      socket.once("error", reject);
      socket.bind(port, own, () => {
        socket.removeListener("error", reject);
        resolve();
      });
    });
    const { address, port: bound } = socket.address();
    const resource = new DatagramResource(host.nextId(), host, {
      send(bytes, to, name, done) {
        socket.send(Buffer.from(bytes), to, name, (error, sent) => {
          if (error === null || error === undefined) return done(null, sent);
          mayUse(name, to).then(() => done(error, 0), (refusal) => done(refusal, 0)); // what it calls UNKNOWN or EPERM
        });
      },
      close: (closed) => socket.close(closed),
    }, bound);
    // ICMP's "nobody listens there" after a send: a datagram socket goes on, as the OS's does
    socket.on("error", () => {});
    socket.on(
      "message",
      (bytes: Uint8Array, from: { address: string; port: number }) =>
        resource.arrived(new Uint8Array(bytes), {
          transport: "udp",
          hostname: from.address,
          port: from.port,
        }),
    );
    host.add(resource);
    host.own(resource, request.pid);
    const addr: Deno.NetAddr = { transport: "udp", hostname: address, port: bound };
    return { value: [resource.id, addr], undo: () => resource.close() };
  },
  async resolveDns(_host, request, query: string, type: Deno.RecordType, options) {
    const abort = abortOf(request);
    return { value: await Deno.resolveDns(query, type as "A", { ...options, signal: abort.signal }) };
  },

  // deno-lint-ignore require-await
  async spawn(host, request, command: string, options: CommandOptions) {
    const child = new Deno.Command(command, {
      stdin: "null",
      stdout: "piped",
      stderr: "inherit",
      ...options as Deno.CommandOptions,
    }).spawn();
    const pipes: StreamResource[] = [];
    const pipe = (open: () => StreamResource): number => {
      const resource = open();
      host.add(resource);
      host.own(resource, request.pid);
      pipes.push(resource);
      return resource.id;
    };
    const ids = [
      options.stdin !== "piped"
        ? 0
        : pipe(() =>
          new StreamResource(host.nextId(), host, writingEnd(child.stdin), "child's stdin", false)
        ),
      (options.stdout ?? "piped") !== "piped"
        ? 0
        : pipe(() =>
          new StreamResource(host.nextId(), host, readingEnd(child.stdout), "child's stdout", false)
        ),
      options.stderr !== "piped"
        ? 0
        : pipe(() =>
          new StreamResource(host.nextId(), host, readingEnd(child.stderr), "child's stderr", false)
        ),
    ];
    const resource = new ChildResource(host.nextId(), host, child, pipes);
    host.add(resource);
    host.own(resource, request.pid);
    return { value: [resource.id, child.pid, ...ids], undo: () => resource.close() };
  },
  async output(_host, request, command: string, options: CommandOptions) {
    const child = new Deno.Command(command, {
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
      ...options as Deno.CommandOptions,
    }).spawn();
    const abort = abortOf(request);
    abort.signal.addEventListener("abort", () => {
      try {
        child.kill("SIGKILL");
      } catch {
        // it ended just now
      }
    });
    const { code, signal, success, stdout, stderr } = await outputOf(child, options, abort.signal);
    return { value: { code, signal, success, stdout, stderr } };
  },
  // deno-lint-ignore require-await
  async blocking(host, request, module: string, exportName: string, port: MessagePort) {
    host.blocking.run(request, module, exportName, port);
    return UNFINISHED;
  },
  // deno-lint-ignore require-await
  async signals(host, request, id: number, name: Deno.Signal, messages: boolean) {
    const resource = new SignalResource(
      id,
      host,
      name,
      messages
        ? (signal) => host.tell(resource.owner > 0 ? resource.owner : request.pid, { type: "SIGNAL", signal })
        : null,
    );
    host.add(resource);
    host.own(resource, request.pid);
    if (messages && resource.failure !== null) throw resource.failure;
    return { value: null, undo: () => resource.close() };
  },
};

/** Runs one and answers, unless the request was given up. */
export async function perform(
  host: OperationHost,
  request: Request,
  name: string,
  args: unknown[],
): Promise<void> {
  try {
    const operation = OPERATIONS[name];
    if (operation === undefined) throw new TypeError(`Cannot do ${name}: the poller knows no such operation`);
    const result = await operation(host, request, ...args);
    if (result === UNFINISHED) return;
    if (!request.isOpen) result?.undo?.();
    else host.done(request, result?.value ?? null, result?.transfer);
  } catch (error) {
    if (request.isOpen) host.failed(request, error);
  }
}

/** @throws NotCapable unless the program may use this address of the network; a person at a terminal is asked. */
async function mayUse(hostname: string, port: number): Promise<void> {
  const host = hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
  const { state } = await Deno.permissions.request({ name: "net", host });
  if (state === "granted") return;
  throw new Deno.errors.NotCapable(
    `Requires net access to "${host}", run again with the --allow-net flag`,
  );
}

function connectTls(options: { port: number; hostname?: string }, tls: TlsOptions): Promise<Deno.Conn> {
  return Deno.connectTls({ ...options, ...tls } as never);
}

/** Aborted, it reads no more: what the command had started may live on, and write. */
async function outputOf(
  child: Deno.ChildProcess,
  options: CommandOptions,
  signal: AbortSignal,
): Promise<Deno.CommandStatus & { stdout: Uint8Array; stderr: Uint8Array }> {
  const collect = async (stream: () => ReadableStream<Uint8Array<ArrayBuffer>>, mode: string | undefined) => {
    if ((mode ?? "piped") !== "piped") return new Uint8Array(0);
    const until = stream().pipeThrough(new TransformStream(), { signal });
    return new Uint8Array(await new Response(until).arrayBuffer());
  };
  const [status, stdout, stderr] = await Promise.all([
    child.status,
    collect(() => child.stdout, options.stdout),
    collect(() => child.stderr, options.stderr),
  ]);
  return { ...status, stdout, stderr };
}
