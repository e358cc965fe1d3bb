/**
 * Bounded mailboxes: whether one more message may enter, and what is dropped, or who ends, when none may.
 *
 * @module
 */
import type { ActorImpl } from "./actor.ts";
import { CallImpl } from "./call.ts";
import { MailboxFullError } from "./errors.ts";
import { finalize } from "./lifecycle.ts";
import { formatPid } from "./pid.ts";
import { takeAt } from "./receive.ts";

/** System messages in bounded mailboxes: they take no room of a bound and none of them is dropped. */
const exempted = new WeakSet<object>();

/** A system message is about to enter a bounded mailbox. */
export function exempt(target: ActorImpl, message: object): void {
  target.extras!.bound!.exempted++;
  exempted.add(message);
}

function isExempted(message: unknown): boolean {
  return typeof message === "object" && message !== null && exempted.has(message);
}

/** Whether one more message may enter a bounded mailbox; makes room for it, or ends the actor, as its policy says. */
export function admit(target: ActorImpl): boolean {
  const bound = target.extras!.bound!;
  const { mailbox } = target;
  if (mailbox.length < bound.capacity) return true;
  // Receiving does not count system messages down, so that it costs nothing: they are counted anew where it matters.
  if (bound.exempted > 0 && mailbox.length < bound.capacity + bound.exempted) {
    bound.exempted = 0;
    for (let i = 0; i < mailbox.length; i++) if (isExempted(mailbox.at(i))) bound.exempted++;
    if (mailbox.length < bound.capacity + bound.exempted) return true;
  }
  const s = target.scheduler;
  bound.dropped++;
  s.dropped++;
  switch (bound.onFull) {
    case "drop-newest":
      return false;
    case "drop-oldest": {
      let oldest = 0;
      while (isExempted(mailbox.at(oldest))) oldest++;
      const dropped = takeAt(target, oldest);
      if (dropped instanceof CallImpl) dropped.dropped(bound.capacity);
      return true;
    }
    case "panic":
      finalize(s, target, {
        kind: "panic",
        error: new MailboxFullError(
          `a message came to the mailbox of ${
            formatPid(target.pid)
          }, which holds its ${bound.capacity} already`,
        ),
      });
      s.dropBaton(target);
      return false;
  }
}
