/**
 * A pool: one address for several alike servers, each call or cast going to the one that has the least to do.
 *
 * The pool is an actor that supervises its workers. A worker tells the pool when it runs, after each restart too; what
 * comes while none does waits. What a worker had in hand when it died fails for its callers; what it had not received
 * goes to another. Two messages of one client may be served by two workers at once, so there is no order among them.
 *
 * @module
 */
import type { Actor, Call, Pid } from "../runtime/api.ts";
import type { DeadActorError } from "../runtime/errors.ts";
import { NEVER_RECEIVED } from "../runtime/marks.ts";
import { checkNames } from "../runtime/spelling.ts";
import { checkDuration } from "../timer/duration.ts";
import { checkSpec, type Restart } from "./spec.ts";
import {
  announcement,
  answerWith,
  isAnnouncement,
  isCast,
  isServerCall,
  type Server,
  type ServerCall,
  type ServerCast,
  shownAs,
} from "./server.ts";

/** How a pool is made. */
export interface PoolOptions {
  /** How many workers. */
  readonly size: number;
  /** Where they run. Default `"spread"`, in turns on each scheduler: the server must be exported for that. */
  readonly scheduler?: number | "local" | "spread";
  /** Of the workers. Default `"permanent"`. */
  readonly restart?: Restart;
  /** As for `self.supervise`: so many restarts within the period. */
  readonly intensity?: number;
  /** In milliseconds. */
  readonly period?: number;
  /** How long a worker may take for one call, in milliseconds. Default 5000. */
  readonly timeout?: number;
}

/** Whom to ask next: the least loaded, and among those the one that was asked the longest ago. */
export class LeastLoaded {
  readonly #loads = new Map<Pid, number>();
  /** Parts of the loads: nobody waits for these any more, but whom they were given may still have them in hand. */
  readonly #late = new Map<Pid, number>();

  get size(): number {
    return this.#loads.size;
  }
  has(pid: Pid): boolean {
    return this.#loads.has(pid);
  }
  add(pid: Pid): void {
    this.#loads.set(pid, 0);
  }
  remove(pid: Pid): void {
    this.#loads.delete(pid);
    this.#late.delete(pid);
  }
  /** The one that gets the next task; undefined when there is none. */
  take(): Pid | undefined {
    let best: Pid | undefined;
    let least = Infinity;
    for (const [pid, load] of this.#loads) {
      if (load < least) [best, least] = [pid, load];
    }
    if (best === undefined) return undefined;
    this.#loads.delete(best); // to the end of the order of asking
    this.#loads.set(best, least + 1);
    return best;
  }
  done(pid: Pid): void {
    const load = this.#loads.get(pid);
    if (load !== undefined) this.#loads.set(pid, load - 1);
  }
  /** A task was not done in time. It goes on counting, or one that hangs would have the least to do. */
  late(pid: Pid): void {
    if (this.#loads.has(pid)) this.#late.set(pid, (this.#late.get(pid) ?? 0) + 1);
  }
  /** It has answered what came behind its late tasks. */
  caughtUp(pid: Pid): void {
    const load = this.#loads.get(pid), late = this.#late.get(pid);
    if (load === undefined || late === undefined) return;
    this.#loads.set(pid, load - late);
    this.#late.delete(pid);
  }
}

/**
 * Makes a pool of servers: an actor function with the server's clients. Its arguments go to each worker's `init`.
 *
 * @example
 * ```ts
 * import { type Actor, pool, server } from "smarm";
 *
 * export const hasher = server({
 *   init: () => ({}),
 *   calls: { hash: (_s, text: string) => text.length },
 * });
 * export const hashers = pool(hasher, { size: 4 });
 *
 * export async function main(self: Actor) {
 *   const client = hashers.start(self);
 *   await Promise.all(["a", "b", "c"].map((text) => client.hash(text)));
 * }
 * ```
 */
export function pool<S, A extends unknown[], C, K>(
  worker: Server<S, A, C, K>,
  options: PoolOptions,
): Server<S, A, C, K> {
  checkPool(worker, options);
  const { size, scheduler = "spread", restart = "permanent", intensity, period, timeout } = options;
  const run = async (self: Actor<unknown>, ...args: unknown[]) => {
    self.supervise({
      intensity,
      period,
      children: Array.from({ length: size }, (_, i) => ({
        id: `worker ${i}`,
        start: [worker, ...args, announcement(self.pid)] as never,
        restart,
        scheduler,
      })),
    });
    const { signal } = self;
    const workers = new LeastLoaded();
    let waiting: (Call<ServerCall> | ServerCast)[] = [];
    const dispatch = (task: Call<ServerCall> | ServerCast) => {
      const pid = workers.take();
      if (pid === undefined) {
        waiting.push(task);
        return;
      }
      const request = task.type === "CALL" ? task.request : { call: task.cast, args: task.args };
      const answer = self.call(pid as Pid<Call>, request, { timeout });
      answer.then(
        (value) => {
          workers.done(pid);
          workers.caughtUp(pid);
          if (task.type === "CALL") answerWith(task, value);
        },
        (error) => {
          // When the pool itself is told to end, its callers hear that it is dead, not that they are to end.
          if (signal.aborted) return;
          if (isDeathOf(pid, error)) workers.remove(pid); // its DOWN may be behind other tasks
          else if (error?.name === "TimeoutError") {
            workers.late(pid);
            self.send(pid, announcement(self.pid)); // it answers when it has come so far
          } else workers.done(pid);
          if (isDeathOf(pid, error) && NEVER_RECEIVED in error) dispatch(task);
          else if (task.type === "CALL") task.fail(error);
        },
      );
    };
    for await (const message of self) {
      if (isServerCall(message) || isCast(message)) dispatch(message);
      else if (isAnnouncement(message)) {
        const worker = message.request.announces;
        message.reply();
        if (workers.has(worker)) {
          workers.caughtUp(worker);
          continue;
        }
        self.monitor(worker);
        workers.add(worker);
        const tasks = waiting;
        waiting = [];
        tasks.forEach(dispatch);
      } else if (isDown(message)) workers.remove(message.pid);
    }
  };
  const start = (self: Actor<unknown>, ...args: A) => {
    const handle = self.spawn(run as never, ...args as never);
    return Object.assign(worker.client(self, handle as never) as object, { handle });
  };
  const startWith = (self: Actor<unknown>, spawnOptions: object, ...args: A) => {
    const handle = self.spawnWith(spawnOptions, run as never, ...args as never);
    return Object.assign(worker.client(self, handle as never) as object, { handle });
  };
  return Object.assign(shownAs("pool", run), {
    client: worker.client,
    start,
    startWith,
  }) as unknown as Server<S, A, C, K>;
}

/** Said where the pool is written, and not when it is started or a worker has a call. @throws TypeError, RangeError */
function checkPool(worker: unknown, options: PoolOptions): void {
  if (typeof worker !== "function" || typeof (worker as { client?: unknown }).client !== "function") {
    throw new TypeError(
      `pool needs a server, got ${Deno.inspect(worker, { depth: 0 })}. Make one with server({ … })`,
    );
  }
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`pool needs { size }, got ${Deno.inspect(options, { depth: 0 })}`);
  }
  checkNames(options, ["size", "scheduler", "restart", "intensity", "period", "timeout"], "pool");
  const { size, scheduler, restart, intensity, period, timeout } = options;
  if (!Number.isInteger(size) || size < 1) {
    throw new RangeError(`pool needs a size of at least 1, got ${Deno.inspect(size)}`);
  }
  if (timeout !== undefined) checkDuration(timeout, "pool: timeout");
  const start = [worker] as never;
  checkSpec({ intensity, period, children: [{ id: "worker 0", start, restart, scheduler }] });
}

/** A worker may also fail with the death of somebody else, whom it has called. */
function isDeathOf(pid: Pid, error: unknown): error is DeadActorError {
  return error instanceof Error && error.name === "DeadActorError" && (error as DeadActorError).pid === pid;
}

function isDown(message: unknown): message is { readonly pid: Pid } {
  return typeof message === "object" && message !== null && (message as { type?: unknown }).type === "DOWN";
}
