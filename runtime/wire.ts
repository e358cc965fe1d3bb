/**
 * Outcomes on their way to the control thread, by `postMessage`: an error keeps its name, message, stack and causes,
 * whatever its class and whatever its getters do.
 *
 * @module
 */
import type { Outcome } from "./api.ts";
import { describeReason } from "./errors.ts";
import { NotSendableError } from "./sendable.ts";

export type WireOutcome =
  | { readonly kind: "exit"; readonly value: unknown; readonly refused?: string }
  | { readonly kind: "panic"; readonly error: WireError };

export interface WireError {
  readonly name: string;
  readonly message: string;
  readonly stack: string;
  readonly cause?: { readonly error: WireError } | { readonly value: unknown };
}

const DEEPEST_CAUSE = 16;

/** A value that cannot be cloned stays behind; `refused` says why. */
export function packOutcome(outcome: Outcome): WireOutcome {
  if (outcome.kind === "panic") return { kind: "panic", error: packError(outcome.error) };
  try {
    return { kind: "exit", value: structuredClone(outcome.value) };
  } catch (error) {
    return { kind: "exit", value: undefined, refused: describeReason(error) };
  }
}

/** The outcome for who asked for it: a value that stayed behind is a panic that says so. */
export function unpackOutcome(wire: WireOutcome): Outcome {
  if (wire.kind === "panic") return { kind: "panic", error: unpackError(wire.error) };
  if (wire.refused === undefined) return { kind: "exit", value: wire.value };
  return {
    kind: "panic",
    error: new NotSendableError("what main returned", wire.refused),
  };
}

function packError(error: Error, depth = 0): WireError {
  const read = (key: "name" | "message" | "stack") => {
    try {
      return String(error[key] ?? "");
    } catch {
      return `(${key} cannot be read)`; // a getter that throws must not lose the rest
    }
  };
  const packed = { name: read("name"), message: read("message"), stack: read("stack") };
  let cause: unknown;
  try {
    cause = error.cause;
    if (cause === undefined || depth === DEEPEST_CAUSE) return packed;
    if (cause instanceof Error) return { ...packed, cause: { error: packError(cause, depth + 1) } };
    return { ...packed, cause: { value: structuredClone(cause) } };
  } catch {
    return { ...packed, cause: { value: Deno.inspect(cause, { depth: 1 }) } }; // not cloneable: told in words
  }
}

function unpackError(wire: WireError): Error {
  const cause = wire.cause === undefined
    ? undefined
    : "error" in wire.cause
    ? unpackError(wire.cause.error)
    : wire.cause.value;
  const error = new Error(wire.message, cause === undefined ? undefined : { cause });
  Object.defineProperty(error, "name", { value: wire.name, configurable: true, writable: true });
  error.stack = wire.stack;
  return error;
}
