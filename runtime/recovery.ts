/**
 * What a scheduler does when another one has died: it settles what its actors had to do with those that lived there.
 *
 * The control thread has declared the lost actors dead in the route words before anybody hears of it (losses.ts). Here:
 *
 * 1. What the dead one had published is taken in; what was on its way to it is dropped; both rings begin anew.
 * 2. Actors that were to live here and whose spawn record never came, and those that were sent there meanwhile, are dead.
 * 3. Whoever has to do with an actor that is dead now is a *suspect* of having been told nothing: links, monitors, calls,
 *    joins and handles.
 * 4. When all other schedulers have said that nothing they sent before is still on its way, the suspects that are left
 *    are told that the scheduler was lost.
 *
 * The race that the fourth step closes: an actor that ended on a live scheduler is dead in its route word, and the news
 * of its end, with its true outcome, is still on its way. That scheduler told the news before it answers.
 *
 * @module
 */
import { SEEN } from "./unobserved.ts";
import type { Outcome, Pid } from "./api.ts";
import type { ActorImpl } from "./actor.ts";
import type { Scheduler } from "./scheduler.ts";
import { DONE, UNSTARTED } from "./actor_state.ts";
import { dropCall, failCall } from "./call.ts";
import { ExitError } from "./errors.ts";
import { finalizeAway, noticed, signalled } from "./lifecycle.ts";
import { COUNTER_WORDS, COUNTERS, ENDED, EPOCH } from "./layout.ts";
import { formatPid } from "./pid.ts";
import { EXIT_LINK, R_SYNC, R_SYNCED, WATCH_MONITOR } from "./protocol.ts";

/** What the actors of a lost scheduler end with: OTP's exit reason, in words. */
export const LOST_REASON = "scheduler lost";

export function lostError(scheduler: number, why: string, pid?: Pid): ExitError {
  const who = pid === undefined ? "" : ` with actor ${formatPid(pid)}`;
  return new ExitError(LOST_REASON, `scheduler ${scheduler} was lost${who}: ${why}`);
}

interface Sync {
  readonly waitsFor: Set<number>;
  readonly done: () => void;
}

export type OnRecovered = (lost: number, sent: number, received: number) => void;

export class Recovery {
  readonly #s: Scheduler;
  readonly #onRecovered: OnRecovered;
  readonly #syncs = new Map<number, Sync>();
  /** Schedulers that are dead and not replaced yet. */
  readonly #absent = new Set<number>();

  readonly #lives: number[];

  /** `lives`: how many schedulers have had each id before, and died. */
  constructor(s: Scheduler, lives: readonly number[], onRecovered: OnRecovered) {
    this.#s = s;
    this.#lives = [...lives];
    this.#onRecovered = onRecovered;
  }

  lost(id: number, why: string): void {
    const s = this.#s;
    this.#absent.add(id);
    this.#lives[id]++;
    const { sent, received } = s.remote.reset(id);
    this.#ghosts(id);
    s.work.lost();
    s.channels.lost(id);
    s.groups.lost(id);
    s.remote.handles.lost(id);
    const suspects = this.#suspects(id, why);
    s.words[s.base + EPOCH]++;
    for (const [ref, sync] of this.#syncs) if (sync.waitsFor.delete(id)) this.#settle(ref, sync);
    this.#sync(() => {
      for (const tell of suspects) tell();
      this.#onRecovered(id, sent, received);
      s.arm();
    });
  }

  /** It is dead too, and `lost` comes later: it has answered what it has answered. */
  gone(id: number): void {
    this.#s.remote.takeAll(id);
    for (const [ref, sync] of this.#syncs) if (sync.waitsFor.delete(id)) this.#settle(ref, sync);
    this.#s.arm();
  }

  lifeOf(id: number): number {
    return this.#lives[id];
  }

  renewed(id: number): void {
    this.#absent.delete(id);
  }

  /** A record has come; false when its kind is unknown. */
  handle(from: number, kind: number, aux: number): boolean {
    if (kind === R_SYNC) this.#s.remote.record(from, R_SYNCED, 0, aux, null);
    else if (kind === R_SYNCED) {
      const sync = this.#syncs.get(aux);
      if (sync?.waitsFor.delete(from)) this.#settle(aux, sync);
    } else return false;
    return true;
  }

  // --- The steps --------------------------------------------------------------------------------------------------

  /** Dead before they came, or sent to where nobody is: their spawns are counted, so their ends are, here. */
  #ghosts(lost: number): void {
    const s = this.#s;
    const neverCame = s.routes.settledOn(s.id, lost).filter((pid) => s.find(pid) === undefined);
    const sentThere = s.routes.settledOn(lost, s.id);
    for (const pid of [...neverCame, ...sentThere]) {
      s.journal.ends(pid);
      s.routes.declareDead(pid);
      s.words[s.base + ENDED]++;
      s.remote.ghost(pid);
    }
  }

  #suspects(lost: number, why: string): (() => void)[] {
    const s = this.#s;
    const suspects: (() => void)[] = [];
    const isDead = (pid: unknown) => typeof pid === "number" && !s.routes.isLive(pid as Pid);
    const outcomeOf = (pid: Pid): Outcome => ({ kind: "panic", error: lostError(lost, why, pid) });
    for (const actor of s.residents) {
      if (actor.state === UNSTARTED && isDead(actor.pid)) { // a thief took it, and died
        suspects.push(() => {
          // Its turn may have come meanwhile: then it was found stolen, and only its handle is left here.
          if (
            s.find(actor.pid) === actor || (actor.handle !== null && s.away.get(actor.pid) === actor.handle)
          ) {
            finalizeAway(s, actor.pid, outcomeOf(actor.pid), SEEN, actor.target.name);
          }
        });
        continue;
      }
      if (actor.extras !== null) this.#ofActor(actor, lost, isDead, outcomeOf, suspects);
    }
    for (const [number, wait] of s.calls) {
      const callee = wait.target as Pid;
      if (isDead(callee)) suspects.push(() => failCall(s, number, callee, outcomeOf(callee)));
    }
    for (const [pid, handle] of s.away) {
      if (!isDead(pid)) continue;
      suspects.push(() => {
        if (s.away.get(pid) === handle) finalizeAway(s, pid, outcomeOf(pid), SEEN, ""); // the loss is reported as a whole
      });
    }
    for (const [ref, handle] of s.remote.handles.asksOf(lost)) {
      const { pid } = handle;
      if (isDead(pid)) suspects.push(() => s.remote.handles.answered(pid, ref, outcomeOf(pid)));
      else s.remote.handles.askAgain(ref, handle);
    }
    return suspects;
  }

  #ofActor(
    actor: ActorImpl,
    lost: number,
    isDead: (pid: unknown) => boolean,
    outcomeOf: (pid: Pid) => Outcome,
    suspects: (() => void)[],
  ): void {
    const s = this.#s;
    const extras = actor.extras!;
    for (const pid of extras.links) {
      if (!isDead(pid)) continue;
      suspects.push(() => {
        if (actor.state === DONE || !extras.links.has(pid)) return;
        signalled(s, actor, { flavor: EXIT_LINK, from: pid, reason: outcomeOf(pid) });
      });
    }
    for (const [ref, pid] of extras.monitors) {
      if (!isDead(pid)) continue;
      suspects.push(() =>
        noticed(s, pid, { kind: WATCH_MONITOR, pid: actor.pid, ref, outcome: outcomeOf(pid) })
      );
    }
    // Whoever watched from there hears nothing any more.
    for (let i = extras.watchers.length - 1; i >= 0; i--) {
      if (extras.watchers[i].scheduler === lost) extras.watchers.splice(i, 1);
    }
    for (let call = extras.firstCall; call !== null;) {
      const { next } = call;
      if (call.home === lost) dropCall(actor, call.home, call.number);
      call = next;
    }
  }

  #sync(done: () => void): void {
    const s = this.#s;
    const ref = s.numbers.next(this.#syncs);
    const sync: Sync = { waitsFor: new Set(), done };
    this.#syncs.set(ref, sync);
    for (let id = 0; id < s.memory.schedulers; id++) {
      if (id === s.id || this.#absent.has(id)) continue;
      sync.waitsFor.add(id);
      s.remote.record(id, R_SYNC, 0, ref, null);
    }
    this.#settle(ref, sync);
  }

  #settle(ref: number, sync: Sync): void {
    if (sync.waitsFor.size > 0 || !this.#syncs.delete(ref)) return;
    sync.done();
  }
}

/** A scheduler takes the place of one that died: what that one has left in shared memory is its own now. */
export function inherit(s: Scheduler, incarnation: number): void {
  s.slots.inherit();
  s.names.inherit();
  s.channels.inherit(incarnation);
  s.io.inherit(incarnation);
  const counters = new Float64Array(s.memory.counters, s.id * COUNTER_WORDS * 8, COUNTER_WORDS);
  COUNTERS.forEach((name, i) => s[name] = counters[i]);
}
