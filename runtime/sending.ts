/**
 * Sending, but for the short way that stands in `ActorImpl.send`: addresses of any kind, options, receivers elsewhere, and
 * the messages that the runtime itself sends.
 *
 * @module
 */
import type { AnyAddress, Pid } from "./api.ts";
import type { ActorImpl } from "./actor.ts";
import type { Scheduler } from "./scheduler.ts";
import { RUNNING } from "./actor_state.ts";
import { Mailbox, NO_MAIL } from "./mailbox.ts";
import { admit, exempt } from "./mailbox_bound.ts";
import { listOf, type SendOptions } from "./transfer.ts";

/** As if the actor had sent it, dead or alive. */
export function sendFrom(actor: ActorImpl, to: AnyAddress, message: unknown, options?: SendOptions): void {
  const s = actor.scheduler;
  const pid = s.resolve(to, "send");
  const transfer = options === undefined ? undefined : listOf(options, "send");
  if (s.strict) message = s.remote.strictCopyCheck(message, "message", transfer);
  if (pid === undefined) {
    s.deadLetters++;
    return;
  }
  const holds = actor.extras !== null && actor.extras.tokens !== null;
  if (holds && (s.find(pid) !== undefined || !s.routes.isLive(pid))) {
    s.io.owners.given(message, pid);
  }
  deliver(s, pid, message, transfer);
}

export function deliver(
  s: Scheduler,
  pid: Pid,
  message: unknown,
  transfer: Transferable[] | undefined,
): void {
  if (transfer !== undefined && transfer.length > 0) return deliverMoved(s, pid, message, transfer);
  let target = s.find(pid);
  if (target !== undefined && target.offer >= 0 && !s.work.message(target, message)) target = undefined;
  if (target === undefined) s.remote.send(pid, message, undefined);
  else {
    s.messagesLocal++;
    put(target, message);
  }
}

/** It is moved first, which may be refused, for what an offer says was sent; so its receiver stays here until then. */
function deliverMoved(s: Scheduler, pid: Pid, message: unknown, transfer: Transferable[]): void {
  const target = findToSend(s, pid);
  if (target === undefined) return s.remote.send(pid, message, transfer);
  const moved = s.remote.moved(message, transfer);
  deliver(s, pid, moved, undefined); // a getter may have looked at the clock: it may be elsewhere by now
}

/** The actor, if it lives here; no thief takes it any more. */
export function findToSend(s: Scheduler, pid: Pid): ActorImpl | undefined {
  const target = s.find(pid);
  if (target === undefined || target.offer < 0) return target;
  return s.work.keepHome(target) ? target : undefined;
}

/** A message for an actor that lives here. False when its mailbox has no room. */
export function put(target: ActorImpl, message: unknown): boolean {
  if (target.extras !== null && target.extras.bound !== null && !admit(target)) return false;
  const s = target.scheduler;
  if (s.trace !== null) s.trace.message(s.current, target, mayWake(target));
  push(target, message);
  return true;
}

/** A message that no bound drops. */
export function putSystem(target: ActorImpl, message: object): void {
  if (target.extras !== null && target.extras.bound !== null) exempt(target, message);
  push(target, message);
}

function push(target: ActorImpl, message: unknown): void {
  if (target.mailbox === NO_MAIL) target.mailbox = new Mailbox();
  target.mailbox.push(message);
  if (mayWake(target)) target.scheduler.wake(target);
}

/** Whether a message that comes into its mailbox may wake the actor. */
function mayWake(target: ActorImpl): boolean {
  return target.receives > 0 && target.state >= RUNNING;
}
