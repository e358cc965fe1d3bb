/**
 * Waiting for several things at once: channels, the mailbox, a timeout.
 *
 * A select takes nothing before it can go on: what becomes ready wakes the actor, and only at its resume, when it has the
 * baton and nothing can come between, does the select look at its sources, take from one, and is over. So nothing is ever
 * taken from a source that lost, and a timeout that comes in between finds either an open select or a complete one.
 *
 * @module
 */
import type { WaitOptions } from "./api.ts";
import type { ActorImpl } from "./actor.ts";
import type { ChannelCore } from "./channel.ts";
import { ReceiverImpl } from "./channel_ends.ts";
import { asksFirst, matchesAt, takeAt } from "./receive.ts";
import { type Match, RX_LISTED, RX_SELECTS, RX_STARTS, SELECT, SELECTS_MAILBOX, type Wait } from "./wait.ts";
import { formatPid } from "./pid.ts";
import * as waiting from "./waiting.ts";

/** A case of a select, as the program wrote it. `match` is null for any message. */
type Case =
  | { readonly source: string; readonly core: ChannelCore; readonly end: ReceiverImpl }
  | { readonly source: string; readonly core: null; readonly match: Match | null };

class Select {
  readonly #actor: ActorImpl;
  readonly #cases: Case[];
  readonly takesMessages: boolean;

  constructor(actor: ActorImpl, cases: Case[]) {
    this.#actor = actor;
    this.#cases = cases;
    this.takesMessages = cases.some((one) => one.core === null);
  }

  enter(): void {
    const actor = this.#actor;
    for (const { core } of this.#cases) if (core !== null) core.selects++;
    if (this.takesMessages) {
      actor.receives++;
      actor.rx |= RX_LISTED | RX_SELECTS;
    }
  }

  leave(): void {
    const actor = this.#actor;
    for (const { core } of this.#cases) if (core !== null) core.selects--;
    if (this.takesMessages) waiting.leaveMailbox(actor);
  }

  /** Completes the wait with the first source that is ready; `messages` false: earlier receives have not looked yet. */
  poll(wait: Wait, messages: boolean): void {
    let looked = !messages;
    for (const one of this.#cases) {
      const { source, core } = one;
      if (core === null) {
        if (looked) continue;
        looked = true; // all cases that take messages are asked together: each message is looked at once
        this.#pollMailbox(wait);
        if (!wait.isOpen) return;
      } else if (core.length > 0) {
        wait.complete({ source, closed: false, value: core.shift() });
        return;
      } else if (core.isOver) {
        wait.complete({ source, closed: true, value: undefined });
        return;
      }
    }
  }

  #pollMailbox(wait: Wait): void {
    const actor = this.#actor;
    const { mailbox } = actor;
    while (wait.scanned < mailbox.length) {
      for (const one of this.#cases) {
        if (one.core !== null) continue;
        let matches: boolean;
        try {
          matches = one.match === null || matchesAt(actor, one.match, wait.scanned);
        } catch (error) {
          wait.fail(error);
          return;
        }
        if (!wait.isOpen) return; // the predicate has given it up
        if (matches) {
          wait.complete({ source: one.source, closed: false, value: takeAt(actor, wait.scanned) });
          return;
        }
      }
      wait.scanned++;
    }
  }

  describe(): string {
    const channels = this.#cases.filter((one) => one.core !== null).length;
    const parts = this.takesMessages ? [SELECTS_MAILBOX] : [];
    if (channels > 0) parts.push(channels === 1 ? "1 channel" : `${channels} channels`);
    return parts.join(" and ");
  }
}

export function select(actor: ActorImpl, sources: unknown, options?: WaitOptions): Promise<unknown> {
  const s = actor.scheduler;
  const refused = waiting.refuse(actor, "select");
  if (refused !== null) return refused;
  let cases: Case[];
  try {
    cases = casesOf(actor, sources);
  } catch (error) {
    return waiting.reject(actor, error);
  }
  const one = new Select(actor, cases);
  const wait = waiting.open(actor, SELECT, one.describe(), options, false);
  if (wait instanceof Promise) return wait;
  if ((actor.rx & RX_STARTS) !== 0) asksFirst(actor);
  const { receives } = actor;
  one.poll(wait, receives === 0);
  if (!wait.isOpen) {
    waiting.goOn(wait);
    return wait.promise;
  }
  one.enter();
  wait.whenGivenUp(() => one.leave());
  wait.whenPolled(() => {
    one.poll(wait, true);
    if (!wait.isOpen) one.leave();
  });
  // Receives that were there before have the first look at what is queued: when the actor is resumed.
  if (receives > 0 && actor.mailbox.length > 0) s.wake(actor);
  s.parked(actor);
  return wait.promise;
}

function casesOf(actor: ActorImpl, sources: unknown): Case[] {
  const isSource = sources === actor || sources instanceof ReceiverImpl;
  if (typeof sources !== "object" || sources === null || Array.isArray(sources) || isSource) {
    throw new TypeError(
      `select takes an object of sources, such as { orders: receiver, mailbox: self }, got ${
        inspect(sources)
      }`,
    );
  }
  const cases: Case[] = [];
  for (const [source, given] of Object.entries(sources)) {
    if (given === undefined) continue;
    if (given === actor) cases.push({ source, core: null, match: null });
    else if (typeof given === "function") cases.push({ source, core: null, match: given as Match });
    else if (given instanceof ReceiverImpl) {
      const core = ReceiverImpl.coreOf(given);
      if (core.owner !== actor) {
        throw new TypeError(
          `Cannot select ${JSON.stringify(source)}: that receiver belongs to actor ${
            formatPid(core.owner.pid)
          }. ` +
            `Receive there, or make a channel of your own and hand out its sender`,
        );
      }
      cases.push({ source, core, end: given }); // the end: it must not be collected meanwhile
    } else {
      throw new TypeError(
        `Cannot select ${
          JSON.stringify(source)
        }: it needs a channel's receiver, self, or a predicate for messages, ` +
          `got ${inspect(given)}`,
      );
    }
  }
  if (cases.length === 0) throw new TypeError("select needs at least one source, got {}");
  return cases;
}

function inspect(value: unknown): string {
  return Deno.inspect(value, { depth: 0, compact: true, breakLength: Infinity });
}
