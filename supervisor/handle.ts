/**
 * The handle of a supervisor: each method is a call to the supervisor's actor, wherever that lives.
 *
 * @module
 */
import type { Pid } from "../runtime/api.ts";
import type { ActorImpl } from "../runtime/actor.ts";
import type { Scheduler } from "../runtime/scheduler.ts";
import type { ChildCount, ChildInfo } from "./spec.ts";
import { currentActor } from "../runtime/async_context.ts";
import { HandleImpl } from "../runtime/handle.ts";
import { callPid } from "../runtime/call.ts";
import { SupervisorError } from "../runtime/errors.ts";

/** What the supervisor's actor is asked. */
export type Request =
  | { readonly op: "children" }
  | { readonly op: "count" }
  | { readonly op: "start"; readonly args: readonly unknown[] }
  | { readonly op: "terminate"; readonly which: string | Pid }
  | { readonly op: "restart"; readonly which: string }
  | { readonly op: "delete"; readonly which: string };

/** What a supervisor refuses with; the latter two are of specs that cannot be kept. */
const REFUSALS = new Map([SupervisorError, TypeError, RangeError].map((kind) => [kind.name, kind]));

export class SupervisorHandleImpl extends HandleImpl {
  readonly #s: Scheduler;
  readonly #maker: ActorImpl | null;

  /** `maker` asks where it cannot be told who does: Node calls the handlers of its servers without a context. */
  constructor(scheduler: Scheduler, pid: Pid, child: ActorImpl | null, maker: ActorImpl | null) {
    super(pid, child);
    this.#s = scheduler;
    this.#maker = maker;
  }

  children(): Promise<ChildInfo[]> {
    return this.#ask({ op: "children" }) as Promise<ChildInfo[]>;
  }
  count(): Promise<ChildCount> {
    return this.#ask({ op: "count" }) as Promise<ChildCount>;
  }
  startChild(...args: unknown[]): Promise<Pid> {
    const isHome = this.#s.id === this.home;
    args = args.map((arg) => pack(this.#s, isHome, arg));
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
    const actor = currentActor() ?? this.#maker;
    if (actor === null) {
      throw new TypeError(
        `Cannot tell which actor asks the supervisor for ${request.op}. Send a message to an actor that asks`,
      );
    }
    try {
      return await callPid(actor, this.pid, request, undefined, undefined);
    } catch (error) {
      const { name, message, cause } = error as Error;
      const refusal = REFUSALS.get(name);
      if (refusal === undefined) throw error;
      // Made in the supervisor, and frozen by --strict: the line that counts is that of who asks.
      throw new refusal(message, cause === undefined ? undefined : { cause });
    }
  }
}

/** A target on the supervisor's own scheduler: it goes nowhere, so `--strict` finds no function that could not be sent. */
class OwnTarget {
  readonly #target: unknown;
  constructor(target: unknown) {
    this.#target = target;
  }
  static of(one: OwnTarget): unknown {
    return one.#target;
  }
}

/** The targets in a child's spec: at home they are wrapped, elsewhere exported functions and URLs travel by name. */
function pack(s: Scheduler, isHome: boolean, arg: unknown): unknown {
  return withTargets(arg, (target) => {
    if (typeof target !== "function" && !(target instanceof URL)) return target;
    if (isHome) return new OwnTarget(target);
    if (target instanceof URL) return { smarmTarget: [target.href, "main"] };
    const { module, exportName } = s.targets.describe(target);
    return module === null ? target : { smarmTarget: [module, exportName] };
  });
}

/** The other end of {@link pack}. */
export function unpack(s: Scheduler, arg: unknown): unknown {
  return withTargets(arg, (target) => {
    if (target instanceof OwnTarget) return OwnTarget.of(target);
    const known = (target as { smarmTarget?: [string, string] } | null | undefined)?.smarmTarget;
    if (known === undefined) return target;
    const [module, exportName] = known;
    const found = s.targets.find(module, exportName);
    if (found === undefined && exportName !== "main") {
      throw new TypeError(
        `Cannot start ${
          JSON.stringify(exportName)
        }: ${module} is not loaded where the supervisor lives. Give its URL`,
      );
    }
    return found ?? new URL(module);
  });
}

/** A child's spec, and those of a supervisor under it, with other targets; whatever else it is, as it is. */
function withTargets(arg: unknown, change: (target: unknown) => unknown): unknown {
  if (typeof arg !== "object" || arg === null) return arg;
  const { start, supervise } = arg as { start?: unknown; supervise?: { children?: unknown } | null };
  if (Array.isArray(start) && start.length > 0) {
    return { ...arg, start: [change(start[0]), ...start.slice(1)] };
  }
  if (!Array.isArray(supervise?.children)) return arg;
  const children = supervise.children.map((child) => withTargets(child, change));
  return { ...arg, supervise: { ...supervise, children } };
}
