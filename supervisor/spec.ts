/**
 * What a supervisor is asked for, and what its handle can do: the types, and the check of a spec before anything of it
 * is started. Names and meanings are those of OTP's `supervisor`.
 *
 * @module
 */
import type { ActorFunction, Handle, Pid, SpawnOptions } from "../runtime/api.ts";
import { boundOf } from "../runtime/spawn.ts";
import { checkNames } from "../runtime/spelling.ts";
import { checkDuration } from "../timer/duration.ts";

/** Which children are restarted with one that has ended: itself, all, or itself and those that were started after it. */
export type Strategy = "one_for_one" | "one_for_all" | "rest_for_one";
/** Always; only after a panic whose reason is neither "normal" nor "shutdown"; never. */
export type Restart = "permanent" | "transient" | "temporary";
/** How long a child may take to end when told to (ms), or it is killed; `"kill"`: at once; `"infinity"`: no limit. */
export type Shutdown = number | "kill" | "infinity";

/** What a child runs: an actor function, or the URL of a module whose `main` it is. */
// deno-lint-ignore no-explicit-any
export type ChildTarget = ((self: any, ...args: any[]) => unknown) | URL;

/** More than this many restarts within the period end a supervisor. */
export const DEFAULT_INTENSITY = 3;
/** In milliseconds. */
export const DEFAULT_PERIOD_MS = 5000;
/** Of a worker, in milliseconds; a supervisor gets all the time that its children need. */
export const DEFAULT_SHUTDOWN_MS = 5000;

/** What children of both kinds of supervisors may say. */
export interface ChildBase {
  /** Default `"permanent"`. */
  readonly restart?: Restart;
  /** Default 5000 ms for a worker, `"infinity"` for a supervisor. */
  readonly shutdown?: Shutdown;
  /** Default `"worker"`. */
  readonly type?: "worker" | "supervisor";
  /** Registers the child under this name, anew after each restart. */
  readonly name?: string;
  /** Where it runs: an id, or the supervisor's own scheduler (`"local"`, the default); `"spread"`: in turns on each. */
  readonly scheduler?: number | "local" | "spread";
  /** Bounds its mailbox. */
  readonly mailbox?: SpawnOptions["mailbox"];
}

/** A child: an actor, or with `supervise` a supervisor under this one. */
export type ChildSpec =
  & ChildBase
  & { readonly id: string }
  & (
    | { readonly start: readonly [ChildTarget, ...unknown[]]; readonly supervise?: undefined }
    | { readonly supervise: SupervisorSpec; readonly start?: undefined }
  );

/** What both kinds of supervisors may say. */
export interface SupervisorBase {
  /** Registers the supervisor. */
  readonly name?: string;
  /** Default 3: one restart more within the period ends the supervisor. */
  readonly intensity?: number;
  /** In milliseconds; default 5000. */
  readonly period?: number;
}

/** What `self.supervise` takes. */
export interface SupervisorSpec extends SupervisorBase {
  /** Default `"one_for_one"`. */
  readonly strategy?: Strategy;
  /** Started in this order, stopped in the reverse one. */
  readonly children?: readonly ChildSpec[];
}

/** What `self.superviseMany` takes: one start for all children; `startChild` adds its arguments to those given here. */
export interface ManySpec<F = ActorFunction, Given extends unknown[] = unknown[]>
  extends SupervisorBase, ChildBase {
  /** Registers the supervisor: alike children cannot all have one name. */
  readonly name?: string;
  /** The target and its first arguments. */
  readonly start: readonly [F | URL, ...Given];
}

/** One child, as told by `children()`. */
export interface ChildInfo {
  /** Of an alike child: its pid as text. */
  readonly id: string;
  /** Null while it does not run. */
  readonly pid: Pid | null;
  /** What it says it is. */
  readonly type: "worker" | "supervisor";
  /** When it is restarted. */
  readonly restart: Restart;
}

/** As told by `count()`. */
export interface ChildCount {
  /** Specs that are kept. */
  readonly specs: number;
  /** Children that live. */
  readonly active: number;
  /** Of all specs: those of workers. */
  readonly workers: number;
  /** Of all specs: those of supervisors. */
  readonly supervisors: number;
}

/** The handle of a supervisor. May be sent in messages. Its methods reject with `SupervisorError` or `DeadActorError`. */
export interface SupervisorHandle extends Handle<never, unknown> {
  /** In the order in which they are started. */
  children(): Promise<ChildInfo[]>;
  /** How many there are. Answered when whatever was asked before is done, the start of all children included. */
  count(): Promise<ChildCount>;
  /** Adds a child; its pid, once it waits for the first time. One that fails to start is not kept. */
  startChild(spec: ChildSpec): Promise<Pid>;
  /** Stops a child, which is not restarted for that. The spec of a temporary one is dropped. */
  terminateChild(id: string): Promise<void>;
  /** Starts a child that does not run. */
  restartChild(id: string): Promise<Pid>;
  /** Drops the spec of a child that does not run. */
  deleteChild(id: string): Promise<void>;
}

/** The arguments that follow those of the spec; any, where it is not known how many the spec gives. */
export type Arguments<F, Given extends unknown[] = unknown[]> = F extends
  (self: never, ...args: infer A) => unknown
  // deno-lint-ignore no-explicit-any
  ? number extends Given["length"] ? any[]
  : Given extends [unknown, ...infer Others]
    ? Arguments<(self: never, ...args: A extends [_?: unknown, ...rest: infer R] ? R : A) => unknown, Others>
  : A
  : unknown[];

/** The handle of a supervisor of alike children, which go by their pids. */
export interface ManyHandle<F = ActorFunction, Given extends unknown[] = unknown[]>
  extends Handle<never, unknown> {
  /** In the order in which they were added. */
  children(): Promise<ChildInfo[]>;
  /** How many there are. */
  count(): Promise<ChildCount>;
  /** Starts one more; its pid, once it waits for the first time. */
  startChild(...args: Arguments<F, Given>): Promise<Pid>;
  /** Stops one, which is then forgotten; for one that has ended already there is nothing to do. */
  terminateChild(pid: Pid<never>): Promise<void>;
}

/** A child's spec with nothing left open. */
export interface Child {
  readonly id: string;
  readonly target: ChildTarget | null;
  readonly args: readonly unknown[];
  readonly supervise: Setup | null;
  readonly restart: Restart;
  readonly shutdown: Shutdown;
  readonly type: "worker" | "supervisor";
  readonly name: string | undefined;
  readonly scheduler: number | "local" | "spread";
  readonly mailbox: SpawnOptions["mailbox"];
}

/** A supervisor's spec with nothing left open. */
export interface Setup {
  readonly strategy: Strategy;
  readonly intensity: number;
  readonly periodMs: number;
  readonly children: readonly Child[];
  /** Alike children: what each of them is started with. */
  readonly template: Child | null;
  readonly name: string | undefined;
}

const BASE = ["name", "intensity", "period"];
const CHILD = ["start", "restart", "shutdown", "type", "name", "scheduler", "mailbox"];
/** OTP has an id and a strategy for alike children too; there they say nothing, and so here. */
const MANY = [...new Set([...CHILD, ...BASE, "id", "strategy"])];

/** @throws TypeError, RangeError */
export function checkSpec(spec: SupervisorSpec): Setup {
  if (typeof spec !== "object" || spec === null) {
    throw new TypeError(`supervise needs { strategy, children }, got ${show(spec)}`);
  }
  checkNames(spec, ["strategy", ...BASE, "children"], "supervise");
  const given = spec.children ?? [];
  if (!Array.isArray(given)) throw new TypeError(`supervise needs a list of children, got ${show(given)}`);
  const children = given.map(checkChild);
  const ids = new Set<string>();
  for (const { id } of children) {
    if (ids.has(id)) throw new TypeError(`supervise got two children with the id ${show(id)}. Rename one`);
    ids.add(id);
  }
  return {
    ...checkBase(spec),
    strategy: oneOf("strategy", spec.strategy ?? "one_for_one", [
      "one_for_one",
      "one_for_all",
      "rest_for_one",
    ]),
    children,
    template: null,
  };
}

/** @throws TypeError, RangeError */
export function checkManySpec(spec: ManySpec): Setup {
  if (typeof spec !== "object" || spec === null) {
    throw new TypeError(`superviseMany needs { start: [target, ...args] }, got ${show(spec)}`);
  }
  checkNames(spec, MANY, "superviseMany");
  const { start, restart, shutdown, type, scheduler, mailbox } = spec; // the name is the supervisor's
  const template = checkChild({ id: "many", start, restart, shutdown, type, scheduler, mailbox });
  return { ...checkBase(spec), strategy: "one_for_one", children: [], template };
}

/** @throws TypeError, RangeError */
export function checkChild(spec: ChildSpec): Child {
  if (typeof spec !== "object" || spec === null || typeof spec.id !== "string" || spec.id === "") {
    throw new TypeError(`A child needs { id, start: [target, ...args] }, got ${show(spec)}`);
  }
  const { id, start, supervise, scheduler } = spec;
  const who = `child ${show(id)}`;
  checkNames(spec, ["id", ...CHILD, "supervise"], who);
  if (supervise === undefined) {
    const target: unknown = Array.isArray(start) ? start[0] : undefined;
    if (typeof target !== "function" && !(target instanceof URL)) {
      throw new TypeError(`${who} needs start: [function or URL, ...args], got ${show(start)}`);
    }
  }
  const isTree = supervise !== undefined || spec.type === "supervisor";
  const shutdown = spec.shutdown ?? (isTree ? "infinity" : DEFAULT_SHUTDOWN_MS);
  if (shutdown !== "kill" && shutdown !== "infinity") checkDuration(shutdown, `${who}: shutdown`);
  const isPlace = scheduler === undefined || scheduler === "local" || scheduler === "spread" ||
    (Number.isInteger(scheduler) && scheduler >= 0);
  if (!isPlace) {
    throw new TypeError(`${who}: scheduler needs an id, "local" or "spread", got ${show(scheduler)}`);
  }
  if (supervise !== undefined && scheduler !== undefined && scheduler !== "local") {
    throw new TypeError(
      `${who}: a supervisor runs on the scheduler of the one above it. Leave scheduler ${
        show(scheduler)
      } out, or give it to its children`,
    );
  }
  const name = spec.name ?? supervise?.name;
  if (name !== undefined && (typeof name !== "string" || name === "")) {
    throw new TypeError(`${who}: name needs at least one character, got ${show(name)}`);
  }
  boundOf(spec);
  return {
    id,
    target: start?.[0] ?? null,
    args: start?.slice(1) ?? [],
    supervise: supervise === undefined ? null : checkSpec(supervise),
    restart: oneOf(`${who}: restart`, spec.restart ?? "permanent", ["permanent", "transient", "temporary"]),
    shutdown,
    type: isTree ? "supervisor" : oneOf(`${who}: type`, spec.type ?? "worker", ["worker", "supervisor"]),
    name,
    scheduler: scheduler ?? "local",
    mailbox: spec.mailbox,
  };
}

function checkBase(spec: SupervisorBase) {
  const { intensity = DEFAULT_INTENSITY, period = DEFAULT_PERIOD_MS, name } = spec;
  if (!Number.isSafeInteger(intensity) || intensity < 0) {
    throw new RangeError(`intensity needs a whole number of at least 0, got ${show(intensity)}`);
  }
  checkDuration(period, "period");
  if (period === 0) throw new RangeError("period needs more than 0 milliseconds, got 0");
  return { intensity, periodMs: period, name };
}

function oneOf<T extends string>(what: string, value: T, allowed: readonly T[]): T {
  if (allowed.includes(value)) return value;
  throw new TypeError(`${what} needs ${allowed.map((one) => show(one)).join(" or ")}, got ${show(value)}`);
}

function show(value: unknown): string {
  return Deno.inspect(value, { depth: 1, breakLength: Infinity, colors: false });
}
