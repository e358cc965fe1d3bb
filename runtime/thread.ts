/**
 * The one seam between the runtime and the kind of worker that its schedulers run on: start, ask to stop, end by force,
 * be told of death.
 *
 * @module
 */
import type { FromWorker, ToWorker } from "./protocol.ts";
import { nodeBuiltin } from "./node_builtin.ts";
import type { Worker as NodeWorker } from "node:worker_threads";

export interface ThreadEvents {
  message(message: FromWorker): void;
  /** The thread is gone, or of no use any more, without having been asked to stop. */
  died(reason: string): void;
}

export interface Thread {
  post(message: ToWorker, transfer?: Transferable[]): void;
  /** Ends the thread whether it wants or not. A Web Worker that never returns to its event loop burns on. */
  end(): void;
  /** Ends it and says whether it is gone for sure; null: nobody can tell for this kind. */
  kill(): Promise<boolean> | null;
}

/**
 * What V8 may make of the young generation of a heap, in MB: three times a semi-space, which is a power of two. V8's own
 * limit is 96, at which the messages and actors that live for a moment longer are copied twice through memory that no
 * cache holds. The figures are in ARCHITECTURE.md.
 */
export const SCHEDULER_YOUNG_MB = 24;
/** Little that the poller makes lives for more than a moment. */
export const POLLER_YOUNG_MB = 6;

/** All that the end of a thread whose heap is full says is that its execution was terminated. */
const TERMINATED = /execution (has been )?terminated/;
const OUT_OF_MEMORY = "it ran out of memory. deno run --v8-flags=--max-old-space-size=<MB> allows it more";
const REPLACED = "with --max-heap <MB> such a scheduler is replaced, and the run goes on";

/** What is told of a scheduler whose heap was full; `maxHeapMb`: with --max-heap. */
export function outOfMemory(maxHeapMb: number | undefined, canBeEnded: boolean): string {
  if (maxHeapMb !== undefined) return `it outgrew its heap of ${maxHeapMb} MB`;
  return canBeEnded ? OUT_OF_MEMORY : `${OUT_OF_MEMORY}; ${REPLACED}`;
}

/**
 * A Web Worker with a limit for its heap. Only workers of `node:worker_threads` have an option for them, but Deno looks for
 * `resourceLimits` in what it is told of either kind (measured on Deno 2.9.6), and there it is for a Web Worker by
 * inheritance. A Deno that looks no more, or a program that has frozen what all objects inherit, leaves V8's own limits.
 */
function startWebWorker(entry: URL, name: string, maxYoungGenerationSizeMb: number): Worker {
  const isLimited = Reflect.defineProperty(Object.prototype, "resourceLimits", {
    value: { maxYoungGenerationSizeMb },
    configurable: true,
  });
  try {
    return new Worker(entry, { type: "module", name });
  } finally {
    if (isLimited) Reflect.deleteProperty(Object.prototype, "resourceLimits");
  }
}

/** A scheduler, or the poller, in a Web Worker. */
export class WebWorkerThread implements Thread {
  readonly #worker: Worker;

  constructor(entry: URL, name: string, events: ThreadEvents, youngMb: number) {
    this.#worker = startWebWorker(entry, name, youngMb);
    this.#worker.onmessage = (event) => events.message(event.data);
    this.#worker.onmessageerror = () => events.died("a message from it could not be read");
    this.#worker.onerror = (event) => {
      event.preventDefault(); // the control thread goes on and says so
      events.died(TERMINATED.test(event.message) ? outOfMemory(undefined, false) : event.message);
    };
  }

  post(message: ToWorker, transfer: Transferable[] = []): void {
    this.#worker.postMessage(message, transfer);
  }

  end(): void {
    this.#worker.terminate();
  }

  kill(): null {
    this.end();
    return null;
  }
}

/** How long a thread may take to be gone once it was ended: 1 to 5 ms were measured, and seconds on a busy machine. */
export const GONE_MS = 5000;

/** What a scheduler that can be ended is started with. */
export interface ThreadData {
  /** Held for as long as the thread lives, and by nobody else: its closing is the proof that the thread is gone. */
  readonly lifeline: MessagePort;
  /** The Web Lock that it takes once all its modules are imported. */
  readonly lock: string;
}

let locks = 0;

/**
 * A scheduler in a `node:worker_threads` worker, which can be ended and whose heap can be capped.
 *
 * Measured on Deno 2.9.6: `terminate()` stops a thread that computes only while it holds a Web Lock, so it takes one
 * when it has imported everything (scheduler_worker.ts); to end it in the middle of an import would panic Deno. The `exit`
 * event and the end of `terminate()` come even where the thread burns on, as in optimised loops around
 * `a.push(new Array(100))`: only that a port which the thread holds is closed tells that it is gone.
 */
export class NodeThread implements Thread {
  readonly #worker: NodeWorker;
  readonly #gone: Promise<void>;
  #isEnded = false;

  constructor(entry: URL, name: string, events: ThreadEvents, maxHeapMb: number | undefined) {
    const { Worker } = nodeBuiltin("node:worker_threads"); // first: ports that were made before tell of no close
    const { port1, port2 } = new MessageChannel();
    this.#gone = new Promise((resolve) =>
      port1.addEventListener("close", () => {
        port1.close();
        resolve();
      })
    );
    port1.start();
    const data: ThreadData = { lifeline: port2, lock: `smarm ${Deno.pid} ${++locks}` };
    this.#worker = new Worker(entry, {
      name,
      workerData: data,
      // deno-lint-ignore no-explicit-any
      transferList: [port2 as any],
      resourceLimits: {
        maxYoungGenerationSizeMb: SCHEDULER_YOUNG_MB,
        ...(maxHeapMb === undefined ? {} : { maxOldGenerationSizeMb: maxHeapMb }),
      },
    });
    let reason = "";
    this.#worker.on("message", (message: FromWorker) => events.message(message));
    this.#worker.on("error", (error: Error & { code?: string }) => {
      if (error.code !== "ERR_WORKER_OUT_OF_MEMORY") reason = error.message;
      else reason = outOfMemory(maxHeapMb, true);
    });
    this.#worker.on("exit", (code: number) => {
      if (!this.#isEnded) events.died(reason === "" ? `it exited with code ${code}` : reason);
    });
  }

  post(message: ToWorker, transfer: Transferable[] = []): void {
    // deno-lint-ignore no-explicit-any
    this.#worker.postMessage(message, transfer as any);
  }

  end(): void {
    this.#isEnded = true;
    this.#worker.terminate();
  }

  async kill(): Promise<boolean> {
    this.end();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const overdue = new Promise<boolean>((resolve) => timer = setTimeout(() => resolve(false), GONE_MS));
    try {
      return await Promise.race([this.#gone.then(() => true), overdue]);
    } finally {
      clearTimeout(timer);
    }
  }
}
