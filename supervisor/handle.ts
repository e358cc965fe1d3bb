/**
 * The handle of a supervisor: each method is a call to the supervisor's actor, wherever that lives.
 *
 * @module
 */
import type { Pid } from "../runtime/api.ts";
import type { ActorImpl } from "../runtime/actor.ts";
import type { Scheduler } from "../runtime/scheduler.ts";
import type { ChildCount, ChildInfo, ChildSpec } from "./spec.ts";
import { currentActor } from "../runtime/async_context.ts";
import { HandleImpl } from "../runtime/handle.ts";
import { callPid } from "../runtime/call.ts";

/** What the supervisor's actor is asked. */
export type Request =
  | { readonly op: "children" }
  | { readonly op: "count" }
  | { readonly op: "start"; readonly args: readonly unknown[] }
  | { readonly op: "terminate"; readonly which: string | Pid }
  | { readonly op: "restart"; readonly which: string }
  | { readonly op: "delete"; readonly which: string };

export class SupervisorHandleImpl extends HandleImpl {
  readonly #s: Scheduler;

  constructor(scheduler: Scheduler, pid: Pid, child: ActorImpl | null) {
    super(pid, child);
    this.#s = scheduler;
  }

  children(): Promise<ChildInfo[]> {
    return this.#ask({ op: "children" }) as Promise<ChildInfo[]>;
  }
  count(): Promise<ChildCount> {
    return this.#ask({ op: "count" }) as Promise<ChildCount>;
  }
  startChild(...args: unknown[]): Promise<Pid> {
    if (this.#s.id !== this.home) args = args.map((arg) => pack(this.#s, arg));
    return this.#ask({ op: "start", args }) as Promise<Pid>;
  }
  terminateChild(which: string | Pid): Promise<void> {
    return this.#ask({ op: "terminate", which }) as Promise<void>;
  }
  restartChild(id: string): Promise<Pid> {
    return this.#ask({ op: "restart", which: id }) as Promise<Pid>;
  }
  deleteChild(id: string): Promise<void> {
    return this.#ask({ op: "delete", which: id }) as Promise<void>;
  }

  async #ask(request: Request): Promise<unknown> {
    const actor = currentActor();
    if (actor === undefined) throw new TypeError(`Only an actor can ask a supervisor for ${request.op}`);
    try {
      return await callPid(actor, this.pid, request, undefined);
    } catch (error) { // its refusal was made in the supervisor: the line that counts is that of who asks
      if ((error as Error).name === "SupervisorError") Error.captureStackTrace(error as Error);
      throw error;
    }
  }
}

/** Exported functions in a child's spec travel by name. */
function pack(s: Scheduler, arg: unknown): unknown {
  const spec = arg as ChildSpec | null;
  if (typeof spec !== "object" || !Array.isArray(spec?.start) || typeof spec.start[0] !== "function") {
    return arg;
  }
  const { module, exportName } = s.targets.describe(spec.start[0]);
  if (module === null) return arg;
  return { ...spec, start: [{ smarmTarget: [module, exportName] }, ...spec.start.slice(1)] };
}

/** The other end of {@link pack}. */
export function unpack(s: Scheduler, arg: unknown): unknown {
  const spec = arg as { start?: unknown[] } | null;
  const known = (spec?.start?.[0] as { smarmTarget?: [string, string] } | undefined)?.smarmTarget;
  if (known === undefined) return arg;
  const target = s.targets.find(known[0], known[1]) ?? new URL(known[0]);
  return { ...spec, start: [target, ...spec!.start!.slice(1)] };
}
