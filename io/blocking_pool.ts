/**
 * The poller's end of the blocking pool: hands jobs to its keeper, which is started when first needed.
 *
 * @module
 */
import type { PollerHost, Request } from "./resource.ts";
import type { FromKeeper, ToKeeper } from "./blocking_protocol.ts";

/** How long an idle thread is kept. */
export const IDLE_MS = 10_000;
/** How long a function whose caller waits no more may still take before its thread is ended and replaced. */
export const GRACE_MS = 100;
/** How long the end of a run waits for the threads. */
const CLOSE_MS = 1000;

export class BlockingPool {
  readonly #host: PollerHost;
  readonly #threads: number;
  readonly #load: Int32Array;
  readonly #jobs = new Map<number, Request>();
  #keeper: Worker | null = null;
  #ids = 0;
  #onClosed: () => void = () => {};

  /** `load` is where the keeper writes what there is to see (BLOCKING_THREADS and after, in runtime/layout.ts). */
  constructor(host: PollerHost, threads: number, load: Int32Array) {
    this.#host = host;
    this.#threads = threads;
    this.#load = load;
  }

  run(request: Request, module: string, exportName: string, port: MessagePort): void {
    const id = ++this.#ids;
    this.#jobs.set(id, request);
    request.onCancel = () => {
      this.#jobs.delete(id);
      this.#tell({ type: "give-up", id });
    };
    this.#tell({ type: "job", job: { id, module, exportName, port } }, [port]);
  }

  #tell(message: ToKeeper, transfer: Transferable[] = []): void {
    if (this.#keeper === null) {
      this.#keeper = new Worker(new URL("./blocking_keeper.ts", import.meta.url), {
        type: "module",
        name: "smarm blocking",
      });
      this.#keeper.onmessage = (event: MessageEvent<FromKeeper>) => this.#heard(event.data);
      this.#keeper.onerror = (event) => {
        event.preventDefault();
        this.#keeper = null;
        for (const [id] of this.#jobs) this.#fail(id, `the blocking pool died: ${event.message}`);
      };
      this.#keeper.postMessage({
        type: "size",
        threads: this.#threads,
        idleMs: IDLE_MS,
        graceMs: GRACE_MS,
        load: this.#load,
      });
    }
    this.#keeper.postMessage(message, transfer);
  }

  #heard(message: FromKeeper): void {
    switch (message.type) {
      case "closed":
        this.#onClosed();
        return;
      case "done": {
        const request = this.#jobs.get(message.id);
        this.#jobs.delete(message.id);
        if (request !== undefined) this.#host.done(request, null);
        return;
      }
      case "failed":
        this.#fail(message.id, message.text);
    }
  }

  #fail(id: number, text: string): void {
    const request = this.#jobs.get(id);
    this.#jobs.delete(id);
    if (request !== undefined) this.#host.failed(request, new Error(text));
  }

  async close(): Promise<void> {
    const keeper = this.#keeper;
    if (keeper === null) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, CLOSE_MS);
      this.#onClosed = () => {
        clearTimeout(timer);
        resolve();
      };
      this.#tell({ type: "close" });
    });
    keeper.terminate();
  }
}
