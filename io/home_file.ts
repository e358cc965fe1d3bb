/**
 * Files that are at home on a scheduler: it has opened them itself, and what its actors ask of them costs no trip to the
 * poller. A copy by pieces takes half the time (bench/io/copy.ts).
 *
 * A file goes to the poller, for good, when it is sent to another scheduler, or offered to others with an actor that has not
 * begun: what has not begun here is asked there, in its order, before the poller hears that it travels. What is running ends
 * here; then the poller is told where the file stood (away_file.ts), and what others want of it waits there until then.
 *
 * @module
 */
import type { IoClient } from "./client.ts";
import type { Homes } from "./home.ts";
import {
  type FileDeparture,
  MOST_RING_BYTES,
  R_IO_CAME_BACK,
  R_IO_CANCEL,
  R_IO_CANCELLED,
  R_IO_CLOSE,
  R_IO_DONE,
  R_IO_FAILED,
  R_IO_LEND,
  R_IO_READ,
  R_IO_REQUEST,
  R_IO_RETURN,
  R_IO_WRITE,
} from "./protocol.ts";
import { packError } from "./errors.ts";
import { BytePool } from "./byte_pool.ts";
import { Asking, Request, type ResourceHost } from "./resource.ts";
import { FileResource } from "./file_resource.ts";

/** A file as this thread has opened it. */
export interface OpenedFile {
  readonly file: Deno.FsFile;
  /** How it is found when it leaves. */
  readonly origin: Omit<FileDeparture, "position">;
}

/**
 * Opens a file for this thread; null when the poller is to do it: what is no regular file could not be opened a second
 * time, nor surely one whose creator says who may open it.
 */
export async function openHere(path: string, options: Deno.OpenOptions): Promise<OpenedFile | null> {
  if (Deno.build.os === "windows" || options.mode !== undefined) return null;
  if (Deno.permissions.querySync({ name: "read", path }).state !== "granted") return null; // nobody is asked twice
  const before = await Deno.stat(path).catch(() => null); // not there: it is created, or opening it says so
  if (before !== null && !before.isFile) return null;
  const file = await Deno.open(path, options);
  const { isFile, dev, ino } = file.statSync();
  if (isFile && ino !== null) {
    const { read, write, append } = options;
    return { file, origin: { path: absolute(path), dev, ino, how: { read, write, append } } };
  }
  file.close();
  return null;
}

/** The current folder may be another when it is opened again. */
function absolute(path: string): string {
  if (path.startsWith("/")) return path;
  const mayTell = Deno.permissions.querySync({ name: "read", path: "." }).state === "granted";
  return mayTell ? `${Deno.cwd()}/${path}` : path;
}

export class HomeFile extends FileResource {
  declare readonly host: HomeHost;
  readonly #origin: OpenedFile["origin"];
  #leaves: "no" | "soon" | "has left" = "no";

  constructor(id: number, host: HomeHost, { file, origin }: OpenedFile) {
    super(id, host, file, true);
    this.#origin = origin;
  }

  handle(kind: number, number: number, payload: unknown): void {
    const { scheduler } = this.host;
    switch (kind) {
      case R_IO_READ:
        return this.ask(new Asking(scheduler, number, 0, payload as number));
      case R_IO_WRITE:
        return this.write(new Request(scheduler, number, 0), this.host.copy(payload as Uint8Array));
      case R_IO_LEND:
        return this.write(new Request(scheduler, number, 0), payload as Uint8Array);
      case R_IO_CANCEL:
        this.cancel(scheduler, number);
        return;
      case R_IO_RETURN: {
        const [bytes] = payload as [Uint8Array | null, boolean];
        if (bytes !== null) this.putBack(bytes);
        return;
      }
      case R_IO_CLOSE:
        return this.close();
      case R_IO_REQUEST: {
        const [operation, , ...args] = payload as [string, number, ...unknown[]];
        // An "accept" with a limit of 0: is there something to read?
        if (operation === "accept") return this.ask(new Asking(scheduler, number, 0, args[0] as number));
        return this.operate(new Request(scheduler, number, 0), operation, args);
      }
    }
    throw new TypeError(`${this.label} was sent a record of kind ${kind}`);
  }

  protected override tell(news: () => void): void {
    this.host.homes.told(news);
  }

  goBack(): void {
    const { io } = this.host;
    this.host.leaves(this);
    for (const one of this.evacuate()) {
      if (one instanceof Asking) io.tell(this.id, R_IO_READ, this.id, one.number, one.limit);
      else {
        const { request: { number }, operation, args, bytes } = one;
        if (bytes !== null) io.tell(this.id, R_IO_WRITE, this.id, number, bytes);
        else io.tell(this.id, R_IO_REQUEST, 0, number, [operation, this.id, ...args]);
      }
    }
    this.#leaves = "soon";
    if (!this.isAtWork) this.#depart();
  }

  /** What is being read meanwhile is read again there. */
  #depart(): void {
    this.#leaves = "has left";
    const departure: FileDeparture = { ...this.#origin, position: this.position };
    this.host.io.toPoller(R_IO_CAME_BACK, this.id, 0, departure);
  }

  protected override rests(): boolean {
    if (this.#leaves === "no") return super.rests();
    if (this.#leaves === "soon") this.#depart();
    return false;
  }
}

/** What a scheduler is for the files that it has at home. */
export class HomeHost implements ResourceHost {
  readonly io: IoClient;
  readonly homes: Homes;
  readonly finishing = new Set<unknown>();
  /** Files that have left, and stay open here until the poller has them. */
  readonly #leaving = new Map<number, HomeFile>();
  readonly #small = new BytePool();
  /** The buffers that copies are made in. */
  readonly #own = new WeakSet<ArrayBufferLike>();

  constructor(io: IoClient, homes: Homes) {
    this.io = io;
    this.homes = homes;
  }

  get scheduler(): number {
    return this.io.s.id;
  }

  leaves(file: HomeFile): void {
    this.homes.closed(file.id);
    this.#leaving.set(file.id, file);
  }

  /** The poller has it. */
  arrived(id: number): void {
    this.#leaving.get(id)?.letGo();
    this.#leaving.delete(id);
  }

  /** How many still have something to write, or to be opened by the poller. */
  get unsettled(): number {
    return this.finishing.size + this.#leaving.size;
  }

  /** The caller's array is the caller's again when a write has returned. */
  copy(bytes: Uint8Array): Uint8Array {
    const copy = this.#poolFor(bytes).take(bytes.length);
    this.#own.add(copy.buffer);
    copy.set(bytes);
    return copy;
  }

  done(request: Request, value: unknown): void {
    this.#answer(request, R_IO_DONE, value);
  }

  /** Each reader's array is its own. */
  doneBytes(request: Request, bytes: Uint8Array, count: number): void {
    this.#answer(request, R_IO_DONE, count === bytes.buffer.byteLength ? bytes : bytes.slice(0, count));
  }

  buffer(length: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(length);
  }

  recycle(): void {}

  wrote(request: Request, bytes: Uint8Array, count: number): void {
    if (this.#own.has(bytes.buffer)) this.#poolFor(bytes).give(bytes);
    this.#answer(request, R_IO_DONE, count);
  }

  #poolFor(bytes: Uint8Array): BytePool {
    return bytes.length > MOST_RING_BYTES ? this.io.buffers : this.#small;
  }

  failed(request: Request, error: unknown): void {
    this.#answer(request, R_IO_FAILED, packError(error));
  }

  cancelled(request: Request): void {
    this.#answer(request, R_IO_CANCELLED, null);
  }

  #answer(request: Request, kind: number, payload: unknown): void {
    if (!request.isOpen) return;
    request.isOpen = false;
    this.io.heard(kind, 0, request.number, payload);
  }

  forget({ id }: { readonly id: number }): void {
    this.homes.closed(id);
    this.io.toPoller(R_IO_CLOSE, id, 0, true);
  }
}
