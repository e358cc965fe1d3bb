/** Servers, state machines and pools; one scenario a run. */
import { type Actor, pool, type Reply, server, statem } from "smarm";

// deno-lint-ignore no-explicit-any
type Any = any;

/** Differs from scheduler to scheduler. */
const ISOLATE = crypto.randomUUID();

export const counter = server({
  init: (_self, start: number) => ({ n: start, pending: [] as Reply<number>[], seen: [] as string[] }),
  calls: {
    add: (s, by: number) => s.state.n += by,
    get: (s) => s.state.n,
    slow: async (s, ms: number) => {
      await s.self.sleep(ms);
      return s.state.n;
    },
    next: (s) => s.later<number>((reply) => s.state.pending.push(reply)),
    refuse: (s, why: string): number => s.fail(new RangeError(why)),
    crash: (_s, why: string): number => {
      throw new RangeError(why);
    },
    seen: (s) => s.state.seen,
    unsendable: () => () => 1,
    where: () => ISOLATE,
    who: (s) => s.self.pid as number,
    stop: (s) => s.stop("shutdown"),
  },
  casts: {
    set: (s, n: number) => {
      s.state.n = n;
      for (const pending of s.state.pending.splice(0)) pending.reply(n);
    },
  },
  info: (s, message) => {
    s.state.seen.push(String(message));
  },
  terminate: (s, reason) => {
    s.self.send("main", `terminated: ${reason instanceof Error ? reason.message : reason}`);
  },
});

/** Answers for a server, and ends. */
export function answers(_self: Actor, reply: Reply<number>, n: number | null): void {
  if (n === null) reply.fail(new RangeError("delegated"));
  else reply.reply(n * n);
}

export const delegating = server({
  init: () => null,
  calls: {
    square: (s, n: number | null, scheduler: number) =>
      s.later<number>((reply) => void s.self.spawnWith({ scheduler }, answers, reply, n)),
  },
});

export const delegatingMachine = statem({
  init: () => null,
  initial: "on",
  states: {
    on: {
      calls: {
        square: (m, n: number, scheduler: number) =>
          m.later<number>((reply) => void m.self.spawnWith({ scheduler }, answers, reply, n)),
      },
    },
  },
});

export const door = statem({
  init: (_self, code: string) => ({ code, log: [] as string[] }),
  initial: "locked",
  states: {
    locked: {
      enter: (m) => m.data.log.push("locked"),
      calls: {
        unlock: (m, code: string) => {
          if (code !== m.data.code) return false;
          m.go("open");
          m.data.log.push("unlock");
          return true;
        },
        enterRoom: (m): string => m.postpone(),
        log: (m) => m.data.log,
      },
      casts: { knock: (m, who: string) => m.postpone() ?? who },
    },
    open: {
      enter: (m) => {
        m.data.log.push("open");
        m.timeoutIn(20);
      },
      calls: {
        enterRoom: (m) => {
          m.data.log.push("enterRoom");
          return `in from ${m.state}`;
        },
        log: (m) => m.data.log,
      },
      casts: {
        knock: (m, who: string) => {
          m.data.log.push(`knock ${who}`);
        },
      },
      timeout: (m) => {
        m.data.log.push("timeout");
        m.go("locked");
      },
    },
  },
  terminate: (m, reason) => {
    m.self.send("main", `terminated in ${m.state}: ${reason}`);
  },
});

/** Goes off and on; each state has a timeout that only counts while it lasts. */
export const lamp = statem({
  init: () => ({ ticks: [] as string[] }),
  initial: "off",
  states: {
    off: {
      enter: (m) => m.timeoutIn(5),
      casts: { press: (m) => m.go("on") },
      calls: { ticks: (m) => m.data.ticks },
      timeout: (m) => {
        m.data.ticks.push("off");
      },
    },
    on: {
      casts: { press: (m) => m.go("off") },
      calls: { ticks: (m) => m.data.ticks },
      timeout: (m) => {
        m.data.ticks.push("on");
      },
    },
  },
});

export const counters = pool(counter, { size: 3, intensity: 100 });

async function failure(promise: Promise<unknown>): Promise<string> {
  return await promise.then(
    (value) => `answered ${value}`,
    (error) => `${error.name}: ${error.message}`.replaceAll(/<[\d.]+>/g, "<pid>"),
  );
}

const SCENARIOS: Record<string, (self: Actor<Any>, scheduler: number) => Promise<unknown>> = {
  async server(self, scheduler) {
    const client = counter.startWith(self, { scheduler, name: "counter" }, 10);
    const seen: unknown[] = [];
    const sum: number = await client.add(5);
    seen.push(sum);
    client.set(100);
    seen.push(await client.get());
    const next = client.next();
    seen.push(await client.get()); // it serves others while an answer is outstanding
    client.set(7);
    seen.push(await next);
    seen.push(await failure(client.refuse("no")));
    seen.push(await client.get());
    const hasty = counter.client(self, "counter", { timeout: 5 });
    seen.push((await failure(hasty.slow(50))).split(":")[0]);
    seen.push(await client.get()); // its late answer was dropped
    self.send("counter", "by hand");
    seen.push(await client.seen());
    if (self.stats().schedulerCount > 1) seen.push((await failure(client.unsendable())).slice(0, 38));
    const pending = failure(client.next());
    seen.push(await failure(client.crash("boom")), await pending);
    seen.push(await self.receive());
    const outcome = await client.handle.join();
    seen.push(outcome.kind === "panic" && outcome.error.message);
    return seen;
  },

  async stops(self, scheduler) {
    const seen: unknown[] = [];
    const first = counter.startWith(self, { scheduler }, 1);
    await first.stop();
    seen.push(await self.receive(), (await first.handle.join() as Any).error.reason);
    const second = counter.startWith(self, { scheduler }, 1);
    await second.get();
    self.exit(second.handle, "shutdown");
    seen.push(await self.receive(), (await second.handle.join() as Any).error.reason);
    const third = counter.startWith(self, { scheduler }, 1);
    await third.get();
    self.kill(third.handle);
    seen.push((await third.handle.join() as Any).error.reason, self.tryReceive() ?? null);
    return seen;
  },

  async statem(self, scheduler) {
    const client = door.startWith(self, { scheduler }, "1234");
    const seen: unknown[] = [];
    client.knock("a");
    client.knock("b");
    const entered = client.enterRoom();
    seen.push(await client.unlock("0000"));
    seen.push(await client.unlock("1234"));
    seen.push(await entered);
    while (!(await client.log()).includes("timeout")) await self.sleep(1);
    seen.push(await client.log());
    self.exit(client.handle, "shutdown");
    seen.push(await self.receive());
    return seen;
  },

  async timeouts(self, scheduler) {
    const client = lamp.startWith(self, { scheduler });
    client.press(); // the timeout of "off" is void from here on
    await client.ticks();
    await self.sleep(20);
    const on = [...await client.ticks()];
    client.press();
    while ((await client.ticks()).length === on.length) await self.sleep(1);
    return { on: on.includes("on"), after: (await client.ticks()).at(-1) };
  },

  async delegates(self, scheduler) {
    const client = delegating.start(self), machine = delegatingMachine.start(self);
    return [
      ...await Promise.all([2, 3].map((n) => client.square(n, scheduler))),
      await client.square(null, scheduler).catch(String),
      await machine.square(4, scheduler),
    ];
  },

  async pool(self) {
    const client = counters.start(self, 0);
    const isolates = Math.min(3, self.stats().schedulerCount);
    const where = new Set<string>();
    while (where.size < isolates) where.add(await client.where()); // workers elsewhere take their time to start
    let workers = 0;
    while (workers < 3) {
      workers = new Set(await Promise.all(Array.from({ length: 30 }, () => client.who()))).size;
    }
    const busy = [client.next(), client.next()].map(failure); // two of three are busy: the third serves the rest
    const quick: number[] = [];
    for (let i = 0; i < 20; i++) quick.push(await client.add(1));
    const crash = await failure(client.crash("boom"));
    await self.receive();
    const answers = await Promise.all(Array.from({ length: 30 }, () => client.get()));
    self.exit(client.handle, "shutdown");
    await client.handle.join();
    return { counted: new Set(quick).size, crash, answers: answers.length, busy: await Promise.all(busy) };
  },

  /** One in five calls ends its worker; those behind it, and those that come before its DOWN, are served by others. */
  async poolAsksOthers(self) {
    self.trapExit(true);
    const { handle } = counters.start(self, 0);
    const client = counters.client(self, handle, { timeout: 60_000 });
    const failed: string[] = [];
    for (let round = 0; round < 5; round++) {
      const calls: Promise<unknown>[] = [];
      for (let i = 0; i < 20; i++) {
        calls.push(i % 5 === 2 ? failure(client.crash("boom")) : client.get());
        if (i % 7 === 6) await self.yield();
      }
      for (const answer of await Promise.all(calls)) if (typeof answer === "string") failed.push(answer);
    }
    self.exit(handle, "shutdown");
    return failed;
  },
};

export async function main(self: Actor<Any>, scenario: string): Promise<unknown> {
  self.register("main");
  const here = Number(/\d+/.exec(self.format(self.pid))![0]);
  return await SCENARIOS[scenario](self, (here + 1) % self.stats().schedulerCount);
}
