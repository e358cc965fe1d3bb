// The part of the types of parseArgs that a caller with a list of string and boolean flags needs. The result
// is an index of names to values: the caller knows which flags it declared as what.

/** How to read the arguments. */
export interface ParseOptions {
  /** Flags that take no value; all of them with `true`. */
  boolean?: boolean | string | readonly string[];
  /** Flags whose value stays a string. */
  string?: string | readonly string[];
  /** Flags that may be given several times: their value is an array. */
  collect?: string | readonly string[];
  /** Boolean flags that may be written `--no-<flag>`. */
  negatable?: string | readonly string[];
  /** Other names for a flag. */
  alias?: Record<string, string | readonly string[]>;
  /** Values of flags that are not given. */
  default?: Record<string, unknown>;
  /** Everything from the first positional argument on is left in `_`. */
  stopEarly?: boolean;
  /** What follows `--` is put in `result["--"]` instead of `_`. */
  "--"?: boolean;
  /** Called with what no option declares; `false` leaves it out of the result. */
  unknown?: (arg: string, key?: string, value?: unknown) => unknown;
}

/** The values found, by name; `_` holds the positional arguments. */
export interface Args {
  _: Array<string | number>;
  "--"?: string[];
  // deno-lint-ignore no-explicit-any
  [name: string]: any;
}

/** Reads command line arguments. */
export function parseArgs(args: readonly string[], options?: ParseOptions): Args;
