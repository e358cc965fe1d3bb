/**
 * The one seam between the runtime and the kind of worker that its schedulers run on: start, ask to stop, end by force,
 * be told of death.
 *
 * @module
 */
import type { FromWorker, ToWorker } from "./protocol.ts";

export interface ThreadEvents {
  message(message: FromWorker): void;
  /** The thread is gone, or of no use any more, without having been asked to stop. */
  died(reason: string): void;
}

export interface Thread {
  post(message: ToWorker, transfer?: Transferable[]): void;
  /** Ends the thread whether it wants or not. A Web Worker that never returns to its event loop burns on. */
  end(): void;
}

/** A scheduler, or the poller, in a Web Worker. */
export class WebWorkerThread implements Thread {
  readonly #worker: Worker;

  constructor(entry: URL, name: string, events: ThreadEvents) {
    this.#worker = new Worker(entry, { type: "module", name });
    this.#worker.onmessage = (event) => events.message(event.data);
    this.#worker.onmessageerror = () => events.died("a message from it could not be read");
    this.#worker.onerror = (event) => {
      event.preventDefault(); // the control thread goes on and says so
      events.died(event.message);
    };
  }

  post(message: ToWorker, transfer: Transferable[] = []): void {
    this.#worker.postMessage(message, transfer);
  }

  end(): void {
    this.#worker.terminate();
  }
}
