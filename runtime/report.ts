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

/** The error, its own frames only, and the chain of its causes. */
export function describeError(error: unknown, colors: boolean, depth = 0): string {
  if (!(error instanceof Error)) return Deno.inspect(error, { colors, depth: 4 });
  let head: string, stack: string;
  try {
    const text = `${error.name}: ${error.message}`;
    stack = String(error.stack ?? text);
    head = text;
  } catch {
    return "an error whose properties cannot be read"; // its getters throw: there is nothing more to say of it
  }
  const frames = stack.split("\n").filter((line) => /^\s+at /.test(line) && !isRuntimeFrame(line));
  let text = [head, ...frames.map((line) => (colors ? colorFrame(line) : line))].join("\n");
  if (error instanceof AggregateError && depth < 8) {
    for (const one of error.errors) {
      text += `\n    ${describeError(one, colors, depth + 1).replaceAll("\n", "\n    ")}`;
    }
  }
  if (error.cause !== undefined && depth < 8) {
    text += `\nCaused by: ${describeError(error.cause, colors, depth + 1)}`;
  }
  return text;
}

function colorFrame(line: string): string {
  return line.replace(
    /((?:file|https?|data|npm|jsr):[^\s)]+?):(\d+):(\d+)/,
    `${CYAN}$1${RESET}:${YELLOW}$2${RESET}:${YELLOW}$3${RESET}`,
  );
}
