import { assertEquals, assertStringIncludes } from "@std/assert";
import type { Actor } from "../../runtime/api.ts";
import { LoneScheduler } from "../support/lone_scheduler.ts";

Deno.test("a callee that ends elsewhere just when its call has timed out is asked nothing", async () => {
  const lone = new LoneScheduler();
  const { s } = lone;
  const callee = s.slots.take(s.id);
  const message = Promise.withResolvers<string>();
  lone.main(async (self: Actor) => {
    try {
      await self.call(callee, 1, { timeout: 10 });
    } catch (error) {
      message.resolve(String(error));
    }
  });
  for (let turn = 0; turn < 2; turn++) await lone.tick(); // the call's timeout is armed at the end of a burst
  // It is not here, and ends before its place can be looked up, even if it was found alive just before.
  const { settled } = s.routes;
  s.routes.isLive = () => true;
  s.routes.settled = (pid) => {
    s.routes.declareDead(pid);
    return settled.call(s.routes, pid);
  };
  lone.nowMs = 11;
  for (let turn = 0; turn < 4; turn++) await lone.tick();
  assertStringIncludes(await message.promise, "was not answered within 11 ms: it is dead");
  assertEquals(s.live, 0);
});
