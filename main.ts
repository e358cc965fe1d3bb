/**
 * The command line: arguments, a run, signals, an exit code.
 *
 * @module
 */
import { parseCommandLine, type ParsedCommand } from "./cli/options.ts";
import { helpText, versionText } from "./cli/help.ts";
import { statsText } from "./cli/stats_text.ts";
import type { Said } from "./cli/trace.ts";
import { Runtime } from "./runtime/runtime.ts";
import { writeStderr } from "./runtime/stderr.ts";
import { DeadlockError, HaltedError, LoadError, StoppedError } from "./runtime/errors.ts";

const EXIT_PANIC = 1;
const EXIT_USAGE = 2;
const EXIT_DEADLOCK = 3;
const EXIT_SIGINT = 130;
const EXIT_SIGQUIT = 131;
const EXIT_SIGTERM = 143;

/**
 * Runs the calling module as the command line would run it, with the options and arguments of the command line, and
 * ends the process with the exit code of the run. For a module that is to run itself, with its own deno.json:
 *
 * @example
 * ```ts ignore
 * if (import.meta.main) await run(import.meta);
 * ```
 */
export function run(module: { readonly url: string }): Promise<never> {
  return execute(parseCommandLine(Deno.args, module.url));
}

/** The command line of smarm itself. */
export function runCommandLine(args: string[]): Promise<never> {
  return execute(parseCommandLine(args));
}

async function execute(command: ParsedCommand): Promise<never> {
  Deno.exit(await exitCodeAfter(command));
}

async function exitCodeAfter(command: ParsedCommand): Promise<number> {
  switch (command.kind) {
    case "help":
      console.log(helpText());
      return 0;
    case "version":
      console.log(versionText());
      return 0;
    case "usage-error":
      complain(command.message);
      return EXIT_USAGE;
    case "trace":
      return tell(await (await import("./cli/trace.ts")).runTrace(command.args));
    case "init":
      return tell(await (await import("./cli/init.ts")).runInit(command.args, new URL(".", import.meta.url)));
    case "run":
      return await runProgram(command);
  }
}

function tell({ code, out, error }: Said): number {
  if (out !== "") console.log(out);
  if (error !== undefined) complain(error);
  return code;
}

async function runProgram(command: Extract<ParsedCommand, { kind: "run" }>): Promise<number> {
  const colors = Deno.stderr.isTerminal() && !Deno.noColor;
  let code = 0;
  const runtime = new Runtime(command.config, {
    write: writeStderr,
    mainPanicked: (text) => {
      code = EXIT_PANIC;
      writeStderr(text);
    },
    exitCodeSet: (set) => code ||= set,
    endsProcess: true,
    colors,
    isTerminal: Deno.stderr.isTerminal(),
  });
  const signals = new Signals(runtime);
  try {
    await runtime.run(command.module, { args: command.moduleArgs }); // what main returned is nobody's here
  } catch (error) {
    if (error instanceof LoadError) { // no stats of what did not run: bad input is told in one line
      complain(error.message);
      return EXIT_USAGE;
    }
    code = exitCodeOf(error as Error, signals);
  } finally {
    signals.close();
  }
  if (command.stats !== false) writeStderr(statsText(runtime.stats(), command.stats));
  return code;
}

function exitCodeOf(error: Error, signals: Signals): number {
  if (error instanceof DeadlockError) {
    writeStderr(error.message);
    return EXIT_DEADLOCK;
  }
  if (error instanceof HaltedError) return error.code;
  if (error instanceof StoppedError) return signals.code ?? EXIT_PANIC;
  throw error; // a fault of the runtime's own: its stack is what is needed
}

function complain(message: string): void {
  writeStderr(
    Deno.stderr.isTerminal() && !Deno.noColor
      ? `\x1b[1m\x1b[31merror\x1b[0m: ${message}`
      : `error: ${message}`,
  );
}

/** SIGINT and SIGTERM end the run, the second one at once; SIGUSR2 and SIGQUIT show it. */
class Signals {
  readonly #listeners: [Deno.Signal, () => void][] = [];
  /** The exit code that the first signal asks for. */
  code: number | null = null;

  constructor(runtime: Runtime) {
    this.#on("SIGINT", () => this.#end(runtime, EXIT_SIGINT, EXIT_SIGINT));
    this.#on("SIGTERM", () => this.#end(runtime, 0, EXIT_SIGTERM));
    this.#on("SIGUSR2", async () => writeStderr(await runtime.dump()));
    this.#on("SIGQUIT", async () => {
      writeStderr(await runtime.dump());
      Deno.exit(EXIT_SIGQUIT);
    });
  }

  #end(runtime: Runtime, gracefully: number, atOnce: number): void {
    if (this.code !== null) Deno.exit(atOnce);
    this.code = gracefully;
    runtime.stop(() => this.code = atOnce);
  }

  #on(signal: Deno.Signal, listener: () => void): void {
    try {
      Deno.addSignalListener(signal, listener);
      this.#listeners.push([signal, listener]);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // this platform does not know that signal
    }
  }

  close(): void {
    for (const [signal, listener] of this.#listeners) Deno.removeSignalListener(signal, listener);
  }
}
