/**
 * What a run is started with: how many schedulers, how often an actor looks at the clock, and the limits of
 * the run. The command line and library callers build one; the control thread sends its plain form to every
 * worker, which reads it once at start.
 *
 * A `Config` never changes: each method gives a new one. Whatever it holds has been checked, so nobody after
 * it checks again.
 *
 * @module
 */

/** The most schedulers a run may have: every scheduler owns a fixed part of the shared memory. */
export const MAX_SCHEDULERS = 512;

/** The most threads that the pool of `self.blocking` may have: each takes 13 MB. */
export const MAX_BLOCKING_THREADS = 512;

/** `self.check()` calls between two looks at the clock. */
export const DEFAULT_CHECK_INTERVAL_OPS = 128;

/** How long an actor may run before `check()` and `receive()` yield for it, in microseconds. */
export const DEFAULT_TIMESLICE_US = 100;

/** How long actors get to end after SIGINT or SIGTERM, in milliseconds. */
export const DEFAULT_GRACE_MS = 5000;

/** How long an actor may hold its scheduler where `contain()` is asked for without a time, in milliseconds. */
export const DEFAULT_WATCHDOG_MS = 1000;

/**
 * The least that a scheduler's heap may be capped at, in megabytes: it takes 7 or 8 itself. V8 ends the whole process,
 * and not the one thread, where a heap is too small to start in (4 and below with Deno 2.9.6).
 */
export const MIN_HEAP_MB = 16;

/** The largest number a setting takes: what fits an Int32 word, and the longest delay of a timer. */
export const MAX_SETTING = 2 ** 31 - 1;

/** From which level on log lines are written. */
export type LogLevel = "silent" | "error" | "warn" | "info" | "debug";

/** The log levels, from none to all. */
export const LOG_LEVELS: readonly LogLevel[] = ["silent", "error", "warn", "info", "debug"];

/** Where log lines start to be written unless a run says otherwise. */
export const DEFAULT_LOG_LEVEL: LogLevel = "error";

/** The settings of a run as plain data: what `Config.toPlain()` gives and `postMessage` takes. */
export interface PlainConfig {
  /** The least number of schedulers. */
  readonly minThreads: number;
  /** The greatest number of schedulers. */
  readonly maxThreads: number;
  /** Exactly so many schedulers, whatever `minThreads` and `maxThreads` say. */
  readonly exactThreads: number | undefined;
  /** `self.check()` calls between two looks at the clock. */
  readonly checkIntervalOps: number;
  /** How long an actor may run before it yields, in microseconds. */
  readonly timesliceUs: number;
  /** How long actors get to end when the run is stopped, in milliseconds. */
  readonly graceMs: number;
  /** From which level on log lines are written. */
  readonly minLogLevel: LogLevel;
  /** Capacity of a mailbox that was given none of its own; `undefined`: no limit. */
  readonly mailboxCapacity: number | undefined;
  /** Whether every message is checked to be cloneable and frozen, wherever its receiver lives. */
  readonly isStrict: boolean;
  /** Where the trace goes; `true`: to a file named after the module and the time; `undefined`: no trace. */
  readonly traceTo: string | true | undefined;
  /** After how long without a yield an actor is reported as stuck, in milliseconds; `undefined`: never. */
  readonly watchdogMs: number | undefined;
  /** Whether an actor that the watchdog found stuck is ended. */
  readonly isContained: boolean;
  /** How large the heap of a scheduler may grow, in megabytes; `undefined`: as the engine allows. */
  readonly maxHeapMb: number | undefined;
  /** How many functions of `self.blocking` run at once; further ones queue. */
  readonly blockingThreads: number;
}

/** How many schedulers this machine can run at once, as far as this process may use it. */
export function availableParallelism(): number {
  return clamp(navigator.hardwareConcurrency || 1, 1, MAX_SCHEDULERS);
}

/** The number nearest to `n` that is at least `min` and at most `max`. */
export function clamp(n: number, min: number, max: number): number {
  return Math.min(Math.max(n, min), max);
}

/**
 * The settings of a run.
 *
 * @example Four schedulers, and an actor that yields after 200 µs
 * ```ts
 * import { Config } from "smarm";
 *
 * const config = Config.exact(4).timesliceMicros(200);
 * if (config.threadCount !== 4) throw new Error("exact is exact");
 * ```
 */
export class Config implements PlainConfig {
  /** The least number of schedulers. Default 1. */
  readonly minThreads: number;
  /** The greatest number of schedulers. Default: the available parallelism. */
  readonly maxThreads: number;
  /** Exactly so many schedulers, whatever `minThreads` and `maxThreads` say. Default: not given. */
  readonly exactThreads: number | undefined;
  /** `self.check()` calls between two looks at the clock. Default 128. */
  readonly checkIntervalOps: number;
  /** How long an actor may run before it yields, in microseconds. Default 100. */
  readonly timesliceUs: number;
  /** How long actors get to end when the run is stopped, in milliseconds. Default 5000. */
  readonly graceMs: number;
  /** From which level on log lines are written. Default `"error"`. */
  readonly minLogLevel: LogLevel;
  /** Capacity of a mailbox that was given none of its own. Default: no limit. */
  readonly mailboxCapacity: number | undefined;
  /** Whether every message is checked to be cloneable and frozen. Default `false`. */
  readonly isStrict: boolean;
  /** Where the trace goes; `true`: to a file named after the module and the time. Default: no trace. */
  readonly traceTo: string | true | undefined;
  /** After how long without a yield an actor is reported as stuck, in milliseconds. Default: never. */
  readonly watchdogMs: number | undefined;
  /** Whether an actor that the watchdog found stuck is ended. Default `false`. */
  readonly isContained: boolean;
  /** How large the heap of a scheduler may grow, in megabytes. Default: as the engine allows. */
  readonly maxHeapMb: number | undefined;
  /** How many functions of `self.blocking` run at once. Default: the available parallelism, at least 2. */
  readonly blockingThreads: number;

  private constructor(settings: PlainConfig) {
    this.minThreads = wholeNumber("min", settings.minThreads, 1, MAX_SCHEDULERS);
    this.maxThreads = wholeNumber("max", settings.maxThreads, 1, MAX_SCHEDULERS);
    if (this.minThreads > this.maxThreads) {
      throw new RangeError(
        `Cannot run at least ${this.minThreads} and at most ${this.maxThreads} schedulers. ` +
          `Make min no greater than max`,
      );
    }
    this.exactThreads = optional(settings.exactThreads, (n) => wholeNumber("exact", n, 1, MAX_SCHEDULERS));
    this.checkIntervalOps = wholeNumber("checkInterval", settings.checkIntervalOps, 1, MAX_SETTING);
    this.timesliceUs = wholeNumber("timesliceMicros", settings.timesliceUs, 1, MAX_SETTING);
    this.graceMs = wholeNumber("graceMillis", settings.graceMs, 0, MAX_SETTING);
    this.minLogLevel = logLevel(settings.minLogLevel);
    this.mailboxCapacity = optional(
      settings.mailboxCapacity,
      (n) => wholeNumber("mailboxLimit", n, 1, MAX_SETTING),
    );
    this.isStrict = boolean("strict", settings.isStrict);
    this.traceTo = optional(settings.traceTo, traceTarget);
    this.isContained = boolean("contain", settings.isContained);
    this.watchdogMs = optional(
      // What nobody watches, nobody can contain.
      settings.watchdogMs ?? (this.isContained ? DEFAULT_WATCHDOG_MS : undefined),
      (n) => wholeNumber("watchdogMillis", n, 1, MAX_SETTING),
    );
    this.maxHeapMb = optional(
      settings.maxHeapMb,
      (n) => wholeNumber("maxHeapMegabytes", n, MIN_HEAP_MB, MAX_SETTING),
    );
    this.blockingThreads = wholeNumber("blockingThreads", settings.blockingThreads, 1, MAX_BLOCKING_THREADS);
    Object.freeze(this);
  }

  /** As many schedulers as the machine can run at once; everything else at its default. */
  static default(): Config {
    return new Config(defaults(1, availableParallelism(), undefined));
  }

  /**
   * Exactly `n` schedulers.
   *
   * @throws {RangeError} if `n` is not a whole number from 1 to 512
   */
  static exact(n: number): Config {
    wholeNumber("exact", n, 1, MAX_SCHEDULERS);
    return new Config(defaults(n, n, n));
  }

  /**
   * As many schedulers as the machine can run at once, but at least `min` and at most `max`; exactly `exact`,
   * if that is given.
   *
   * @throws {RangeError} if one of them is not a whole number from 1 to 512, or `min` is greater than `max`
   */
  static bounded(min: number, max: number, exact?: number): Config {
    return new Config(defaults(min, max, exact));
  }

  /**
   * The config that `toPlain()` described, in another thread.
   *
   * @throws {RangeError | TypeError} if it holds what no config can hold
   */
  static fromPlain(plain: PlainConfig): Config {
    return new Config(plain);
  }

  /** How many schedulers a run has: `exactThreads`, else the available parallelism within the bounds. */
  get threadCount(): number {
    return this.exactThreads ?? clamp(availableParallelism(), this.minThreads, this.maxThreads);
  }

  /**
   * How many `self.check()` calls pass between two looks at the clock. Fewer: actors yield closer to the end
   * of their timeslice. More: a check costs less.
   *
   * @throws {RangeError} if `calls` is not a whole number from 1
   */
  checkInterval(calls: number): Config {
    return new Config({ ...this, checkIntervalOps: calls });
  }

  /**
   * How long an actor may run before `check()` and `receive()` yield for it, in microseconds.
   *
   * @throws {RangeError} if `micros` is not a whole number from 1
   */
  timesliceMicros(micros: number): Config {
    return new Config({ ...this, timesliceUs: micros });
  }

  /**
   * How long actors get to end when the run is stopped, in milliseconds. 0 ends them at once.
   *
   * @throws {RangeError} if `millis` is not a whole number from 0
   */
  graceMillis(millis: number): Config {
    return new Config({ ...this, graceMs: millis });
  }

  /**
   * From which level on log lines are written.
   *
   * @throws {RangeError} if `level` is not one of the log levels
   */
  logLevel(level: LogLevel): Config {
    return new Config({ ...this, minLogLevel: level });
  }

  /**
   * The capacity of mailboxes that are given none of their own; `undefined`: no limit.
   *
   * @throws {RangeError} if `capacity` is not a whole number from 1
   */
  mailboxLimit(capacity: number | undefined): Config {
    return new Config({ ...this, mailboxCapacity: capacity });
  }

  /** Checks every message to be cloneable and frozen, wherever its receiver lives. */
  strict(on = true): Config {
    return new Config({ ...this, isStrict: on });
  }

  /**
   * Writes a trace to the file `to`; `true`: to one named after the module and the time; `undefined`: no trace.
   *
   * @throws {TypeError} if `to` is neither a path nor `true`
   */
  trace(to: string | true | undefined = true): Config {
    return new Config({ ...this, traceTo: to });
  }

  /**
   * Reports an actor that has not yielded for so many milliseconds; `undefined`: reports none.
   *
   * @throws {RangeError} if `millis` is not a whole number from 1
   */
  watchdogMillis(millis: number | undefined): Config {
    return new Config({ ...this, watchdogMs: millis });
  }

  /** Ends what the watchdog found stuck. With no watchdog asked for, one of 1000 ms is. */
  contain(on = true): Config {
    return new Config({ ...this, isContained: on });
  }

  /**
   * Replaces a scheduler whose heap outgrows so many megabytes; `undefined`: no limit.
   *
   * @throws {RangeError} if `megabytes` is not a whole number from 16
   */
  maxHeapMegabytes(megabytes: number | undefined): Config {
    return new Config({ ...this, maxHeapMb: megabytes });
  }

  /**
   * How many functions of `self.blocking` run at once, each on a thread of its own that is started when first needed
   * and ended when it has been idle for a while. Further calls queue, which `stats().blocking` shows.
   *
   * @throws {RangeError} if `threads` is not a whole number from 1 to 512
   */
  blockingPool(threads: number): Config {
    return new Config({ ...this, blockingThreads: threads });
  }

  /** The settings as plain data, for another thread to build the same config from. */
  toPlain(): PlainConfig {
    return { ...this };
  }
}

function defaults(min: number, max: number, exact: number | undefined): PlainConfig {
  return {
    minThreads: min,
    maxThreads: max,
    exactThreads: exact,
    checkIntervalOps: DEFAULT_CHECK_INTERVAL_OPS,
    timesliceUs: DEFAULT_TIMESLICE_US,
    graceMs: DEFAULT_GRACE_MS,
    minLogLevel: DEFAULT_LOG_LEVEL,
    mailboxCapacity: undefined,
    isStrict: false,
    traceTo: undefined,
    watchdogMs: undefined,
    isContained: false,
    maxHeapMb: undefined,
    blockingThreads: Math.max(2, availableParallelism()),
  };
}

function optional<T>(value: T | undefined, checked: (value: T) => T): T | undefined {
  return value === undefined ? undefined : checked(value);
}

function wholeNumber(name: string, value: number, min: number, max: number): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new RangeError(`Cannot set ${name} to ${quote(value)}. Give a whole number from ${min} to ${max}`);
}

function logLevel(value: LogLevel): LogLevel {
  if (LOG_LEVELS.includes(value)) return value;
  throw new RangeError(`Cannot set logLevel to ${quote(value)}. Give one of ${LOG_LEVELS.join(", ")}`);
}

function boolean(name: string, value: boolean): boolean {
  if (typeof value === "boolean") return value;
  throw new TypeError(`Cannot set ${name} to ${quote(value)}. Give true or false`);
}

function traceTarget(value: string | true): string | true {
  if (value === true || (typeof value === "string" && value !== "")) return value;
  throw new TypeError(
    `Cannot trace to ${quote(value)}. Give a path, or true for a file named after the module`,
  );
}

/** Numbers, strings and whatever a caller without types may have passed, in one line. */
function quote(value: unknown): string {
  return Deno.inspect(value, { colors: false, compact: true, breakLength: Infinity, depth: 0 });
}
