/**
 * Where in the program's source something is: of code that runs, told by a stack; of a function that an actor runs,
 * found in the text of the module that exports it. Both are asked for by a trace only, and the second by nobody before
 * the trace is converted.
 *
 * @module
 */

/** smarm's own folders, whose frames are not the program's; programs may lie beside them (examples, tests). */
const OWN = ["runtime/", "trace/", "io/", "supervisor/", "timer/", "testing/", "cli/", "main.ts", "smarm.ts"]
  .map((name) => new URL(`../${name}`, import.meta.url).href);
const FRAME = /\(?((?:file|https?|data|blob|npm|jsr):[^()\s]*:\d+:\d+)\)?$/;

/** The line of the program that has called smarm, as `url:line:column`; null when none is on the stack. */
export function callerOf(): string | null {
  for (const line of new Error().stack?.split("\n") ?? []) {
    const at = FRAME.exec(line)?.[1];
    if (at !== undefined && !OWN.some((own) => at.startsWith(own))) return at;
  }
  return null;
}

/** Modules that are followed from one re-export to the next. */
const MOST_HOPS = 5;

/**
 * Where an exported function is defined, as `url:line`: a search in the source for its declaration, not a parse. `read`
 * gives a module's text, or undefined. Undefined when no declaration is found, for example of a function that a call made.
 */
export function findFunction(
  module: string,
  exportName: string,
  read: (url: string) => string | undefined,
  hops = MOST_HOPS,
): string | undefined {
  const text = read(module);
  if (text === undefined || hops === 0) return undefined;
  const name = escape(exportName);
  const found = exportName === "default"
    ? lineOf(text, /^[ \t]*export\s+default\b/m)
    : lineOf(text, new RegExp(`^[ \\t]*export\\s+(?:async\\s+)?function\\s*\\*?\\s*${name}\\b`, "m")) ??
      lineOf(text, new RegExp(`^[ \\t]*export\\s+(?:const|let|var)\\s+${name}\\b`, "m"));
  if (found !== undefined) return `${module}:${found}`;
  for (
    const [, list, from] of text.matchAll(/^[ \t]*export\s*\{([^}]*)\}(?:\s*from\s*["']([^"']+)["'])?/gm)
  ) {
    const local = localName(list, exportName);
    if (local === undefined) continue;
    if (from !== undefined) return follow(module, from, local, read, hops);
    const line =
      lineOf(text, new RegExp(`^[ \\t]*(?:async\\s+)?function\\s*\\*?\\s*${escape(local)}\\b`, "m")) ??
        lineOf(text, new RegExp(`^[ \\t]*(?:const|let|var)\\s+${escape(local)}\\b`, "m"));
    if (line !== undefined) return `${module}:${line}`;
    for (
      const [, names, source] of text.matchAll(/^[ \t]*import\s*\{([^}]*)\}\s*from\s*["']([^"']+)["']/gm)
    ) {
      const imported = importedName(names, local);
      if (imported !== undefined) return follow(module, source, imported, read, hops);
    }
  }
  for (const [, from] of text.matchAll(/^[ \t]*export\s*\*\s*from\s*["']([^"']+)["']/gm)) {
    const there = follow(module, from, exportName, read, hops);
    if (there !== undefined) return there;
  }
  return undefined;
}

function follow(
  module: string,
  from: string,
  name: string,
  read: (url: string) => string | undefined,
  hops: number,
): string | undefined {
  if (!/^(\.|\/|file:)/.test(from)) return undefined; // an import map's business
  return findFunction(new URL(from, module).href, name, read, hops - 1);
}

/** What `exportName` is called inside of `export { … }`. */
function localName(list: string, exportName: string): string | undefined {
  for (const one of list.split(",")) {
    const [local, exported = local] = one.trim().split(/\s+as\s+/);
    if (exported === exportName) return local;
  }
  return undefined;
}

/** What `local` is called in the module that it was imported from. */
function importedName(list: string, local: string): string | undefined {
  for (const one of list.split(",")) {
    const [imported, name = imported] = one.trim().split(/\s+as\s+/);
    if (name === local) return imported;
  }
  return undefined;
}

function lineOf(text: string, pattern: RegExp): number | undefined {
  const match = pattern.exec(text);
  if (match === null) return undefined;
  let line = 1;
  for (let at = text.indexOf("\n"); at >= 0 && at < match.index; at = text.indexOf("\n", at + 1)) line++;
  return line;
}

function escape(name: string): string {
  return name.replace(/[$\\.*+?^()[\]{}|]/g, "\\$&");
}

/** A `file:` module's text, as far as it may be read. */
export function readModule(url: string): string | undefined {
  if (!url.startsWith("file:")) return undefined;
  try {
    return Deno.readTextFileSync(new URL(url));
  } catch {
    return undefined; // gone or forbidden: then the trace has no line of it
  }
}
