/**
 * Marks that `server` and `statem` have in common with the runtime, on messages and on `self`. They run on whatever copy of smarm the
 * program imports, and know the runtime through `self` alone: so the marks are the same in every copy.
 *
 * @module
 */

/** On a timed message: no bound of the mailbox drops it. A machine that missed its timeout might stay in a state for ever. */
export const OWN_EVENT: unique symbol = Symbol.for("smarm.own-event");

/** A method of `self`: until what it is given is over, the actor has not started for its supervisor. */
export const STARTS_WITH: unique symbol = Symbol.for("smarm.starts-with");

/**
 * On the `DeadActorError` of a call: `error.pid` has ended, or had, without having received it. So another may be asked.
 */
export const NEVER_RECEIVED: unique symbol = Symbol.for("smarm.never-received");

/** On an `EXIT`: it comes from the actor's own supervisor, for which servers end although they trap exits (OTP). */
export const OF_SUPERVISOR: unique symbol = Symbol.for("smarm.of-supervisor");
