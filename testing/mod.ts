/**
 * Tests of actors: {@link runActors} runs them inside `deno test`, on a clock that jumps to the next deadline as soon as
 * every actor waits. An hour of timeouts takes milliseconds, and their order is that of real time.
 *
 * @example
 * ```ts
 * import { runActors } from "smarm/testing";
 * import { assertEquals } from "@std/assert";
 * import type { Actor } from "smarm";
 *
 * // Within Deno.test: a reminder comes after an hour, which takes no time
 * await runActors(async (self: Actor<string>) => {
 *   self.after(3_600_000, self.pid, "time is up");
 *   assertEquals(await self.receive(), "time is up");
 * });
 * ```
 *
 * @module
 */
export { elapsedMs, runActors } from "./run_actors.ts";
export type { TestMain, TestOptions } from "./run_actors.ts";
