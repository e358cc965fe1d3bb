/**
 * A connection in the poller, which may be at home on a scheduler (home.ts).
 *
 * @module
 */
import type { Asking, PollerHost, Request } from "./resource.ts";
import { StreamResource, Writing } from "./stream_resource.ts";
import type { ConnRecord, Departure, PackedError } from "./protocol.ts";
import { reviveError } from "./errors.ts";
import { TcpSocket } from "./tcp_socket.ts";
import { SocketConn } from "./socket_conn.ts";

type Socket = Pick<Deno.Conn, "read" | "write" | "closeWrite" | "close"> & {
  setNoDelay?(on?: boolean): void;
  setKeepAlive?(on?: boolean): void;
  handshake?(): Promise<Deno.TlsHandshakeInfo>;
};

/** A connection as the OS gave it. */
export interface NewConn {
  readonly endpoint: Socket;
  readonly localAddr: Deno.Addr;
  readonly remoteAddr: Deno.Addr;
}

/** One that Deno opened. */
export function openedBy(conn: Deno.Conn): NewConn {
  return { endpoint: conn, localAddr: conn.localAddr, remoteAddr: conn.remoteAddr };
}

export class ConnResource extends StreamResource {
  declare readonly host: PollerHost;
  declare protected endpoint: Socket | null;
  readonly #record: ConnRecord;
  /** Nobody has used it yet, and it can go to a scheduler. */
  #isNew: boolean;
  /** The scheduler that has it, or ends its last write; -1: none. */
  #home = -1;
  #isRecalled = false;
  /** What was asked of it while a scheduler has it. */
  readonly #later: (() => void)[] = [];

  constructor(id: number, host: PollerHost, { endpoint, localAddr, remoteAddr }: NewConn) {
    super(id, host, endpoint, "conn", true);
    this.#isNew = endpoint instanceof SocketConn;
    this.#record = [id, { ...localAddr }, { ...remoteAddr }, endpoint.handshake !== undefined, this.#isNew];
  }

  record(): ConnRecord {
    return this.#record;
  }

  // --- At home on a scheduler (home.ts) ---------------------------------------------------------------------------

  /** To a scheduler that asks for it: its descriptor; null when it stays. */
  leaveFor(peer: number): number | null {
    if (!this.#isNew) return null;
    this.#isNew = false;
    const conn = this.endpoint as SocketConn;
    const descriptor = conn.descriptor();
    if (descriptor === null) return null;
    conn.close();
    this.endpoint = null;
    this.#home = peer;
    return descriptor;
  }

  protected override recall(): void {
    if (this.#isRecalled) return;
    this.#isRecalled = true;
    this.host.recall(this.#home, this.id);
  }

  cameBack({ descriptor, unread, failure, writeEnded, writing }: Departure): void {
    const error = failure === null ? null : reviveError(failure);
    const socket = descriptor === null ? null : TcpSocket.open(descriptor);
    const endpoint = socket === null ? failing(error) : new SocketConn(socket);
    let running: Writing | null = null;
    if (writing === null) this.#home = -1;
    else {
      const [number, count, isSilent] = writing;
      running = new Writing(this.#home, number, NO_BYTES, isSilent);
      running.written = count;
    }
    this.comeBack(endpoint, unread, error === null ? null : { error }, writeEnded, running);
    this.#doLater();
  }

  #doLater(): void {
    for (const one of this.#later.splice(0)) one();
  }

  flushed(failure: PackedError | null): void {
    this.#home = -1;
    this.wasFlushed(failure === null ? null : { error: reviveError(failure) });
  }

  protected override stopWriting(): void {
    if (this.endpoint !== null && this.#home >= 0) this.host.letGo(this.#home, this.id);
  }

  /** Its home has closed it already. */
  closeAway(): void {
    this.#isRecalled = true;
    this.close();
    this.letGo();
    this.#doLater();
  }

  protected override release(): void {
    if (this.endpoint === null) this.recall();
    super.release(this.endpoint !== null);
  }

  // --- Here -------------------------------------------------------------------------------------------------------

  override ask(request: Asking): void {
    this.#isNew = false;
    super.ask(request);
  }

  override write(writing: Writing): void {
    this.#isNew = false;
    super.write(writing);
  }

  protected override endWriting(): Promise<void> {
    return this.endpoint!.closeWrite();
  }

  override operate(request: Request, operation: string, args: unknown[]): void {
    this.#isNew = false;
    if (this.isClosed) return this.host.failed(request, this.closedError());
    const { endpoint } = this;
    if (endpoint === null) {
      this.#later.push(() => this.operate(request, operation, args));
      return this.recall();
    }
    try {
      switch (operation) {
        case "setNoDelay":
          endpoint.setNoDelay?.(args[0] as boolean);
          return this.host.done(request, null);
        case "setKeepAlive":
          endpoint.setKeepAlive?.(args[0] as boolean);
          return this.host.done(request, null);
        case "handshake":
          this.#shakeHands(request, endpoint);
          return;
      }
    } catch (error) {
      return this.host.failed(request, error);
    }
    super.operate(request, operation, args);
  }

  async #shakeHands(request: Request, endpoint: Socket): Promise<void> {
    try {
      const info = await endpoint.handshake?.();
      if (request.isOpen) this.host.done(request, info?.alpnProtocol ?? null);
    } catch (error) {
      if (request.isOpen) this.host.failed(request, error);
    }
  }
}

const NO_BYTES = new Uint8Array(0);

/** Instead of a connection for which there was no descriptor. */
function failing(error: Error | null): Socket {
  const fail = () =>
    Promise.reject(error ?? new Deno.errors.BadResource("The connection cannot be opened here"));
  return { read: fail, write: fail, closeWrite: fail, close() {} };
}
