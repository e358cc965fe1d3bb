/**
 * Waiting for a condition, with a deadline that is there to end hangs.
 *
 * @module
 */
const DEADLINE_MS = 90_000;

/** Looks at the condition in each turn of the event loop until it holds. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + DEADLINE_MS;
  while (!await condition()) {
    if (performance.now() > deadline) {
      throw new Error(`it did not come true within ${DEADLINE_MS} ms: ${condition}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
