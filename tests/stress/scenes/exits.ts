/**
 * Actors that are told to end, or killed, in every kind of wait: each ends, and the `finally` of those that were told runs.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { Actor, Pid } from "../../../smarm.ts";
import type { Random } from "../plan.ts";
import { FOREVER_MS, pause, PLANNED, start, times } from "./support.ts";
import { nap } from "./blocking.ts";

type Wait = (self: Actor, boss: Pid) => Promise<unknown>;

const NAP_MS = 200;

const WAITS: Record<string, Wait> = {
  receive: (self) => self.receive(),
  "selective receive": (self) => self.receive((message) => message === "never"),
  sleep: (self) => self.sleep(FOREVER_MS),
  call: (self, boss) => self.call(boss, "never answered", { timeout: FOREVER_MS }),
  until: (self) => self.until(new Promise(() => {})),
  "channel receive": (self) => self.channel().receiver.receive(),
  "channel send": async (self) => {
    const { sender } = self.channel<number>(1);
    await sender.send(1);
    await sender.send(2);
  },
  select: (self) => self.select({ mail: self, channel: self.channel().receiver }),
  blocking: (self) => self.blocking(nap, NAP_MS), // may be over before
  accept: async (self) => (await self.io.listen({ port: 0, hostname: "127.0.0.1" })).accept(),
  join: (self) => self.spawnWith({ link: true }, sleeper).join(),
  signals: (self) => self.signals().receive(),
  yields: async (self) => {
    for (;;) await self.yield();
  },
  "file operations": async (self) => {
    for (;;) await self.io.stat(new URL(import.meta.url));
  },
};
const KINDS = Object.keys(WAITS);

export async function sleeper(self: Actor): Promise<void> {
  await self.sleep(FOREVER_MS);
}

type Message = News | { readonly type: "CALL" };
interface News {
  readonly type: "begun" | "finally";
  readonly id: number;
}

export async function waiter(self: Actor, boss: Pid<News>, kind: string, id: number): Promise<void> {
  try {
    self.send(boss, { type: "begun", id });
    await WAITS[kind](self, boss as Pid);
  } finally {
    self.send(boss, { type: "finally", id });
  }
}

async function toldToEnd(self: Actor<Message>, random: Random): Promise<void> {
  const kinds = times(1 + random.below(8), () => random.pick(KINDS));
  const waiters = kinds.map((kind, id) => start(self, random, waiter, self.pid, kind, id));
  const heard = { begun: new Set<number>(), finally: new Set<number>() };
  const take = (message: Message) => {
    if (message.type === "CALL") return; // of those that wait for an answer
    assert(!heard[message.type].has(message.id), `${message.type} twice`);
    heard[message.type].add(message.id);
  };
  const afterAllBegan = random.below(2) === 0;
  while (afterAllBegan && heard.begun.size < waiters.length) take(await self.receive());
  await pause(self, random);
  const killed = waiters.map((one) => {
    const kill = random.below(3) === 0;
    if (kill) self.kill(one);
    else self.exit(one, PLANNED);
    return kill;
  });
  for (const [id, one] of waiters.entries()) {
    const outcome = await one.join();
    if (kinds[id] === "blocking" && outcome.kind === "exit") continue;
    assert(outcome.kind === "panic", `told to end in ${kinds[id]}, an actor returned`);
    assertEquals(outcome.error.name, "ExitError", `told to end in ${kinds[id]}: ${outcome.error.message}`);
  }
  // What an actor has sent comes before the news of its end.
  for (let message; (message = self.tryReceive()) !== undefined;) take(message);
  for (const [id, kind] of kinds.entries()) {
    if (afterAllBegan && !killed[id]) {
      assert(heard.finally.has(id), `the finally of an actor in ${kind} is not heard of`);
    }
    if (heard.finally.has(id)) assert(heard.begun.has(id), "the news of a beginning is lost");
  }
}

export const exitScenes = { toldToEnd };
