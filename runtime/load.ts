/**
 * Loading the program's module, with one line of text for each way in which that can fail.
 *
 * @module
 */

import { unfitToRun } from "./targets.ts";

/** The module could not be loaded: the text is one line that says what and how to mend it. */
export class LoadFailure extends Error {
  override readonly name = "LoadFailure";
  readonly exitCode: number;
  constructor(message: string, exitCode: number) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** @throws LoadFailure */
export async function loadProgram(module: string): Promise<Record<string, unknown>> {
  let namespace: Record<string, unknown>;
  try {
    namespace = await import(module);
  } catch (error) {
    throw new LoadFailure(explain(module, error), 2);
  }
  if (!("main" in namespace)) {
    const others = Object.keys(namespace).filter((name) => typeof namespace[name] === "function");
    const has = others.length === 0
      ? ""
      : ` (it exports ${others.slice(0, 5).join(", ")}${others.length > 5 ? ", …" : ""})`;
    throw new LoadFailure(
      `${display(module)} exports no main function${has}. Add: export async function main(self) { … }`,
      2,
    );
  }
  if (typeof namespace.main !== "function") {
    throw new LoadFailure(
      `${display(module)} exports main as ${describeType(namespace.main)}, not as a function. ` +
        `Write: export async function main(self) { … }`,
      2,
    );
  }
  const unfit = unfitToRun(namespace.main);
  if (unfit !== null) {
    const why = unfit === "a generator" ? "whose body nobody would run" : "not as a function";
    throw new LoadFailure(
      `${display(module)} exports main as ${unfit}, ${why}. Write: export async function main(self) { … }`,
      2,
    );
  }
  return namespace;
}

/** What is said of a module that starts a run of itself wherever it is loaded, which is on each scheduler. */
export function runsItself(module: string): string {
  return `Cannot load ${
    display(module)
  }: it runs itself wherever it is loaded, so on each scheduler again. ` +
    "Write before it: if (import.meta.main)";
}

/** What is said, once, of a module whose top level has not come to its end on some schedulers after so long. */
export function loadsForLong(module: string, ms: number, schedulers: readonly number[]): string {
  return `${display(module)} has been loading for ${ms / 1000} s on scheduler ${
    schedulers.join(", ")
  }: main begins ` +
    "when its top level has come to its end on each. Look there for a loop, or for an await that is not settled";
}

/** One line for an error that `import()` rejected with: Deno's own, or whatever the module's top level threw. */
function explain(module: string, error: unknown): string {
  const shown = display(module);
  if (!isError(error)) {
    return `Cannot load ${shown}: it threw ${inspectLine(error)}. Mend the module's top level`;
  }
  const name = readText(error, "name");
  const message = stripAnsiCode(readText(error, "message"));
  const stack = stripAnsiCode(readText(error, "stack"));
  const text = oneLine(message);
  const access = /^Requires (\w+) access to/.exec(text)?.[1];
  if (access !== undefined) {
    return `Cannot load ${shown}: ${text.replace(/, run again with .*$/, "")}. ` +
      `Run with --allow-${access}, or with -A`;
  }
  const isLoaders = readText(error, "code") === "ERR_MODULE_NOT_FOUND"; // Deno's loader gives this to all its errors
  const own = isLoaders ? "" : firstFrame(stack);
  if (own !== "") {
    return `Cannot load ${shown}: it threw ${name}: ${text} at ${own}. Mend the module's top level`;
  }
  if (name === "SyntaxError") return `Cannot load ${shown}: syntax error: ${text}. Mend it and run again`;
  if (!isLoaders) {
    return `Cannot load ${shown}: it threw ${name}: ${text}. Mend the module's top level`;
  }
  if (/^SyntaxError: /.test(text) || /could not be parsed/.test(text)) {
    const what = text.replace(/^(SyntaxError: |.*could not be parsed:\s*)/, "");
    return `Cannot load ${shown}: syntax error: ${what}. Mend it and run again`;
  }
  const missing = /^Module not found "([^"]+)"\.?(?: at (.*))?/.exec(text);
  if (missing !== null) {
    const [, target, place] = missing;
    if (display(target) === shown) {
      return `Cannot find module ${shown}. Check the path, which is taken from the current folder`;
    }
    const where = place === undefined ? "" : ` at ${place}`;
    return `Cannot load ${shown}: it imports ${
      display(target)
    }, which does not exist${where}. Check the import`;
  }
  const [, said, place] = /^(.*?)\.?( at \S+:\d+:\d+)?$/.exec(text)!; // no place: it is said of the module itself
  const folder = /^\[ERR_UNSUPPORTED_DIR_IMPORT\] Directory import '([^']+)'/.exec(said)?.[1];
  if (folder !== undefined) {
    return place === undefined
      ? `Cannot load ${shown}: it is a folder. Name a module in it`
      : `Cannot load ${shown}: it imports ${display(folder)}, which is a folder${place}. Check the import`;
  }
  if (said.startsWith("Attempted to load JSON module")) {
    return place === undefined
      ? `Cannot load ${shown}: it is JSON. Name a module that exports main`
      : `Cannot load ${shown}: it imports JSON without saying so${place}. Add: with { type: "json" }`;
  }
  const what = said.replace(/\.? Supported schemes:/, "") + rootCause(message) + (place ?? "");
  const mend = place !== undefined && said.includes("not in import map")
    ? "Check the name, and name the deno.json that maps it: deno run --config <file>"
    : "Check the name, and that it can be reached";
  return `Cannot load ${shown}: ${what}. ${mend}`;
}

function isError(value: unknown): value is Error {
  try {
    return value instanceof Error;
  } catch {
    return false; // a revoked proxy
  }
}

/** A property of an error as text; a getter that throws must not hide the rest. */
function readText(error: Error, key: "name" | "message" | "stack" | "code"): string {
  try {
    return String((error as unknown as Record<string, unknown>)[key] ?? "");
  } catch {
    return "";
  }
}

function inspectLine(value: unknown): string {
  try {
    return Deno.inspect(value, { depth: 1, breakLength: Infinity, compact: true }).replace(/\s*\n\s*/g, " ");
  } catch {
    return "a value that cannot be shown"; // a revoked proxy, or an object whose inspection throws
  }
}

/** Deno colours the places in its loader's messages. */
function stripAnsiCode(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replace(/\x1b\[\d+m/g, "");
}

/** `file:///home/x/app.ts:3:9`, the first frame that is not the runtime's or Deno's own. */
function firstFrame(stack: string): string {
  for (const line of stack.split("\n")) {
    if (!/^\s+at /.test(line)) continue;
    const place = /((?:file|https?|data|blob|npm|jsr):[^\s)]+:\d+:\d+)/.exec(line)?.[1];
    if (place !== undefined && !isRuntimeFrame(place)) return place;
  }
  return "";
}

/** A path, taken from the current folder, as a URL; what has a scheme is for `import()` as it is. */
export function resolveModule(module: string): string {
  if (/^[a-z][a-z0-9+.-]+:/i.test(module)) return module;
  return new URL(asUrlPath(module), `file://${asUrlPath(Deno.cwd())}/`).href;
}

/** What a URL would take for something else or leave out: escapes, a query, a hash, white space, `\\`; and `C|`, its `C:`. */
function asUrlPath(path: string): string {
  return path.split("/").map((part) =>
    part.replace(FOREIGN_TO_URLS, encodeURIComponent).replace(/^([a-z])\|$/i, "$1%7C")
  ).join("/");
}

const FOREIGN_TO_URLS = Deno.build.os === "windows" ? /[%?#\s\p{Cc}]/gu : /[%?#\\\s\p{Cc}]/gu;

/** Where the runtime's own modules are: frames in there are no news to the user. */
export const RUNTIME_BASE = new URL("../", import.meta.url).href;
const RUNTIME_FOLDERS = ["runtime/", "timer/", "io/", "supervisor/", "cli/", "smarm.ts", "main.ts"]
  .map((part) => RUNTIME_BASE + part);

export function isRuntimeFrame(line: string): boolean {
  // Not just anywhere: `file:///home/me/text:1:2` is the frame of a file without an extension.
  return RUNTIME_FOLDERS.some((part) => line.includes(part)) || /(^|[\s(])(ext|node):/.test(line);
}

/** A file URL as a path, in one line; everything else as it is. */
export function display(module: string): string {
  if (!module.startsWith("file:")) return module.length > 120 ? `${module.slice(0, 117)}…` : module;
  try {
    const { pathname } = new URL(module);
    const path = decodeURIComponent(pathname);
    return /\p{Cc}/u.test(path) ? pathname : path;
  } catch {
    return module; // a URL that is no URL is shown as it came
  }
}

function describeType(value: unknown): string {
  return value === null || value === undefined
    ? String(value)
    : Array.isArray(value)
    ? "an array"
    : `a ${typeof value}`.replace("a o", "an o");
}

/** The innermost of the causes that Deno's loader lists below its message. */
function rootCause(message: string): string {
  const cause = /^\s*\d+: (.*)$/.exec(message.trimEnd().split("\n").at(-1)!)?.[1];
  return cause === undefined ? "" : `: ${cause.replace(/ \(os error \d+\)$/, "")}`;
}

/** The first line, and the place in the code where a later line names one. */
function oneLine(text: string): string {
  const lines = text.split("\n").map((line) => line.trim()).filter((line) => line !== "");
  const first = lines[0] ?? "";
  const place = lines.find((line) => /^at .*:\d+:\d+$/.test(line)) ?? "";
  return place !== "" && !first.includes(place) ? `${first} ${place}` : first;
}
