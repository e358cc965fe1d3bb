/** One scheduler in the test's own thread: what a turn does, and in which order. */
import { assert, assertEquals } from "@std/assert";
import type { Actor } from "../../runtime/api.ts";
import type { HandleImpl } from "../../runtime/handle.ts";
import type { ActorImpl } from "../../runtime/actor.ts";
import { DONE, PARKED, RUNNABLE, UNSTARTED } from "../../runtime/actor_state.ts";
import { Config } from "../../runtime/config.ts";
import { reportActor } from "../../runtime/dump.ts";
import { CURRENT_KEY, ENDED, NO_ACTOR, RUN_QUEUE_LENGTH, SLEEPING, SPAWNED } from "../../runtime/layout.ts";
import { keyOf } from "../../runtime/pid.ts";
import { deliver } from "../../runtime/sending.ts";
import { adopt } from "../../runtime/spawn.ts";
import { LoneScheduler } from "../support/lone_scheduler.ts";

Deno.test("M6: a tick runs what is runnable, fires what is due, and says what it did", async () => {
  const lone = new LoneScheduler();
  const log: string[] = [];
  lone.main(async (self: Actor) => {
    log.push("main");
    self.spawn(() => void log.push("child"));
    await self.sleep(10);
    log.push("awake");
  });
  assertEquals(log, [], "S9: nothing runs before its turn");
  assertEquals(await lone.tick(), { resumed: 2, fired: 0, records: 0, hasRemaining: false });
  assertEquals(log, ["main", "child"]);
  assertEquals(await lone.tick(), { resumed: 0, fired: 0, records: 0, hasRemaining: false });
  lone.nowMs = 11;
  assertEquals(await lone.tick(), { resumed: 1, fired: 1, records: 0, hasRemaining: false });
  assertEquals(log, ["main", "child", "awake"]);
  assertEquals([lone.s.live, lone.mainOutcome], [0, { kind: "exit", value: undefined }]);
});

Deno.test("S4, S5: run-queue length, current actor and sleepers are in shared words at every step", async () => {
  const lone = new LoneScheduler();
  const { words } = lone.s;
  const seen: number[][] = [];
  const look = () => [words[RUN_QUEUE_LENGTH], words[SLEEPING]];
  assertEquals(words[CURRENT_KEY], NO_ACTOR);
  let isCurrent = false;
  lone.main(async (self: Actor) => {
    isCurrent = self.stats().schedulers[0].currentPid === self.pid;
    seen.push(look());
    self.spawn(() => seen.push(look()));
    self.spawn(() => seen.push(look()));
    seen.push(look());
    await self.sleep(1);
  });
  assertEquals(look(), [1, 0]);
  await lone.tick();
  assertEquals(seen, [[0, 0], [2, 0], [1, 1], [0, 1]]);
  assert(isCurrent);
  assertEquals(words[CURRENT_KEY], NO_ACTOR);
});

Deno.test("S20: resumes are first in, first out; a yield goes behind what is queued, a message behind that", async () => {
  const lone = new LoneScheduler();
  const order: string[] = [];
  lone.main(async (self: Actor) => {
    const waiter = self.spawn(async (actor: Actor) => {
      await actor.receive();
      order.push("woken");
    });
    await self.yield();
    self.spawn(() => order.push("first"));
    self.send(waiter, "go");
    self.spawn(() => order.push("second"));
    await self.yield();
    order.push("yielded");
  });
  await lone.tick();
  assertEquals(order, ["first", "woken", "second", "yielded"]);
});

Deno.test("S20, S3: check gives way only when the slice is used up and somebody waits, and the slice starts anew", async () => {
  const lone = new LoneScheduler(Config.exact(1).timesliceMicros(100).checkInterval(1));
  const order: string[] = [];
  const worker = (name: string) => async (self: Actor) => {
    for (let i = 0; i < 4; i++) {
      order.push(name);
      lone.nowMs += 0.04;
      await self.check();
    }
  };
  lone.main((self: Actor) => {
    self.spawn(worker("a"));
    self.spawn(worker("b"));
  });
  for (let i = 0; i < 20 && lone.s.live > 0; i++) await lone.tick();
  assertEquals(order.join(""), "aaabbbab");
  assertEquals(lone.s.live, 0);
});

Deno.test("S7: an actor that is woken for one wait while another completes goes on with both", async () => {
  const lone = new LoneScheduler();
  let actor: ActorImpl | undefined;
  const got: unknown[] = [];
  lone.main(async (self: Actor) => {
    actor = self as unknown as ActorImpl;
    const receiving = self.receive().then((message) => got.push(message));
    const sleeping = self.sleep(5).then(() => got.push("slept"));
    await Promise.all([receiving, sleeping]);
  });
  await lone.tick();
  assertEquals(actor!.state, PARKED);
  deliver(lone.s, actor!.pid, "message", undefined);
  assertEquals(actor!.state, RUNNABLE);
  lone.nowMs = 6;
  await lone.tick();
  assertEquals(got, ["message", "slept"]);
  assertEquals(actor!.state, DONE);
});

Deno.test("S7: a wake-up for nothing is harmless: the actor parks again", async () => {
  const lone = new LoneScheduler();
  const actor = lone.main((self: Actor) => self.receive((message: unknown) => message === "right"));
  await lone.tick();
  for (const message of ["wrong", "wrong too"]) {
    deliver(lone.s, actor.pid, message, undefined);
    assertEquals((await lone.tick()).resumed, 1);
    assertEquals(actor.state, PARKED);
  }
  deliver(lone.s, actor.pid, "right", undefined);
  await lone.tick();
  assertEquals(lone.mainOutcome, { kind: "exit", value: "right" });
});

Deno.test("an actor that awaits a foreign promise loses the baton at the next turn, and asks for one when it goes on", async () => {
  const lone = new LoneScheduler();
  const { promise, resolve } = Promise.withResolvers<void>();
  let others = 0;
  const actor = lone.main(async (self: Actor) => {
    self.spawn(() => void others++);
    await promise;
    await self.sleep(5); // a timer that is set while the event loop may sleep
    return "slept";
  });
  await lone.tick();
  await lone.tick();
  assertEquals([others, actor.state], [1, PARKED]);
  lone.s.turned(false);
  const before = lone.armed;
  resolve();
  await promise;
  await new Promise((done) => setTimeout(done));
  assertEquals(lone.armed, before + 1);
  lone.nowMs += 10;
  await lone.tick();
  assertEquals(lone.mainOutcome, { kind: "exit", value: "slept" });
});

Deno.test("S5: a panic that is joined after all leaves no timer armed", async () => {
  const lone = new LoneScheduler();
  const armed: number[] = [];
  lone.main(async (self: Actor) => {
    const child = self.spawn(() => {
      throw new Error("joined later");
    });
    await self.yield();
    armed.push(lone.s.timers.size); // that of the report
    await child.join();
    armed.push(lone.s.timers.size);
  });
  await lone.tick();
  assertEquals([armed, lone.mainOutcome, lone.reports], [[1, 0], { kind: "exit", value: undefined }, []]);
});

Deno.test("S16, S18: a call of an actor that was killed in the same burst leaves no timeout behind", async () => {
  const lone = new LoneScheduler();
  const main = lone.main(async (self: Actor) => {
    const child = self.spawn((child) => child.call(self.pid, "never answered", { timeout: 1e9 }));
    await self.yield();
    self.kill(child);
    await child.join();
    await self.receive((message) => message === "never sent");
  });
  await lone.tick();
  await lone.tick(); // the burst is over: what it has left is armed
  assertEquals([main.state, lone.s.timers.size], [PARKED, 0]);
});

Deno.test("S9: an actor that is ended before its first turn never runs, and its slot is free", async () => {
  const lone = new LoneScheduler();
  let ran = false;
  let state: number | undefined;
  lone.main((self: Actor) => {
    const child = self.spawn(() => void (ran = true));
    state = (child as HandleImpl).grow().state;
    self.kill(child);
    const next = self.spawn(() => {});
    return [keyOf(next.pid) === keyOf(child.pid), next.pid !== child.pid];
  });
  await lone.tick();
  assertEquals(state, UNSTARTED);
  assertEquals(ran, false);
  assertEquals(lone.mainOutcome, { kind: "exit", value: [true, true] });
});

Deno.test("S16: a timeout that fires when the message is there already loses nothing", async () => {
  const lone = new LoneScheduler();
  const actor = lone.main((self: Actor) => self.receive({ timeout: 5 }));
  await lone.tick();
  deliver(lone.s, actor.pid, "in time", undefined);
  lone.nowMs = 10; // both are due in the same turn
  await lone.tick();
  assertEquals(lone.mainOutcome, { kind: "exit", value: "in time" });
  assertEquals(lone.s.timers.size, 0);
});

Deno.test("M5: since when an actor waits is told rightly when the run is older than an int32 of milliseconds", async () => {
  const lone = new LoneScheduler();
  lone.nowMs = 2 ** 31 + 1000;
  const main = lone.main((self: Actor) => self.receive());
  await lone.tick();
  const { sinceMs } = reportActor(main).waits[0];
  lone.nowMs += 2000;
  assertEquals([sinceMs, reportActor(main).waits[0].sinceMs], [2 ** 31 + 1000, 2 ** 31 + 1000]);
});

Deno.test("S4: counts of actors go on beyond what their words can hold", () => {
  const lone = new LoneScheduler();
  const { s } = lone;
  const add = (count: number) => { // as many turns, with less than an int32 can hold between two
    s.words[s.base + SPAWNED] += count;
    s.words[s.base + ENDED] += count;
    s.turnBegins(0);
  };
  for (let i = 0; i < 5; i++) add(2 ** 30);
  s.words[s.base + SPAWNED] += 3; // no turn since
  const [shown] = s.stats().schedulers;
  assertEquals([shown.spawned, shown.ended, s.stats().live], [5 * 2 ** 30 + 3, 5 * 2 ** 30, 3]);
});

Deno.test("channels on which a send has once waited are not all kept by their owner", async () => {
  const lone = new LoneScheduler();
  let rounds = 0;
  const actor = lone.main(async (self: Actor) => {
    for (; rounds < 200; rounds++) {
      const { sender, receiver } = self.channel<number>(1);
      await sender.send(1);
      const late = self.spawn(async () => await sender.send(2));
      await self.yield();
      const givesUp = new AbortController();
      const given = sender.send(3, { signal: givesUp.signal }).catch(() => {});
      givesUp.abort();
      await given;
      assertEquals([await receiver.receive(), await receiver.receive()], [1, 2]);
      await late.join();
    }
    await self.receive();
  });
  for (let turn = 0; turn < 1000 && rounds < 200; turn++) await lone.tick();
  assert(rounds === 200 && actor.extras!.channels.size <= 32, `${actor.extras!.channels.size} are kept`);
});

Deno.test("who comes from elsewhere while the run ends is told to end, unless a supervisor is to do that", async () => {
  const lone = new LoneScheduler();
  const { s } = lone;
  lone.main(async (self: Actor) => void await self.receive());
  await lone.tick();
  s.targets.register("program", { waits: async (self: Actor) => void await self.receive() });
  s.stopping = true;
  const record = {
    module: "program",
    exportName: "waits",
    args: [],
    monitor: null,
    mailbox: null,
    names: null,
  };
  const [plain, supervised] = [false, true].map((supervised) =>
    adopt(s, s.slots.take(0), { ...record, supervised, link: supervised ? s.main!.pid : null })
  );
  await lone.tick();
  assertEquals([plain.state, supervised.state], [DONE, PARKED]);
});
