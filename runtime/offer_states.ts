/**
 * What an actor's `offer` says when it is not the number of its entry (offers.ts).
 *
 * @module
 */

/** Where it lives is settled. */
export const SETTLED = -1;
/** Has not begun and is not offered: its birth scheduler may give it away. */
export const AT_HOME = -2;
