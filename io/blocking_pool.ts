/**
 * The blocking pool, on the poller: hands jobs to its threads, asks for more of them while there are jobs, up to a bound,
 * lets those go that have been idle for a while, and replaces those whose function does not come back. The threads are
 * started and ended by the control thread (blocking_threads.ts).
 *
 * A thread: starting → idle ⇄ loading → running → idle; ended from idle after a while, from running by force when its job
 * was given up and has not come back within the grace time.
 *
 * @module
 */
import type { PollerHost, Request } from "./resource.ts";
import type { FromThread, Job } from "./blocking_protocol.ts";

/** How long an idle thread is kept. */
const IDLE_MS = 10_000;
/** How long a function whose caller waits no more may still take before its thread is ended and replaced. */
const GRACE_MS = 100;

/** What the pool asks of the control thread. */
export interface ThreadSource {
  startThread(thread: number): void;
  endThread(thread: number): void;
}

interface Thread {
  readonly id: number;
  /** Null until the control thread has started it. */
  port: MessagePort | null;
  state: "starting" | "idle" | "loading" | "running";
  job: Job | null;
  /** Its job's actor waits no more. */
  givenUp: boolean;
  timer: ReturnType<typeof setTimeout> | undefined;
}

export class BlockingPool {
  readonly #host: PollerHost;
  readonly #source: ThreadSource;
  readonly #most: number;
  readonly #load: Int32Array;
  readonly #jobs = new Map<number, Request>();
  readonly #threads = new Map<number, Thread>();
  readonly #queue: Job[] = [];
  #ids = 0;

  /** `load` is where it writes what there is to see (BLOCKING_THREADS and after, in runtime/layout.ts). */
  constructor(host: PollerHost, source: ThreadSource, most: number, load: Int32Array) {
    this.#host = host;
    this.#source = source;
    this.#most = most;
    this.#load = load;
  }

  run(request: Request, module: string, exportName: string, port: MessagePort): void {
    const id = ++this.#ids;
    this.#jobs.set(id, request);
    request.onCancel = () => this.#giveUp(id);
    this.#queue.push({ id, module, exportName, port });
    this.#serve();
  }

  /** For stats and dumps, after whatever may have changed it. */
  #publish(): void {
    let busy = 0;
    for (const thread of this.#threads.values()) if (thread.job !== null) busy++;
    Atomics.store(this.#load, 0, this.#threads.size);
    Atomics.store(this.#load, 1, busy);
    Atomics.store(this.#load, 2, this.#queue.length);
  }

  #serve(): void {
    let starting = 0;
    for (const thread of this.#threads.values()) {
      if (thread.state === "starting") starting++;
      if (thread.state !== "idle" || this.#queue.length === 0) continue;
      clearTimeout(thread.timer);
      const job = this.#queue.shift()!;
      thread.state = "loading";
      thread.job = job;
      thread.port!.postMessage(job, [job.port]);
    }
    for (; this.#queue.length > starting && this.#threads.size < this.#most; starting++) this.#start();
    this.#publish();
  }

  #start(): void {
    const id = ++this.#ids;
    this.#threads.set(id, { id, port: null, state: "starting", job: null, givenUp: false, timer: undefined });
    this.#source.startThread(id);
  }

  /** The control thread has started it. */
  started(id: number, port: MessagePort): void {
    const thread = this.#threads.get(id);
    if (thread === undefined) return port.close();
    thread.port = port;
    port.onmessage = (event: MessageEvent<FromThread>) => this.#heard(thread, event.data);
  }

  #heard(thread: Thread, message: FromThread): void {
    if (this.#threads.get(thread.id) !== thread) return;
    switch (message.type) {
      case "running":
        thread.state = "running";
        if (thread.givenUp) this.#limit(thread);
        return;
      case "done": {
        clearTimeout(thread.timer);
        const request = this.#jobs.get(message.id);
        this.#jobs.delete(message.id);
        if (request !== undefined) this.#host.done(request, null);
        this.#rest(thread);
        return;
      }
      case "ready":
        this.#rest(thread);
    }
  }

  #rest(thread: Thread): void {
    thread.state = "idle";
    thread.job = null;
    thread.givenUp = false;
    thread.timer = setTimeout(() => this.#end(thread), IDLE_MS);
    this.#serve();
  }

  #giveUp(id: number): void {
    this.#jobs.delete(id);
    const at = this.#queue.findIndex((job) => job.id === id);
    if (at >= 0) this.#queue.splice(at, 1)[0].port.close();
    for (const thread of this.#threads.values()) {
      if (thread.job?.id !== id) continue;
      thread.givenUp = true;
      if (thread.state === "running") this.#limit(thread);
    }
    this.#publish();
  }

  /** A function that does not come back is ended with its thread; one that still loads its module is waited for. */
  #limit(thread: Thread): void {
    thread.timer = setTimeout(() => this.#end(thread), GRACE_MS);
  }

  #end(thread: Thread): void {
    this.#forget(thread);
    this.#source.endThread(thread.id);
    this.#serve();
  }

  #forget(thread: Thread): void {
    clearTimeout(thread.timer);
    thread.port?.close();
    this.#threads.delete(thread.id);
  }

  /** It has ended of itself. */
  died(id: number, reason: string): void {
    const thread = this.#threads.get(id);
    if (thread === undefined) return;
    this.#forget(thread);
    // One that never came to run anything is not tried again and again: whoever waits is told.
    const job = thread.state === "starting" ? this.#queue.shift() ?? null : thread.job;
    const request = job === null ? undefined : this.#jobs.get(job.id);
    if (job !== null) this.#jobs.delete(job.id);
    if (request !== undefined) {
      this.#host.failed(request, new Error(`the thread of the blocking function died: ${reason}`));
    }
    this.#serve();
  }

  /** The run is over: the control thread ends the threads. */
  close(): void {
    for (const job of this.#queue.splice(0)) job.port.close();
    for (const thread of [...this.#threads.values()]) this.#forget(thread);
    this.#publish();
  }
}
