/**
 * Logs much more than can be written in time.
 *
 * @module
 */
import type { Actor } from "../../../smarm.ts";

export async function main(self: Actor, records: string, then: string): Promise<void> {
  for (let i = 0; i < Number(records); i++) self.log.error(`record ${i}`);
  if (then !== "rests") return;
  await self.sleep(300);
  self.log.error("the last one");
}
