import { assertEquals } from "@std/assert";
import type { Actor } from "../../runtime/api.ts";
import { LoneScheduler } from "../support/lone_scheduler.ts";

Deno.test("an actor that joins and leaves a group again and again keeps nothing of it", async () => {
  const lone = new LoneScheduler();
  const members: number[] = [];
  const actor = lone.main(async (self: Actor) => {
    const group = self.group("idle workers");
    for (let i = 0; i < 100; i++) {
      group.join();
      group.join();
      members.push(group.members().length);
      group.leave();
      group.leave();
      members.push(group.members().length);
    }
    await self.receive();
  });
  await lone.tick();
  assertEquals(new Set(members), new Set([1, 0]));
  assertEquals(actor.extras!.onEnd.size, 0);
});

Deno.test("an actor that ends leaves the groups in which it is", async () => {
  const lone = new LoneScheduler();
  lone.main(async (self: Actor) => {
    for (const name of ["a", "b", "c"]) self.group(name).join();
    self.group("b").leave();
    await self.yield();
  });
  await lone.tick();
  assertEquals([lone.s.groups.size, lone.s.live], [0, 0]);
});
