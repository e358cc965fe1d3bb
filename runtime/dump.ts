/**
 * What a scheduler says about its actors: for the dump of the whole runtime (M5, M11), for the verdict that nothing can
 * go on, and for error texts.
 *
 * @module
 */
import type { Pid, RuntimeStats } from "./api.ts";
import type { ActorImpl } from "./actor.ts";
import type { Scheduler } from "./scheduler.ts";
import { isSeed } from "./handle.ts";
import type { Runnable } from "./run_queue.ts";
import type { ActorReport, SchedulerReport, SupervisorReport, WaitReport } from "./protocol.ts";
import type { StuckActor, StuckScheduler } from "./stuck.ts";
import { drawTree } from "./supervision_tree.ts";
import { DONE, PARKED, STATE_NAMES } from "./actor_state.ts";
import { nearest } from "./layout.ts";
import { RECEIVE, WAIT_NAMES } from "./wait.ts";
import { formatPid } from "./pid.ts";

/** Shown of each supervisor, of each run queue, of each actor. */
const MOST_CHILDREN = 50;
const MOST_QUEUED = 20;
const MOST_LINKS = 10;

export function reportActor(actor: ActorImpl): ActorReport {
  const waits: WaitReport[] = [];
  if (actor.rxResolve !== null) {
    const sinceMs = nearest(actor.since, actor.scheduler.clock.now());
    waits.push({ kind: WAIT_NAMES[RECEIVE], target: null, sinceMs });
  }
  for (let wait = actor.waits; wait !== null; wait = wait.next) {
    waits.push({ kind: WAIT_NAMES[wait.kind], target: wait.target, sinceMs: wait.since });
  }
  return {
    pid: actor.pid,
    name: actor.target.name,
    state: STATE_NAMES[actor.state],
    mailbox: actor.mailbox.length,
    dropped: actor.extras?.bound?.dropped ?? 0,
    waits,
    names: actor.extras === null ? [] : [...actor.extras.names],
    links: actor.extras === null ? [] : [...actor.extras.links],
  };
}

export function reportScheduler(s: Scheduler, limit: number): SchedulerReport {
  const actors: ActorReport[] = [];
  const supervisors: SupervisorReport[] = [];
  let live = 0;
  for (const actor of s.residents) {
    if (isStolen(s, actor)) continue; // the thief shows it
    live++;
    if (actors.length < limit) actors.push(reportActor(actor));
    const tree = actor.extras?.supervision ?? null;
    if (tree !== null && supervisors.length < limit) supervisors.push(tree.report(MOST_CHILDREN));
  }
  const queue = Array.from({ length: Math.min(s.queue.length, MOST_QUEUED) }, (_, i) => s.queue.at(i))
    .filter((next) => !isOver(next) && !isStolen(s, next)).map((next) => next.pid);
  const { id } = s;
  return {
    id,
    nowMs: s.clock.now(),
    live,
    timers: s.timers.size,
    queue,
    actors,
    supervisors,
    io: s.io.owners.report(),
  };
}

/** A thief has taken it, and nothing here has noticed yet. */
function isStolen(s: Scheduler, { offer, pid }: Runnable): boolean {
  return offer >= 0 && s.routes.hasLeft(pid, s.id);
}

/** It ended after it was queued. */
function isOver(next: Runnable): boolean {
  return isSeed(next) ? next.fn === null : next.state === DONE;
}

/** `waiting in join of <0.3.1> for 1,200 ms` */
export function describeWaits(actor: ActorReport, nowMs: number): string {
  if (actor.waits.length === 0) {
    return actor.state === STATE_NAMES[PARKED] ? "waiting for a promise that is not smarm's" : actor.state;
  }
  return actor.waits.map((wait) => {
    const target = wait.target === null
      ? ""
      : ` ${typeof wait.target === "number" ? formatPid(wait.target) : wait.target}`;
    return `waiting in ${wait.kind}${target} for ${Math.max(0, Math.round(nowMs - wait.sinceMs))} ms`;
  }).join(", ");
}

export function formatActor(actor: ActorReport, nowMs: number): string {
  const dropped = actor.dropped === 0 ? "" : `, dropped ${actor.dropped}`;
  const mailbox = (actor.mailbox === 0 ? "" : `, mailbox ${actor.mailbox}`) + dropped;
  const links = actor.links.length === 0 ? "" : `, linked to ${listPids(actor.links, MOST_LINKS)}`;
  return `${formatPid(actor.pid)} ${actor.name}${quoted(actor.names)}: ${
    describeWaits(actor, nowMs)
  }${mailbox}${links}`;
}

/** A line per actor that was told to end and lives when the grace time is over. */
export function formatOverdue({ actors, live, id, nowMs }: SchedulerReport): string {
  const lines = actors.map((actor) => `  ${formatActor(actor, nowMs)}`);
  if (live > actors.length) lines.push(`  … and ${live - actors.length} more actors`);
  return [`error: these actors on scheduler ${id} did not end within the grace time`, ...lines].join("\n");
}

function quoted(names: readonly string[]): string {
  return names.map((name) => ` ${JSON.stringify(name)}`).join("");
}

function listPids(pids: readonly Pid[], most: number): string {
  const more = pids.length > most ? ` … and ${pids.length - most} more` : "";
  return pids.slice(0, most).map(formatPid).join(" ") + more;
}

function formatStuck(actor: StuckActor, nowMs: number): string {
  const { name, wait } = actor;
  const doing = actor.isRunning
    ? "running"
    : name === null
    ? "has not begun"
    : wait === 0
    ? "in a plain receive, ready to run, or waiting for a promise that is not smarm's"
    : `waiting in ${WAIT_NAMES[wait]} for ${
      Math.max(0, Math.round(nowMs - nearest(actor.sinceMs, nowMs)))
    } ms, or ready to run since`;
  return `${formatPid(actor.pid)}${name === null ? "" : ` ${name}`}${quoted(actor.names)}: ${doing}`;
}

/** What a dump shows. */
export interface Dump {
  readonly nowMs: number;
  readonly stats: RuntimeStats;
  /** By scheduler; null: it did not answer. */
  readonly reports: readonly (SchedulerReport | null)[];
  /** Whether one that did not answer has not come to run actors yet. */
  readonly isLoading: (scheduler: number) => boolean;
  /** Whether one that did not answer has no actors any more, because the run is at its end. */
  readonly hasStopped: (scheduler: number) => boolean;
  /** What shared memory tells of one that did not answer. */
  readonly stuck: (scheduler: number) => StuckScheduler;
  /** Actors that each scheduler offers to others, then spawns that wait in the injector. */
  readonly offers: readonly number[];
  /** Records on their way from one thread to another. */
  readonly underWay: number;
}

/** The dump of the whole runtime: active schedulers only (M11). */
export function formatDump(
  { nowMs, stats, reports, isLoading, hasStopped, stuck, offers, underWay }: Dump,
): string {
  const { running, runnable, sleeping, io, waiting } = stats.states;
  const lines = [
    `smarm runtime: ${stats.schedulerCount} schedulers, ${stats.live} live actors, run queues ${stats.runQueueLength}, ` +
    `sleeping ${stats.sleeping}, io ${stats.ioParked}, dead letters ${stats.deadLetters}, stolen ${stats.stolen}, ` +
    `injector ${
      offers[stats.schedulerCount] ?? 0
    }, messages under way ${underWay}, restarts ${stats.restarts}`,
    `actors: running ${running}, runnable ${runnable}, sleeping ${sleeping}, io ${io}, waiting ${waiting}`,
  ];
  const { threads, queued } = stats.blocking;
  if (threads > 0 || queued > 0) {
    lines.push(`blocking pool: ${threads} threads, ${stats.blocking.running} running, ${queued} queued`);
  }
  let idle = 0;
  let unanswered = false;
  for (const one of stats.schedulers) {
    const report = reports[one.id];
    const isIdle = one.currentPid === null && one.runQueueLength === 0;
    const isEmpty = report === null
      ? hasStopped(one.id)
      : report === undefined || (report.live === 0 && isIdle && report.io.length === 0);
    if (isEmpty) {
      idle++;
      continue;
    }
    if (report === null && isLoading(one.id)) {
      lines.push(`scheduler ${one.id}: loading the module, whose top level has not come to its end`);
      continue;
    }
    const current = one.currentPid === null
      ? (one.parked ? "asleep" : "idle")
      : `running ${formatPid(one.currentPid)}`;
    const queue = report === null || report.queue.length === 0
      ? ""
      : ` (${listPids(report.queue, MOST_QUEUED)}${one.runQueueLength > MOST_QUEUED ? " …" : ""})`;
    lines.push(
      `scheduler ${one.id}: ${current}, run queue ${one.runQueueLength}${queue}, spawned ${one.spawned}, ended ${one.ended}, ` +
        `panicked ${one.panicked}, timers ${one.timers}, messages local ${one.messagesLocal} out ${one.messagesOut} ` +
        `in ${one.messagesIn}, dropped ${one.dropped}, dead letters ${one.deadLetters}, stolen ${one.stolen}, ` +
        `offers ${offers[one.id]}, busy ${one.busyMs.toFixed(0)} ms, idle ${one.idleMs.toFixed(0)} ms`,
    );
    if (report === null) {
      unanswered = true;
      const known = stuck(one.id);
      const hasActors = one.currentPid !== null || known.actors.length > 0;
      lines.push(
        `  (it did not answer${hasActors ? ": an actor keeps it busy" : " in time"}. It last turned ${
          one.sinceTurnMs.toFixed(0)
        } ms ago. From shared ` +
          "memory, so mailboxes, links, what each wait is for, IO and supervisors are missing:)",
        ...known.actors.map((actor) => `  ${formatStuck(actor, nowMs)}`),
      );
      if (known.more > 0) lines.push(`  … and ${known.more} more actors`);
      continue;
    }
    for (const actor of report.actors) lines.push(`  ${formatActor(actor, report.nowMs)}`);
    if (report.live > report.actors.length) {
      lines.push(`  … and ${report.live - report.actors.length} more actors`);
    }
    for (const line of report.io) lines.push(`  io: ${line}`);
  }
  if (idle > 0) lines.push(`idle, without actors: ${idle} schedulers`);
  const supervisors = reports.flatMap((report) => report?.supervisors ?? []);
  const names = new Map(
    reports.flatMap((report) => report?.actors ?? []).map(({ pid, name }) => [pid, name]),
  );
  const tree = drawTree(supervisors, (pid) => names.get(pid));
  if (tree.length > 0) {
    lines.push(`supervisors${unanswered ? ", of the schedulers that answered" : ""}:`, ...tree);
  }
  return lines.join("\n");
}
