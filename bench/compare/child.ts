/**
 * Runs one child process under a deadline and tells what came of it. Called by ../compare.ts, one child at a time.
 *
 * Promises that a child never outlives its deadline: it is ended by its own process id, and nothing else is.
 *
 * @module
 */

export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly deadlineMs: number;
}

export type ChildResult =
  | {
    readonly kind: "ended";
    readonly seconds: number;
    readonly stdout: string;
    /** Cores that other processes used meanwhile; undefined where the system does not tell. */
    readonly otherCores: number | undefined;
  }
  | { readonly kind: "failed"; readonly reason: string };

/** How much of the end of stderr goes into the reason of a failure. */
const STDERR_TAIL = 400;

export async function runChild(command: Command, cwd: string): Promise<ChildResult> {
  const cpuBefore = readCpu();
  const start = performance.now();
  const child = new Deno.Command(command.program, {
    args: [...command.args],
    cwd,
    // Erlang would else write a dump of many megabytes when one of its runs crashes.
    env: { NO_COLOR: "1", ERL_CRASH_DUMP_BYTES: "0" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let isLate = false;
  const deadline = setTimeout(() => {
    isLate = true;
    child.kill("SIGKILL");
  }, command.deadlineMs);
  const { code, signal, stdout, stderr } = await child.output();
  clearTimeout(deadline);
  const seconds = (performance.now() - start) / 1000;
  if (isLate) return { kind: "failed", reason: `not done after ${command.deadlineMs} ms, ended` };
  if (code !== 0) {
    const tail = new TextDecoder().decode(stderr).trim().slice(-STDERR_TAIL);
    return { kind: "failed", reason: `${signal ?? `exit code ${code}`}: ${tail}` };
  }
  const cpuAfter = readCpu();
  const otherCores = cpuBefore && cpuAfter
    ? Math.max(0, (cpuAfter.all - cpuBefore.all - (cpuAfter.ours - cpuBefore.ours)) / seconds)
    : undefined;
  return { kind: "ended", seconds, stdout: new TextDecoder().decode(stdout), otherCores };
}

/** The last line of `stdout` that is a JSON object. */
export function resultLine(stdout: string): Record<string, unknown> | undefined {
  const line = stdout.split("\n").findLast((text) => text.startsWith("{"));
  if (line === undefined) return undefined;
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** Ticks a second in /proc, as Linux gives them to programs on every architecture that Deno runs on. */
const TICKS_PER_SECOND = 100;

/** CPU seconds spent since boot: by the whole machine, and by this process with the children that have ended. */
function readCpu(): { all: number; ours: number } | undefined {
  try {
    const machine = Deno.readTextFileSync("/proc/stat").split("\n", 1)[0].split(/\s+/).slice(1).map(Number);
    const [user, nice, system, _idle, _iowait, irq, softirq, steal] = machine;
    const own = Deno.readTextFileSync("/proc/self/stat");
    // utime, stime, cutime and cstime: the 12th to the 15th field behind the name in brackets.
    const fields = own.slice(own.lastIndexOf(")") + 2).split(" ").slice(11, 15).map(Number);
    return {
      all: (user + nice + system + irq + softirq + steal) / TICKS_PER_SECOND,
      ours: fields.reduce((sum, ticks) => sum + ticks, 0) / TICKS_PER_SECOND,
    };
  } catch {
    return undefined;
  }
}
