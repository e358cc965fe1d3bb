/**
 * The poller: runs operations for parked actors of all schedulers, keeps what they have open, and wakes them.
 *
 * It is a peer of the schedulers: requests come in through one ring a scheduler, answers go out through another. It
 * never blocks and never polls: between two turns of its event loop it sleeps on its doorbell and on the OS at once.
 *
 * Requests are numbered by the scheduler; one that concerns a resource waits in that resource, the others in `#running`.
 * The race of registration and park is closed on the scheduler, which takes answers in only between actors; that of
 * completion and cancelling is told in protocol.ts. Completions for actors that died are dropped, and what they
 * had opened is closed (S17).
 *
 * @module
 */
import { type Doorbell, ring } from "../runtime/doorbell.ts";
import { CausalClock } from "../runtime/causal_clock.ts";
import { Peers } from "../runtime/peers.ts";
import type { Pid } from "../runtime/api.ts";
import { BLOCKING_QUEUED, BLOCKING_THREADS, PEER_WORDS, type SharedMemory } from "../runtime/layout.ts";
import { R_MESSAGE } from "../runtime/protocol.ts";
import { Routes } from "../runtime/slot_table.ts";
import {
  type Departure,
  type FileDeparture,
  FIRST_RESOURCE,
  LARGEST_READ,
  MOST_RING_BYTES,
  onTheWayTo,
  type PackedError,
  R_IO_ADOPT,
  R_IO_ADOPTED,
  R_IO_BROKEN,
  R_IO_CAME_BACK,
  R_IO_CANCEL,
  R_IO_CANCELLED,
  R_IO_CLAIM,
  R_IO_CLOSE,
  R_IO_DONE,
  R_IO_FAILED,
  R_IO_FLUSHED,
  R_IO_OPENED,
  R_IO_OWN,
  R_IO_POST,
  R_IO_READ,
  R_IO_RECALL,
  R_IO_RELEASE,
  R_IO_REQUEST,
  R_IO_RETURN,
  R_IO_SENT,
  R_IO_STOP,
  R_IO_WRITE,
  STDERR,
  STDIN,
  STDOUT,
  wayOf,
  type WrittenBack,
} from "./protocol.ts";
import { packError } from "./errors.ts";
import { Asking, type PollerResource, Request } from "./resource.ts";
import { StandardStream, StreamResource, Writing } from "./stream_resource.ts";
import { BytePool } from "./byte_pool.ts";
import { BlockingPool, type ThreadSource } from "./blocking_pool.ts";
import { AwayFile } from "./away_file.ts";
import { FileResource } from "./file_resource.ts";
import { ConnResource } from "./conn_resource.ts";
import type { EarlyRecord } from "./early_requests.ts";
import { Handings } from "./handings.ts";
import { Holdings } from "./holdings.ts";
import { Untold } from "./untold.ts";
import { type OperationHost, perform } from "./operations.ts";

/** So many records of each scheduler, all in all, are taken in before the event loop gets its turn. */
const RECORDS_A_TURN = 512;

export interface PollerEvents extends ThreadSource {
  /** Opens the side channel to a scheduler; `life`: how many have had its id before, and died. */
  openPort(to: number, life: number): MessagePort;
  take(port: MessagePort): { message: unknown } | undefined;
  warn(text: string): void;
}

export class Poller implements OperationHost {
  readonly #memory: SharedMemory;
  readonly #words: Int32Array;
  readonly #doorbell: Doorbell;
  readonly #events: PollerEvents;
  readonly #peers: Peers;
  readonly #routes: Routes;
  readonly #holdings = new Holdings();
  /** What is at home on a scheduler, or whose last write it ends; also what has been closed meanwhile. */
  readonly #away = new Map<number, ConnResource | AwayFile>();
  /** Requests that concern no resource, by scheduler and number. */
  readonly #running: Map<number, Request>[] = [];
  /** How many schedulers have had each id before, and died. */
  readonly #lives: number[];
  /** Requests up to this order were those of a scheduler that died. */
  readonly #lostBefore: number[] = [];
  readonly #handings: Handings;
  readonly #untold = new Untold();
  readonly #pool = new BytePool();
  readonly finishing = new Set<unknown>();
  readonly blocking: BlockingPool;
  #ids = FIRST_RESOURCE;
  #from = 0;
  #isClosed = false;
  /** Schedulers that have got records in this turn and are woken at its end. */
  readonly #toWake: number[] = [];

  constructor(
    memory: SharedMemory,
    words: Int32Array,
    doorbell: Doorbell,
    blockingThreads: number,
    lives: readonly number[],
    events: PollerEvents,
  ) {
    this.#lives = [...lives];
    this.#memory = memory;
    this.#words = words;
    this.#doorbell = doorbell;
    this.#events = events;
    const id = memory.schedulers;
    const load = words.subarray(id * PEER_WORDS + BLOCKING_THREADS, id * PEER_WORDS + BLOCKING_QUEUED + 1);
    this.blocking = new BlockingPool(this, events, blockingThreads, load);
    this.#handings = new Handings({
      take: (record) => this.#take(record),
      find: (id) => this.find(id),
      warn: (text) => events.warn(text),
    });
    this.#routes = new Routes(memory.routes.map((buffer) => new Int32Array(buffer)));
    this.#peers = new Peers(memory, id, memory.schedulers, {
      clock: new CausalClock(), // needs not be told the time: all that is sent answers what has just come
      openPort: (to) => events.openPort(to, this.#lives[to]),
      take: (port) => events.take(port),
      wakeReader: (peer) => this.#wakeSoon(peer),
      bytesFor: (length) => this.#pool.take(length),
      undecodable: (peer, kind, error) =>
        events.warn(`a record of kind ${kind} from scheduler ${peer} could not be read: ${error}`),
    });
    for (let peer = 0; peer < memory.schedulers; peer++) {
      this.#lostBefore.push(0);
      this.#running.push(new Map());
    }
    this.add(new StandardStream(STDIN, this, standard(Deno.stdin), "stdin", false));
    this.add(new StandardStream(STDOUT, this, standard(Deno.stdout), "stdout", false));
    this.add(new StandardStream(STDERR, this, standard(Deno.stderr), "stderr", false));
  }

  /**
   * A scheduler is dead (recovery.ts tells the whole): what it had asked for is given up without an answer, which would
   * come to whoever takes its place, and what its actors had open is closed. Returns how many records each has carried.
   */
  lost(peer: number): { sent: number; received: number } {
    while (this.#peers.hasRecordsOf(peer) && this.#drainFrom(peer) > 0); // 0: the array that belongs to a record was lost on its way
    this.#lostBefore[peer] = new Request(peer, 0, 0).order;
    for (const request of this.#running[peer].values()) {
      request.isOpen = false;
      request.onCancel?.();
    }
    this.#running[peer].clear();
    for (const resource of this.#holdings.all()) resource.lost(peer);
    this.#hasLost = true;
    for (const record of this.#untold.lost(peer)) this.#begin(record);
    this.#handings.giveUpAll();
    const dead = this.#holdings.owners().filter((owner) => this.#isDead(owner));
    this.#drain(); // an owner that ended elsewhere may have given something away before: that news is here by now
    for (const owner of [...dead, onTheWayTo(peer, this.#lives[peer]++)]) this.#closeAll(owner);
    const carried = this.#peers.reset(peer); // after all that, which may have answered
    const at = this.#toWake.indexOf(peer); // for records that are gone
    if (at >= 0) this.#toWake.splice(at, 1);
    this.pump();
    return carried;
  }

  #isDead(owner: number): boolean {
    return owner > 0 && !this.#routes.isLive(owner as Pid);
  }

  /** It was sent to a scheduler by one that had not been told yet that it is dead. */
  #isLostOnItsWay(owner: number): boolean {
    if (owner >= 0) return false;
    const { scheduler, life } = wayOf(owner);
    return life < this.#lives[scheduler];
  }

  /**
   * It was given to an actor that is dead: one that ended has given it on, or released it, and that news is on its way;
   * one that was lost with its scheduler has not.
   */
  #closeLater(resource: PollerResource): void {
    this.#doubtful.add(resource);
    this.#doubtTimer ??= setTimeout(() => {
      this.#doubtTimer = undefined;
      for (const one of this.#doubtful) if (this.#isDead(one.owner)) one.close();
      this.#doubtful.clear();
    }, DOUBT_MS);
  }

  #hasLost = false;
  readonly #doubtful = new Set<PollerResource>();
  #doubtTimer: ReturnType<typeof setTimeout> | undefined;

  // --- Turns ------------------------------------------------------------------------------------------------------

  /** Takes in what schedulers ask, then sleeps on the doorbell. Called whenever there may be something. */
  readonly pump = (): void => {
    for (let pass = 0; pass < MOST_PASSES; pass++) {
      this.#doorbell.awake();
      this.#drain();
      this.#peers.flush();
      this.#doorbell.prepare();
      if (!this.#peers.hasRecords() && this.#doorbell.sleep()) return;
    }
    this.#doorbell.prepare();
    if (!this.#doorbell.sleep()) queueMicrotask(this.pump);
    ring(this.#words, this.#memory.schedulers); // schedulers ask without a pause: the event loop gets its turn between
  };

  #drain(): void {
    this.#attempt(() => this.#peers.drain(this.#handlerOf, RECORDS_A_TURN * this.#memory.schedulers));
  }

  #drainFrom(peer: number): number {
    return this.#attempt(() => this.#peers.drainFrom(peer, this.#handlerOf(peer), RECORDS_A_TURN));
  }

  readonly #handlerOf = (peer: number) => {
    this.#from = peer;
    return this.#handle;
  };

  #attempt(drain: () => number): number {
    try {
      return drain();
    } catch (error) { // a fault of ours: the other requests are served
      this.#events.warn(`the poller could not serve a request: ${(error as Error).stack}`);
      return 1;
    }
  }

  /**
   * What the OS has completed in one turn is told in microtasks of that turn, and so is this, after them: a sleeping
   * scheduler is woken once for all, which costs more than many a record.
   */
  #wakeSoon(peer: number): void {
    if (this.#toWake.length === 0) RESOLVED.then(this.#wake);
    if (!this.#toWake.includes(peer)) this.#toWake.push(peer);
  }

  readonly #wake = (): void => {
    for (const peer of this.#toWake) ring(this.#words, peer);
    this.#toWake.length = 0;
  };

  setPort(from: number, port: MessagePort): void {
    this.#peers.setPort(from, port);
    this.pump();
  }

  // --- What schedulers say ----------------------------------------------------------------------------------------

  readonly #handle = (kind: number, target: number, aux: number, payload: unknown): void => {
    const peer = this.#from;
    const record = { peer, kind, target, aux, payload };
    if (!this.#untold.keeps(record)) this.#begin(record);
  };

  #begin(record: EarlyRecord): void {
    if (!this.#handings.keeps(record)) this.#take(record);
  }

  #take({ peer, kind, target, aux, payload }: EarlyRecord): void {
    switch (kind) {
      case R_IO_READ: {
        const request = new Asking(peer, aux, 0, payload as number);
        const resource = this.find(target);
        if (resource === undefined) this.failed(request, closed(target));
        else resource.ask(request);
        return;
      }
      case R_IO_WRITE: {
        const resource = this.find(target);
        if (resource instanceof StreamResource) {
          resource.write(new Writing(peer, aux, payload as Uint8Array));
          return;
        }
        const request = new Request(peer, aux, 0);
        if (resource instanceof FileResource) resource.write(request, payload as Uint8Array);
        else if (resource === undefined) this.failed(request, closed(target));
        else resource.refuse(request, "write to");
        return;
      }
      case R_IO_POST: {
        const resource = this.find(target);
        const writing = new Writing(peer, target, payload as Uint8Array, true);
        if (resource instanceof StreamResource) resource.write(writing);
        else this.failed(writing, closed(target));
        return;
      }
      case R_IO_REQUEST:
        this.#request(peer, target, aux, payload as [string, number, ...unknown[]]);
        return;
      case R_IO_CANCEL:
        this.#cancel(peer, target, aux, payload as boolean);
        return;
      case R_IO_RETURN: {
        const [value, isAnswer] = payload as [unknown, boolean];
        const resource = this.find(target);
        if (resource !== undefined) {
          if (isAnswer) resource.returned(peer, value);
          else resource.putBack(value);
        } else if (typeof value === "number") this.find(value)?.close(); // a connection of a listener that is closed
        return;
      }
      case R_IO_CLOSE: {
        const resource = this.find(target);
        if (payload === true) {
          this.#away.get(target)!.closeAway();
          this.#away.delete(target);
        } else resource?.close();
        return;
      }
      case R_IO_ADOPT: {
        const resource = this.find(target);
        const descriptor = resource instanceof ConnResource ? resource.leaveFor(peer) : null;
        if (descriptor !== null) this.#away.set(target, resource as ConnResource);
        this.#send(peer, R_IO_ADOPTED, target, 0, descriptor, undefined);
        return;
      }
      case R_IO_OPENED: {
        const file = new AwayFile(target, this, peer);
        this.#away.set(target, file);
        this.add(file);
        this.own(file, payload as number);
        this.#wasTold(target);
        return;
      }
      case R_IO_CAME_BACK:
        this.#cameBack(target, payload as Departure | FileDeparture);
        return;
      case R_IO_FLUSHED:
        (this.#away.get(target) as ConnResource).flushed(payload as PackedError | null);
        this.#away.delete(target);
        return;
      case R_IO_OWN:
      case R_IO_SENT:
      case R_IO_CLAIM:
        this.#wasGiven(peer, kind, target, aux, payload as number | [number, number]);
        return;
      case R_IO_RELEASE:
        this.#closeAll(target, peer);
        return;
      default:
        this.#events.warn(`a record of unknown kind ${kind} came from scheduler ${peer} to the poller`);
    }
  }

  // --- Handing over -----------------------------------------------------------------------------------------------

  #wasTold(id: number): void {
    for (const record of this.#untold.told(id)) this.#begin(record);
  }

  #wasGiven(peer: number, kind: number, id: number, given: number, news: number | [number, number]): void {
    const resource = this.find(id);
    if (resource === undefined) return;
    const [owner, handing] = typeof news === "number" ? [news, 0] : news;
    if (kind === R_IO_SENT) this.#handings.sent(peer, resource, handing);
    else if (kind === R_IO_CLAIM) this.#handings.claimed(peer, resource, handing);
    if (resource.isClosed || given < resource.given) return; // closed by what had waited for this news
    // The sender says that it travels. A receiver on another thread that was faster has it already; and it may have ended, if
    // somebody else, who was given it too, owned it when that was told: nobody would close it.
    if (given === resource.given && kind === R_IO_SENT) return;
    resource.given = given;
    this.own(resource, owner);
    if (!this.#hasLost) return;
    if (this.#isLostOnItsWay(resource.owner)) resource.close();
    else if (this.#isDead(resource.owner)) this.#closeLater(resource);
  }

  #request(peer: number, pid: number, number: number, payload: [string, number, ...unknown[]]): void {
    const [operation, id, ...args] = payload;
    if (id === 0) {
      const request = new Request(peer, number, pid);
      this.#running[peer].set(number, request);
      perform(this, request, operation, args);
      if (operation === "signals") this.#wasTold(args[0] as number);
      return;
    }
    const resource = this.find(id);
    if (operation === "accept") {
      const request = new Asking(peer, number, pid, args[0] as number);
      if (resource === undefined) this.failed(request, closed(id));
      else resource.ask(request);
      return;
    }
    const request = new Request(peer, number, pid);
    if (resource === undefined) this.failed(request, closed(id));
    else resource.operate(request, operation, args);
  }

  /** A connection or a file comes from its home. */
  #cameBack(id: number, departure: Departure | FileDeparture): void {
    const one = this.#away.get(id)!;
    if (!("writing" in departure) || departure.writing === null) this.#away.delete(id);
    if (one instanceof AwayFile) one.cameBack(departure as FileDeparture);
    else one.cameBack(departure as Departure);
  }

  /** An answer that is on its way already comes back, if it carries something that must not be lost. */
  #cancel(peer: number, id: number, number: number, comesBack: boolean): void {
    if (id === 0) {
      const request = this.#running[peer].get(number);
      if (request === undefined) return;
      this.cancelled(request);
      request.onCancel?.();
      return;
    }
    const resource = this.find(id);
    if (resource !== undefined && !resource.cancel(peer, number) && comesBack) resource.expectReturn(peer);
  }

  // --- Answers ----------------------------------------------------------------------------------------------------

  done(request: Request, value: unknown, transfer?: Transferable[]): void {
    this.#answer(request, R_IO_DONE, value, transfer);
  }

  doneBytes(request: Request, bytes: Uint8Array, count: number): void {
    if (!this.#isAwaited(request) || this.#isClosed) return;
    this.#peers.sendBytes(request.peer, R_IO_DONE, 0, request.number, bytes, count);
  }

  buffer(length: number): Uint8Array<ArrayBuffer> {
    return this.#pool.take(length);
  }

  recycle(bytes: Uint8Array): void {
    this.#pool.give(bytes);
  }

  wrote(request: Request, bytes: Uint8Array, count: number): void {
    const buffer = bytes.buffer as ArrayBuffer;
    const moved = buffer.byteLength > MOST_RING_BYTES && buffer.byteLength <= LARGEST_READ;
    if (moved && request.isOpen && !request.isSilent) {
      const back: WrittenBack = [count, buffer];
      return this.done(request, back, [buffer]);
    }
    this.#pool.give(bytes);
    if (request.isOpen) this.done(request, count);
  }

  failed(request: Request, error: unknown): void {
    this.#answer(request, R_IO_FAILED, packError(error), undefined);
  }

  cancelled(request: Request): void {
    this.#answer(request, R_IO_CANCELLED, null, undefined);
  }

  #answer(request: Request, kind: number, payload: unknown, transfer: Transferable[] | undefined): void {
    if (!this.#isAwaited(request)) return;
    const { peer, number } = request;
    if (request.isSilent) {
      if (kind === R_IO_FAILED) this.#send(peer, R_IO_BROKEN, number, 0, payload, transfer);
      return;
    }
    if (request.pid !== 0) this.#running[peer].delete(number);
    this.#send(peer, kind, 0, number, payload, transfer);
  }

  /** False: it has been answered, or its scheduler is dead. An answer would come to whoever has taken its place. */
  #isAwaited(request: Request): boolean {
    if (!request.isOpen) return false;
    request.isOpen = false;
    return request.order > this.#lostBefore[request.peer];
  }

  recall(peer: number, id: number): void {
    this.#send(peer, R_IO_RECALL, id, 0, null, undefined);
  }

  letGo(peer: number, id: number): void {
    this.#send(peer, R_IO_STOP, id, 0, null, undefined);
  }

  tell(pid: number, message: unknown): void {
    const peer = this.#routes.settled(pid as Pid); // who has it now may live elsewhere than who asked for it
    if (peer >= 0) this.#send(peer, R_MESSAGE, pid, 0, message, undefined);
  }

  #send(
    peer: number,
    kind: number,
    target: number,
    aux: number,
    payload: unknown,
    transfer: Transferable[] | undefined,
  ): void {
    if (this.#isClosed) return; // the rings may be those of another run by now
    this.#peers.send(peer, kind, target, aux, payload, transfer);
  }

  // --- Resources --------------------------------------------------------------------------------------------------

  nextId(): number {
    return this.#ids++;
  }

  add(resource: PollerResource): void {
    this.#holdings.add(resource);
  }

  find(id: number): PollerResource | undefined {
    return this.#holdings.find(id);
  }

  own(resource: PollerResource, pid: number): void {
    this.#holdings.own(resource, pid);
  }

  /** `peer`: who says so, and may have said it too early. */
  #closeAll(owner: number, peer = -1): void {
    for (const resource of this.#holdings.ownedBy(owner)) {
      const record = { peer, kind: R_IO_CLOSE, target: resource.id, aux: 0, payload: null };
      if (!this.#handings.keeps(record)) resource.close();
    }
  }

  forget(resource: PollerResource): void {
    this.#holdings.forget(resource);
    this.#handings.giveUp(resource.id);
  }

  /** Closes everything. What was asked to be written is written, for as long as a closed stream lingers. */
  async close(): Promise<void> {
    clearTimeout(this.#doubtTimer);
    this.#handings.close();
    this.pump();
    const streams = [STDOUT, STDERR].map((id) => this.find(id) as StreamResource);
    for (const resource of this.#holdings.all()) resource.close();
    this.blocking.close();
    const until = performance.now() + CLOSE_MS;
    const isBusy = () =>
      this.finishing.size > 0 || streams.some((stream) => !stream.isFlushed) ||
      this.#peers.hasRecords(); // requests, and descriptors in them
    while (performance.now() < until && isBusy()) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    this.#peers.close();
    this.#isClosed = true;
  }
}

const RESOLVED = Promise.resolve();

/** How long news of a resource may be on its way: guessed, far more than a full ring takes. */
const DOUBT_MS = 1000;
/** How often in a row the poller looks for records before the event loop goes on. */
const MOST_PASSES = 4;

/** How long the end of a run waits for what is still to be written. */
const CLOSE_MS = 1000;

/** Deno's standard streams, without the end that nobody has. */
function standard(stream: typeof Deno.stdin | typeof Deno.stdout) {
  return {
    ...("read" in stream ? { read: (into: Uint8Array) => stream.read(into) } : {}),
    ...("write" in stream ? { write: (bytes: Uint8Array) => stream.write(bytes) } : {}),
    close: () => {},
  };
}

function closed(id: number): Error {
  return new Deno.errors.BadResource(`resource ${id} is closed, or the actor that held it has ended`);
}
