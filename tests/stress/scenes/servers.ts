/**
 * Servers, a pool of servers that crash, and state machines that put events off, each with clients on all schedulers.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { type Actor, pool, type Reply, server, statem } from "../../../smarm.ts";
import { Random } from "../plan.ts";
import { type AnyActor, newName, PATIENT_MS, pause, PLANNED, start, times, valueOf } from "./support.ts";

const refusal = (id: number, n: number) => `${PLANNED}: ${n} is refused to ${id}`;

/** Keeps a sum for each client. */
export const ledger = server({
  init: (self, seed: number) => ({ random: new Random(seed), self, sums: new Map<number, number>() }),
  calls: {
    async add({ state }, id: number, n: number): Promise<number> {
      const sum = (state.sums.get(id) ?? 0) + n;
      state.sums.set(id, sum);
      if (state.random.below(8) === 0) await pause(state.self, state.random);
      return sum;
    },
    refuse: (context, id: number, n: number): void => context.fail(new Error(refusal(id, n))),
    later: (context, id: number, ms: number): number =>
      context.later<number>((reply) => {
        context.self.after(ms, context.self.pid, { reply, id });
      }),
    sum: ({ state }, id: number): number => state.sums.get(id) ?? 0,
  },
  casts: {
    note({ state }, id: number, n: number): void {
      state.sums.set(id, (state.sums.get(id) ?? 0) + n);
    },
    leave: (context): void => context.stop(),
  },
  info({ state }, message) {
    const { reply, id } = message as { reply: Reply<number>; id: number };
    reply.reply(state.sums.get(id) ?? 0);
  },
});

/** What it gives and is told to give is its own: nobody else has its number. */
export async function customer(self: AnyActor, name: string, id: number, seed: number): Promise<void> {
  const random = new Random(seed);
  const client = ledger.client(self, name, { timeout: PATIENT_MS });
  let sum = 0;
  for (let left = random.below(30); left > 0; left--) {
    const n = random.below(1000);
    switch (random.below(5)) {
      case 0:
        client.note(id, n);
        sum += n;
        break;
      case 1:
        assertEquals(await client.later(id, random.below(3)), sum);
        break;
      case 2:
        assertEquals(await client.refuse(id, n).catch((error: Error) => error.message), refusal(id, n));
        break;
      default:
        assertEquals(await client.add(id, n), sum += n);
    }
    if (random.below(6) === 0) await pause(self, random);
  }
  assertEquals(await client.sum(id), sum);
}

async function servers(self: Actor, random: Random): Promise<void> {
  const name = newName(self);
  const started = ledger.startWith(self, { name }, random.next());
  const customers = times(
    1 + random.below(6),
    (id) => start(self, random, customer, name, id, random.next()),
  );
  for (const one of customers) await valueOf(one, "a customer");
  started.leave();
  await valueOf(started.handle, "a ledger");
}

export const squarer = server({
  init: (self, seed: number) => ({ self, random: new Random(seed) }),
  calls: {
    async square({ state }, n: number): Promise<number> {
      if (state.random.below(4) === 0) await pause(state.self, state.random);
      return n * n;
    },
    async crash({ state }, why: string): Promise<never> {
      if (state.random.below(2) === 0) await pause(state.self, state.random);
      throw new Error(`${PLANNED}: ${why}`);
    },
  },
});

export const squarers = pool(squarer, { size: 3, intensity: 1_000_000, period: 1, timeout: PATIENT_MS });

/** Of many calls at a time one that crashes fails alone. */
export async function squares(self: AnyActor, to: string, seed: number): Promise<void> {
  const random = new Random(seed);
  const client = squarers.client(self, to, { timeout: PATIENT_MS });
  for (let left = random.below(8); left > 0; left--) {
    await Promise.all(times(1 + random.below(12), async (n) => {
      if (random.below(15) > 0) return assertEquals(await client.square(n), n * n);
      const failure = await client.crash("a crash").then(() => null, (error: Error) => error);
      assertEquals(failure?.name, "DeadActorError", `${failure}`);
    }));
  }
}

async function pools(self: Actor, random: Random): Promise<void> {
  const name = newName(self);
  const { handle } = squarers.startWith(self, { name, scheduler: "local" }, random.next());
  const clients = times(1 + random.below(4), () => start(self, random, squares, name, random.next()));
  for (const one of clients) await valueOf(one, "who asks for squares");
  self.exit(handle, "shutdown");
  await handle.join();
}

/** Whoever pushes before there is a coin waits for one. */
export const turnstile = statem({
  init: () => ({ coins: 0, passed: 0 }),
  initial: "locked",
  states: {
    locked: {
      calls: {
        push: (machine): number => machine.postpone(),
        passed: ({ data }): number => data.passed,
      },
      casts: {
        coin(machine) {
          machine.data.coins++;
          machine.go("open");
        },
      },
    },
    open: {
      calls: {
        push(machine): number {
          if (--machine.data.coins === 0) machine.go("locked");
          return ++machine.data.passed;
        },
        passed: ({ data }): number => data.passed,
      },
      casts: {
        coin({ data }) {
          data.coins++;
        },
      },
    },
  },
});

export async function pusher(self: AnyActor, name: string, count: number, seed: number): Promise<number[]> {
  const random = new Random(seed);
  const client = turnstile.client(self, name, { timeout: PATIENT_MS });
  const passed: number[] = [];
  for (; count > 0; count--) {
    passed.push(await client.push());
    if (random.below(4) === 0) await pause(self, random);
  }
  return passed;
}

async function machines(self: Actor, random: Random): Promise<void> {
  const name = newName(self);
  const { handle, coin, passed } = turnstile.startWith(self, { name });
  let coins = 0;
  const pushers = times(1 + random.below(5), () => {
    const count = random.below(10);
    coins += count;
    return start(self, random, pusher, name, count, random.next());
  });
  for (let left = coins; left > 0; left--) {
    coin();
    if (random.below(3) === 0) await pause(self, random);
  }
  const all: number[] = [];
  for (const one of pushers) {
    const own = await valueOf(one, "a pusher");
    assertEquals(own, own.toSorted((a, b) => a - b), "each passes later than before");
    all.push(...own);
  }
  assertEquals(all.toSorted((a, b) => a - b), times(coins, (i) => i + 1), "each passes once");
  assertEquals(await passed(), coins);
  self.exit(handle, "shutdown");
  await handle.join();
}

export const serverScenes = { servers, pools, machines };
