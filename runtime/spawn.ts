/**
 * Spawning: from a function, a URL or a record of another scheduler to an actor in a run queue.
 *
 * Where an actor goes is decided in placement.ts; this file only carries the decision out.
 *
 * @module
 */
import type { ActorFunction, OnFull, Pid, SpawnOptions } from "./api.ts";
import type { ActorImpl } from "./actor.ts";
import { HandleImpl } from "./handle.ts";
import type { Scheduler } from "./scheduler.ts";
import type { Target } from "./targets.ts";
import { outside } from "./async_context.ts";
import { DONE } from "./actor_state.ts";
import { extrasOf } from "./extras.ts";
import { askToEnd, finalize } from "./lifecycle.ts";
import { bareExit, toError } from "./errors.ts";
import { birthOf } from "./pid.ts";
import { ENDED, SPAWNED, WHERE_HOME, WHERE_STEALABLE } from "./layout.ts";
import { type SpawnRecord, WATCH_MONITOR } from "./protocol.ts";
import { MANY_STAY, place, share } from "./placement.ts";
import { put } from "./sending.ts";
import { arrived, CallImpl } from "./call.ts";
import { deepFreeze, NotSendableError } from "./sendable.ts";
import { AT_HOME, SETTLED } from "./offer_states.ts";
import { checkNames } from "./spelling.ts";
import { RX_STARTS } from "./wait.ts";

export function spawn(
  s: Scheduler,
  parent: ActorImpl,
  target: ActorFunction | URL,
  args: unknown[],
  options: SpawnOptions | null,
): HandleImpl {
  if (parent.state === DONE) throw parent.ended("spawn");
  if (--s.ops <= 0) s.lookInSend(parent);
  if (typeof target !== "function") return spawnModule(s, parent, target, args, options);
  const known = s.targets.describe(target);
  const where = options === null ? s.id : place(s, known, options);
  if (where !== s.id) return spawnAway(s, parent, where, known, args, options!);
  const pinned = options !== null && options.scheduler !== undefined;
  const mayMove = !pinned && known.module !== null && s.sharesWork;
  const isShort = mayMove && s.shortRuns.staysHome(known, s.lastNow) && !s.isHeldUp;
  if (mayMove && !isShort && known.staying >= MANY_STAY && !isSupervised(options)) {
    const lightest = s.work.lightest();
    const handle = lightest === s.id ? null : trySpawnAway(s, parent, lightest, known, args, options ?? {});
    if (handle !== null) return handle;
  }
  // What links, names or bounds make of an actor goes with it when it is given away; thieves take plain ones only.
  const offered = mayMove && !isShort && options === null && s.boundByDefault === null && known.inEntry &&
    s.work.canOffer();
  const pid = s.slots.take(offered ? WHERE_STEALABLE : mayMove ? WHERE_HOME : s.id);
  const seed = bear(s, parent, pid, target, args, known, options);
  s.enqueue(seed);
  if (mayMove) {
    seed.offer = offered ? SETTLED : AT_HOME;
    if (isShort) s.work.stayHome(seed);
    else share(s, seed);
  }
  if (s.stopping && !isSupervised(options)) askToEnd(s, seed.grow(), bareExit("shutdown"));
  return seed;
}

/** As {@link spawnAway}; null when what it is given cannot be sent, so that it has to live here. */
function trySpawnAway(...args: Parameters<typeof spawnAway>): HandleImpl | null {
  try {
    return spawnAway(...args);
  } catch (error) {
    if (error instanceof NotSendableError) return null;
    throw error;
  }
}

/** An actor begins to live here, with what the options ask for and what its arguments hold; nobody runs it yet. */
function bear(
  s: Scheduler,
  parent: ActorImpl,
  pid: Pid,
  fn: ActorFunction | null,
  args: unknown[],
  known: Target,
  options: SpawnOptions | null,
): HandleImpl {
  const seed = new HandleImpl(pid, null);
  seed.plant(known, fn, args, parent);
  if (options !== null) {
    const actor = seed.grow();
    try {
      apply(s, parent, actor, options);
    } catch (error) {
      s.residents.remove(actor);
      s.slots.free(pid);
      throw error;
    }
  } else if (s.boundByDefault !== null) extrasOf(seed.grow()).bound = { ...s.boundByDefault };
  else s.residents.add(seed);
  s.words[s.base + SPAWNED]++;
  s.live++;
  if (s.trace !== null) s.trace.spawned(pid, known);
  if (parent.extras !== null && parent.extras.tokens !== null) s.io.owners.given(args, pid);
  return seed;
}

/** An actor that nobody here has spawned begins to live here; nobody runs it yet. */
function comeToLife(
  s: Scheduler,
  pid: Pid,
  fn: ActorFunction | null,
  args: readonly unknown[],
  known: Target,
): ActorImpl {
  const seed = new HandleImpl(pid, null);
  seed.plant(known, fn, args, null);
  return seed.grow(s);
}

/** --strict: the arguments of an actor that may start elsewhere. Those of a closure never travel. */
export function checkArgs(s: Scheduler, target: unknown, args: unknown[]): void {
  if (typeof target === "function" && s.targets.describe(target).module === null) return;
  s.remote.strictCopyCheck(args, "args");
}

/** The first actor of a run. */
export function spawnMain(s: Scheduler, fn: ActorFunction, args: string[]): ActorImpl {
  const pid = s.slots.take(s.id);
  const actor = comeToLife(s, pid, fn, args, s.targets.describe(fn));
  if (s.boundByDefault !== null) extrasOf(actor).bound = { ...s.boundByDefault };
  s.main = actor;
  s.words[s.base + SPAWNED]++;
  s.live++;
  if (s.trace !== null) s.trace.spawned(pid, actor.target);
  s.enqueue(actor.seed!);
  return actor;
}

/** What the options of a spawn ask for, atomically with it: all of it, or an error and nothing. */
function apply(s: Scheduler, parent: ActorImpl, actor: ActorImpl, options: SpawnOptions): void {
  const bound = boundOf(options) ?? s.boundByDefault;
  if (bound !== null) extrasOf(actor).bound = { ...bound };
  if (options.name !== undefined) {
    s.names.register(options.name, actor.pid);
    extrasOf(actor).names.add(options.name);
  }
  if (options.link) {
    extrasOf(actor).links.add(parent.pid);
    extrasOf(parent).links.add(actor.pid);
  }
  if (options.monitor) {
    const ref = s.nextRef();
    extrasOf(parent).monitors.set(ref, actor.pid);
    extrasOf(actor).watchers.push({ kind: WATCH_MONITOR, scheduler: s.id, pid: parent.pid, ref });
  }
  if (isSupervised(options)) supervisedBy(actor, parent.pid);
}

function isSupervised(options: SpawnOptions | null): boolean {
  return options !== null && (options as { supervised?: boolean }).supervised === true;
}

function supervisedBy(actor: ActorImpl, supervisor: Pid): void {
  const extras = extrasOf(actor);
  extras.supervised = true;
  extras.supervisor = supervisor;
  extras.startsUnder = supervisor;
  actor.rx |= RX_STARTS;
}

const OPTIONS: readonly string[] = ["name", "link", "monitor", "scheduler", "mailbox"];
const BOUND_OPTIONS: readonly string[] = ["capacity", "onFull"];

export function checkSpawnOptions(options: unknown): void {
  if (typeof options === "object" && options !== null) return checkNames(options, OPTIONS, "spawnWith");
  throw new TypeError(
    `spawnWith needs { name, link, monitor, scheduler, mailbox }, got ${Deno.inspect(options, { depth: 0 })}`,
  );
}

export function boundOf(options: Pick<SpawnOptions, "mailbox">) {
  const mailbox = options.mailbox;
  if (mailbox === undefined) return null;
  if (typeof mailbox !== "object" || mailbox === null) {
    throw new TypeError(`mailbox needs { capacity, onFull }, got ${Deno.inspect(mailbox, { depth: 0 })}`);
  }
  checkNames(mailbox, BOUND_OPTIONS, "mailbox");
  const { capacity, onFull = "drop-newest" } = mailbox;
  if (!Number.isInteger(capacity) || capacity < 1) {
    throw new RangeError(
      `mailbox.capacity needs a whole number of at least 1, got ${Deno.inspect(capacity, { depth: 0 })}`,
    );
  }
  if (onFull !== "drop-newest" && onFull !== "drop-oldest" && onFull !== "panic") {
    throw new TypeError(
      `mailbox.onFull needs "drop-newest", "drop-oldest" or "panic", got ${
        Deno.inspect(onFull, { depth: 0 })
      }`,
    );
  }
  return { capacity, onFull: onFull as OnFull, dropped: 0, exempted: 0 };
}

/** Starts an actor on another scheduler. Its pid is of this one, and so is the handle. */
function spawnAway(
  s: Scheduler,
  parent: ActorImpl,
  where: number,
  target: Target,
  args: unknown[],
  options: SpawnOptions,
): HandleImpl {
  const bound = boundOf(options) ?? s.boundByDefault;
  const pid = s.slots.take(where);
  const handle = new HandleImpl(pid, null);
  handle.parent = parent;
  const ref = options.monitor ? s.nextRef() : 0;
  // The name is given when the record is whole: whoever finds the pid by it may tell that scheduler something for an actor
  // that is on its way, and this one surely is then.
  let refusal: unknown;
  const takesName = () => {
    try {
      if (options.name !== undefined) s.names.register(options.name, pid);
      return true;
    } catch (error) {
      refusal = error;
      return false;
    }
  };
  s.words[s.base + SPAWNED]++; // before it can end there: the end-of-run check compares the two counts
  try {
    s.remote.spawn(where, pid, {
      module: target.module!,
      exportName: target.exportName,
      args,
      link: options.link ? parent.pid : null,
      monitor: options.monitor ? { pid: parent.pid, ref } : null,
      mailbox: bound,
      names: options.name === undefined ? null : [options.name],
      supervised: isSupervised(options),
    }, options.name === undefined ? undefined : takesName);
    if (refusal !== undefined) throw refusal;
  } catch (error) { // an argument that cannot be sent, a name that is taken: nothing was started
    s.journal.ends(pid); // a count that goes back could not be told from one that was not reached
    s.slots.free(pid);
    s.words[s.base + ENDED]++;
    throw error;
  }
  if (options.link) extrasOf(parent).links.add(pid);
  if (options.monitor) extrasOf(parent).monitors.set(ref, pid);
  s.away.set(pid, handle);
  if (s.trace !== null) s.trace.spawned(pid, target);
  return handle;
}

/** An actor that was spawned, or given away, elsewhere begins its life here. */
export function adopt(s: Scheduler, pid: Pid, record: SpawnRecord): ActorImpl {
  const fn = s.targets.find(record.module, record.exportName);
  const known = fn === undefined ? s.targets.describe({ name: record.exportName }) : s.targets.describe(fn);
  const actor = comeToLife(s, pid, fn ?? null, record.args, known);
  if (record.mailbox !== null) {
    const { capacity, onFull, dropped } = record.mailbox;
    extrasOf(actor).bound = { capacity, onFull: onFull as OnFull, dropped, exempted: 0 };
  }
  if (record.link !== null) extrasOf(actor).links.add(record.link);
  if (record.monitor !== null) {
    extrasOf(actor).watchers.push({
      kind: WATCH_MONITOR,
      scheduler: birthOf(pid), // the spawner's: it gave the pid
      pid: record.monitor.pid,
      ref: record.monitor.ref,
    });
  }
  for (const link of record.links ?? []) extrasOf(actor).links.add(link);
  for (const watcher of record.watchers ?? []) extrasOf(actor).watchers.push(watcher);
  for (const name of record.names ?? []) extrasOf(actor).names.add(name);
  if (record.supervised) supervisedBy(actor, record.link!);
  s.io.owners.claim(pid);
  s.live++;
  for (const message of record.messages ?? []) {
    // A call that waited for it where it was: its end, from now on here, is to fail that one too.
    if (message instanceof CallImpl && message.callee === pid) arrived(actor, message);
    else put(actor, message);
  }
  if (fn === undefined) load(s, actor, record.module, record.exportName);
  else s.enqueue(actor.seed!);
  // A supervised one is its supervisor's to end, which may not have heard of the run's end: to it that start had failed.
  if (s.stopping && !record.supervised) askToEnd(s, actor, bareExit("shutdown"));
  return actor;
}

/** An actor that was taken from another scheduler, with the messages that it had by then. */
export function adoptStolen(
  s: Scheduler,
  pid: Pid,
  target: number,
  args: unknown[],
  messages: unknown[],
): void {
  if (s.strict) deepFreeze([args, messages], s.remote.classes); // as it would have been where it was spawned
  const [fn, known] = s.targets.entry(target);
  const actor = comeToLife(s, pid, fn, args, known);
  for (const message of messages) put(actor, message);
  s.io.owners.claim(pid);
  s.live++;
  s.enqueue(actor.seed!);
  if (s.stopping) askToEnd(s, actor, bareExit("shutdown"));
}

/** `spawn(new URL("./worker.ts", import.meta.url))`: the `main` of a module, loaded where the actor is to live. */
function spawnModule(
  s: Scheduler,
  parent: ActorImpl,
  url: URL,
  args: unknown[],
  options: SpawnOptions | null,
): HandleImpl {
  if (!(url instanceof URL)) {
    throw new TypeError(
      `Cannot spawn ${
        Deno.inspect(url, { depth: 0 })
      }. Give a function, or the URL of a module that exports main`,
    );
  }
  const fn = s.targets.find(url.href, "main");
  if (fn !== undefined) return spawn(s, parent, fn, args, options);
  const known: Target = { ...s.targets.describe({ name: "main" }), module: url.href, exportName: "main" };
  const where = options === null ? s.id : place(s, known, options);
  if (where !== s.id) return spawnAway(s, parent, where, known, args, options!);
  const pid = s.slots.take(s.id);
  const seed = bear(s, parent, pid, null, args, known, options);
  load(s, seed.grow(), url.href, "main");
  return seed;
}

/** An actor whose module is not loaded here yet waits for it outside of the run queue. */
function load(s: Scheduler, actor: ActorImpl, module: string, exportName: string): void {
  s.loading++;
  outside(() => import(module)).then((namespace: Record<string, unknown>) => {
    s.loading--;
    s.targets.register(module, namespace);
    if (actor.state === DONE) return;
    const fn = namespace[exportName];
    if (typeof fn !== "function") {
      const error = new TypeError(`Cannot spawn ${module}: it exports no ${exportName} function. Export one`);
      finalize(s, actor, { kind: "panic", error });
    } else {
      actor.seed!.fn = fn as ActorFunction;
      s.enqueue(actor.seed!);
    }
  }, (error) => {
    s.loading--;
    finalize(s, actor, { kind: "panic", error: toError(error) });
    s.arm();
  });
}
