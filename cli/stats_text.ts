/**
 * The summary that `--stats` prints on stderr at the end.
 *
 * @module
 */
import type { RuntimeStats } from "../runtime/api.ts";

export function statsText(stats: RuntimeStats, format: "text" | "json"): string {
  if (format === "json") return JSON.stringify({ ...stats, rssBytes: stats.memory.rssBytes });
  const { memory } = stats;
  const lines = [
    `schedulers ${stats.schedulerCount}, actors spawned ${stats.spawned}, panicked ${stats.panicked}, ` +
    `stolen ${stats.stolen}, dead letters ${stats.deadLetters}, dropped ${stats.dropped}, ` +
    `restarts ${stats.restarts}, timers fired ${stats.timersFired}, io ${stats.ioDone}, ` +
    `memory ${mebibytes(memory.rssBytes)}, heaps ${mebibytes(memory.heapUsedBytes)}, ${ms(stats.uptimeMs)}`,
  ];
  const { running, runnable, sleeping, io, waiting } = stats.states;
  if (stats.live > 0) {
    lines.push(
      `  live ${stats.live}: running ${running}, runnable ${runnable}, sleeping ${sleeping}, io ${io}, waiting ${waiting}`,
    );
  }
  for (const one of stats.schedulers) {
    lines.push(
      `  scheduler ${one.id}: resumed ${one.resumed}, busy ${ms(one.busyMs)}, idle ${ms(one.idleMs)}, ` +
        `longest run queue ${one.runQueueHigh}, messages local ${one.messagesLocal} out ${one.messagesOut} ` +
        `in ${one.messagesIn}, stolen ${one.stolen}, heap ${mebibytes(one.heapUsedBytes)}`,
    );
  }
  return lines.join("\n");
}

function ms(value: number): string {
  return `${value.toFixed(0)} ms`;
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(0)} MiB`;
}
