/**
 * Groups: many actors under one name, on any scheduler, in the manner of OTP's `pg`.
 *
 * Each scheduler keeps the whole membership. The one where a member lives tells all others of its joins and leaves, its
 * end included; between two schedulers this news keeps its place among the messages. So a member's message that was sent
 * after its join finds the member in the group, and so does whoever learns of the join over a third scheduler.
 * Dead members are never shown: whether a pid lives is in shared memory.
 *
 * @module
 */
import type { Group, Pid } from "../runtime/api.ts";
import type { ActorImpl } from "../runtime/actor.ts";
import type { Scheduler } from "../runtime/scheduler.ts";
import { extrasOf } from "../runtime/extras.ts";
import { DONE } from "../runtime/actor_state.ts";
import { staysWithActor } from "../runtime/sendable.ts";
import { R_GROUP } from "../runtime/protocol.ts";

/** What one scheduler knows of all groups. */
export class Groups {
  readonly #s: Scheduler;
  readonly #members = new Map<string, Set<Pid>>();

  constructor(s: Scheduler) {
    this.#s = s;
  }

  /** The live members, by pid. */
  members(name: string): Pid[] {
    const members = this.#members.get(name);
    if (members === undefined) return [];
    return [...members].filter((pid) => this.#s.routes.isLive(pid)).sort((a, b) => a - b);
  }

  /** A scheduler is dead: whoever takes its place learns of the members here, and its own are no members. */
  lost(scheduler: number): void {
    const { remote, routes } = this.#s;
    for (const [name, members] of [...this.#members]) {
      for (const pid of [...members]) {
        if (this.#s.find(pid) !== undefined) remote.record(scheduler, R_GROUP, 0, 1, [name, pid]);
        else if (!routes.isLive(pid)) this.told(name, pid, false);
      }
    }
  }

  /** How many groups have members: none is left behind by the dead. */
  get size(): number {
    return this.#members.size;
  }

  /** An actor that lives here joins or leaves. */
  change(name: string, pid: Pid, joins: boolean): void {
    this.told(name, pid, joins);
    this.#s.remote.group(name, pid, joins);
  }

  /** Another scheduler says that an actor of its own has joined or left. */
  told(name: string, pid: Pid, joins: boolean): void {
    const members = this.#members.get(name);
    if (joins) {
      if (members === undefined) this.#members.set(name, new Set([pid]));
      else members.add(pid);
    } else if (members?.delete(pid) && members.size === 0) this.#members.delete(name);
  }
}

class GroupImpl implements Group {
  static {
    staysWithActor(this, "Group");
  }

  readonly name: string;
  readonly #actor: ActorImpl;

  constructor(actor: ActorImpl, name: string) {
    this.#actor = actor;
    this.name = name;
  }

  join(): void {
    const actor = this.#use("join");
    const { groups } = extrasOf(actor);
    if (groups.has(this.name)) return;
    groups.add(this.name);
    actor.scheduler.groups.change(this.name, actor.pid, true);
  }

  leave(): boolean {
    const actor = this.#use("leave");
    if (actor.extras?.groups.delete(this.name) !== true) return false;
    actor.scheduler.groups.change(this.name, actor.pid, false);
    return true;
  }

  members(): Pid[] {
    return this.#actor.scheduler.groups.members(this.name);
  }

  broadcast(message: unknown): number {
    const actor = this.#use("broadcast");
    const members = this.members();
    const s = actor.scheduler;
    let isFirst = true;
    for (const pid of members) {
      const isHere = s.find(pid) !== undefined;
      actor.send(pid, isHere && !isFirst ? s.remote.another(message) : message);
      if (isHere) isFirst = false;
    }
    return members.length;
  }

  #use(operation: string): ActorImpl {
    if (this.#actor.state === DONE) throw this.#actor.ended(operation);
    return this.#actor;
  }
}

export function groupOf(actor: ActorImpl, name: string): Group {
  if (actor.state === DONE) throw actor.ended("group");
  if (typeof name !== "string" || name === "") {
    throw new TypeError(`A group needs a name of at least one character, got ${Deno.inspect(name)}`);
  }
  return new GroupImpl(actor, name);
}
