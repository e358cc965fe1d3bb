import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Config } from "../../runtime/config.ts";
import { fallAsleep, idleMs, wakeUp } from "../../runtime/idle_time.ts";
import type { SchedulerStats } from "../../runtime/api.ts";
import { StoppedError } from "../../runtime/errors.ts";
import { CASES, quietRuntime, withDeadline } from "../support/run_case.ts";
import { until } from "../support/until.ts";

const PROGRAM = new URL("./programs/counted.ts", import.meta.url);

for (const schedulers of [1, 2]) {
  Deno.test(`S4: every counter shows what a program did, exactly, on ${schedulers}`, async () => {
    const { runtime } = quietRuntime(Config.exact(schedulers));
    const outcome = await withDeadline(runtime, runtime.run(PROGRAM), "counted");
    if (outcome.kind === "panic") throw outcome.error;
    const stats = runtime.stats();
    const sum = (pick: (one: SchedulerStats) => number) =>
      stats.schedulers.reduce((total, one) => total + pick(one), 0);
    const across = schedulers === 1 ? 0 : 40 + 7;
    assertEquals({
      spawned: stats.spawned,
      ended: stats.ended,
      live: stats.live,
      states: stats.states,
      local: sum((one) => one.messagesLocal),
      out: sum((one) => one.messagesOut),
      in: sum((one) => one.messagesIn),
      deadLetters: stats.deadLetters,
      dropped: stats.dropped,
      panicked: stats.panicked,
      restarts: stats.restarts,
      timersFired: stats.timersFired,
      timers: stats.timers,
      ioDone: stats.ioDone,
      stolen: stats.stolen,
      queueHigh: Math.max(...stats.schedulers.map((one) => one.runQueueHigh)),
    }, {
      spawned: 1 + 50 + 1 + 1 + 3 + 1 + 2 + 1 + 3,
      ended: 62 + 1,
      live: 0,
      states: { running: 0, runnable: 0, sleeping: 0, io: 0, waiting: 0 },
      local: 30 + 40 + 6 + 6 + 7 + 1 + 2 - across,
      out: across,
      in: across,
      deadLetters: 5,
      dropped: 4,
      panicked: 3 + 2,
      restarts: 2,
      timersFired: 4,
      timers: 0,
      ioDone: 3,
      stolen: 0,
      queueHigh: 50,
    });
    assert(sum((one) => one.resumed) >= stats.spawned);
    assert(stats.memory.rssBytes > stats.memory.heapUsedBytes && stats.memory.heapUsedBytes > 0);
    for (const one of stats.schedulers) {
      assert(one.busyMs > 0 && one.busyMs + one.idleMs < stats.uptimeMs, JSON.stringify(one));
    }
  });
}

Deno.test("a waiting scheduler is idle and a computing one busy, also while it still computes", async () => {
  const { runtime } = quietRuntime(Config.exact(2).graceMillis(0));
  const ended = runtime.run(CASES, { args: ["neverGivesWay", "3000"] });
  const failure = ended.then(() => null, (error) => error);
  await until(() => runtime.stats().schedulers.some((one) => one.currentPid !== null));
  const grown = (wanted: "busyMs" | "idleMs", isBusy: boolean) => {
    const find = () => runtime.stats().schedulers.find((one) => (one.currentPid !== null) === isBusy)!;
    const before = find();
    return () => {
      const now = find();
      const other = wanted === "busyMs" ? "idleMs" : "busyMs";
      return now[wanted] - before[wanted] >= 100 && now[other] - before[other] < 50;
    };
  };
  const sleeps = runtime.stats().schedulers.findIndex((one) => one.currentPid === null);
  await until(() => runtime.stats().schedulers[sleeps].parked);
  const [busy, idle] = [grown("busyMs", true), grown("idleMs", false)];
  await until(() => busy() && idle());
  assert(runtime.stats().schedulers[1 - sleeps].sinceTurnMs >= 100);
  await runtime.stop();
  assert(await failure instanceof StoppedError);
});

Deno.test("idle time in one word: whatever it sleeps and whenever one looks, sleeps add up", () => {
  const span = fc.integer({ min: 0, max: 1000 });
  fc.assert(fc.property(fc.integer({ min: 1, max: 1000 }), fc.array(fc.tuple(span, span)), (start, spans) => {
    let now = start, word = 0, slept = 0;
    for (const [awake, asleep] of spans) {
      now += awake;
      assertEquals(idleMs(word, now), slept);
      word = fallAsleep(word, now);
      assertEquals(idleMs(word, now), slept);
      assertEquals(idleMs(word, now + asleep / 2), slept + asleep / 2);
      now += asleep;
      slept += asleep;
      word = wakeUp(word, now);
      assertEquals(idleMs(word, now), slept);
    }
  }));
});
