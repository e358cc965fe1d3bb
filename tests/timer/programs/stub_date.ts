/**
 * Makes the wall clock of a thread jump by a day, to and fro, at every look at it.
 *
 * @module
 */
const DAY_MS = 86_400_000;

/** Gives back what puts the real clock in its place again. */
export function stubDate(): () => void {
  const RealDate = Date;
  let jump = DAY_MS;
  class JumpingDate extends RealDate {
    constructor(...args: unknown[]) {
      super(...(args.length === 0 ? [JumpingDate.now()] : args) as [number]);
    }
    static override now(): number {
      jump = -jump;
      return RealDate.now() + jump;
    }
  }
  globalThis.Date = JumpingDate as DateConstructor;
  return () => void (globalThis.Date = RealDate);
}
