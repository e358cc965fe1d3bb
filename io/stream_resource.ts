/**
 * A stream of bytes in the poller: a connection, stdin, the pipe of a child. Reads are served in the order of asking, writes
 * are written whole, in the order of asking.
 *
 * The OS is read when somebody asks. On a connection whose reader comes again and again the next read is begun ahead of
 * the asking, one buffer deep: that saves a trip between threads. Bytes beyond what was asked for, or whose reader gave
 * up, wait in a queue and are the next reader's.
 *
 * @module
 */
import { answerFrom, type Asking, type PollerHost, PollerResource, Request } from "./resource.ts";
import { LINGER_MS } from "./protocol.ts";
import { ByteQueue, LARGEST_READ_AHEAD, nextReadSize, SMALLEST_READ } from "./byte_queue.ts";

/** The OS's side of a stream. */
export interface Endpoint {
  read?(into: Uint8Array): Promise<number | null>;
  write?(bytes: Uint8Array): Promise<number>;
  close(): void;
}

const NO_BYTES = new Uint8Array(0);

/** A request to write. */
export class Writing extends Request {
  /** Null ends the writing half. */
  readonly bytes: Uint8Array | null;
  /** How many of them the OS has taken. */
  written = 0;
  constructor(peer: number, number: number, bytes: Uint8Array | null, isSilent = false) {
    super(peer, number, 0, isSilent);
    this.bytes = bytes;
  }

  /** Whether the scheduler means this by that number; that of a silent one is a resource's, and nobody gives it up. */
  isAskedAs(peer: number, number: number): boolean {
    return !this.isSilent && this.number === number && this.peer === peer;
  }
}

export class StreamResource extends PollerResource {
  /** Null while a scheduler has it (home.ts): what others want of it waits here. */
  protected endpoint: Endpoint | null;
  readonly #label: string;
  readonly #readsAhead: boolean;
  #queue: ByteQueue | null = null;
  #readSize = SMALLEST_READ;
  /** What the OS reads into. What it had is copied out of it, then it is used again. */
  #buffer: Uint8Array = NO_BYTES;
  #reading = false;
  #ended = false;
  #failure: { error: unknown } | null = null;
  #writes: Writing[] | null = null;
  #writing: Writing | null = null;
  #writeEnded = false;
  #linger: ReturnType<typeof setTimeout> | undefined;
  #isGone = false;

  constructor(id: number, host: PollerHost, endpoint: Endpoint, label: string, readsAhead: boolean) {
    super(id, host);
    this.endpoint = endpoint;
    this.#label = label;
    this.#readsAhead = readsAhead;
  }

  get label(): string {
    return `${this.#label} ${this.id}`;
  }

  /** Whoever reads on after the end is told of it again, and the OS is not asked. */
  protected get endIsFinal(): boolean {
    return true;
  }

  /** Somebody wants what a scheduler has. */
  protected recall(): void {}

  /** A write that is running was given up. */
  protected stopWriting(): void {}

  /** The scheduler has given it back, with what had been read, what the next reader is told, and a write that goes on there. */
  protected comeBack(
    endpoint: Endpoint,
    unread: readonly Uint8Array[],
    failure: { error: unknown } | null,
    writeEnded: boolean,
    writing: Writing | null,
  ): void {
    this.endpoint = endpoint;
    if (writeEnded) this.#writeEnded = true;
    this.#writing = writing;
    if (this.#isGone) return this.letGo();
    for (const bytes of unread) this.#keep(bytes);
    this.#failure = failure;
    if (writing === null) this.#next();
    if (!this.isClosed && !this.isHeld) this.serve();
  }

  /** The write that went on there is over. */
  protected wasFlushed(failure: { error: unknown } | null): void {
    if (this.#writing === null) return; // cut off, with all the others
    if (failure === null) this.#flushed();
    else this.#notWritten(failure.error);
  }

  /** Everything that was given to it has been written. */
  get isFlushed(): boolean {
    return this.#writing === null && (this.#writes === null || this.#writes.length === 0);
  }

  // --- Reading ----------------------------------------------------------------------------------------------------

  protected override serve(): void {
    let asked = false;
    let toldEnd = false;
    for (let first = this.asking.first; first !== null; first = this.asking.first) {
      const isEnd = this.#ended && !this.#hasBytes && first.limit > 0;
      if (!this.#answer(first)) {
        this.#read(first.limit || LARGEST_READ_AHEAD);
        return;
      }
      this.asking.shift();
      asked = true;
      toldEnd ||= isEnd;
    }
    if (toldEnd) this.#ended = this.endIsFinal; // all who waited for it have been told
    if (asked && this.#readsAhead && !this.#hasBytes) this.#read(LARGEST_READ_AHEAD);
  }

  /** Answers a reader with what is there; false when nothing is. */
  #answer(request: Asking): boolean {
    if (this.#hasBytes) {
      if (request.limit === 0) this.host.done(request, null); // ready
      else answerFrom(this.#queue!, this.host, request);
    } else if (this.#ended) this.host.done(request, null);
    else if (this.#failure !== null) {
      const { error } = this.#failure;
      if (request.limit > 0) this.#failure = null; // told once; what comes then, the OS says
      if (request.limit > 0) this.host.failed(request, error);
      else this.host.done(request, null);
    } else return false;
    return true;
  }

  get #hasBytes(): boolean {
    return this.#queue !== null && this.#queue.length > 0;
  }

  #keep(bytes: Uint8Array): void {
    (this.#queue ??= new ByteQueue()).push(bytes);
  }

  #read(limit: number): void {
    if (this.#reading || this.#ended || this.#failure !== null || this.isClosed) return;
    if (this.endpoint === null) return this.recall();
    if (this.endpoint.read === undefined) {
      this.#failure = { error: new TypeError(`${this.label} cannot be read`) };
      return this.serve();
    }
    this.#reading = true;
    const asked = this.#readsAhead ? Math.min(limit, this.#readSize) : limit;
    if (this.#buffer.length !== asked) this.#buffer = new Uint8Array(asked);
    this.endpoint.read(this.#buffer).then(this.#wasRead, this.#wasNotRead);
  }

  readonly #wasRead = (count: number | null): void => {
    this.#reading = false;
    if (count === null) this.#ended = true;
    else {
      const buffer = this.#buffer;
      const asked = buffer.length;
      this.#readSize = nextReadSize(this.#readSize, count, asked);
      const first = this.asking.first;
      if (
        first === null || first.limit < count || count === 0 || this.#hasBytes || this.isHeld || this.isClosed
      ) this.#keep(buffer.slice(0, count));
      else { // the usual case: straight to the reader, and the buffer is used again
        this.asking.shift();
        this.host.doneBytes(first, buffer, count);
        if (this.asking.first === null) {
          if (this.#readsAhead) this.#read(LARGEST_READ_AHEAD);
          return;
        }
      }
    }
    if (!this.isClosed && !this.isHeld) this.serve();
  };

  readonly #wasNotRead = (error: unknown): void => {
    this.#reading = false;
    this.#failure = { error };
    if (!this.isClosed && !this.isHeld) this.serve();
  };

  protected override takeBack(value: unknown): void {
    (this.#queue ??= new ByteQueue()).unshift(value as Uint8Array);
  }

  // --- Writing ----------------------------------------------------------------------------------------------------

  write(writing: Writing): void {
    if (this.isClosed || this.#writeEnded) {
      const what = this.isClosed ? this.closedError() : new Deno.errors.BrokenPipe(
        `the writing half of ${this.label} is closed`,
      );
      return this.host.failed(writing, what);
    }
    if (this.endpoint !== null && this.endpoint.write === undefined) {
      return this.host.failed(writing, new TypeError(`${this.label} cannot be written`));
    }
    if (writing.bytes === null) this.#writeEnded = true;
    if (this.#writing === null && this.endpoint !== null) return this.#start(writing);
    (this.#writes ??= []).push(writing);
    if (this.endpoint === null) this.recall();
  }

  #start(writing: Writing): void {
    this.#writing = writing;
    const { bytes } = writing;
    if (bytes === null) this.endWriting().then(() => this.#flushed(), this.#notWritten);
    else if (bytes.length === 0) queueMicrotask(() => this.#flushed());
    else this.endpoint!.write!(bytes).then(this.#wrote, this.#notWritten);
  }

  readonly #wrote = (count: number): void => {
    const writing = this.#writing!;
    const bytes = writing.bytes!;
    writing.written += count;
    if (writing.written === bytes.length) {
      this.host.wrote(writing, bytes, writing.written);
      this.#next();
    } else if (!writing.isOpen && !this.isClosed) this.#next(); // given up halfway
    else this.endpoint!.write!(bytes.subarray(writing.written)).then(this.#wrote, this.#notWritten);
  };

  #flushed(): void {
    const writing = this.#writing!;
    if (writing.isOpen) this.host.done(writing, writing.written);
    this.#next();
  }

  readonly #notWritten = (error: unknown): void => {
    const writing = this.#writing!;
    if (writing.isOpen) this.host.failed(writing, error);
    this.#next();
  };

  #next(): void {
    this.#writing = null;
    const writing = this.#writes?.shift();
    if (writing !== undefined) this.#start(writing);
    else if (this.isClosed) this.letGo();
  }

  /** Ends the writing half, at the OS. */
  protected endWriting(): Promise<void> {
    this.close();
    return Promise.resolve();
  }

  override cancel(peer: number, number: number): boolean {
    if (super.cancel(peer, number)) return true;
    const at = this.#writes?.findIndex((one) => one.isAskedAs(peer, number));
    if (at !== undefined && at >= 0) {
      const [writing] = this.#writes!.splice(at, 1);
      if (writing.bytes === null) this.#writeEnded = false;
      this.host.cancelled(writing);
      return true;
    }
    const running = this.#writing;
    if (running === null || !running.isOpen || !running.isAskedAs(peer, number)) return false;
    this.host.cancelled(running); // what the OS has taken of it cannot be taken back
    this.stopWriting();
    return true;
  }

  override operate(request: Request, operation: string, _args: unknown[]): void {
    if (operation === "closeWrite" && !this.#writeEnded) {
      this.write(new Writing(request.peer, request.number, null));
    } else if (operation === "closeWrite" || operation === "writable") this.#whenWritable(request);
    else this.refuse(request, operation);
  }

  /** Ready to write: what was given before has been taken by the OS. */
  #whenWritable(request: Request): void {
    if (this.isFlushed) this.host.done(request, null);
    else (this.#writes ??= []).push(new Writing(request.peer, request.number, NO_BYTES));
  }

  // --- The end ----------------------------------------------------------------------------------------------------

  /** `isHere`: not at home on a scheduler, which may have something to write. */
  protected override release(isHere = true): void {
    if (isHere && this.isFlushed) return this.letGo();
    this.host.finishing.add(this);
    this.#linger = setTimeout(() => this.letGo(), LINGER_MS);
  }

  /** The end of it, whatever there still is to write. */
  protected letGo(): void {
    this.#isGone = true;
    clearTimeout(this.#linger);
    this.host.finishing.delete(this);
    this.#queue = null;
    for (const writing of this.#writes?.splice(0) ?? []) {
      if (writing.isOpen) this.host.failed(writing, this.closedError());
    }
    const running = this.#writing;
    if (running?.isOpen) this.host.failed(running, this.closedError());
    if (running !== null) this.stopWriting();
    try {
      this.endpoint?.close();
    } catch {
      // it was closed by the peer's reset: there is nothing left to let go of
    }
  }
}

/** The program's stdin, stdout or stderr: nobody closes it. */
export class StandardStream extends StreamResource {
  override get label(): string {
    return ["", "stdin", "stdout", "stderr"][this.id];
  }
  /** A person at a terminal ends one input and goes on with the next, and a file may grow. */
  protected override get endIsFinal(): boolean {
    return false;
  }
  protected override endWriting(): Promise<void> {
    return Promise.reject(new TypeError(`${this.label} stays open for the other actors`));
  }
  override close(): void {}
}
