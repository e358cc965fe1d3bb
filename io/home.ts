/**
 * What is at home on a scheduler: files that it has opened (home_file.ts), and connections. Their sockets are in its own
 * event loop, and its actors read and write them without a trip to the poller.
 *
 * A TCP connection begins in the poller, which accepts it. If it is read before anything else is done with it, the reader's
 * scheduler asks for it (ADOPT), and gets its descriptor, unless another was faster. (Deno takes no write at once until the
 * event loop has seen the socket, so one that is written first would go back at once.) It comes back to the poller, for good, when
 * - another scheduler uses it, or it is sent to one: the poller serves all alike (RECALL),
 * - the OS does not take all that is written to it: whoever waits for a slow peer is not this thread's business. The write
 *   that is under way ends here, and the poller holds all later ones until it is told (FLUSHED).
 *
 * The races. Between ADOPT and its answer requests are kept here, and go then in their order to where the connection is;
 * a RECALL comes behind that answer in the same ring. If it is sent on meanwhile they go to the poller, before it hears of
 * that: the answer may be that the connection stays there, and what the next owner asks would overtake them. What comes back
 * is told before the requests that follow it, in the same ring too; requests that others make meanwhile wait in the poller.
 * Answers are given in this thread, at once: none is ever under way, so a request that is given up has no answer that could
 * be lost.
 *
 * @module
 */
import type { IoClient } from "./client.ts";
import {
  type Departure,
  type PackedError,
  R_IO_ADOPT,
  R_IO_CAME_BACK,
  R_IO_CANCEL,
  R_IO_CLOSE,
  R_IO_FLUSHED,
  R_IO_OPENED,
  R_IO_REQUEST,
} from "./protocol.ts";
import { leave, outside } from "../runtime/async_context.ts";
import { HomeConn } from "./home_conn.ts";
import type { HomeFile, HomeHost } from "./home_file.ts";
import type { HomeOperations } from "./home_operations.ts";
import { closeDescriptor, TcpSocket } from "./tcp_socket.ts";

/** Where the requests for a connection or a file go that this scheduler has asked for, or has. */
type Place = Coming | HomeConn | HomeFile;

/** Writes up to this length are copied to an array that is used again. */
const LARGEST_SCRATCH = 64 * 1024;

export class Homes {
  readonly #io: IoClient;
  readonly #places = new Map<number, Place>();
  /** Sockets that have left, but for the write that was under way. */
  readonly #flushing = new Map<number, TcpSocket>();
  /** Null until something is asked of files. */
  #files: HomeHost | null = null;
  #operations: HomeOperations | null = null;
  /** Operations that wait until their code is loaded. */
  readonly #early = new Map<number, { isGivenUp: boolean }>();
  /** How many of the places are files. */
  #fileCount = 0;
  /** How many actors read connections that are here, and wait. */
  readers = 0;

  constructor(io: IoClient) {
    this.#io = io;
  }

  get isEmpty(): boolean {
    return this.#places.size === 0;
  }

  /** This thread's event loop has sockets to look after, or the OS owes it an answer about a file. */
  get looksOut(): boolean {
    if (this.#places.size > this.#fileCount) return true;
    return (this.#fileCount > 0 || this.#operations?.areRunning === true) && this.#io.isAwaiting;
  }

  /** The connection, if it is here. */
  find(id: number): HomeConn | undefined {
    const place = this.#places.get(id);
    return place instanceof HomeConn ? place : undefined;
  }

  /** Asks the poller for a connection that nobody has used yet. */
  ask(id: number): void {
    if (this.#places.has(id)) return;
    this.#places.set(id, new Coming());
    this.#io.toPoller(R_IO_ADOPT, id, 0, null);
  }

  /** Takes a request that is for something here; false when it is not here. */
  take(
    id: number,
    kind: number,
    target: number,
    aux: number,
    payload: unknown,
    transfer?: Transferable[],
  ): boolean {
    const place = this.#places.get(id);
    if (place === undefined) return false;
    if (!(place instanceof Coming)) place.handle(kind, aux, payload);
    else if (place.isForgone) return false;
    else place.keep(kind, target, aux, payload, transfer);
    return true;
  }

  /** The answer to {@link ask}. */
  adopted(id: number, descriptor: number | null): void {
    const { requests, isForgone } = this.#places.get(id) as Coming;
    this.#places.delete(id);
    if (descriptor !== null && this.#isOver) {
      closeDescriptor(descriptor);
      this.#io.toPoller(R_IO_CLOSE, id, 0, true);
    } else if (descriptor !== null) {
      const socket = isForgone ? null : TcpSocket.open(descriptor);
      if (socket !== null) this.#places.set(id, new HomeConn(this, this.#io, id, socket));
      else this.#io.toPoller(R_IO_CAME_BACK, id, 0, untouched(descriptor));
    }
    this.#tellKept(id, requests);
  }

  #tellKept(id: number, requests: Kept[]): void {
    for (const [kind, target, aux, payload, transfer] of requests.splice(0)) {
      this.#io.tell(id, kind, target, aux, payload, transfer);
    }
  }

  // --- Files ------------------------------------------------------------------------------------------------------

  /** Takes a request that concerns no open resource; false when it is the poller's business. */
  operate(kind: number, pid: number, number: number, payload: unknown): boolean {
    if (kind === R_IO_CANCEL) return this.#cancel(number);
    if (kind !== R_IO_REQUEST) return false;
    const [operation, , ...args] = payload as [string, number, ...unknown[]];
    if (!ON_FILES.has(operation)) return false;
    this.#perform(number, pid, operation, args);
    return true;
  }

  async #perform(number: number, pid: number, operation: string, args: unknown[]): Promise<void> {
    const early = { isGivenUp: false };
    if (this.#operations === null) {
      this.#early.set(number, early);
      const { HomeHost, HomeOperations } = modules ??= await outside(loadModules);
      this.#early.delete(number);
      this.#files ??= new HomeHost(this.#io, this);
      this.#operations ??= new HomeOperations(this.#io, this, this.#files);
    }
    await this.#operations.perform(number, pid, operation, args, early.isGivenUp);
  }

  /** A file that this thread has opened. Gives its id. */
  add(file: (id: number) => HomeFile, pid: number): number {
    const id = this.#io.nextId();
    this.#places.set(id, file(id));
    this.#fileCount++;
    this.#io.toPoller(R_IO_OPENED, id, 0, pid);
    if (this.#isOver) this.closeFile(id);
    return id;
  }

  closeFile(id: number): void {
    this.take(id, R_IO_CLOSE, id, 0, null);
  }

  /** False: it is not under way here. */
  #cancel(number: number): boolean {
    const early = this.#early.get(number);
    if (early !== undefined) return early.isGivenUp = true;
    return this.#operations?.cancel(number) === true;
  }

  /** The OS has answered, in a microtask, and actors are told. */
  told(news: () => void): void {
    leave(); // the answer comes in the context of the actor that has asked
    const loop = this.#io.loop!;
    const isServed = loop.serve();
    news();
    if (isServed) loop.servedInMicrotask();
  }

  /** Others may ask for it from now on: what is under way here comes first. A connection that is here stays until they do. */
  offered(id: number): void {
    if (!(this.#places.get(id) instanceof HomeConn)) this.recall(id);
  }

  // --- Coming and going -------------------------------------------------------------------------------------------

  /** It goes to the poller, for others to use it. */
  recall(id: number): void {
    const place = this.#places.get(id);
    if (place instanceof HomeConn) place.goBack(null);
    else if (isFile(place)) place.goBack();
    else if (place !== undefined) {
      place.isForgone = true;
      this.#tellKept(id, place.requests);
    }
  }

  /** The write that was under way when it left is given up; or the poller has the file. */
  stop(id: number): void {
    this.#flushing.get(id)?.close();
    this.#files?.arrived(id);
  }

  /** It is here, or was asked for. */
  has(id: number): boolean {
    return this.#places.has(id);
  }

  hasFile(id: number): boolean {
    return isFile(this.#places.get(id));
  }

  closed(id: number): void {
    if (this.hasFile(id)) this.#fileCount--;
    this.#places.delete(id);
  }

  /** The connection is the poller's, up to a write that is under way. */
  left(id: number, socket: TcpSocket | null): void {
    this.#places.delete(id);
    if (socket !== null) this.#flushing.set(id, socket);
  }

  flushed(id: number, error: PackedError | null): void {
    this.#flushing.get(id)?.close();
    this.#flushing.delete(id);
    this.#io.toPoller(R_IO_FLUSHED, id, 0, error);
  }

  /** A copy of what is to be written: the caller's array is the caller's again when a write has returned. */
  copy(bytes: Uint8Array): Uint8Array {
    const { length } = bytes;
    if (length > LARGEST_SCRATCH) return bytes.slice();
    if (this.#scratch === null) this.#scratch = this.#part = new Uint8Array(LARGEST_SCRATCH);
    if (this.#part.length !== length) this.#part = this.#scratch.subarray(0, length); // 0.1 µs that equal lengths save
    this.#part.set(bytes);
    return this.#part;
  }

  /** The last copy is used on, by a write that is under way. */
  keepCopy(): void {
    this.#scratch = null;
  }

  #scratch: Uint8Array | null = null;
  /** The part of it that the last copy took. */
  #part: Uint8Array = NOTHING;

  /** The run is over, up to {@link unsettled}. */
  closeAll(): void {
    this.#isOver = true;
    for (const place of [...this.#places.values()]) if (!(place instanceof Coming)) place.close();
  }
  #isOver = false;

  /** How many writes are under way, and descriptors on their way here: nobody else will end the ones or close the others. */
  get unsettled(): number {
    return this.#flushing.size + this.#places.size + (this.#files?.unsettled ?? 0);
  }

  /** Writes that are still under way are given up. */
  stopAll(): void {
    for (const socket of this.#flushing.values()) socket.close();
  }
}

function isFile(place: Place | undefined): place is HomeFile {
  return place !== undefined && !(place instanceof HomeConn || place instanceof Coming);
}

/** What home_operations.ts does. */
const ON_FILES: ReadonlySet<string> = new Set([
  "open",
  "readFile",
  "writeFile",
  "readDir",
  "stat",
  "lstat",
  "remove",
  "rename",
  "mkdir",
  "copyFile",
  "realPath",
  "makeTempDir",
  "makeTempFile",
]);

/** Loaded with the first file: that takes some ms of every start. */
async function loadModules() {
  const [file, operations] = await Promise.all([import("./home_file.ts"), import("./home_operations.ts")]);
  return { ...file, ...operations };
}
type Modules = Awaited<ReturnType<typeof loadModules>>;
let modules: Modules | null = null;

type Kept = [
  kind: number,
  target: number,
  aux: number,
  payload: unknown,
  transfer: Transferable[] | undefined,
];

/** A connection that was asked for: what its actors want of it meanwhile. */
class Coming {
  readonly requests: Kept[] = [];
  /** Sent on before it was here: it goes back at once. */
  isForgone = false;

  keep(kind: number, target: number, aux: number, payload: unknown, transfer?: Transferable[]): void {
    const isBytes = payload instanceof Uint8Array && transfer === undefined;
    this.requests.push([kind, target, aux, isBytes ? payload.slice() : payload, transfer]);
  }
}

const NOTHING = new Uint8Array(0);

function untouched(descriptor: number): Departure {
  return { descriptor, unread: [], failure: null, writeEnded: false, writing: null };
}
