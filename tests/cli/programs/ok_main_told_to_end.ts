/** Main is told to end for a reason that is no fault: nothing is said of it, and the others go on. */
import type { Actor, Pid } from "../../../smarm.ts";

export function ends(self: Actor, main: Pid): void {
  self.exit(main, "shutdown");
}

export async function outlives(self: Actor, main: Pid): Promise<void> {
  self.monitor(main);
  await self.receive();
  await self.sleep(5);
  console.log("went on");
}

export async function main(self: Actor): Promise<void> {
  self.spawn(outlives, self.pid);
  self.spawn(ends, self.pid);
  await self.receive();
}
