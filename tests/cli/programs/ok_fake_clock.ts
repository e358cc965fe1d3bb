/** A library for fake timers puts functions of its own in the place of the platform's: the runtime's time goes on. */
import type { Actor } from "smarm";

export async function main(self: Actor): Promise<void> {
  performance.now = () => {
    throw new Error("a fake clock was asked");
  };
  Date.now = () => 0;
  await self.yield();
  await self.sleep(5);
}
