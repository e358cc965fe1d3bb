/**
 * `smarm trace <file>`: says what a trace file holds, draws it as a page, or checks it. A file of raw records, which a
 * process leaves that was killed, is converted first.
 *
 * @module
 */
import { readTrace } from "../trace/read.ts";
import { Checker } from "../trace/check.ts";
import { formatSummary, Summary } from "../trace/summary.ts";
import { Picture } from "../trace/html.ts";
import { convertLeft, isSameFile, RAW_SUFFIX } from "../trace/writer.ts";
import { TRACE_WORDS } from "../runtime/trace_words.ts";

const EXIT_USAGE = 2;
const USAGE = "smarm trace <file> [--check] [--html <out>]";

/** What the command says, and the exit code. */
export interface Said {
  readonly code: number;
  readonly out: string;
  /** One line for stderr. */
  readonly error?: string;
}

/** Runs the command with what followed the word `trace`. */
export async function runTrace(args: readonly string[]): Promise<Said> {
  let file: string | undefined, html: string | undefined, isCheck = false;
  for (let i = 0; i < args.length; i++) {
    const arg = args[i];
    if (arg === "--check") isCheck = true;
    else if (arg === "--help" || arg === "-h") {
      return { code: 0, out: `Usage: deno run -A ${USAGE.replace("smarm", "smarm.ts")}` };
    } else if (arg === "--html" || arg.startsWith("--html=")) {
      html = arg === "--html" ? args[++i] : arg.slice("--html=".length);
      if (html === undefined || html === "") return usage("--html needs a path to write the page to");
    } else if (arg.startsWith("-")) return usage(`trace has no option ${JSON.stringify(arg)}`);
    else if (file !== undefined) {
      return usage(`trace takes one file, but was given ${JSON.stringify(file)} and ${JSON.stringify(arg)}`);
    } else file = arg;
  }
  if (file === undefined) return usage("trace needs a file that --trace has written");

  if (file.endsWith(RAW_SUFFIX)) {
    try {
      file = convertLeft(file, TRACE_WORDS);
    } catch (error) {
      return unreadable(file, error);
    }
  }
  if (html !== undefined && isSameFile(html, file)) {
    return usage(`--html ${JSON.stringify(html)} would be written over the trace`);
  }
  const summary = new Summary();
  const checker = isCheck ? new Checker() : null;
  const picture = html === undefined ? null : new Picture();
  let footer;
  try {
    const events = readTrace(file);
    for (;;) {
      const next = await events.next();
      if (next.done) {
        footer = next.value;
        break;
      }
      checker?.add(next.value);
      if (checker === null || checker.verdict.count === 0) summary.add(next.value);
      picture?.add(next.value);
    }
  } catch (error) {
    return unreadable(file, error);
  }
  const dropped = footer === null ? null : Number(footer.recordsDropped ?? 0);
  if (checker !== null) {
    checker.end();
    if (footer === null) checker.problem("the file ends before its end");
    const { count, problems, events } = checker.verdict;
    if (count > 0) return { code: 1, out: [...problems, `${count} problems in ${events} events`].join("\n") };
  }
  let out = formatSummary(summary, dropped);
  if (checker !== null) out += `\n\nThe file is well-formed`;
  if (picture !== null) {
    try {
      await Deno.writeTextFile(html!, picture.page(file.split("/").pop()!));
    } catch (error) {
      return {
        code: EXIT_USAGE,
        out,
        error: `Cannot write ${JSON.stringify(html)}: ${
          firstLine(error)
        }. Give --html a file that can be written`,
      };
    }
  }
  return { code: 0, out };
}

function unreadable(file: string, error: unknown): Said {
  const what = `Cannot read the trace ${JSON.stringify(file)}: ${firstLine(error)}`;
  const raw = file + RAW_SUFFIX;
  const hint = isThere(raw)
    ? `Its process was killed: what that had recorded is converted by smarm trace ${JSON.stringify(raw)}`
    : "Give a file that --trace has written";
  return { code: EXIT_USAGE, out: "", error: `${what}. ${hint}` };
}

function isThere(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false; // there is none, or none that may be seen
  }
}

function usage(problem: string): Said {
  return { code: EXIT_USAGE, out: "", error: `${problem}. Usage: ${USAGE}` };
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split("\n")[0].replace(/ \(os error \d+\).*$/, "").replace(/\.$/, "");
}
