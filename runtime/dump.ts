/**
 * What a scheduler says about its actors: for the dump of the whole runtime (M5, M11), for the verdict that nothing can
 * go on, and for error texts.
 *
 * @module
 */
import type { RuntimeStats } from "./api.ts";
import type { ActorImpl } from "./actor.ts";
import type { Scheduler } from "./scheduler.ts";
import type { ActorReport, SchedulerReport, WaitReport } from "./protocol.ts";
import { PARKED, STATE_NAMES } from "./actor_state.ts";
import { RECEIVE, WAIT_NAMES } from "./wait.ts";
import { formatPid } from "./pid.ts";

export function reportActor(actor: ActorImpl): ActorReport {
  const waits: WaitReport[] = [];
  if (actor.rxResolve !== null) {
    waits.push({ kind: WAIT_NAMES[RECEIVE], target: null, sinceMs: actor.since });
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
  for (const actor of s.actors()) {
    if (actors.length === limit) break;
    actors.push(reportActor(actor));
  }
  return { id: s.id, nowMs: s.clock.now(), live: s.live, timers: s.timers.size, actors, io: s.io.report() };
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
  const names = actor.names.length === 0
    ? ""
    : ` ${actor.names.map((name) => JSON.stringify(name)).join(" ")}`;
  const dropped = actor.dropped === 0 ? "" : `, dropped ${actor.dropped}`;
  const mailbox = (actor.mailbox === 0 ? "" : `, mailbox ${actor.mailbox}`) + dropped;
  return `${formatPid(actor.pid)} ${actor.name}${names}: ${describeWaits(actor, nowMs)}${mailbox}`;
}

/** The dump of the whole runtime: active schedulers only. */
export function formatDump(stats: RuntimeStats, reports: (SchedulerReport | null)[]): string {
  const lines = [
    `smarm runtime: ${stats.schedulerCount} schedulers, ${stats.live} live actors, run queues ${stats.runQueueLength}, ` +
    `sleeping ${stats.sleeping}, io ${stats.ioParked}, dead letters ${stats.deadLetters}, stolen ${stats.stolen}`,
  ];
  const { threads, running, queued } = stats.blocking;
  if (threads > 0 || queued > 0) {
    lines.push(`blocking pool: ${threads} threads, ${running} running, ${queued} queued`);
  }
  for (const one of stats.schedulers) {
    const report = reports[one.id];
    const current = one.currentPid === null
      ? (one.parked ? "asleep" : "idle")
      : `running ${formatPid(one.currentPid)}`;
    lines.push(
      `scheduler ${one.id}: ${current}, run queue ${one.runQueueLength}, spawned ${one.spawned}, ended ${one.ended}, ` +
        `panicked ${one.panicked}, timers ${one.timers}, messages local ${one.messagesLocal} out ${one.messagesOut} ` +
        `in ${one.messagesIn}, dropped ${one.dropped}, dead letters ${one.deadLetters}, stolen ${one.stolen}`,
    );
    if (report === null || report === undefined) {
      lines.push("  (it did not answer: an actor keeps it busy)");
      continue;
    }
    for (const actor of report.actors) lines.push(`  ${formatActor(actor, report.nowMs)}`);
    if (report.live > report.actors.length) {
      lines.push(`  … and ${report.live - report.actors.length} more actors`);
    }
    for (const line of report.io) lines.push(`  io: ${line}`);
  }
  return lines.join("\n");
}
