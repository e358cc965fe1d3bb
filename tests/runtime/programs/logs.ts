/**
 * Two actors that log.
 *
 * @module
 */
import type { Actor } from "../../../smarm.ts";

export function worker(self: Actor): void {
  self.register("the worker");
  self.log.debug("not written");
  const { warn } = self.log;
  warn("is odd");
}

export async function main(self: Actor): Promise<void> {
  self.log.info("counted", { n: 1 });
  await self.spawn(worker).join();
}
