/**
 * The scheduler of this thread, for code that runs outside of any actor. There is one a thread.
 *
 * @module
 */
import type { Scheduler } from "./scheduler.ts";

export const thisThread: { scheduler: Scheduler | null } = { scheduler: null };
