/**
 * How long a scheduler has slept, in one word of shared memory that any thread can read while it changes.
 *
 * Two words, the sum of all sleeps and the beginning of the present one, could be read one before and one after a change,
 * and a whole sleep would be missing or counted twice. So the word is the sum while the scheduler is awake, and while it
 * sleeps it is the sum minus the time at which it fell asleep, which is negative: it has been awake for a while by then.
 * Written by the scheduler when it falls asleep and when it wakes up.
 *
 * @module
 */

/** The word of one that falls asleep now. Times are in ms since the run began. */
export function fallAsleep(word: number, nowMs: number): number {
  return word - nowMs;
}

/** The word of one that wakes up now. */
export function wakeUp(word: number, nowMs: number): number {
  return Math.max(0, word + nowMs);
}

/** How long it has slept by now. */
export function idleMs(word: number, nowMs: number): number {
  return word < 0 ? Math.max(0, word + nowMs) : word;
}
