/**
 * Ends with very many actors that wait for messages; the argument says how many. They are spawned where main does not live,
 * so that each end is told to another scheduler.
 *
 * @module
 */
import type { Actor } from "smarm";

export async function main(self: Actor, count: string): Promise<void> {
  const elsewhere = self.stats().schedulers.findIndex((one) => one.currentPid !== self.pid);
  const told = self.spawnWith({ scheduler: elsewhere }, waits);
  self.exit(told, "shutdown");
  const outcome = await told.join();
  if (outcome.kind === "panic") console.log(outcome.error.stack);
  for (let i = 0; i < Number(count); i++) {
    self.spawnWith({ scheduler: elsewhere }, waits);
    await self.check();
  }
  while (self.stats().states.waiting < Number(count)) await self.sleep(5);
}

export async function waits(self: Actor): Promise<void> {
  await self.receive();
}
