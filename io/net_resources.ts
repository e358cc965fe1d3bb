/**
 * Listeners and datagram sockets in the poller.
 *
 * @module
 */
import { type PollerHost, PollerResource, type Request } from "./resource.ts";
import { ConnResource, type NewConn, openedBy } from "./conn_resource.ts";
import { LINGER_MS } from "./protocol.ts";
import { TcpListener } from "./tcp_listener.ts";
import { SocketConn } from "./socket_conn.ts";

/** Makes a resource of a connection; nobody owns it yet. */
export function adoptConn(host: PollerHost, conn: NewConn): ConnResource {
  const resource = new ConnResource(host.nextId(), host, conn);
  host.add(resource);
  return resource;
}

/** Where connections come from: Deno's own listener, or one whose connections can go to schedulers. */
export interface Acceptor {
  readonly addr: Deno.Addr;
  accept(): Promise<NewConn>;
  close(): void;
}

/** @throws what `Deno.listen` and `Deno.listenTls` do */
export function listen(options: Record<string, unknown>, isTls: boolean): Acceptor {
  const own = isTls ? null : TcpListener.listen(options);
  if (own !== null) {
    return {
      addr: own.addr,
      accept: async () => {
        const { socket, localAddr, remoteAddr } = await own.accept();
        return { endpoint: new SocketConn(socket), localAddr, remoteAddr };
      },
      close: () => own.close(),
    };
  }
  const listener =
    (isTls ? Deno.listenTls(options as never) : Deno.listen(options as never)) as Deno.Listener;
  return {
    addr: listener.addr,
    accept: async () => openedBy(await listener.accept()),
    close: () => listener.close(),
  };
}

export class ListenerResource extends PollerResource {
  declare readonly host: PollerHost;
  readonly #listener: Acceptor;
  /** Accepted connections whose asker gave up. */
  readonly #accepted: ConnResource[] = [];
  #accepting = false;
  #failure: { error: unknown } | null = null;

  constructor(id: number, host: PollerHost, listener: Acceptor) {
    super(id, host);
    this.#listener = listener;
  }

  get label(): string {
    return `listener ${this.id}`;
  }

  get addr(): Deno.Addr {
    return { ...this.#listener.addr };
  }

  protected override serve(): void {
    while (this.asking.first !== null) {
      const request = this.asking.first;
      if (this.#failure !== null) {
        const { error } = this.#failure;
        if (request.limit > 0) this.#failure = null;
        this.asking.shift();
        if (request.limit > 0) this.host.failed(request, error);
        else this.host.done(request, null);
        continue;
      }
      if (this.#accepted.length === 0) return this.#accept();
      this.asking.shift();
      if (request.limit === 0) { // ready
        this.host.done(request, null);
        continue;
      }
      const conn = this.#accepted.shift()!;
      this.host.own(conn, request.pid);
      this.host.done(request, conn.record());
    }
  }

  #accept(): void {
    if (this.#accepting) return;
    this.#accepting = true;
    this.#listener.accept().then(
      (conn) => {
        this.#accepting = false;
        if (this.isClosed) return conn.endpoint.close();
        this.#accepted.push(adoptConn(this.host, conn));
        if (!this.isHeld) this.serve();
      },
      (error) => {
        this.#accepting = false;
        if (this.isClosed) return;
        if (!isOfPeer(error)) this.#failure = { error };
        if (!this.isHeld) this.serve();
      },
    );
  }

  protected override takeBack(value: unknown): void {
    const conn = this.host.find(value as number) as ConnResource | undefined;
    if (conn === undefined) return;
    if (this.isClosed) return conn.close();
    this.host.own(conn, 0);
    this.#accepted.unshift(conn);
  }

  override operate(request: Request, operation: string): void {
    this.refuse(request, operation);
  }

  protected override release(): void {
    for (const conn of this.#accepted.splice(0)) conn.close();
    this.#listener.close();
  }
}

/**
 * A client reset its connection before it was accepted: that one is gone, and the listener is as good as before. Were it
 * told, any client could end a server that loops over its listener. Deno asks for the peer's address, hence NotConnected.
 */
function isOfPeer(error: unknown): boolean {
  return error instanceof Deno.errors.NotConnected || error instanceof Deno.errors.ConnectionAborted ||
    error instanceof Deno.errors.ConnectionReset;
}

/** Datagrams that wait for a reader; further ones are dropped, as the OS does with a full buffer. */
const MOST_DATAGRAMS = 1024;
const MOST_DATAGRAM_BYTES = 1024 * 1024;

/** What is used of a socket of node:dgram: Deno's own needs a flag. */
export interface DatagramSocket {
  send(
    bytes: Uint8Array,
    port: number,
    hostname: string,
    done: (error: Error | null, sent: number) => void,
  ): void;
  /** `closed`: its port is free. */
  close(closed: () => void): void;
}

/** Sockets that are closed for actors, and whose ports are not free yet: node's give them back some turns later. */
const leaving = new Set<{ readonly port: number; readonly gone: Promise<void> }>();

/** Whoever binds a port that a socket of ours had, as a server does that was restarted, waits until that is gone. */
export async function portIsFree(port: number): Promise<void> {
  for (const socket of leaving) if (socket.port === port) await socket.gone;
}

export class DatagramResource extends PollerResource {
  readonly #socket: DatagramSocket;
  readonly #port: number;
  #gone: () => void = () => {};
  readonly #received: [Uint8Array, Deno.NetAddr][] = [];
  #bytes = 0;
  dropped = 0;
  readonly #sending = new Set<Request>();
  #linger: ReturnType<typeof setTimeout> | undefined;

  constructor(id: number, host: PollerHost, socket: DatagramSocket, port: number) {
    super(id, host);
    this.#socket = socket;
    this.#port = port;
  }

  get label(): string {
    return `datagram socket ${this.id}`;
  }

  arrived(bytes: Uint8Array, from: Deno.NetAddr): void {
    if (this.isClosed) return;
    if (this.#received.length >= MOST_DATAGRAMS || this.#bytes + bytes.length > MOST_DATAGRAM_BYTES) {
      this.dropped++;
      return;
    }
    this.#received.push([bytes, from]);
    this.#bytes += bytes.length;
    if (!this.isHeld) this.serve();
  }

  protected override serve(): void {
    while (this.asking.first !== null && this.#received.length > 0) {
      const request = this.asking.shift();
      if (request.limit === 0) {
        this.host.done(request, null);
        continue;
      }
      const datagram = this.#received.shift()!;
      this.#bytes -= datagram[0].length;
      this.host.done(request, datagram);
    }
  }

  protected override takeBack(value: unknown): void {
    const datagram = value as [Uint8Array, Deno.NetAddr];
    this.#received.unshift(datagram);
    this.#bytes += datagram[0].length;
  }

  override operate(request: Request, operation: string, args: unknown[]): void {
    if (operation === "writable") return this.host.done(request, null);
    if (operation !== "send") return this.refuse(request, operation);
    const [bytes, hostname, port] = args as [Uint8Array, string, number];
    this.#sending.add(request);
    try {
      this.#socket.send(bytes, port, hostname, (error) => {
        this.#sent(request);
        if (!request.isOpen) return;
        if (error !== null && error !== undefined) this.host.failed(request, error);
        else this.host.done(request, bytes.length);
      });
    } catch (error) {
      this.#sent(request);
      this.host.failed(request, error);
    }
  }

  #sent(request: Request): void {
    if (this.#sending.delete(request) && this.isClosed && this.#sending.size === 0) this.#letGo();
  }

  /** A socket of node's that is closed forgets what it was to send, and never tells. */
  protected override release(): void {
    this.#received.length = 0;
    const gone = new Promise<void>((resolve) => this.#gone = resolve);
    const socket = { port: this.#port, gone };
    leaving.add(socket);
    gone.then(() => leaving.delete(socket));
    if (this.#sending.size === 0) return this.#letGo();
    this.host.finishing.add(this);
    this.#linger = setTimeout(() => this.#letGo(), LINGER_MS);
  }

  #letGo(): void {
    clearTimeout(this.#linger);
    this.host.finishing.delete(this);
    for (const request of this.#sending) if (request.isOpen) this.host.failed(request, this.closedError());
    this.#sending.clear();
    this.#socket.close(this.#gone);
  }
}
