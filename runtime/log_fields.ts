/**
 * The fields of a log record as JSON, whatever a program puts there: never throws, and never gets long.
 *
 * @module
 */
import { isRuntimeFrame } from "./load.ts";

/** Levels below the fields. */
const DEEPEST = 5;
/** Entries of one array, object, map or set. */
const MOST_ENTRIES = 50;
/** Values in all. */
const MOST_VALUES = 500;
/** Characters of one string, and of a record's message. */
const MOST_CHARS = 4096;
/** Characters of all strings. */
const MOST_CHARS_IN_ALL = 16 * 1024;

/** JSON of an object, or "" when there is nothing in it. */
export function fieldsToJson(fields: Record<string, unknown> | undefined): string {
  if (fields === undefined || fields === null) return "";
  const budget = { values: MOST_VALUES, chars: MOST_CHARS_IN_ALL };
  const value = plain(fields, 0, [], budget);
  if (typeof value !== "object" || value === null || Array.isArray(value)) return JSON.stringify({ value });
  const json = JSON.stringify(value);
  return json === "{}" ? "" : json;
}

/** Cuts what is too long and says by how much. */
export function shorten(text: string, most: number = MOST_CHARS): string {
  return text.length <= most ? text : `${text.slice(0, most)}… (${text.length - most} more characters)`;
}

interface Budget {
  values: number;
  chars: number;
}

function plain(value: unknown, depth: number, above: readonly unknown[], budget: Budget): unknown {
  if (budget.values-- <= 0) return "…";
  switch (typeof value) {
    case "string": {
      const text = shorten(value, Math.min(MOST_CHARS, Math.max(0, budget.chars)));
      budget.chars -= text.length;
      return text;
    }
    case "number":
      return Number.isFinite(value) ? value : String(value);
    case "bigint":
      return `${value}n`;
    case "boolean":
      return value;
    case "undefined":
      return undefined;
    case "symbol":
      return String(value);
    case "function":
      return "[function]";
  }
  if (value === null) return null;
  if (above.includes(value)) return "[circular]";
  if (depth > DEEPEST) return "…";
  try {
    return plainObject(value as object, depth, [...above, value], budget);
  } catch {
    return "[cannot be read]"; // a getter or a proxy that throws
  }
}

function plainObject(value: object, depth: number, above: readonly unknown[], budget: Budget): unknown {
  const inner = (one: unknown) => plain(one, depth + 1, above, budget);
  if (value instanceof Error) {
    const { name, message, stack, cause } = value;
    const frames = String(stack ?? "").split("\n").filter((line) => !isRuntimeFrame(line)).join("\n");
    const entries: [string, unknown][] = [["name", name], ["message", message], ["stack", frames]];
    if (cause !== undefined) entries.push(["cause", cause]);
    return object(entries, inner);
  }
  if (Array.isArray(value)) return list(value, value.length, inner);
  if (value instanceof Set) return list(value, value.size, inner);
  if (value instanceof Map) {
    return object([...head(value, value.size)].map(([k, v]) => [String(k), v]), inner, value.size);
  }
  if (value instanceof Date || value instanceof URL) return String((value as { toJSON(): unknown }).toJSON());
  if (value instanceof RegExp) return String(value);
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) {
    return `[${value.constructor.name} of ${value.byteLength} bytes]`;
  }
  const { toJSON } = value as { toJSON?: unknown };
  if (typeof toJSON === "function") return inner(toJSON.call(value));
  const keys = Object.keys(value);
  const shown = keys.slice(0, MOST_ENTRIES);
  return object(shown.map((key) => [key, (value as Record<string, unknown>)[key]]), inner, keys.length);
}

function* head<T>(values: Iterable<T>, size: number): Iterable<T> {
  let left = Math.min(size, MOST_ENTRIES);
  for (const value of values) {
    if (left-- <= 0) return;
    yield value;
  }
}

function list(values: Iterable<unknown>, size: number, inner: (one: unknown) => unknown): unknown[] {
  const shown = [...head(values, size)].map((one) => inner(one) ?? null);
  if (size > MOST_ENTRIES) shown.push(`… ${size - MOST_ENTRIES} more`);
  return shown;
}

function object(
  entries: readonly (readonly [string, unknown])[],
  inner: (one: unknown) => unknown,
  size: number = entries.length,
): Record<string, unknown> {
  const shown: Record<string, unknown> = {};
  for (const [key, value] of entries) {
    // Not by assignment: `__proto__` is a key like any other.
    Object.defineProperty(shown, shorten(key, 128), {
      value: inner(value),
      enumerable: true,
      configurable: true,
    });
  }
  if (size > entries.length) shown["…"] = `${size - entries.length} more`;
  return shown;
}
