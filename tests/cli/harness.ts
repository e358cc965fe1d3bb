/**
 * Runs smarm as a user does, in a process of its own, and says what came of it. A program that does not end is
 * killed by its own pid, and the test fails with what it had printed: a hang is never waited for.
 *
 * @module
 */

/** Where smarm.ts lies, and where programs are run unless a test says otherwise. */
export const REPOSITORY = new URL("../../", import.meta.url);

/** How long a program may take. Far more than one needs on a busy machine: it is there to end hangs. */
export const DEFAULT_TIMEOUT_MS = 90_000;

/** How long a program that is overdue may take to answer a signal. */
const LAST_WORDS_MS = 5000;

/** What a test may say about a run. */
export interface RunOptions {
  /** Written to stdin, which is closed after it. Default: stdin is empty. */
  stdin?: string | Uint8Array;
  /** Added to the environment, in which `NO_COLOR=1` stands already; `undefined` takes a variable out. */
  env?: Record<string, string | undefined>;
  /** Where the program runs. Default: the repository. */
  cwd?: string | URL;
  /** What deno is told before smarm.ts: permissions, above all. Default `["-A"]`. */
  denoArgs?: string[];
  /** After how long the program is killed and the test fails. */
  timeoutMs?: number;
  /** Sent before that, a few seconds apart, so that the program says what it does; what it prints is in the failure. */
  lastSignals?: Deno.Signal[];
  /**
   * Types an answer once stdout contains `text`, and now and then until it contains `until`: Deno throws away what was
   * typed before its prompt listens, and what comes in too fast. stdin stays open until the program has ended.
   */
  answerAfter?: { text: string | RegExp; answer: string; until: string | RegExp };
  /** Sends a signal once stdout or stderr contains a text; several are sent one after the other. */
  signalAfter?: SignalAfter | SignalAfter[];
}

/** A signal, and what the program must have printed before it is sent. */
export interface SignalAfter {
  text: string | RegExp;
  signal: Deno.Signal;
  /** After SIGSTOP: how long the process stands still. */
  continueAfterMs?: number;
}

/** How a program ended and what it printed. */
export interface RunResult {
  code: number;
  signal: Deno.Signal | null;
  stdout: string;
  stderr: string;
}

/**
 * Runs `deno run -A smarm.ts ...args`.
 *
 * @throws {Error} if the program does not end in time, or ends before it printed what a signal waits for
 */
export function runSmarm(args: string[], options: RunOptions = {}): Promise<RunResult> {
  const denoArgs = options.denoArgs ?? ["-A"];
  const runner = new URL("smarm.ts", REPOSITORY).pathname;
  return runDeno(["run", ...denoArgs, runner, ...args], options);
}

/**
 * Runs deno with arguments of any kind; `denoArgs` has no say here.
 *
 * @throws {Error} if it does not end in time, or ends before it printed what a signal waits for
 */
export function runDeno(args: string[], options: RunOptions = {}): Promise<RunResult> {
  return runCommand(Deno.execPath(), args, options);
}

async function runCommand(command: string, args: string[], options: RunOptions): Promise<RunResult> {
  const { stdin, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  const child = new Deno.Command(command, {
    args,
    cwd: options.cwd ?? REPOSITORY,
    clearEnv: true,
    env: environment(options.env),
    stdin: stdin === undefined && options.answerAfter === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();

  let stdout = "";
  let stderr = "";
  const signals = [options.signalAfter ?? []].flat();
  const question = options.answerAfter;
  let answering: ReturnType<typeof setInterval> | undefined;
  let standing: ReturnType<typeof setTimeout> | undefined;
  const heard = () => {
    if (question !== undefined && answering === undefined && found(stdout, question.text)) {
      answering = setInterval(() => {
        if (found(stdout, question.until)) clearInterval(answering);
        else void write(child.stdin, question.answer);
      }, 500);
    }
    while (signals.length > 0 && (found(stdout, signals[0].text) || found(stderr, signals[0].text))) {
      const { signal, continueAfterMs } = signals.shift()!;
      child.kill(signal);
      if (continueAfterMs !== undefined) {
        standing = setTimeout(() => child.kill("SIGCONT"), continueAfterMs);
      }
    }
  };
  const ended = Promise.all([
    child.status,
    readText(child.stdout, (text) => (stdout += text, heard())),
    readText(child.stderr, (text) => (stderr += text, heard())),
    stdin === undefined ? undefined : writeAll(child.stdin, stdin),
  ]);

  let deadline: ReturnType<typeof setTimeout> | undefined;
  const overdue = new Promise<"overdue">((resolve) => {
    deadline = setTimeout(() => resolve("overdue"), timeoutMs);
  });
  const told = () => `\n--- stdout\n${stdout}\n--- stderr\n${stderr}`;
  try {
    const outcome = await Promise.race([ended, overdue]);
    if (outcome === "overdue") {
      for (const signal of options.lastSignals ?? []) {
        child.kill(signal);
        if (await endsWithin(ended, LAST_WORDS_MS)) break;
      }
      kill(child);
      await child.status;
      throw new Error(
        `${command} ${args.join(" ")} did not end within ${timeoutMs} ms. It printed:${told()}`,
      );
    }
    if (question !== undefined && answering === undefined) {
      throw new Error(`deno ${args.join(" ")} ended without asking ${question.text}. It printed:${told()}`);
    }
    if (signals.length > 0) {
      throw new Error(
        `deno ${args.join(" ")} ended before it printed ${signals[0].text}. It printed:${told()}`,
      );
    }
    const { code, signal } = outcome[0];
    return { code, signal, stdout, stderr };
  } finally {
    clearTimeout(deadline);
    clearInterval(answering);
    clearTimeout(standing);
    if (question !== undefined) await closeQuietly(child.stdin);
  }
}

async function endsWithin(ended: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const passed = new Promise<false>((resolve) => timer = setTimeout(() => resolve(false), ms));
  const hasEnded = await Promise.race([ended.then(() => true), passed]);
  clearTimeout(timer);
  return hasEnded;
}

function kill(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // it has ended meanwhile
  }
}

function environment(changes: RunOptions["env"] = {}): Record<string, string> {
  const merged: Record<string, string | undefined> = { ...Deno.env.toObject(), NO_COLOR: "1", ...changes };
  return Object.fromEntries(
    Object.entries(merged).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

function found(text: string, wanted: string | RegExp): boolean {
  return typeof wanted === "string" ? text.includes(wanted) : wanted.test(text);
}

async function readText(bytes: ReadableStream<Uint8Array>, onText: (text: string) => void): Promise<void> {
  const decoder = new TextDecoder();
  for await (const chunk of bytes) onText(decoder.decode(chunk, { stream: true }));
  onText(decoder.decode());
}

async function writeAll(to: WritableStream<Uint8Array>, data: string | Uint8Array): Promise<void> {
  await write(to, data);
  await closeQuietly(to);
}

/** A program that ends without reading its stdin is no failure of the test. */
async function write(to: WritableStream<Uint8Array>, data: string | Uint8Array): Promise<void> {
  const writer = to.getWriter();
  try {
    await writer.write(typeof data === "string" ? new TextEncoder().encode(data) : data);
  } catch (error) {
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  } finally {
    writer.releaseLock();
  }
}

async function closeQuietly(stream: WritableStream<Uint8Array>): Promise<void> {
  try {
    await stream.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BrokenPipe || error instanceof TypeError)) throw error;
  }
}

/** Runs `deno ...denoArgs` on a terminal of its own; what it writes there is `stdout`, whichever stream it used. */
export function runOnTerminal(denoArgs: string[], options: RunOptions = {}): Promise<RunResult> {
  const command = [Deno.execPath(), ...denoArgs].map((arg) => `'${arg.replaceAll("'", `'\\''`)}'`).join(" ");
  return runCommand("script", ["-qec", command, "/dev/null"], options);
}
