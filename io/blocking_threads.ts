/**
 * The threads of the blocking pool, where they are started and ended: on the control thread.
 *
 * Measured on Deno 2.9.6: a worker that was started by a worker runs its module half a second later, and hears its first
 * message another half second later. So the pool, which is on the poller, asks the control thread, which has nothing better
 * to do for the 24 to 58 ms that it takes to start one, and gets a port straight to the thread.
 *
 * @module
 */
import { nodeBuiltin } from "../runtime/node_builtin.ts";
import type { Worker as NodeWorker } from "node:worker_threads";

/** What a thread is started with. */
export interface BlockingThreadData {
  /** To the pool. */
  readonly port: MessagePort;
  /** One of IMPORTING, ENDABLE and ENDING. */
  readonly state: Int32Array;
}

/** To end a thread in the midst of an import would panic Deno. So it is in this state from its start on, and in each import. */
export const IMPORTING = 0;
/** From here to either of the others by compare-and-swap: whoever is first. */
export const ENDABLE = 1;
export const ENDING = 2;

export interface BlockingThreadEvents {
  started(thread: number, port: MessagePort): void;
  /** It has ended without having been asked to. */
  died(thread: number, reason: string): void;
}

interface Thread {
  readonly worker: NodeWorker;
  readonly state: Int32Array;
}

/** How often a thread that imports something is looked at by who wants to end it. */
const LOOK_MS = 2;
/** And for how long: a busy machine takes seconds to import much; what takes longer waits for something, and can be ended. */
const LONGEST_IMPORT_MS = 5000;

/** A worker takes six. Where there are none left, Deno 2.9.6 panics, and the whole program is gone. */
const DESCRIPTORS = 8;

/** @throws where a worker would lack descriptors */
function mayStart(): void {
  const files: Deno.FsFile[] = [];
  try {
    while (files.length < DESCRIPTORS) files.push(Deno.openSync(new URL(import.meta.url)));
  } catch (error) {
    if (!["EMFILE", "ENFILE"].includes((error as { code?: string }).code!)) return; // no permission, no file
    throw new Error("too many open files (raise `ulimit -n`)");
  } finally {
    for (const file of files) file.close();
  }
}

export class BlockingThreads {
  readonly #threads = new Map<number, Thread>();
  readonly #ending = new Set<Promise<void>>();
  readonly #events: BlockingThreadEvents;

  constructor(events: BlockingThreadEvents) {
    this.#events = events;
  }

  start(id: number): void {
    const { Worker } = nodeBuiltin("node:worker_threads");
    const { port1, port2 } = new MessageChannel();
    const data: BlockingThreadData = { port: port2, state: new Int32Array(new SharedArrayBuffer(4)) };
    const over = (reason: string) => {
      if (this.#threads.delete(id)) this.#events.died(id, reason);
    };
    try {
      mayStart();
      const worker = new Worker(
        new URL("./blocking_thread.ts", import.meta.url),
        {
          workerData: data,
          // deno-lint-ignore no-explicit-any
          transferList: [port2 as any],
        },
      );
      worker.on("error", (error: Error) => over(error.message));
      worker.on("exit", (code: number) => over(`it exited with code ${code}`));
      this.#threads.set(id, { worker, state: data.state });
    } catch (error) { // no permission, no memory, no descriptors
      port1.close();
      this.#events.died(id, (error as Error).message);
      return;
    }
    this.#events.started(id, port1);
  }

  end(id: number): void {
    const thread = this.#threads.get(id);
    if (thread === undefined) return;
    this.#threads.delete(id);
    const ending = this.#end(thread).finally(() => this.#ending.delete(ending));
    this.#ending.add(ending);
  }

  async #end({ worker, state }: Thread): Promise<void> {
    const until = performance.now() + LONGEST_IMPORT_MS;
    while (Atomics.compareExchange(state, 0, ENDABLE, ENDING) === IMPORTING && performance.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
    await worker.terminate();
  }

  /** All of them; null when there is none to wait for. */
  endAll(): Promise<boolean> | null {
    for (const id of [...this.#threads.keys()]) this.end(id);
    return this.#ending.size === 0 ? null : Promise.all(this.#ending).then(() => true);
  }
}
