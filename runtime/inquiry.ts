/**
 * Why a call was not answered in time: what its callee is doing, and whether calls wait for each other in a circle.
 *
 * The callee may live elsewhere, and what it is doing changes all the time, so its scheduler is asked once the time is
 * over, rather than everything being written to shared memory all along. A callee that waits for answers itself leads on
 * to those that owe them, until one of them waits for somebody on the way to it: then the circle is told. A scheduler that
 * an actor keeps busy cannot answer; the caller waits no longer than {@link ANSWER_MS} for it and says who it is.
 *
 * @module
 */
import type { Pid } from "./api.ts";
import type { ActorImpl } from "./actor.ts";
import type { Scheduler } from "./scheduler.ts";
import { CALL, type Wait } from "./wait.ts";
import { TimeoutError } from "./errors.ts";
import { describeWaits, reportActor } from "./dump.ts";
import { birthOfKey, formatPid, indexOfKey, pidFromKey } from "./pid.ts";
import { CURRENT_KEY, NO_ACTOR, PEER_WORDS, WHERE_BITS } from "./layout.ts";
import { type CalleeReport, R_ASK_CALLEE, R_CALLEE } from "./protocol.ts";
import * as waiting from "./waiting.ts";

/** By how much a call's timeout may be late for want of an answer. Guessed: a thousand times what an idle one takes. */
const ANSWER_MS = 20;
/** So many actors are asked at most: a longer circle is not found. Guessed. */
const MOST_STEPS = 16;

export class Inquiries {
  readonly #s: Scheduler;
  readonly #open: Map<number, (report: CalleeReport) => void> = new Map();

  constructor(s: Scheduler) {
    this.#s = s;
  }

  ask(where: number, pid: Pid, onAnswer: (report: CalleeReport) => void): number {
    const ref = this.#s.numbers.next(this.#open);
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
  if (actor === undefined) {
    return {
      name: "",
      doing: s.remote.isAwaited(pid) ? "it is on its way to where it is to begin" : "it is dead",
      callsTo: [],
    };
  }
  const report = reportActor(actor);
  const messages = report.mailbox === 1 ? "1 message" : `${report.mailbox} messages`;
  return {
    name: actor.target.name,
    doing: `it is ${describeWaits(report, s.clock.now())}, with ${messages} in its mailbox`,
    callsTo: openCallsOf(actor),
  };
}

function openCallsOf(actor: ActorImpl): Pid[] {
  const callees: Pid[] = [];
  for (let wait = actor.waits; wait !== null && callees.length < MOST_STEPS; wait = wait.next) {
    if (wait.isOpen && wait.kind === CALL) callees.push(wait.target as Pid);
  }
  return callees;
}

/** The time for an answer is over: `wait` fails as soon as it is known why. */
export function inquire(wait: Wait): void {
  wait.timedOut = false;
  new Inquiry(wait).go();
}

/** An actor that one on the way to it waits for. */
interface Step {
  readonly pid: Pid;
  name: string;
  readonly from: Step | null;
}

/** One call that was not answered in time. */
class Inquiry {
  readonly #wait: Wait;
  readonly #s: Scheduler;
  readonly #waitedMs: number;
  readonly #callee: Step;
  /** To be asked, in turn. */
  readonly #next: Step[];
  readonly #seen: Set<Pid>;
  #doing = "";
  /** Its last step, whose actor is on the way to it too. */
  #circle: Step | null = null;

  constructor(wait: Wait) {
    const { actor } = wait;
    this.#wait = wait;
    this.#s = actor.scheduler;
    this.#waitedMs = Math.round(this.#s.clock.now() - wait.since);
    const caller: Step = { pid: actor.pid, name: actor.target.name, from: null };
    this.#callee = { pid: wait.target as Pid, name: "", from: caller };
    this.#next = [this.#callee];
    this.#seen = new Set([this.#callee.pid]);
  }

  go(): void {
    const s = this.#s;
    while (this.#circle === null) {
      const step = this.#next.shift();
      if (step === undefined) break;
      // One look: it may end there between two, and what is sent to nowhere is written into somebody else's ring.
      const where = s.find(step.pid) === undefined ? s.routes.settled(step.pid) : -1;
      if (where >= 0) {
        this.#askElsewhere(step, where);
        return;
      }
      this.#add(step, reportCallee(s, step.pid));
    }
    this.#fail();
  }

  /** Notes what one actor is doing, and whom to ask next. */
  #add(step: Step, report: CalleeReport): void {
    step.name = report.name;
    if (step === this.#callee) this.#doing = report.doing;
    if (onTheWayTo(step) !== undefined) { // it has called itself
      this.#circle = step;
      return;
    }
    for (const pid of report.callsTo) {
      const next: Step = { pid, name: "", from: step };
      const before = onTheWayTo(next);
      if (before !== undefined) {
        next.name = before.name;
        this.#circle = next;
        return;
      }
      if (this.#seen.size >= MOST_STEPS || this.#seen.has(pid)) continue;
      this.#seen.add(pid);
      this.#next.push(next);
    }
  }

  #askElsewhere(step: Step, where: number): void {
    const s = this.#s;
    const wait = this.#wait;
    const ref = s.inquiries.ask(where, step.pid, (report) => {
      if (!wait.isOpen) return;
      this.#add(step, report);
      this.go();
    });
    wait.whenGivenUp(() => s.inquiries.forget(ref));
    wait.whenTimedOut(() => {
      this.#add(step, { name: "", doing: this.#whyNoAnswer(step.pid, where), callsTo: [] });
      this.#fail();
    });
    if (wait.timer === null || !wait.timer.armed) waiting.timeoutIn(wait, ANSWER_MS);
  }

  #whyNoAnswer(pid: Pid, where: number): string {
    const s = this.#s;
    const key = Atomics.load(s.words, where * PEER_WORDS + CURRENT_KEY);
    if (key === NO_ACTOR) return `scheduler ${where}, where it lives, does not say what it is doing`;
    const routes = new Int32Array(s.memory.routes[birthOfKey(key)]);
    const busy = pidFromKey(key, Atomics.load(routes, indexOfKey(key)) >>> WHERE_BITS);
    return busy === pid
      ? `it is running, and has not given way for ${ANSWER_MS} ms`
      : `scheduler ${where}, where it lives, is kept busy by actor ${formatPid(busy)}`;
  }

  #fail(): void {
    const circle = this.#circle === null
      ? ""
      : `. The calls wait for each other in a circle: ${circleTo(this.#circle).map(nameOf).join(" calls ")}`;
    waiting.failAwaiter(
      this.#wait,
      new TimeoutError(
        `call to ${
          nameOf(this.#callee)
        } was not answered within ${this.#waitedMs} ms: ${this.#doing}${circle}`,
      ),
    );
  }
}

/** The step before it that is of the same actor. */
function onTheWayTo({ pid, from }: Step): Step | undefined {
  let before = from;
  while (before !== null && before.pid !== pid) before = before.from;
  return before ?? undefined;
}

/** From the actor around to itself. */
function circleTo(last: Step): Step[] {
  const steps = [last];
  let before = last;
  do {
    before = before.from!;
    steps.unshift(before);
  } while (before.pid !== last.pid);
  return steps;
}

function nameOf({ pid, name }: Step): string {
  return name === "" ? formatPid(pid) : `${formatPid(pid)} ${name}`;
}
