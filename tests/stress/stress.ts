/**
 * Runs random programs on a runtime and says what came of them.
 *
 * @module
 */
import { Config } from "../../runtime/config.ts";
import { Runtime } from "../../runtime/runtime.ts";
import { totalsOf } from "./plan.ts";

/** After how long smarm reports a panic that nobody has joined. */
const UNOBSERVED_MS = 1000;
const PROGRAM = new URL("./program.ts", import.meta.url);

export interface StressOptions {
  readonly schedulers: number;
  readonly firstSeed: number;
  readonly programs: number;
  /** Programs of one run, which starts its workers anew. */
  readonly perRun: number;
  /** Programs that run at the same time. */
  readonly atOnce: number;
  /** Generations of a tree of actors. */
  readonly depth: number;
  /** How long one run may take before it counts as hung. */
  readonly deadlineMs: number;
}

export interface StressCounts {
  programs: number;
  runs: number;
  actors: number;
  messages: number;
  /** Panics that nobody heard of, each reported once. */
  reports: number;
}

/** @throws {Error} at the first run that hangs, ends early, or whose counts are wrong; the message tells its seeds. */
export async function stress(
  options: StressOptions,
  onRun?: (counts: StressCounts) => void,
): Promise<StressCounts> {
  const counts: StressCounts = { programs: 0, runs: 0, actors: 0, messages: 0, reports: 0 };
  let reports: string[] = [];
  const sinks = { write: (text: string) => void reports.push(text), colors: false };
  const runtime = new Runtime(Config.exact(options.schedulers), sinks);
  while (counts.programs < options.programs) {
    reports = [];
    const seed = options.firstSeed + counts.programs;
    const programs = Math.min(options.perRun, options.programs - counts.programs);
    const wanted = { actors: 1, unobserved: 0 };
    for (let i = 0; i < programs; i++) {
      const totals = totalsOf(seed + i, options.depth, true, 0);
      wanted.actors += totals.actors + 2; // the program itself and its echo
      wanted.unobserved += totals.unobserved;
      counts.messages += totals.messages;
    }
    const startMs = performance.now();
    const what = `seeds ${seed} to ${seed + programs - 1} on ${options.schedulers} schedulers`;
    const args = [seed, programs, options.atOnce, options.depth].map(String);
    const outcome = await withDeadline(runtime, runtime.run(PROGRAM, { args }), options.deadlineMs, what);
    if (outcome.kind === "panic") throw new Error(`${what}: main panicked`, { cause: outcome.error });
    const stats = runtime.stats();
    const spawned = stats.schedulers.reduce((sum, one) => sum + one.spawned, 0);
    const left = {
      live: stats.live,
      queued: stats.runQueueLength,
      sleeping: stats.sleeping,
      ioParked: stats.ioParked,
    };
    if (spawned !== wanted.actors) throw new Error(`${what}: ${spawned} actors, expected ${wanted.actors}`);
    if (Object.values(left).some((n) => n !== 0)) {
      throw new Error(`${what}: left over: ${JSON.stringify(left)}`);
    }
    // A parent that a busy machine lets join only after a second finds the panic reported already.
    const mayBeMore = performance.now() - startMs > UNOBSERVED_MS;
    if (reports.length < wanted.unobserved || (reports.length > wanted.unobserved && !mayBeMore)) {
      throw new Error(`${what}: ${reports.length} panics reported, expected ${wanted.unobserved}`);
    }
    counts.programs += programs;
    counts.runs++;
    counts.actors += spawned;
    counts.reports += reports.length;
    onRun?.(counts);
  }
  return counts;
}

/** A run that does not end in time is shown and given up. */
async function withDeadline<T>(runtime: Runtime, run: Promise<T>, ms: number, what: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const overdue = new Promise<"overdue">((resolve) => timer = setTimeout(() => resolve("overdue"), ms));
  try {
    const first = await Promise.race([run.catch((error) => ({ failed: error as Error })), overdue]);
    if (first === "overdue") {
      const dump = await runtime.dump();
      run.catch(() => {}); // given up: what it says later is no news
      await runtime.stop();
      throw new Error(`${what}: did not end within ${ms} ms\n${dump}`);
    }
    if (typeof first === "object" && first !== null && "failed" in first) {
      throw new Error(`${what}: ${first.failed.message}`, { cause: first.failed });
    }
    return first as T;
  } finally {
    clearTimeout(timer);
  }
}
