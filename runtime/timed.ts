/**
 * Timed messages: `after`, `every`, `cancel`. They belong to the actor that set them and end with it.
 *
 * @module
 */
import type { AnyAddress, Pid, TimerRef } from "./api.ts";
import type { ActorImpl } from "./actor.ts";
import type { Scheduler } from "./scheduler.ts";
import { extrasOf } from "./extras.ts";
import { DONE } from "./actor_state.ts";
import { OWN_EVENT } from "./marks.ts";
import { SETTLED } from "./offer_states.ts";
import { finalize } from "./lifecycle.ts";
import { putSystem, sendFrom } from "./sending.ts";
import { toError } from "./errors.ts";
import { Timer } from "../timer/wheel.ts";
import { checkDuration } from "../timer/duration.ts";
import { TIMER } from "../trace/format.ts";

/** One timed message; `everyMs` 0 means once. */
export class Timed {
  readonly timer: Timer<Timed>;
  readonly actor: ActorImpl;
  readonly ref: TimerRef;
  readonly to: AnyAddress;
  readonly message: unknown;
  readonly everyMs: number;
  /** Ticks that a stall made late and that were merged into one. */
  missed = 0;
  nextMs: number;

  constructor(actor: ActorImpl, to: AnyAddress, message: unknown, nextMs: number, everyMs: number) {
    this.timer = new Timer<Timed>(fireTimed, this);
    this.actor = actor;
    this.ref = actor.scheduler.nextRef() as TimerRef;
    this.to = to;
    this.message = message;
    this.nextMs = nextMs;
    this.everyMs = everyMs;
  }
}

export function after(actor: ActorImpl, ms: number, to: AnyAddress, message: unknown): TimerRef {
  return start(actor, checkDuration(ms, "after"), to, message, 0);
}

export function every(actor: ActorImpl, ms: number, to: AnyAddress, message: unknown): TimerRef {
  checkDuration(ms, "every");
  if (ms < 1) throw new RangeError(`every needs at least 1 millisecond, got ${ms}`);
  return start(actor, ms, to, message, ms);
}

export function cancel(actor: ActorImpl, ref: TimerRef): boolean {
  if (actor.state === DONE) throw actor.ended("cancel");
  const timed = actor.extras?.timed.get(ref);
  if (timed === undefined) return false;
  actor.extras!.timed.delete(ref);
  actor.scheduler.timers.cancel(timed.timer);
  return true;
}

/** Ticks of an `every` that came so late that they were merged into the one after; 0 once it was cancelled. */
export function missedTicks(actor: ActorImpl, ref: TimerRef): number {
  if (actor.state === DONE) throw actor.ended("missedTicks");
  return actor.extras?.timed.get(ref)?.missed ?? 0;
}

/** By the time that the message is sent: an actor that has not begun may be taken, or given, to another scheduler. */
function mayBeElsewhere(s: Scheduler, pid: Pid): boolean {
  const target = s.find(pid);
  return target === undefined || target.offer !== SETTLED;
}

function start(actor: ActorImpl, ms: number, to: AnyAddress, message: unknown, everyMs: number): TimerRef {
  const operation = everyMs > 0 ? "every" : "after";
  if (actor.state === DONE) throw actor.ended(operation);
  const s = actor.scheduler;
  // What is wrong with the message or the address is told here, where it was written, and not when the time has come.
  const pid = s.resolve(to, operation);
  if (s.strict) s.remote.strictCopyCheck(message);
  else if (pid !== undefined && mayBeElsewhere(s, pid)) s.remote.check(message, "message");
  const timed = new Timed(actor, to, message, s.clock.now() + ms, everyMs);
  extrasOf(actor).timed.set(timed.ref, timed);
  s.timers.insert(timed.timer, timed.nextMs);
  s.arm(); // code that awaited a foreign promise runs while the event loop may sleep
  return timed.ref;
}

function isOwnEvent(message: unknown): message is object {
  return typeof message === "object" && message !== null && OWN_EVENT in message;
}

/**
 * No pid is given twice, so ticks for a dead one would go on for nobody, and keep a program from its end that has nothing
 * else to wait for (OTP's `timer:send_interval` ends so too). A name may be taken by another actor.
 */
function isForTheDead(s: Scheduler, to: AnyAddress): boolean {
  return typeof to !== "string" && !s.routes.isLive((typeof to === "number" ? to : to.pid) as Pid);
}

/** Of what comes again and again each tick is its own, also for a receiver on this scheduler. */
function messageOf({ actor, to, message, everyMs }: Timed): unknown {
  if (everyMs === 0) return message;
  const s = actor.scheduler;
  const pid = s.resolve(to, "every");
  return pid === undefined || s.find(pid) === undefined ? message : s.remote.another(message);
}

function fireTimed(timer: Timer<Timed>): void {
  const timed = timer.owner;
  const { actor } = timed;
  const s = actor.scheduler;
  if (s.trace !== null) s.trace.of(TIMER, actor);
  if (timed.everyMs === 0 || isForTheDead(s, timed.to)) actor.extras!.timed.delete(timed.ref);
  else {
    // The next tick keeps to the grid of the first one, so it does not drift; ticks that passed meanwhile are merged.
    const late = Math.floor((s.lastNow - timed.nextMs) / timed.everyMs);
    timed.missed += Math.max(0, late);
    timed.nextMs += (Math.max(0, late) + 1) * timed.everyMs;
    s.timers.insert(timed.timer, timed.nextMs);
  }
  if (timed.to === actor.pid && isOwnEvent(timed.message)) {
    putSystem(actor, timed.message);
    return;
  }
  try {
    sendFrom(actor, timed.to, messageOf(timed)); // to the dead too, once: it counts as a dead letter
  } catch (error) { // it was changed since into something that cannot be sent
    finalize(s, actor, { kind: "panic", error: toError(error) });
    s.dropBaton(actor);
  }
}
