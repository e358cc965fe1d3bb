/**
 * What `--help` and `--version` print, on stdout.
 *
 * @module
 */

import manifest from "../deno.json" with { type: "json" };
import { OPTIONS, type OptionSpec } from "./options.ts";

/** The version of smarm; deno.json is where it is kept. */
export const VERSION: string = manifest.version;

/** Exit codes and what they mean, in the order of the help text. */
const EXIT_CODES: ReadonlyArray<readonly [code: string, meaning: string]> = [
  ["0", "every actor ended, or the program was stopped by SIGTERM"],
  ["1", "main panicked"],
  ["2", "bad command line, or a module that cannot be loaded, or a missing permission"],
  ["3", "deadlock: what is left waits for what can never come"],
  ["130", "stopped by SIGINT"],
  ["131", "stopped by SIGQUIT, with a dump of the runtime"],
  ["143", "a second SIGTERM, or one that the actors did not heed within --grace"],
  ["n", "an actor called self.halt(n) or Deno.exit(n), or set Deno.exitCode"],
];

/** What `--version` prints. */
export function versionText(): string {
  return `smarm ${VERSION}`;
}

/** What `--help` prints: every option with its default and unit, the exit codes, an example. */
export function helpText(): string {
  return `smarm ${VERSION}: runs the actors of a module on all cores

Usage: deno run -A smarm.ts [options] <module> [arguments...]
       deno run -A smarm.ts trace <file> [--check] [--html <out>]
       deno run -A smarm.ts init [folder]      writes a program to begin with

<module> is a path, a file: URL, or anything import() takes. Its exported function main(self, ...arguments)
is the first actor. What follows <module> goes to main untouched. A module that is called trace or init is
written ./trace or ./init.

Options:
${columns(OPTIONS.map((option) => [usageOf(option), option.summary]))}

Exit codes:
${columns(EXIT_CODES)}

SIGUSR2 prints a dump of the runtime on stderr and goes on.

Example:
  deno run -A smarm.ts --threads 4 --stats examples/hello.ts`;
}

function usageOf(option: OptionSpec): string {
  if (option.value === "none") return `--${option.name}`;
  if (option.value === "inline") {
    return option.name === "stats" ? `--stats[=json]` : `--${option.name}[=<${option.placeholder}>]`;
  }
  return `--${option.name} <${option.placeholder}>`;
}

function columns(rows: ReadonlyArray<readonly [left: string, right: string]>): string {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join("\n");
}
