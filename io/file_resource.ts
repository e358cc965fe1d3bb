/**
 * An open file, in the poller or at home on a scheduler (home_file.ts): its operations run one after the other, in the
 * order of asking.
 *
 * Reads in sequence are read ahead, one piece deep, while the actor works on the piece before; so bytes may be in hand
 * that the program has not read. Every other operation first moves the OS's position back by so many.
 *
 * @module
 */
import { answerFrom, type Asking, PollerResource, type Request, type ResourceHost } from "./resource.ts";
import { ByteQueue } from "./byte_queue.ts";
import { LARGEST_READ, MOST_RING_BYTES } from "./protocol.ts";
import { plainInfo } from "./file_info.ts";

/** Smaller reads are not worth reading ahead. */
const SMALLEST_AHEAD = 16 * 1024;

const NEEDS_NO_POSITION = ["stat", "sync", "syncData"];

/** Everything but a read. */
export interface Job {
  readonly request: Request;
  readonly operation: string;
  readonly args: readonly unknown[];
  /** What it writes; the answer is how many of them were written. */
  readonly bytes: Uint8Array | null;
}

export class FileResource extends PollerResource {
  /** Null in the poller while a scheduler has it: what is asked meanwhile waits. */
  protected file: Deno.FsFile | null;
  readonly #queue = new ByteQueue();
  readonly #jobs: Job[] = [];
  #job: Job | null = null;
  #reading = false;
  /** What is in hand was given back. Others may have read on before: then it is not what lies before the OS's position. */
  #hasBack = false;
  /** Where the OS's position was before it read. */
  #readAt = 0;
  /** Reads one after the other, with nothing between. */
  #sequence = 0;
  #isRegular: boolean | null;
  #failure: { error: unknown } | null = null;
  #ended = false;

  /** `isRegular`: null when nobody has looked yet. */
  constructor(
    id: number,
    host: ResourceHost,
    file: Deno.FsFile | null,
    isRegular: boolean | null = null,
  ) {
    super(id, host);
    this.file = file;
    this.#isRegular = isRegular;
  }

  get label(): string {
    return `file ${this.id}`;
  }

  /** Something is asked of a file that is not here. */
  protected recall(): void {}

  /** The OS has done something, and actors are told. */
  protected tell(news: () => void): void {
    news();
  }

  /** Nothing is left to do, for now. False: it is not to read ahead. */
  protected rests(): boolean {
    if (this.isClosed) this.letGo();
    return !this.isClosed;
  }

  /** Something else than a read is running at the OS. */
  protected get isAtWork(): boolean {
    return this.#job !== null;
  }

  // --- Reading ----------------------------------------------------------------------------------------------------

  /** Goes on with what was asked for first. */
  protected override serve(): void {
    if (this.#job !== null || this.#reading || (this.isHeld && !this.isClosed)) return;
    if (this.file === null) return this.recall();
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
    const mayReadAhead = this.rests();
    if (mayReadAhead && this.#sequence >= 2 && limit >= SMALLEST_AHEAD && limit <= LARGEST_READ) {
      this.#readAhead(limit);
    }
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
      this.file!.stat().then((info) => this.#isRegular = info.isFile, () => {});
    } else if (this.#isRegular) this.#read(limit, true); // serve() goes on when it is done
  }

  #read(limit: number, isAhead = false): void {
    this.#reading = true;
    this.#hasBack = false;
    if (this.#isRegular) this.#readAt = this.#osPosition;
    const buffer = limit > MOST_RING_BYTES ? new Uint8Array(limit) : this.host.buffer(limit);
    this.file!.read(buffer).then(
      (count) => {
        if (count === null) {
          // Found ahead, or for a read that was given up, it is nobody's answer: until the next one the file may grow.
          this.#ended = !isAhead && this.asking.first !== null;
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
    this.tell(() => this.serve());
  }

  protected override takeBack(value: unknown): void {
    this.#hasBack = true;
    this.#queue.unshift(value as Uint8Array);
  }

  // --- The other operations ---------------------------------------------------------------------------------------

  write(request: Request, bytes: Uint8Array): void {
    this.#later({ request, operation: "write", args: [], bytes });
  }

  override operate(request: Request, operation: string, args: unknown[]): void {
    switch (operation) {
      case "seek":
      case "truncate":
      case "stat":
      case "sync":
      case "syncData":
        return this.#later({ request, operation, args, bytes: null });
      case "writable":
        return this.host.done(request, null); // a file is always ready
      default:
        return this.refuse(request, operation);
    }
  }

  #later(job: Job): void {
    if (this.isClosed) return this.host.failed(job.request, this.closedError());
    this.#sequence = 0;
    this.#jobs.push(job);
    this.serve();
  }

  #run(job: Job): void {
    const { request, bytes } = job;
    this.#job = job;
    this.#do(job).then(
      (value) =>
        this.#over(() => {
          if (bytes !== null) this.host.wrote(request, bytes, value as number);
          else if (request.isOpen) this.host.done(request, value ?? null);
        }),
      (error) =>
        this.#over(() => {
          if (request.isOpen) this.host.failed(request, error);
        }),
    );
  }

  #over(answer: () => void): void {
    this.tell(() => {
      answer();
      this.#job = null;
      this.serve();
    });
  }

  async #do({ request, operation, args, bytes }: Job): Promise<unknown> {
    const file = this.file!;
    if (!this.#hasBack || !NEEDS_NO_POSITION.includes(operation)) this.#rewind();
    switch (operation) {
      case "write": {
        let written = 0;
        while (written < bytes!.length && (request.isOpen || written === 0)) {
          written += await file.write(bytes!.subarray(written));
        }
        return written;
      }
      case "seek":
        return await file.seek(args[0] as number | bigint, args[1] as Deno.SeekMode);
      case "truncate":
        return await file.truncate(args[0] as number | undefined);
      case "stat":
        return plainInfo(await file.stat());
      case "sync":
        return await file.sync();
      default:
        return await file.syncData();
    }
  }

  /** Where the program thinks that it is, whatever is being read. */
  protected get position(): number {
    return (this.#reading ? this.#readAt : this.#osPosition) - this.#queue.length;
  }

  get #osPosition(): number {
    try {
      return this.file!.seekSync(0, Deno.SeekMode.Current);
    } catch {
      return 0; // some files of the kernel's, such as its log, have none
    }
  }

  /** The OS's position is there too. To set it is no access to a disk. */
  #rewind(): void {
    const ahead = this.#queue.length;
    this.#ended = false;
    if (ahead === 0) return;
    try {
      this.file!.seekSync(-ahead, Deno.SeekMode.Current);
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

  // --- Coming and going -------------------------------------------------------------------------------------------

  /** All that has not begun, in the order of asking: somebody else does it. */
  protected evacuate(): (Asking | Job)[] {
    const orderOf = (one: Asking | Job) => "request" in one ? one.request.order : one.order;
    return [...this.asking.drain(), ...this.#jobs.splice(0)].sort((a, b) => orderOf(a) - orderOf(b));
  }

  /** Something has been asked, and not begun. */
  protected get isAsked(): boolean {
    return this.asking.first !== null || this.#jobs.length > 0;
  }

  protected override release(): void {
    if (this.#job !== null || this.#jobs.length > 0) this.host.finishing.add(this);
    this.serve();
  }

  letGo(): void {
    this.host.finishing.delete(this);
    this.#queue.clear();
    try {
      this.file?.close();
    } catch {
      // it is closed already
    }
    this.file = null;
  }
}
