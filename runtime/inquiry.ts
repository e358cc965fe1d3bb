/**
 * Why a call was not answered in time: what its callee is doing, and whether calls wait for each other in a circle.
 *
 * The callee may live elsewhere, and what it is doing changes all the time, so its scheduler is asked once the time is
 * over, rather than everything being written to shared memory all along. A callee that waits for an answer itself leads
 * on to the next, until the question comes back to who asked it: then the circle is told. A scheduler that an actor keeps
 * busy cannot answer; the caller waits no longer than {@link ANSWER_MS} for it and says who it is.
 *
 * @module
 */
import type { Pid } from "./api.ts";
import type { ActorImpl } from "./actor.ts";
import type { Scheduler } from "./scheduler.ts";
import { CALL, type Wait } from "./wait.ts";
import { TimeoutError } from "./errors.ts";
import { describeWaits, reportActor } from "./dump.ts";
import { birthOf, formatPid, indexOf, pidFromKey } from "./pid.ts";
import { CURRENT_KEY, NO_ACTOR, PEER_WORDS, WHERE_BITS } from "./layout.ts";
import { type CalleeReport, R_ASK_CALLEE, R_CALLEE } from "./protocol.ts";

/** By how much a call's timeout may be late for want of an answer. Guessed: a thousand times what an idle one takes. */
const ANSWER_MS = 20;
/** Calls that wait for each other in a longer chain are not followed to the end. */
const MOST_STEPS = 16;

export class Inquiries {
  readonly #s: Scheduler;
  readonly #open: Map<number, (report: CalleeReport) => void> = new Map();

  constructor(s: Scheduler) {
    this.#s = s;
  }

  ask(where: number, pid: Pid, onAnswer: (report: CalleeReport) => void): number {
    const ref = this.#s.nextRef();
    this.#open.set(ref, onAnswer);
    this.#s.remote.record(where, R_ASK_CALLEE, pid, ref, null);
    return ref;
  }

  forget(ref: number): void {
    this.#open.delete(ref);
  }

  /** A record has come; false when its kind is unknown. */
  handle(from: number, kind: number, target: Pid, aux: number, payload: unknown): boolean {
    switch (kind) {
      case R_ASK_CALLEE:
        this.#s.remote.record(from, R_CALLEE, target, aux, reportCallee(this.#s, target));
        return true;
      case R_CALLEE: {
        const onAnswer = this.#open.get(aux);
        this.#open.delete(aux);
        onAnswer?.(payload as CalleeReport);
        return true;
      }
      default:
        return false;
    }
  }
}

function reportCallee(s: Scheduler, pid: Pid): CalleeReport {
  const actor = s.find(pid);
  if (actor === undefined) return { name: "", doing: "it is dead", callsTo: null };
  const report = reportActor(actor);
  const messages = report.mailbox === 1 ? "1 message" : `${report.mailbox} messages`;
  return {
    name: actor.target.name,
    doing: `it is ${describeWaits(report, s.clock.now())}, with ${messages} in its mailbox`,
    callsTo: openCallOf(actor),
  };
}

function openCallOf(actor: ActorImpl): Pid | null {
  for (let wait = actor.waits; wait !== null; wait = wait.next) {
    if (wait.isOpen && wait.kind === CALL) return wait.target as Pid;
  }
  return null;
}

/** The time for an answer is over: `wait` fails as soon as it is known why. */
export function inquire(wait: Wait): void {
  wait.timedOut = false;
  new Inquiry(wait).go(wait.target as Pid);
}

/** One call that was not answered in time. */
class Inquiry {
  readonly #wait: Wait;
  readonly #s: Scheduler;
  readonly #waitedMs: number;
  /** Who waits for the answer of whom. */
  readonly #chain: { pid: Pid; name: string }[];
  #doing = "";

  constructor(wait: Wait) {
    const { actor } = wait;
    this.#wait = wait;
    this.#s = actor.scheduler;
    this.#waitedMs = Math.round(this.#s.clock.now() - wait.since);
    this.#chain = [{ pid: actor.pid, name: actor.target.name }];
  }

  go(callee: Pid): void {
    const s = this.#s;
    for (let pid: Pid | null = callee; pid !== null;) {
      if (s.find(pid) === undefined && s.routes.isLive(pid)) {
        this.#askElsewhere(pid);
        return;
      }
      pid = this.#add(pid, reportCallee(s, pid));
    }
    this.#fail();
  }

  /** Notes what one callee is doing; gives the next one to ask, if there is any. */
  #add(pid: Pid, report: CalleeReport): Pid | null {
    const seen = this.#chain.some((one) => one.pid === pid);
    this.#chain.push({ pid, name: report.name });
    if (this.#doing === "") this.#doing = report.doing;
    return seen || this.#chain.length > MOST_STEPS ? null : report.callsTo;
  }

  #askElsewhere(pid: Pid): void {
    const s = this.#s;
    const wait = this.#wait;
    const where = s.routes.settled(pid);
    const ref = s.inquiries.ask(where, pid, (report) => {
      if (!wait.isOpen) return;
      const next = this.#add(pid, report);
      if (next === null) this.#fail();
      else this.go(next);
    });
    wait.onGiveUp = () => s.inquiries.forget(ref);
    wait.onTimeout = () => {
      this.#add(pid, { name: "", doing: this.#whyNoAnswer(pid, where), callsTo: null });
      this.#fail();
    };
    if (wait.timer === null || !wait.timer.armed) s.timeoutIn(wait, ANSWER_MS);
  }

  #whyNoAnswer(pid: Pid, where: number): string {
    const s = this.#s;
    const key = Atomics.load(s.words, where * PEER_WORDS + CURRENT_KEY);
    if (key === NO_ACTOR) return `scheduler ${where}, where it lives, does not say what it is doing`;
    const routes = new Int32Array(s.memory.routes[birthOf(key)]);
    const busy = pidFromKey(key, Atomics.load(routes, indexOf(key)) >>> WHERE_BITS);
    return busy === pid
      ? `it is running, and has not given way for ${ANSWER_MS} ms`
      : `scheduler ${where}, where it lives, is kept busy by actor ${formatPid(busy)}`;
  }

  #fail(): void {
    const chain = this.#chain;
    const name = (i: number) =>
      `${formatPid(chain[i].pid)}${chain[i].name === "" ? "" : ` ${chain[i].name}`}`;
    const last = chain.length - 1;
    const from = chain.findIndex((one) => one.pid === chain[last].pid);
    const circle = from === last
      ? ""
      : `. The calls wait for each other in a circle: ${
        chain.slice(from).map((_, i) => name(from + i)).join(" calls ")
      }`;
    this.#s.failAwaiter(
      this.#wait,
      new TimeoutError(
        `call to ${name(1)} was not answered within ${this.#waitedMs} ms: ${this.#doing}${circle}`,
      ),
    );
  }
}
