/** Whatever makes the scheduler's own event loop throw: the run is to end, not to wait for ever. */
import type { Actor } from "smarm";

export async function main(self: Actor): Promise<void> {
  Atomics.load = () => {
    throw new Error("broken by the program");
  };
  await self.sleep(5);
}
