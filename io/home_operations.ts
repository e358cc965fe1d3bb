/**
 * What a scheduler itself does for its actors that concerns no open file: it opens some, and does what is asked of whole files
 * and folders. By way of the poller an operation took 150 µs instead of 60, most of it for waking two threads.
 *
 * @module
 */
import type { IoClient } from "./client.ts";
import type { Homes } from "./home.ts";
import { HomeFile, type HomeHost, openHere } from "./home_file.ts";
import { FILE_OPERATIONS, type Result } from "./file_operations.ts";
import { R_IO_CANCELLED, R_IO_REQUEST } from "./protocol.ts";
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

  /** Answers the request of this number. One that was given up before does what cannot be aborted, as later ones do. */
  async perform(
    number: number,
    pid: number,
    operation: string,
    args: unknown[],
    isGivenUp: boolean,
  ): Promise<void> {
    const request = new Request(this.#io.s.id, number, pid);
    request.isOpen = !isGivenUp;
    this.#running.set(number, request);
    let answer: () => void;
    let undo: (() => void) | undefined;
    try {
      const result = await this.#do(request, operation, args);
      undo = result?.undo;
      answer = result === null
        ? () => this.#io.toPoller(R_IO_REQUEST, pid, number, [operation, 0, ...args])
        : () => this.#host.done(request, result?.value ?? null);
    } catch (error) {
      answer = () => this.#host.failed(request, error);
    }
    if (isGivenUp) answer = () => this.#io.heard(R_IO_CANCELLED, 0, number, null);
    else if (!request.isOpen) return undo?.();
    this.#running.delete(number);
    this.#homes.told(answer);
  }

  /** Null: the poller is to do it. */
  async #do(request: Request, operation: string, args: unknown[]): Promise<Result | null | void> {
    if (operation !== "open") return await FILE_OPERATIONS[operation](this.#host, request, ...args);
    if (!request.isOpen) return;
    const opened = await openHere(...args as [string, Deno.OpenOptions]);
    if (opened === null) return null;
    const id = this.#homes.add((id) => new HomeFile(id, this.#host, opened), request.pid);
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
