/**
 * Checks the milliseconds that users hand to `sleep`, timeouts, `after` and `every`, before any of them is armed.
 *
 * @module
 */

/** The longest duration that a user may ask for, in milliseconds: about 285,000 years. */
export const MAX_DURATION_MS: number = Number.MAX_SAFE_INTEGER;

/** More of a quoted string than this says nothing new about what is wrong with it. */
const QUOTED_CHARACTERS = 40;

/**
 * Answers `value` if it is a number of milliseconds from 0 to {@link MAX_DURATION_MS}; fractions are kept.
 * An optional duration is the caller's to handle: undefined is refused.
 *
 * `name` opens the message: the function and, where it has several, the parameter. `caller` is the public function that
 * was given the value: with it the stack starts at the line that called that function, which is where the mistake is.
 *
 * @throws {TypeError} if `value` is not a number; a string of digits is not one.
 * @throws {RangeError} if `value` is negative, NaN, infinite or above {@link MAX_DURATION_MS}.
 *
 * @example
 * ```ts
 * import { assertThrows } from "@std/assert";
 *
 * assertThrows(
 *   () => checkDuration(-1, "sleep"),
 *   RangeError,
 *   "sleep needs milliseconds from 0 to 9007199254740991, got -1",
 * );
 * ```
 */
export function checkDuration(
  value: unknown,
  name: string,
  caller: (...args: never[]) => unknown = checkDuration,
): number {
  if (typeof value === "number" && value >= 0 && value <= MAX_DURATION_MS) {
    return value + 0; // -0 becomes 0
  }
  const message = `${name} needs milliseconds from 0 to ${MAX_DURATION_MS}, got ${quote(value)}`;
  const error = typeof value === "number" ? new RangeError(message) : new TypeError(message);
  Error.captureStackTrace(error, caller);
  throw error;
}

function quote(value: unknown): string {
  switch (typeof value) {
    case "string":
      return JSON.stringify(
        value.length > QUOTED_CHARACTERS ? value.slice(0, QUOTED_CHARACTERS) + "…" : value,
      );
    case "bigint":
      return `${value}n`;
    case "object":
    case "function":
      return Deno.inspect(value, { depth: 0, compact: true, breakLength: Infinity, iterableLimit: 4 });
    default:
      return String(value);
  }
}
