/**
 * How many frames V8 notes in the stack of an error.
 *
 * @module
 */

/** Sets it, and gives what it was. A program may have frozen `Error`: then it stays. */
export function limitStacks(frames: number): number {
  const before = Error.stackTraceLimit;
  Reflect.set(Error, "stackTraceLimit", frames);
  return before;
}
