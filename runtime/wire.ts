/**
 * Outcomes on their way to the control thread, and from a blocking function to its caller, by `postMessage`. Structured
 * clone would lose an error's name and what it carries, and would refuse it for one property: here it keeps its builtin
 * class, name, message, stack and properties as it does between actors (codec_write.ts), whatever its getters do.
 *
 * @module
 */
import type { Outcome } from "./api.ts";
import { AGGREGATE, ERROR_CLASSES } from "./codec_tags.ts";
import { describeReason } from "./errors.ts";
import { checkSendable, NotSendableError } from "./sendable.ts";

export type WireOutcome =
  | { readonly kind: "exit"; readonly value: unknown; readonly refused?: Refused }
  | { readonly kind: "panic"; readonly error: WireError };

/** What a {@link NotSendableError} is made of. */
interface Refused {
  readonly path: string;
  readonly why: string;
}

/** `postMessage` keeps identity and circles, so an error that is met twice is one here too. */
export interface WireError {
  /** Index into ERROR_CLASSES. */
  readonly builtin: number;
  readonly name: string;
  readonly message: string;
  readonly stack: string;
  cause?: WireValue;
  errors?: WireValue[];
  /** Its own enumerable properties. */
  readonly carried: [key: string, value: WireValue][];
}

type WireValue = { readonly error: WireError } | { readonly value: unknown };

const DEEPEST_CAUSE = 16;

/** A value that cannot be cloned stays behind; `refused` says why. */
export function packOutcome(outcome: Outcome): WireOutcome {
  if (outcome.kind === "panic") return { kind: "panic", error: packError(outcome.error) };
  try {
    return { kind: "exit", value: structuredClone(outcome.value) };
  } catch (error) {
    return refusal(outcome.value, "what main returned", error);
  }
}

/** In place of a value that cannot be cloned, for which structured clone gave `error`; `root` says what it is. */
export function refusal(value: unknown, root: string, error: unknown): WireOutcome {
  let refused = { path: root, why: `${describeReason(error)}. Return plain data` };
  try {
    checkSendable(value, root);
  } catch (found) {
    const { path, message } = found as NotSendableError;
    refused = { path, why: message.slice(`Cannot send ${path}: `.length) };
  }
  return { kind: "exit", value: undefined, refused };
}

/** The outcome for who asked for it: a value that stayed behind is a panic that says so. */
export function unpackOutcome(wire: WireOutcome): Outcome {
  if (wire.kind === "panic") return { kind: "panic", error: unpackError(wire.error) };
  if (wire.refused === undefined) return { kind: "exit", value: wire.value };
  return {
    kind: "panic",
    error: new NotSendableError(wire.refused.path, wire.refused.why),
  };
}

function packError(error: Error, met = new Map<Error, WireError>(), depth = 0): WireError {
  const known = met.get(error);
  if (known !== undefined) return known;
  const read = (key: "name" | "message" | "stack") => {
    try {
      return String(error[key] ?? "");
    } catch {
      return `(${key} cannot be read)`; // a getter that throws must not lose the rest
    }
  };
  const packed: WireError = {
    builtin: Math.max(0, ERROR_CLASSES.findLastIndex((one) => error instanceof one)), // Error itself is the first
    name: read("name"),
    message: read("message"),
    stack: read("stack"),
    carried: [],
  };
  met.set(error, packed);
  if (depth === DEEPEST_CAUSE) return packed;

  /** What cannot be cloned is told in words. */
  const pack = (take: () => unknown): WireValue => {
    let value: unknown;
    try {
      value = take();
      if (value instanceof Error) return { error: packError(value, met, depth + 1) };
      return { value: structuredClone(value) };
    } catch {
      return { value: Deno.inspect(value, { depth: 1 }) };
    }
  };
  if (Object.hasOwn(error, "cause")) packed.cause = pack(() => error.cause);
  if (packed.builtin === AGGREGATE) {
    const { errors } = error as AggregateError;
    if (Array.isArray(errors)) packed.errors = errors.map((one) => pack(() => one));
  }
  for (const key of Object.keys(error)) {
    if (["name", "message", "stack", "cause", "errors"].includes(key)) continue;
    packed.carried.push([key, pack(() => (error as unknown as Record<string, unknown>)[key])]);
  }
  return packed;
}

function unpackError(wire: WireError, met = new Map<WireError, Error>()): Error {
  const known = met.get(wire);
  if (known !== undefined) return known;
  const ErrorClass = ERROR_CLASSES[wire.builtin];
  const error: Error = wire.builtin === AGGREGATE
    ? new AggregateError([])
    : new (ErrorClass as ErrorConstructor)();
  met.set(wire, error);
  const put = (key: string, value: unknown, enumerable = false) =>
    Object.defineProperty(error, key, { value, enumerable, configurable: true, writable: true });
  const unpack = (value: WireValue) => "error" in value ? unpackError(value.error, met) : value.value;
  if (wire.name !== ErrorClass.name) put("name", wire.name);
  put("message", wire.message);
  put("stack", wire.stack);
  if (wire.cause !== undefined) put("cause", unpack(wire.cause));
  if (wire.errors !== undefined) put("errors", wire.errors.map(unpack));
  for (const [key, value] of wire.carried) put(key, unpack(value), true);
  return error;
}
