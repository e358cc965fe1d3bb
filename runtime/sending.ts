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
  if (holds && s.find(pid) !== undefined) s.io.owners.given(message, pid);
  // What is open and sent to the dead is closed: also to one that a thief took from here and that has ended there.
  if (!deliver(s, pid, message, transfer) && holds) s.io.owners.given(message, pid);
}

/** False: the receiver is dead. */
export function deliver(
  s: Scheduler,
  pid: Pid,
  message: unknown,
  transfer: Transferable[] | undefined,
): boolean {
  if (transfer !== undefined && transfer.length > 0) return deliverMoved(s, pid, message, transfer);
  let target = s.find(pid);
  if (target !== undefined && target.offer >= 0 && !s.work.message(target, message)) target = undefined;
  if (target === undefined) return s.remote.send(pid, message, undefined);
  s.messagesLocal++;
  put(target, message);
  return true;
}

/** It is moved first, which may be refused, for what an offer says was sent; so its receiver stays here until then. */
function deliverMoved(s: Scheduler, pid: Pid, message: unknown, transfer: Transferable[]): boolean {
  const target = findToSend(s, pid);
  if (target === undefined) return s.remote.send(pid, message, transfer);
  const moved = s.remote.moved(message, transfer);
  return deliver(s, pid, moved, undefined); // a getter may have looked at the clock: it may be elsewhere by now
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
