/**
 * What a scheduler itself does for its actors that concerns no open file: it opens some, and does what is asked of whole files
 * and folders. By way of the poller an operation took 150 µs instead of 40, most of it for waking two threads.
 *
 * @module
 */
import type { IoClient } from "./client.ts";
import type { Homes } from "./home.ts";
import { HomeFile, type HomeHost, openHere } from "./home_file.ts";
import { FILE_OPERATIONS, type Result } from "./file_operations.ts";
import { R_IO_REQUEST } from "./protocol.ts";
import { Request } from "./resource.ts";

export class HomeOperations {
  readonly #io: IoClient;
  readonly #homes: Homes;
  readonly #host: HomeHost;
  readonly #running = new Map<number, Request>();

  constructor(io: IoClient, homes: Homes, host: HomeHost) {
    this.#io = io;
    this.#homes = homes;
    this.#host = host;
  }

  get areRunning(): boolean {
    return this.#running.size > 0;
  }

  /** Answers the request of this number. */
  async perform(number: number, pid: number, operation: string, args: unknown[]): Promise<void> {
    const request = new Request(this.#io.s.id, number, pid);
    this.#running.set(number, request);
    let answer: () => void;
    try {
      const result = operation === "open"
        ? await this.#open(pid, args as [string, Deno.OpenOptions])
        : await FILE_OPERATIONS[operation](this.#host, request, ...args);
      if (!request.isOpen) return result?.undo?.();
      answer = result === null
        ? () => this.#io.toPoller(R_IO_REQUEST, pid, number, [operation, 0, ...args])
        : () => this.#host.done(request, result?.value ?? null);
    } catch (error) {
      if (!request.isOpen) return;
      answer = () => this.#host.failed(request, error);
    }
    this.#running.delete(number);
    this.#homes.told(answer);
  }

  /** Gives the file's id; null when the poller is to open it. */
  async #open(pid: number, [path, options]: [string, Deno.OpenOptions]): Promise<Result | null> {
    const opened = await openHere(path, options);
    if (opened === null) return null;
    const id = this.#homes.add((id) => new HomeFile(id, this.#host, opened), pid);
    return { value: id, undo: () => this.#homes.closeFile(id) };
  }

  /** The actor gives it up. False: it is not under way here. */
  cancel(number: number): boolean {
    const request = this.#running.get(number);
    if (request === undefined) return false;
    this.#running.delete(number);
    this.#host.cancelled(request);
    request.onCancel?.();
    return true;
  }
}
