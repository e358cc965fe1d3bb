/** What cannot be sent throws where it is sent, and names the path; the sender goes on. */
import type { Actor } from "../../../smarm.ts";

export async function listens(self: Actor): Promise<unknown> {
  return await self.receive();
}

export async function main(self: Actor): Promise<void> {
  const { schedulerCount, schedulers } = self.stats();
  const here = schedulers.find((one) => one.currentPid === self.pid)!.id; // whoever is idle first takes main
  const there = self.spawnWith({ scheduler: (here + 1) % schedulerCount }, listens);
  if (schedulerCount > 1) {
    let path = "";
    try {
      self.send(there, { user: { save: () => {} } });
    } catch (error) {
      path = (error as Error & { path: string }).path;
    }
    if (path !== "message.user.save") throw new Error(`the path is ${path}`);
  }
  self.send(there, "fine");
  const outcome = await there.join();
  if (outcome.kind !== "exit" || outcome.value !== "fine") throw new Error("the next message was lost");
}
