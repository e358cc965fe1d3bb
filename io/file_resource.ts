/**
 * An open file in the poller: its operations run one after the other, in the order of asking.
 *
 * Reads in sequence are read ahead, one piece deep, while the actor works on the piece before; so bytes may be in hand
 * that the program has not read. Every other operation first moves the OS's position back by so many.
 *
 * @module
 */
import { answerFrom, type Asking, type PollerHost, PollerResource, type Request } from "./resource.ts";
import { ByteQueue } from "./byte_queue.ts";
import { LARGEST_READ, MOST_RING_BYTES } from "./protocol.ts";
import { plainInfo } from "./file_info.ts";

/** Smaller reads are not worth reading ahead. */
const SMALLEST_AHEAD = 16 * 1024;

interface Job {
  readonly request: Request;
  /** What it writes; the answer is how many of them were written. */
  readonly bytes: Uint8Array | null;
  run(): Promise<unknown>;
}

export class FileResource extends PollerResource {
  readonly #file: Deno.FsFile;
  readonly #queue = new ByteQueue();
  readonly #jobs: Job[] = [];
  #job: Job | null = null;
  #reading = false;
  /** Reads one after the other, with nothing between. */
  #sequence = 0;
  #isRegular: boolean | null = null;
  #failure: { error: unknown } | null = null;
  #ended = false;

  constructor(id: number, host: PollerHost, file: Deno.FsFile) {
    super(id, host);
    this.#file = file;
  }

  get label(): string {
    return `file ${this.id}`;
  }

  // --- Reading ----------------------------------------------------------------------------------------------------

  /** Goes on with what was asked for first. */
  protected override serve(): void {
    if (this.#job !== null || this.#reading || (this.isHeld && !this.isClosed)) return;
    let limit = 0;
    for (;;) {
      const request = this.asking.first;
      const job = this.#jobs[0];
      if (request !== null && (job === undefined || request.order < job.request.order)) {
        limit = request.limit;
        if (!this.#answer(request)) return this.#read(limit || SMALLEST_AHEAD);
        this.asking.shift();
        this.#sequence++;
      } else if (job !== undefined) {
        this.#jobs.shift();
        this.#run(job);
        return;
      } else break;
    }
    if (this.isClosed) return this.#letGo();
    if (this.#sequence >= 2 && limit >= SMALLEST_AHEAD && limit <= LARGEST_READ) this.#readAhead(limit);
  }

  #answer(request: Asking): boolean {
    if (this.#queue.length > 0) {
      if (request.limit === 0) this.host.done(request, null);
      else answerFrom(this.#queue, this.host, request);
    } else if (this.#failure !== null) {
      const { error } = this.#failure;
      this.#failure = null;
      this.host.failed(request, error);
    } else if (this.#ended) {
      this.#ended = false; // a file may grow: the next read looks again
      this.host.done(request, null);
    } else return false;
    return true;
  }

  #readAhead(limit: number): void {
    if (this.#reading || this.#queue.length > 0 || this.#ended || this.#failure !== null) return;
    if (this.#isRegular === null) {
      this.#isRegular = false;
      this.#file.stat().then((info) => this.#isRegular = info.isFile, () => {});
    } else if (this.#isRegular) this.#read(limit, true); // serve() goes on when it is done
  }

  #read(limit: number, isAhead = false): void {
    this.#reading = true;
    const buffer = limit > MOST_RING_BYTES ? new Uint8Array(limit) : this.host.buffer(limit);
    this.#file.read(buffer).then(
      (count) => {
        if (count === null) {
          // Found ahead, an end is nobody's answer: until the next read is asked for, the file may grow.
          this.#ended = !isAhead;
          this.host.recycle(buffer);
        } else this.#queue.push(buffer.subarray(0, count));
        this.#wasRead();
      },
      (error) => {
        this.#failure = { error };
        this.#wasRead();
      },
    );
  }

  #wasRead(): void {
    this.#reading = false;
    this.serve();
  }

  protected override takeBack(value: unknown): void {
    this.#queue.unshift(value as Uint8Array);
  }

  // --- The other operations ---------------------------------------------------------------------------------------

  write(request: Request, bytes: Uint8Array): void {
    this.#later(request, () => this.#writeAll(request, bytes), bytes);
  }

  async #writeAll(request: Request, bytes: Uint8Array): Promise<number> {
    let written = 0;
    while (written < bytes.length && (request.isOpen || written === 0)) {
      written += await this.#file.write(bytes.subarray(written));
    }
    return written;
  }

  override operate(request: Request, operation: string, args: unknown[]): void {
    const file = this.#file;
    switch (operation) {
      case "seek":
        return this.#later(request, () => file.seek(args[0] as number | bigint, args[1] as Deno.SeekMode));
      case "truncate":
        return this.#later(request, () => file.truncate(args[0] as number | undefined));
      case "stat":
        return this.#later(request, async () => plainInfo(await file.stat()));
      case "sync":
        return this.#later(request, () => file.sync());
      case "syncData":
        return this.#later(request, () => file.syncData());
      case "writable":
        return this.host.done(request, null); // a file is always ready
      default:
        return this.refuse(request, operation);
    }
  }

  #later(request: Request, run: () => Promise<unknown>, bytes: Uint8Array | null = null): void {
    if (this.isClosed) return this.host.failed(request, this.closedError());
    this.#sequence = 0;
    this.#jobs.push({ request, bytes, run });
    this.serve();
  }

  async #run(job: Job): Promise<void> {
    const { request } = job;
    this.#job = job;
    try {
      await this.#rewind();
      const value = await job.run();
      if (job.bytes !== null) this.host.wrote(request, job.bytes, value as number);
      else if (request.isOpen) this.host.done(request, value ?? null);
    } catch (error) {
      if (request.isOpen) this.host.failed(request, error);
    }
    this.#job = null;
    this.serve();
  }

  /** The OS's position is where the program thinks it is. */
  async #rewind(): Promise<void> {
    const ahead = this.#queue.length;
    this.#ended = false;
    if (ahead === 0) return;
    try {
      await this.#file.seek(-ahead, Deno.SeekMode.Current);
      this.#queue.clear();
    } catch {
      // a pipe or a terminal has no position: what is in hand is the next reader's
    }
  }

  override cancel(peer: number, number: number): boolean {
    if (super.cancel(peer, number)) return true;
    const at = this.#jobs.findIndex(({ request }) => request.number === number && request.peer === peer);
    const request = at >= 0 ? this.#jobs.splice(at, 1)[0].request : this.#job?.request;
    if (request === undefined || !request.isOpen || request.number !== number || request.peer !== peer) {
      return false;
    }
    this.host.cancelled(request);
    return true;
  }

  protected override release(): void {
    if (this.#job !== null || this.#jobs.length > 0) this.host.finishing.add(this);
    this.serve();
  }

  #letGo(): void {
    this.host.finishing.delete(this);
    this.#queue.clear();
    try {
      this.#file.close();
    } catch {
      // it is closed already
    }
  }
}
