/**
 * A program that has frozen `Error`, as hardened ones do: errors travel, and ends are told, all the same.
 *
 * @module
 */
import type { Actor } from "smarm";

Object.freeze(Error);

export async function main(self: Actor): Promise<void> {
  for (let scheduler = 0; scheduler < self.stats().schedulerCount; scheduler++) {
    const told = self.spawnWith({ scheduler }, waits);
    self.exit(told, "because");
    const threw = self.spawnWith({ scheduler }, throws);
    for (const handle of [told, threw]) {
      const outcome = await handle.join();
      console.log(outcome.kind === "panic" ? outcome.error.message : outcome.value);
    }
    try {
      self.send(self.spawnWith({ scheduler }, waits), () => {});
      console.log("sent");
    } catch (error) {
      console.log((error as Error).name);
    }
  }
}

export async function waits(self: Actor): Promise<void> {
  await self.receive();
}

export function throws(_self: Actor): void {
  throw new RangeError("too far");
}
