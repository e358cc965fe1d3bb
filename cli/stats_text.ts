/**
 * The summary that `--stats` prints on stderr at the end.
 *
 * @module
 */
import type { RuntimeStats } from "../runtime/api.ts";

export function statsText(stats: RuntimeStats, format: "text" | "json"): string {
  const memory = Deno.memoryUsage();
  if (format === "json") return JSON.stringify({ ...stats, rssBytes: memory.rss });
  const sum = (pick: (one: RuntimeStats["schedulers"][number]) => number) =>
    stats.schedulers.reduce((total, one) => total + pick(one), 0);
  const lines = [
    `schedulers ${stats.schedulerCount}, actors spawned ${
      sum((one) => one.spawned)
    }, panicked ${stats.panicked}, ` +
    `stolen ${stats.stolen}, dead letters ${stats.deadLetters}, dropped ${sum((one) => one.dropped)}, ` +
    `memory ${(memory.rss / 2 ** 20).toFixed(0)} MiB`,
  ];
  for (const one of stats.schedulers) {
    lines.push(
      `  scheduler ${one.id}: resumed ${one.resumed}, busy ${one.busyMs.toFixed(0)} ms, longest run queue ` +
        `${one.runQueueHigh}, messages local ${one.messagesLocal} out ${one.messagesOut} in ${one.messagesIn}, stolen ${one.stolen}`,
    );
  }
  return lines.join("\n");
}
