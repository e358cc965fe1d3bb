/**
 * Errors of operations, from the poller to the actor: they arrive as Deno's own classes, with the line of the user's
 * code that waited for the operation in their stack.
 *
 * @module
 */
import type { PackedError } from "./protocol.ts";

/** Errors that were made in the runtime's stack and are to be told in the user's. */
const ours = new WeakSet<Error>();

const BUILTINS: Record<string, ErrorConstructor> = {
  Error,
  TypeError,
  RangeError,
  SyntaxError,
  URIError,
};

/** What Deno calls the errors of node's datagram sockets. */
const OF_NODE: Record<string, string> = {
  EACCES: "PermissionDenied",
  EADDRINUSE: "AddrInUse",
  EADDRNOTAVAIL: "AddrNotAvailable",
  ECONNREFUSED: "ConnectionRefused",
};

/** Messages of the sort that say what is missing, as Deno words them for its own API. */
export function badResource(what: string): Error {
  return new Deno.errors.BadResource(`${what} is closed`);
}

/** In the poller: an error in a form that the codec carries. */
export function packError(error: unknown): PackedError {
  if (!(error instanceof Error)) return ["Error", String(error), null];
  const code = (error as { code?: unknown }).code;
  const name = typeof code === "string" && error.constructor === Error && OF_NODE[code] ||
    error.constructor?.name;
  return [name || error.name, error.message, typeof code === "string" ? code : null];
}

/** In the scheduler: the error that it was. */
export function reviveError([name, message, code]: PackedError): Error {
  const known = (Deno.errors as unknown as Record<string, ErrorConstructor>)[name] ?? BUILTINS[name];
  let error: Error;
  if (known !== undefined) error = new known(message);
  else if (name === "DOMException") error = new DOMException(message);
  else {
    error = new Error(message);
    error.name = name;
  }
  if (code !== null) (error as Error & { code: string }).code = code;
  ours.add(error);
  return error;
}

/**
 * Called in the asynchronous function that the user awaits, where the stack leads on to the user's line: V8 follows
 * awaits only from where an error is made, so a copy of that stack is put into the error.
 */
export function blame(error: unknown): unknown {
  if (!(error instanceof Error) || !(ours.delete(error) || error.name === "TimeoutError")) return error;
  const made = error.stack;
  Error.captureStackTrace(error, blame);
  // Nobody awaits it directly: then the place of its making is better than nothing.
  if (error.stack === undefined) error.stack = made;
  return error;
}
