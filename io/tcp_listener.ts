/**
 * A TCP listener whose connections can go to other threads (tcp_native.ts).
 *
 * @module
 */
import { EMFILE, type Native, type NativeAddr, type NativeTcp, osError, tcpHandles } from "./tcp_native.ts";
import { closeDescriptor, TcpSocket } from "./tcp_socket.ts";

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
  readonly #native: Native;
  #handle: NativeTcp | null;
  /** While nobody listens to it: the descriptor that keeps it open. */
  #paused = -1;
  readonly #accepted: Accepted[] = [];
  #asking: { resolve(accepted: Accepted): void; reject(error: Error): void } | null = null;
  #renewal: ReturnType<typeof setInterval> | undefined;
  #isClosed = false;
  readonly addr: Deno.NetAddr;

  private constructor(native: Native, handle: NativeTcp, addr: Deno.NetAddr) {
    this.#native = native;
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
    const found = isOurs ? tcpHandles() : null;
    if (found === null) return null;
    const handle = new found.TCP(found.server);
    if (bind(handle, hostname as string, port as number, reusePort ? found.reusePort : 0)) {
      const addr = addrOf((into) => handle.getsockname(into));
      if (addr !== null) {
        const listener = new TcpListener(found, handle, addr);
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
    const handle = new this.#native.TCP(this.#native.socket);
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
    const handle = new this.#native.TCP(this.#native.server);
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
