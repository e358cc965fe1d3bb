/**
 * Logs much more than can be written in time.
 *
 * @module
 */
import type { Actor } from "../../../smarm.ts";

export async function main(self: Actor, records: string, then: string): Promise<void> {
  for (let i = 0; i < Number(records); i++) self.log.error(`record ${i}`);
  if (then === "waits") {
    setInterval(() => {}, 1_000_000); // something that could still wake it
    await self.receive();
  }
  if (then !== "rests") return;
  await self.sleep(300);
  self.log.error("the last one");
}
