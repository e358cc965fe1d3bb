/**
 * The command line: arguments in, what to do out. Reads nothing but its arguments and writes nothing; main.ts
 * acts on the result.
 *
 * Options end where the module begins: what follows the module belongs to the program and is handed on as it
 * was written, `--help` and `--` included.
 *
 * @module
 */

import { closestName } from "../runtime/spelling.ts";
// By its path, not as "@std/cli/parse-args": a module that runs itself has a deno.json of its own, which maps no such name.
import { parseArgs } from "../vendor/cli/parse_args.ts";
import {
  availableParallelism,
  Config,
  DEFAULT_CHECK_INTERVAL_OPS,
  DEFAULT_GRACE_MS,
  DEFAULT_LOG_LEVEL,
  DEFAULT_TIMESLICE_US,
  DEFAULT_WATCHDOG_MS,
  LOG_LEVELS,
  type LogLevel,
  MAX_SCHEDULERS,
  MAX_SETTING,
  MIN_HEAP_MB,
} from "../runtime/config.ts";

/** How the summary at the end of a run is written: not at all, for people, or as one line of JSON. */
export type StatsFormat = false | "text" | "json";

/** What a command line asks for. */
export type ParsedCommand =
  | { kind: "run"; config: Config; module: string; moduleArgs: string[]; stats: StatsFormat }
  | { kind: "trace"; args: string[] }
  | { kind: "init"; args: string[] }
  | { kind: "help" }
  | { kind: "version" }
  | { kind: "usage-error"; message: string };

/** An option as the parser and the help text know it. */
export interface OptionSpec {
  /** Without the dashes. */
  readonly name: string;
  /** What the help text calls the value. */
  readonly placeholder?: string;
  /** `none`: a flag; `inline`: only as `--name=value`, and may be left out; `needed`: also as `--name value`. */
  readonly value: "none" | "inline" | "needed";
  /** One line of the help text, default and unit included. */
  readonly summary: string;
}

/** Every option, in the order of the help text. */
export const OPTIONS = [
  {
    name: "threads",
    placeholder: "n",
    value: "needed",
    summary: `exactly n schedulers (1 to ${MAX_SCHEDULERS}); wins over --min and --max`,
  },
  {
    name: "min",
    placeholder: "n",
    value: "needed",
    summary: "at least n schedulers (default 1)",
  },
  {
    name: "max",
    placeholder: "n",
    value: "needed",
    summary: "at most n schedulers (default: the available parallelism)",
  },
  {
    name: "check-interval",
    placeholder: "n",
    value: "needed",
    summary: `self.check() calls between two looks at the clock (default ${DEFAULT_CHECK_INTERVAL_OPS})`,
  },
  {
    name: "timeslice",
    placeholder: "µs",
    value: "needed",
    summary: `how long an actor may run before it yields, in microseconds (default ${DEFAULT_TIMESLICE_US})`,
  },
  {
    name: "trace",
    placeholder: "path",
    value: "inline",
    summary: "a trace for Perfetto; .gz compresses (default smarm-trace-<module>-<time>.json)",
  },
  {
    name: "stats",
    placeholder: "json",
    value: "inline",
    summary: "at the end, a summary on stderr; with =json as one line (default: none)",
  },
  {
    name: "watchdog",
    placeholder: "ms",
    value: "needed",
    summary: "report an actor that has not yielded for so many milliseconds (default: none)",
  },
  {
    name: "contain",
    value: "none",
    summary: `end what the watchdog found stuck; alone it means --watchdog ${DEFAULT_WATCHDOG_MS}`,
  },
  {
    name: "max-heap",
    placeholder: "MB",
    value: "needed",
    summary:
      `replace a scheduler whose heap outgrows so many megabytes, from ${MIN_HEAP_MB} (default: no limit)`,
  },
  {
    name: "strict",
    value: "none",
    summary: "check every message to be cloneable and frozen, wherever its receiver lives",
  },
  {
    name: "mailbox-limit",
    placeholder: "n",
    value: "needed",
    summary: "default capacity of a mailbox, in messages (default: no limit)",
  },
  {
    name: "grace",
    placeholder: "ms",
    value: "needed",
    summary: `how long actors get to end after SIGINT or SIGTERM (default ${DEFAULT_GRACE_MS})`,
  },
  {
    name: "log-level",
    placeholder: "level",
    value: "needed",
    summary: `${LOG_LEVELS.join(", ")} (default ${DEFAULT_LOG_LEVEL})`,
  },
  { name: "help", value: "none", summary: "print this text" },
  { name: "version", value: "none", summary: "print the version" },
] as const satisfies readonly OptionSpec[];

/** The name of an option. */
export type OptionName = typeof OPTIONS[number]["name"];

/** Single letters, as deno itself has them. */
const ALIASES = { help: "h", version: "V" };

/** In the module's place, these are commands of smarm. */
const COMMANDS = ["trace", "init"] as const;

/** A bad command line; the message is the one line that is printed. */
class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Says what the arguments of smarm ask for. Never throws for a bad one: that is a `usage-error`. */
export function parseCommandLine(args: readonly string[], ownModule?: string): ParsedCommand {
  try {
    return parse(args, ownModule);
  } catch (error) {
    if (error instanceof UsageError) return { kind: "usage-error", message: error.message };
    throw error;
  }
}

function parse(args: readonly string[], ownModule: string | undefined): ParsedCommand {
  const { optionArgs, rest, isModuleForced } = splitAtModule(args);
  const unknown: string[] = [];
  // Every option is collected as a string, "" where it has no value, so that one given twice, or a flag given
  // a value, can be told.
  const found = parseArgs(optionArgs, {
    string: OPTIONS.map((option) => option.name),
    collect: OPTIONS.map((option) => option.name),
    alias: ALIASES,
    unknown: (arg) => {
      unknown.push(arg);
      return false;
    },
  });
  const given = new Given(found);

  if (unknown.length > 0) throw new UsageError(unknownOption(unknown[0]));
  const empty = optionArgs.find((arg) =>
    OPTIONS.some(({ name, value }) => value !== "needed" && arg === `--${name}=`)
  );
  if (empty !== undefined) {
    throw new UsageError(`${empty} has no value. Drop the "=", or give one if the option takes one`);
  }
  if (given.flag("help")) return { kind: "help" };
  if (given.flag("version")) return { kind: "version" };
  const config = configFrom(given);
  const stats = given.value("stats", "no value or json", (text) => {
    return text === "" ? "text" : text === "json" ? "json" : undefined;
  });

  const [module, ...moduleArgs] = ownModule === undefined ? rest : [ownModule, ...rest];
  if (module === undefined || module === "") {
    throw new UsageError(`No module given. Name the one whose main is to run, or see --help`);
  }
  if (ownModule === undefined && !isModuleForced) refuseValueApart(optionArgs.at(-1), module);
  const command = COMMANDS.find((name) => name === module);
  if (command !== undefined && !isModuleForced && ownModule === undefined) {
    if (optionArgs.length === 0) return { kind: command, args: moduleArgs };
    throw new UsageError(
      `The command ${command} takes no ${optionName(optionArgs[0])} before it. ` +
        `Drop it, or write ./${command} for a module of that name`,
    );
  }
  return { kind: "run", config, module, moduleArgs, stats: stats ?? false };
}

/** `--trace out.json app.ts`: what an option takes after `=` only stands apart from it, where no module can be. */
function refuseValueApart(option: string | undefined, module: string): void {
  const isValue = (option === "--trace" && /\.(json|gz)$/.test(module)) ||
    (option === "--stats" && module === "json");
  if (isValue) {
    throw new UsageError(`${option} takes its value after "=". Write ${quote(`${option}=${module}`)}`);
  }
}

/**
 * Parts the options from the module and what follows it. An option that needs a value and stands apart from it
 * is joined to it, `--threads 4` becoming `--threads=4`: only so is a negative or empty value known for what
 * it is.
 */
function splitAtModule(args: readonly string[]) {
  const optionArgs: string[] = [];
  let i = 0;
  for (; i < args.length; i++) {
    const arg = args[i];
    if (arg === "--") return { optionArgs, rest: args.slice(i + 1), isModuleForced: true };
    if (arg === "-" || !arg.startsWith("-")) break;
    const next = args[i + 1];
    const takesNext = OPTIONS.some((option) => option.value === "needed" && arg === `--${option.name}`);
    if (takesNext && next !== undefined && !next.startsWith("--")) {
      optionArgs.push(`${arg}=${next}`);
      i++;
    } else {
      optionArgs.push(arg);
    }
  }
  return { optionArgs, rest: args.slice(i), isModuleForced: false };
}

/** The options that were given, by name, each checked as it is asked for. */
class Given {
  readonly #found: Record<string, unknown>;

  constructor(found: Record<string, unknown>) {
    this.#found = found;
  }

  #texts(name: OptionName): string[] {
    return (this.#found[name] as string[] | undefined) ?? [];
  }

  /** Whether a flag was given. */
  flag(name: OptionName): boolean {
    const texts = this.#texts(name);
    const value = texts.find((text) => text !== "");
    if (value === undefined) return texts.length > 0;
    throw new UsageError(`--${name} takes no value, but was given ${quote(value)}. Drop the value`);
  }

  /** The value of an option, or `undefined` where it was not given. `read` gives `undefined` for a bad one. */
  value<T>(name: OptionName, allowed: string, read: (text: string) => T | undefined): T | undefined {
    const texts = this.#texts(name);
    if (texts.length === 0) return undefined;
    const values = texts.map((text) => {
      const value = read(text);
      if (value !== undefined) return value;
      if (text === "") throw new UsageError(`--${name} needs a value. Give ${allowed}`);
      throw new UsageError(`--${name} cannot be ${quote(text)}. Give ${allowed}`);
    });
    const other = values.findIndex((value) => value !== values[0]);
    if (other === -1) return values[0];
    throw new UsageError(
      `--${name} is given twice, as ${quote(texts[0])} and as ${quote(texts[other])}. Keep one of them`,
    );
  }

  /** A whole number from `min` to `max`; `unit` is its plural. */
  number(name: OptionName, unit: string, min: number, max: number): number | undefined {
    return this.value(name, `a whole number of ${unit} from ${min} to ${max}`, (text) => {
      const n = /^\d+$/.test(text) ? Number(text) : NaN;
      return n >= min && n <= max ? n : undefined;
    });
  }
}

function configFrom(given: Given): Config {
  const exact = given.number("threads", "schedulers", 1, MAX_SCHEDULERS);
  const min = given.number("min", "schedulers", 1, MAX_SCHEDULERS);
  const max = given.number("max", "schedulers", 1, MAX_SCHEDULERS);
  if (min !== undefined && max !== undefined && min > max) {
    throw new UsageError(`--min ${min} is greater than --max ${max}. Make --min no greater than --max`);
  }
  // Whoever asks for a minimum alone means to get it on a smaller machine too.
  let config = Config.bounded(min ?? 1, max ?? Math.max(min ?? 1, availableParallelism()), exact);

  const calls = given.number("check-interval", "calls", 1, MAX_SETTING);
  if (calls !== undefined) config = config.checkInterval(calls);
  const micros = given.number("timeslice", "microseconds", 1, MAX_SETTING);
  if (micros !== undefined) config = config.timesliceMicros(micros);
  const trace = given.value("trace", "a path", (text) => text === "" ? true : text);
  if (trace !== undefined) config = config.trace(trace);
  const watchdog = given.number("watchdog", "milliseconds", 1, MAX_SETTING);
  if (watchdog !== undefined) config = config.watchdogMillis(watchdog);
  if (given.flag("contain")) config = config.contain();
  const heap = given.number("max-heap", "megabytes", MIN_HEAP_MB, MAX_SETTING);
  if (heap !== undefined) config = config.maxHeapMegabytes(heap);
  if (given.flag("strict")) config = config.strict();
  const capacity = given.number("mailbox-limit", "messages", 1, MAX_SETTING);
  if (capacity !== undefined) config = config.mailboxLimit(capacity);
  const grace = given.number("grace", "milliseconds", 0, MAX_SETTING);
  if (grace !== undefined) config = config.graceMillis(grace);
  const level = given.value<LogLevel>("log-level", `one of ${LOG_LEVELS.join(", ")}`, (text) => {
    return LOG_LEVELS.find((known) => known === text);
  });
  if (level !== undefined) config = config.logLevel(level);
  return config;
}

/** What to say about an option that does not exist: the one that was meant, if that can be guessed. */
function unknownOption(arg: string): string {
  const name = optionName(arg);
  const bare = name.replace(/^-+/, "").toLowerCase();
  const closest = closestName(bare, OPTIONS.map((option) => option.name));
  const hint = closest === undefined ? "See --help for those there are" : `Did you mean --${closest}?`;
  return `There is no option ${quote(name)}. ${hint}`;
}

/** `--name=value` without its value. */
function optionName(arg: string): string {
  return arg.replace(/=.*$/s, "");
}

/** In quotes and in one line, whatever it holds. */
function quote(text: string): string {
  return JSON.stringify(text);
}
