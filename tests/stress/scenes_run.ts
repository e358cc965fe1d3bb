/**
 * One run of the scenes, in a process of its own as a user starts it: what is to be run follows from a seed, and so does
 * what must come of it.
 *
 * @module
 */
import { runDeno, type RunOptions, type RunResult, runSmarm } from "../cli/harness.ts";
import { withFolder } from "../support/folder.ts";
import { Random } from "./plan.ts";
import { type End, ENDS, haltCode, IDLER_ENDS, IDLERS, SCENES_OVER } from "./scenes/main.ts";
import { PLANNED } from "./scenes/support.ts";

const PROGRAM = new URL("./scenes/main.ts", import.meta.url).pathname;
const HELD_UP = new URL("./held_up/smarm.ts", import.meta.url).pathname;
const TIMEOUT_MS = 150_000;

export interface SceneRun {
  readonly seed: number;
  readonly count: number;
  readonly scenes: readonly string[];
  readonly end: End;
  /** Of smarm's command line. */
  readonly options: readonly string[];
  readonly traced: boolean;
  /** Its threads are held up now and then, at any step. */
  readonly heldUp: boolean;
  /** Processes beside it that only compute. */
  readonly busy: number;
  readonly timeoutMs: number;
}

/** What the run with that seed is. */
export function runOf(seed: number, threads: readonly number[], scenes: readonly string[]): SceneRun {
  const random = new Random(seed);
  const oneIn = (n: number) => random.below(n) === 0;
  const options = ["--threads", `${random.pick(threads)}`];
  if (oneIn(4)) options.push("--strict");
  if (oneIn(4)) options.push("--contain", "--watchdog", "20000");
  if (oneIn(8)) options.push("--max-heap", "400");
  if (oneIn(5)) options.push("--mailbox-limit", "1000000");
  if (oneIn(5)) {
    options.push("--timeslice", random.pick(["1", "5", "2000"]), "--check-interval", random.pick(["1", "7"]));
  }
  return {
    seed,
    count: random.pick([3, 10, 25, 50]),
    scenes,
    end: oneIn(2) ? "returns" : random.pick(ENDS),
    options,
    traced: oneIn(5),
    heldUp: oneIn(4),
    busy: oneIn(4) ? 2 : 0,
    timeoutMs: TIMEOUT_MS,
  };
}

/** @throws {Error} if it hangs, or anything comes of it that was not foretold; the message tells all that it printed */
export async function play(run: SceneRun): Promise<void> {
  const { seed, count, scenes, end, traced } = run;
  await withFolder({}, async (folder) => {
    const trace = `${folder}/trace.json`;
    const options = [...run.options, "--stats=json", ...traced ? [`--trace=${trace}`] : []];
    const args = [...options, PROGRAM, `${seed}`, `${count}`, scenes.join(), end];
    const start = run.heldUp ? runHeldUp : runSmarm;
    const result = await besideBusy(run.busy, () =>
      start(args, {
        env: { TMPDIR: folder },
        timeoutMs: run.timeoutMs,
        lastSignals: ["SIGUSR2", "SIGQUIT"],
      }));
    const odd = oddities(run, result);
    if (traced) {
      const checked = await runSmarm(["trace", trace, "--check"]);
      if (checked.code !== 0) odd.push(`the trace is bad: ${checked.stdout}${checked.stderr}`);
      await Deno.remove(trace);
    }
    for (const { name } of Deno.readDirSync(folder)) {
      if (name.startsWith("trace") || !isCutOff(end)) odd.push(`left behind: ${name}`);
    }
    if (odd.length > 0) {
      const { stdout, stderr } = result;
      throw new Error(
        `${run.heldUp ? "held up: " : ""}smarm ${args.join(" ")}:\n${
          odd.join("\n")
        }\n--- stdout\n${stdout}--- stderr\n${stderr}`,
      );
    }
  });
}

function runHeldUp(args: string[], options: RunOptions): Promise<RunResult> {
  return runDeno(["run", "-A", HELD_UP, ...args], options);
}

/** What of a finished run was not foretold. */
export function oddities({ seed, end }: SceneRun, { code, stdout, stderr }: RunResult): string[] {
  const odd: string[] = [];
  const wantedCode = CODES[end] ?? haltCode(seed);
  if (code !== wantedCode) odd.push(`exit code ${code}, expected ${wantedCode}`);
  const printed = [SCENES_OVER];
  if (end === "idles") printed.push(...Array(IDLERS).fill(IDLER_ENDS));
  if (end === "deadlocks") printed.push(IDLER_ENDS);
  if (stdout.trimEnd() !== printed.join("\n")) odd.push(`stdout is not ${printed.join(", ")}`);

  let stats: { live: number; dropped: number } | undefined;
  const missing = [...REPORTS[end] ?? []];
  for (const report of stderr.trimEnd().split(/\n(?=error: |deadlock: |\{"schedulerCount")/)) {
    if (stats === undefined && /^\{"schedulerCount".*\}$/.test(report)) stats = JSON.parse(report);
    else if (missing[0]?.test(report)) missing.shift();
    else if (!(isCutOff(end) ? ANY_PANIC : PLANNED_PANIC).test(report)) odd.push(`on stderr: ${report}`);
  }
  for (const report of missing) odd.push(`not on stderr: ${report}`);
  if (stats === undefined) odd.push("no stats");
  else if (stats.live !== 0 || stats.dropped !== 0) odd.push(`live ${stats.live}, dropped ${stats.dropped}`);
  return odd;
}

const CODES: Partial<Record<End, number>> = { returns: 0, idles: 0, panics: 1, deadlocks: 3 };

/** Which smarm tells of actors that a scene ends, where nobody hears of that within a second or it was dead before. */
const PLANNED_PANIC = new RegExp(
  `^error: Uncaught in actor \\S+ \\S+: (Error: ${PLANNED}|ExitError: ).*(\n    at .*)*$`,
);

/** Where scenes are cut off: an actor whose peer was ended before it cannot tell that from a fault. */
const ANY_PANIC = /^error: Uncaught in actor /;

const REPORTS: Partial<Record<End, RegExp[]>> = {
  panics: [new RegExp(`^error: Uncaught Error: ${PLANNED}: the end(\n    at .*)*$`)],
  deadlocks: [
    // these two and nobody else, in any order
    /^deadlock: .*(?=[^]*\n {2}\S+ main: waiting in join )(?=[^]*\n {2}\S+ idler: waiting in receive )(\n {2}.*){2}$/,
  ],
};

/** Whether scenes are under way at the end. */
function isCutOff(end: End): boolean {
  return end === "halts" || end === "kills" || end === "panics" || end === "exits";
}

async function besideBusy<T>(count: number, use: () => Promise<T>): Promise<T> {
  const args = ["eval", "for (;;);"];
  const busy = Array.from({ length: count }, () => new Deno.Command(Deno.execPath(), { args }).spawn());
  try {
    return await use();
  } finally {
    for (const child of busy) child.kill("SIGKILL");
    await Promise.all(busy.map((child) => child.status));
  }
}
