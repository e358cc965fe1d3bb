/**
 * Loading the program's module, with one line of text for each way in which that can fail.
 *
 * @module
 */

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
    const has = others.length === 0 ? "" : ` (it exports ${others.slice(0, 5).join(", ")})`;
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
  return namespace;
}

function explain(module: string, error: unknown): string {
  const shown = display(module);
  const name = error instanceof Error ? error.name : "";
  const text = oneLine(error instanceof Error ? error.message : Deno.inspect(error, { depth: 1 }));
  if (name === "NotCapable" && /requires (\w+) access/i.test(text)) {
    const access = /requires (\w+) access/i.exec(text)![1].toLowerCase();
    return `Cannot load ${shown}: ${
      text.replace(/, run again with.*$/, "")
    }. Run with --allow-${access}, or with -A`;
  }
  if (error instanceof TypeError && /^Module not found/.test(text)) {
    const missing = /"([^"]+)"/.exec(text)?.[1] ?? module;
    return missing === module
      ? `Cannot find module ${shown}. Check the path, which is taken from the current folder`
      : `Cannot load ${shown}: it imports ${display(missing)}, which does not exist. Check the import`;
  }
  if (error instanceof SyntaxError || /could not be parsed/.test(text)) {
    return `Cannot load ${shown}: syntax error: ${
      text.replace(/^.*could not be parsed:\s*/, "")
    }. Mend it and run again`;
  }
  const own = error instanceof Error ? firstFrame(error) : "";
  if (own !== "") {
    return `Cannot load ${shown}: it threw ${name}: ${text} at ${own}. Mend the module's top level`;
  }
  return `Cannot load ${shown}: ${text}${/[.!?]$/.test(text) ? "" : "."} Mend the import and run again`;
}

/** `file:///home/x/app.ts:3:9`, the first frame that is not the runtime's or Deno's own. */
function firstFrame(error: Error): string {
  for (const line of (error.stack ?? "").split("\n")) {
    const place = /((?:file|https?|data|npm|jsr):[^\s)]+:\d+:\d+)/.exec(line)?.[1];
    if (place !== undefined && !isRuntimeFrame(place)) return place;
  }
  return "";
}

/** Where the runtime's own modules are: frames in there are no news to the user. */
export const RUNTIME_BASE = new URL("../", import.meta.url).href;
const RUNTIME_FOLDERS = ["runtime/", "timer/", "io/", "supervisor/", "cli/", "smarm.ts", "main.ts"]
  .map((part) => RUNTIME_BASE + part);

export function isRuntimeFrame(line: string): boolean {
  return RUNTIME_FOLDERS.some((part) => line.includes(part)) || line.includes("ext:") ||
    line.includes("node:");
}

/** A file URL as a path; everything else as it is. */
export function display(module: string): string {
  if (!module.startsWith("file:")) return module.length > 120 ? `${module.slice(0, 117)}…` : module;
  try {
    return decodeURIComponent(new URL(module).pathname);
  } catch {
    return module; // a URL that is no URL is shown as it came
  }
}

function describeType(value: unknown): string {
  return value === null
    ? "null"
    : Array.isArray(value)
    ? "an array"
    : `a ${typeof value}`.replace("a o", "an o");
}

function oneLine(text: string): string {
  const lines = text.split("\n").map((line) => line.trim()).filter((line) =>
    line !== "" && !/^[~^|]+$/.test(line)
  );
  const first = lines[0] ?? "";
  const place = lines.find((line) => /^at .*:\d+:\d+$/.test(line)) ?? "";
  return place !== "" && !first.includes(place) ? `${first} ${place}` : first;
}
