/**
 * Tells once of each actor whose mailbox has grown long: messages come faster than it receives them, or it refuses them.
 *
 * A mailbox knows neither its actor nor a log, and a push is the hottest path there is. So the push that makes a mailbox
 * long leaves a mark, and the scheduler, which looks at the mark once a burst, then goes through its actors.
 *
 * @module
 */
import type { ActorImpl } from "./actor.ts";
import type { Scheduler } from "./scheduler.ts";
import { longMailboxes, MAILBOX_WARNING_LENGTH } from "./mailbox.ts";

const warned = new WeakSet<ActorImpl>();

export function warnOfLongMailboxes(s: Scheduler): void {
  longMailboxes.found = false;
  for (const actor of s.residents.grown()) {
    const { length } = actor.mailbox;
    if (length < MAILBOX_WARNING_LENGTH || warned.has(actor)) continue;
    warned.add(actor);
    s.logFor(actor).warn(
      `the mailbox of ${actor.target.name} holds ${length} messages: they come faster than it receives them, or it ` +
        `refuses them. Bound it with spawnWith({ mailbox: { capacity } }) or --mailbox-limit, or use a bounded channel`,
    );
  }
}
