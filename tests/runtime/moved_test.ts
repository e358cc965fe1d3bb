/** What is attached to actors that have not begun, when they are given to a scheduler that has nothing to do. */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { CallImpl } from "../../runtime/call.ts";
import { Config } from "../../runtime/config.ts";
import { StoppedError } from "../../runtime/errors.ts";
import type { Actor, ActorFunction, Call, Outcome, Pid, SchedulerStats } from "../../runtime/api.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import { LoneScheduler } from "../support/lone_scheduler.ts";
import { quietRuntime, withDeadline } from "../support/run_case.ts";
import { until } from "../support/until.ts";

const PROGRAM = new URL("./programs/moved.ts", import.meta.url);

async function run(name: string, schedulers = 2): Promise<{ runtime: Runtime; value: unknown }> {
  const { runtime } = quietRuntime(Config.exact(schedulers));
  const outcome: Outcome = await withDeadline(runtime, runtime.run(PROGRAM, { args: [name] }), name);
  if (outcome.kind === "panic") throw outcome.error;
  return { runtime, value: outcome.value };
}

Deno.test("a message that is given away with its receiver counts once", async () => {
  const { runtime, value } = await run("counted");
  const sum = (pick: (one: SchedulerStats) => number) =>
    runtime.stats().schedulers.reduce((total, one) => total + pick(one), 0);
  assertEquals(sum((one) => one.messagesLocal) + sum((one) => one.messagesOut), value);
  assertEquals(sum((one) => one.messagesIn), sum((one) => one.messagesOut));
});

Deno.test("M5: the dump tells what a mailbox has dropped before its actor was given away", async () => {
  const { runtime } = quietRuntime(Config.exact(2));
  const ended = assertRejects(() => runtime.run(PROGRAM, { args: ["full"] }), StoppedError);
  let dump = "";
  await until(async () => /neverReceives: waiting in sleep/.test(dump = await runtime.dump()));
  await runtime.stop();
  await ended;
  assertMatch(dump, /neverReceives: waiting in sleep for [\d,]+ ms, mailbox 1, dropped 7/);
});

Deno.test("a timed message that cannot be sent is refused where it is set, also for an actor that may move", async () => {
  const { value } = await run("timed");
  const [thrown, kind] = value as [string, string];
  assertMatch(thrown, /^Cannot send message: a function cannot be sent/);
  assertEquals(kind, "exit");
});

Deno.test("S16: a call's timeout does not say of an actor that is still on its way that it is dead", async () => {
  const { value } = await run("called", 3);
  assertEquals((value as string[]).length, 10);
  for (const told of value as string[]) {
    assertMatch(told, /was not answered within \d+ ms: (?!it is dead)/);
  }
});

Deno.test("whatever getters of waiting messages do while an actor is given away, nothing is lost and nobody else told", async () => {
  const { value } = await run("meddled");
  assertEquals(value, []);
});

Deno.test("a message whose transfer list is refused does not come, also to an actor that is offered", async () => {
  const { value } = await run("refused");
  assertEquals(value, ["Cannot send transfer[1]: it is in the list twice. List it once", "string"]);
});

Deno.test("a call whose caller was killed leaves nothing behind when it is sent on", async () => {
  const lone = new LoneScheduler();
  let got: unknown;
  const callee = async (self: Actor<Call<number, void>>) => {
    got = await self.receive();
    await self.receive();
  };
  const caller = (self: Actor<never>, to: Pid<Call<number, void>>) => self.call(to, 1);
  lone.main(
    (async (self: Actor) => {
      const killed = self.spawn(caller, self.spawn(callee).pid);
      await self.yield();
      await self.yield();
      self.kill(killed);
    }) as ActorFunction,
  );
  await until(async () => {
    await lone.tick();
    return lone.mainOutcome !== null;
  });
  assert(got instanceof CallImpl);
  CallImpl.dehydrate(got); // as for every copy that goes to another scheduler
  assertEquals(lone.s.calls.size, 0);
});
