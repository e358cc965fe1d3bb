/**
 * A supervisor whose children have names is killed again and again, with them on all schedulers: the one above it has just
 * one restart for each time, so none may fail because a name is not free yet.
 *
 * @module
 */
import type { Actor, ChildSpec } from "smarm";

const KILLS = 30;
const NAMES = ["a", "b", "c", "d"];

export async function waits(self: Actor): Promise<void> {
  await self.receive();
}

export async function main(self: Actor): Promise<number> {
  const children: ChildSpec[] = NAMES.map((id) => ({ id, name: id, start: [waits], scheduler: "spread" }));
  const top = self.supervise({
    intensity: KILLS,
    period: 1e9,
    children: [{ id: "middle", supervise: { name: "middle", children } }],
  });
  const isAllThere = (pids: unknown[]) =>
    NAMES.every((name, i) => (self.whereis(name) ?? pids[i]) !== pids[i]);
  await top.count();
  for (let kill = 0; kill < KILLS; kill++) {
    const before = NAMES.map((name) => self.whereis(name));
    self.kill("middle");
    while (!isAllThere(before)) await self.sleep(1);
  }
  const restarts = self.stats().restarts;
  self.unlink(top);
  self.exit(top, "shutdown");
  await top.join();
  return restarts - KILLS;
}
