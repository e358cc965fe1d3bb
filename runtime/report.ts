/**
 * Panics as people read them: the error with the user's own frames, its causes, in Deno's colours where asked for.
 *
 * @module
 */
import type { Outcome, Pid } from "./api.ts";
import { isRuntimeFrame } from "./load.ts";
import { formatPid } from "./pid.ts";

const RED_BOLD = "\x1b[0m\x1b[1m\x1b[31m";
const CYAN = "\x1b[0m\x1b[36m";
const YELLOW = "\x1b[0m\x1b[33m";
const RESET = "\x1b[0m";

/**
 * `error: Uncaught Error: …` and its frames. `who`: the actor; undefined for main, whose error is the program's; null
 * for code that belongs to no actor that could be told.
 */
export function describeOutcome(
  outcome: Outcome,
  colors: boolean,
  who?: { readonly pid: Pid; readonly name: string } | null,
): string {
  if (outcome.kind === "exit") return "";
  const label = colors ? `${RED_BOLD}error${RESET}` : "error";
  const from = who === undefined
    ? "Uncaught"
    : who === null
    ? "Uncaught outside of any actor:"
    : `Uncaught in actor ${formatPid(who.pid)} ${who.name}:`;
  return `${label}: ${from} ${describeError(outcome.error, colors)}`;
}

/** What tells that two reports are of one panic: its text, also for the ends of linked actors that followed from it. */
export function rootOf(outcome: Outcome): { root: string; isEcho: boolean } {
  if (outcome.kind === "exit") return { root: "", isEcho: false };
  const { error } = outcome;
  try {
    const { reason } = error as Error & { reason?: unknown };
    if (error.name === "ExitError" && reason instanceof Error) {
      return { root: String(reason.stack ?? reason), isEcho: true };
    }
    return { root: String(error.stack ?? error), isEcho: false };
  } catch {
    return { root: "", isEcho: false }; // its properties cannot be read
  }
}

/** The error, its own frames only, and the chain of its causes. */
export function describeError(error: unknown, colors: boolean, above: readonly unknown[] = []): string {
  if (above.includes(error)) return "(again the error above)";
  if (above.length === DEEPEST) return "…";
  try {
    if (!(error instanceof Error)) return Deno.inspect(error, { colors, depth: 4 });
    const { cause } = error;
    const inner = [...above, error];
    let text = [`${error.name}: ${error.message}`, ...framesOf(error, colors)].join("\n");
    if (error instanceof AggregateError) {
      for (const one of error.errors) {
        text += `\n    ${describeError(one, colors, inner).replaceAll("\n", "\n    ")}`;
      }
    }
    return cause === undefined ? text : `${text}\nCaused by: ${describeError(cause, colors, inner)}`;
  } catch {
    return "a value whose properties cannot be read"; // its getters throw: there is nothing more to say of it
  }
}

const DEEPEST = 8;

/** In the place of frames, where V8 knows of none: a stack goes on at the line that awaits. */
const NOBODY_AWAITS = "    (from a promise that nobody awaits, so its line is not known)";

/** A rejection that nobody handles, of which no line of the program can be shown, says why. */
export function noteUnawaited(error: unknown): void {
  try {
    if (!(error instanceof Error) || error.name === "ExitError" || framesOf(error, false).length > 0) return;
    error.stack = `${error.stack ?? ""}\n${NOBODY_AWAITS}`;
  } catch {
    // Its properties can't be read, or not be changed: it is shown as it is.
  }
}

function framesOf(error: Error, colors: boolean): string[] {
  let stack: string;
  try {
    stack = String(error.stack ?? "");
  } catch {
    return []; // a getter that throws must not hide the message
  }
  const message = stack.indexOf(error.message); // it may have lines that look like frames
  const frames = message < 0 ? stack : stack.slice(message + error.message.length);
  return frames.split("\n")
    .filter((line) => line === NOBODY_AWAITS || /^\s+at /.test(line) && !isRuntimeFrame(line))
    .map((line) => colors ? colorFrame(line) : line);
}

function colorFrame(line: string): string {
  return line.replace(
    /((?:file|https?|data|npm|jsr):[^\s)]+?):(\d+):(\d+)/,
    `${CYAN}$1${RESET}:${YELLOW}$2${RESET}:${YELLOW}$3${RESET}`,
  );
}
