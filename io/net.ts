/**
 * Connections, listeners and datagram sockets, as actors see them.
 *
 * @module
 */
import type { WaitOptions } from "../runtime/api.ts";
import type { ActorImpl } from "../runtime/actor.ts";
import type * as api from "./api.ts";
import type { Answering, IoClient } from "./client.ts";
import { type ConnRecord, R_IO_REQUEST, WRITE_WINDOW_BYTES } from "./protocol.ts";
import { ByteToken } from "./byte_token.ts";
import { checkCount, ownBytes, toBytes, WRITE } from "./bytes.ts";
import { failAtAwaiter } from "../runtime/wait.ts";
import { blame, reviveError } from "./errors.ts";
import { type HomeConn, NOTHING_YET } from "./home_conn.ts";
import { formatAddr, Token } from "./token.ts";
import * as waiting from "../runtime/waiting.ts";

export class Conn extends ByteToken implements api.Conn {
  /** Bytes that were posted since the last write that waited. */
  #posted = 0;
  /** Why a posted write failed: told to the next one. */
  #broken: Error | null = null;
  #writeEnded = false;
  /** Nobody has used it yet: it can come to this scheduler. */
  #isNew: boolean;
  readonly localAddr: Deno.Addr;
  readonly remoteAddr: Deno.Addr;
  readonly isTls: boolean;

  constructor(io: IoClient, record: ConnRecord, given = 0) {
    super(io, record[0], given);
    [, this.localAddr, this.remoteAddr, this.isTls, this.#isNew] = record;
  }

  get label(): string {
    return `conn ${this.id}`;
  }

  override describe(): string {
    const where = this.io.homes.find(this.id) === undefined ? "" : ", at home";
    return `conn ${this.id} ${formatAddr(this.localAddr)} to ${formatAddr(this.remoteAddr)}${where}`;
  }

  record(): ConnRecord {
    return [this.id, this.localAddr, this.remoteAddr, this.isTls, this.#isNew];
  }

  /** Where it is at home here, and nothing is said of how to wait: then a call may be over at once. */
  #atHome(options: WaitOptions | undefined): HomeConn | undefined {
    return options === undefined ? this.io.homes.find(this.id) : undefined;
  }

  protected override readAs(
    actor: ActorImpl,
    n: number,
    options?: WaitOptions,
  ): Promise<Uint8Array | null> {
    if (this.#isNew) {
      this.#isNew = false;
      if (this.io.mayServe && this.io.owners.holds(this)) this.io.homes.ask(this.id);
    }
    const home = this.#atHome(options);
    if (home !== undefined) {
      const limit = checkCount(n);
      const refused = waiting.refuse(actor, "read");
      if (refused !== null) return refused;
      const bytes = home.take(limit);
      if (bytes !== NOTHING_YET) return waiting.resolve(actor, bytes);
      return home.await(actor, this.reading, limit) as Promise<Uint8Array | null>;
    }
    return super.readAs(actor, n, options);
  }

  /**
   * As with the OS's own buffer, a write is over when its bytes are on their way, and the writer waits when too many are;
   * what fails then is told to the next write.
   */
  protected override writeAs(actor: ActorImpl, data: api.Writable, options?: WaitOptions): Promise<number> {
    if (this.#broken !== null) {
      const error = this.#broken;
      this.#broken = null;
      return failAtAwaiter(error);
    }
    const bytes = toBytes(data);
    const home = this.#atHome(options);
    if (home !== undefined) return this.#writeAtHome(home, actor, bytes);
    const posted = this.#posted + bytes.length;
    if (
      options !== undefined || posted > WRITE_WINDOW_BYTES || this.#writeEnded || !this.io.owners.holds(this)
    ) {
      this.#posted = 0; // a write that waits is over when all before it are
      return super.writeAs(actor, bytes, options);
    }
    const s = actor.scheduler;
    const refused = waiting.refuse(actor, "write");
    if (refused !== null) return refused;
    this.#posted = posted;
    this.io.postBytes(this.id, bytes);
    const mayGoOn = --s.ops > 0 ? !s.sliceUsed : !s.look(actor);
    return mayGoOn ? Promise.resolve(bytes.length) : actor.yield().then(() => bytes.length);
  }

  #writeAtHome(home: HomeConn, actor: ActorImpl, bytes: Uint8Array): Promise<number> {
    const refused = waiting.refuse(actor, "write");
    if (refused !== null) return refused;
    const { length } = bytes;
    const result = home.write(bytes);
    if (result === true) return waiting.resolve(actor, length);
    if (result !== false) return failAtAwaiter(reviveError(result));
    return this.#leaveHome(home, actor, length);
  }

  // Apart, since V8 makes an object of what a function's closures refer to whenever the function is called.
  #leaveHome(home: HomeConn, actor: ActorImpl, length: number): Promise<number> {
    const leave = (number: number) => home.goBack([number, length, false]);
    const answer = this.io.begin(actor, `write ${this.label}`, undefined, WRITE, this.id, null, leave);
    return answer as Promise<number>;
  }

  override broke(error: Error): void {
    this.#broken = error;
    this.#posted = WRITE_WINDOW_BYTES; // from here on the OS is asked
  }

  async closeWrite(options?: WaitOptions): Promise<void> {
    this.#writeEnded = true;
    await this.operate("closeWrite", [], options);
  }
  async setNoDelay(on = true): Promise<void> {
    await this.operate("setNoDelay", [on], undefined);
  }
  async setKeepAlive(on = true): Promise<void> {
    await this.operate("setKeepAlive", [on], undefined);
  }
  async handshake(options?: WaitOptions): Promise<{ alpnProtocol: string | null }> {
    return { alpnProtocol: await this.operate("handshake", [], options) as string | null };
  }
  protected override endWriting(actor: ActorImpl): Promise<unknown> {
    return this.io.operate(actor, `closeWrite ${this.label}`, undefined, "closeWrite", this.id, []);
  }
}

/** The answer to a connect or an accept. */
export function reviveConn(io: IoClient, actor: ActorImpl, record: ConnRecord): Conn {
  const conn = new Conn(io, record);
  io.owners.hold(actor, conn);
  return conn;
}

const ACCEPT: Answering = { revive: reviveConn, comesBack: ([id]: ConnRecord) => id };

export class Listener extends Token implements api.Listener {
  readonly addr: Deno.Addr;
  #accepting = "";

  constructor(io: IoClient, id: number, addr: Deno.Addr, given = 0) {
    super(io, id, given);
    this.addr = addr;
  }

  get label(): string {
    return `listener ${this.id}`;
  }

  override describe(): string {
    return `listener ${this.id} ${formatAddr(this.addr)}`;
  }

  async accept(options?: WaitOptions): Promise<api.Conn> {
    try {
      const { io, actor, id } = this;
      if (this.#accepting === "") this.#accepting = `accept ${this.describe()}`;
      return await io.ask(
        actor,
        this.#accepting,
        options,
        R_IO_REQUEST,
        actor.pid,
        ["accept", id, 1],
        ACCEPT,
        id,
      ) as api.Conn;
    } catch (error) {
      throw blame(error);
    }
  }

  /** Until the listener is closed. */
  async *[Symbol.asyncIterator](): AsyncIterator<api.Conn> {
    for (;;) {
      let conn: api.Conn;
      try {
        conn = await this.accept();
      } catch (error) {
        if (this.isClosed && (error as Error).name === "BadResource") return;
        throw error;
      }
      yield conn;
    }
  }
}

type Datagram = [Uint8Array, Deno.NetAddr];

const RECEIVE: Answering = { comesBack: (datagram: Datagram) => datagram };

export class DatagramConn extends Token implements api.DatagramConn {
  readonly addr: Deno.NetAddr;

  constructor(io: IoClient, id: number, addr: Deno.NetAddr, given = 0) {
    super(io, id, given);
    this.addr = addr;
  }

  get label(): string {
    return `datagram socket ${this.id}`;
  }

  override describe(): string {
    return `${this.label} ${formatAddr(this.addr)}`;
  }

  async receive(options?: WaitOptions): Promise<Datagram> {
    try {
      const { io, actor, id } = this;
      return await io.operate(
        actor,
        `receive ${this.label}`,
        options,
        "accept",
        id,
        [1],
        RECEIVE,
      ) as Datagram;
    } catch (error) {
      throw blame(error);
    }
  }

  async send(
    data: Uint8Array,
    to: { hostname?: string; port: number },
    options?: WaitOptions,
  ): Promise<number> {
    try {
      const { io, actor, id } = this;
      const args = [ownBytes(toBytes(data)), to.hostname ?? "127.0.0.1", to.port];
      return await io.operate(actor, `send ${this.label}`, options, "send", id, args) as number;
    } catch (error) {
      throw blame(error);
    }
  }

  /** Until the socket is closed. */
  async *[Symbol.asyncIterator](): AsyncIterator<Datagram> {
    for (;;) {
      let datagram: Datagram;
      try {
        datagram = await this.receive();
      } catch (error) {
        if (this.isClosed && (error as Error).name === "BadResource") return;
        throw error;
      }
      yield datagram;
    }
  }
}
