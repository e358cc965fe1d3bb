/**
 * Children by the thousand on all schedulers, under supervisors that are under one more; children and supervisors are
 * killed at random while the children work. At the end every child is there once, and nothing else is.
 *
 *     deno run -A smarm.ts --threads 2 tests/supervisor/programs/chaos.ts [children] [kills] [seconds]
 *
 * With seconds, kills go on for that long, whatever their number, and the memory in use is told every ten: the long
 * version is 10000 0 60, with `--v8-flags=--expose-gc` after `deno run -A` for the heap without garbage.
 *
 * @module
 */
import type { Actor, ChildSpec, Pid } from "smarm";

// deno-lint-ignore no-explicit-any
type Any = any;

const CHILDREN_OF_ONE = 100;
/** The long version tells how much memory is in use. */
const LOOK_EVERY_MS = 10_000;

/** Works: answers calls, and asks a sister now and then. */
export async function worker(self: Actor<Any>, number: number, count: number) {
  const group = self.group("chaos");
  group.join();
  self.every(500, self.pid, "ask");
  for await (const message of self) {
    if (message === "ask") {
      self.send(`worker ${Math.floor(Math.random() * count)}`, { ask: self.pid });
    } else if (message.ask !== undefined) self.send(message.ask, "answer");
    else if (message.type === "CALL") message.reply(number);
  }
}

function random(seed: number): () => number {
  return () => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return seed / 2 ** 32;
  };
}

export async function main(
  self: Actor<Any>,
  childrenText = "1000",
  killsText = "300",
  secondsText = "0",
  seedText = "1",
): Promise<Record<string, unknown>> {
  const count = Number(childrenText);
  const kills = Number(killsText);
  const next = random(Number(seedText));
  const groups = Math.ceil(count / CHILDREN_OF_ONE);
  const top = self.supervise({
    intensity: 1e9,
    children: Array.from({ length: groups }, (_, g): ChildSpec => ({
      id: `group ${g}`,
      name: `group ${g}`,
      supervise: {
        intensity: 1e9,
        children: Array.from({ length: Math.min(CHILDREN_OF_ONE, count - g * CHILDREN_OF_ONE) }, (_, i) => {
          const number = g * CHILDREN_OF_ONE + i;
          return {
            id: `${number}`,
            name: `worker ${number}`,
            start: [worker, number, count] as const,
            scheduler: "spread" as const,
            shutdown: 1000,
          };
        }),
      },
    })),
  });
  const live = 2 + groups + count;
  const settled = async () => {
    const until = performance.now() + 30_000;
    for (;;) {
      await top.count();
      if (self.stats().live === live && await isComplete(self, count)) return true;
      if (performance.now() > until) return false;
      await self.sleep(5);
    }
  };
  const started = await settled();
  const before = memory();
  const untilMs = performance.now() + Number(secondsText) * 1000;
  let killed = 0, supervisorsKilled = 0;
  let nextLook = performance.now();
  while (killed < kills || performance.now() < untilMs) {
    if (Number(secondsText) > 0 && performance.now() >= nextLook) {
      console.log({ killed, ...await usedHeaps(self) as Any });
      nextLook = performance.now() + LOOK_EVERY_MS;
    }
    const name = next() < 0.05
      ? `group ${Math.floor(next() * groups)}`
      : `worker ${Math.floor(next() * count)}`;
    if (self.whereis(name) !== undefined) {
      self.kill(name);
      killed++;
      if (name.startsWith("group")) supervisorsKilled++;
    }
    if (killed % 20 === 0) await self.sleep(2);
    else await self.yield(); // the supervisors live on this scheduler
  }
  const complete = await settled();
  const members = self.group("chaos").members().length;
  const after = memory();
  self.unlink(top);
  self.exit(top, "shutdown");
  await top.join();
  let names = 0;
  for (let i = 0; i < count; i++) if (self.whereis(`worker ${i}`) !== undefined) names++;
  for (let i = 0; self.stats().live > 1 && i < 1000; i++) await self.sleep(1); // an end is counted last of all
  const left = self.stats().live - 1;
  const result = { started, complete, members, names, left, killed, supervisorsKilled };
  if (Number(secondsText) > 0) {
    console.log({ ...result, restarts: restarts(self), mbBefore: before, mbAfter: after });
  }
  return result;
}

/** Whether every worker is there and answers. */
async function isComplete(self: Actor<Any>, count: number): Promise<boolean> {
  const pids: Pid[] = [];
  for (let i = 0; i < count; i++) {
    const pid = self.whereis(`worker ${i}`);
    if (pid === undefined) return false;
    pids.push(pid);
  }
  const answers = await Promise.allSettled(
    pids.map((pid) => self.call(pid as Any, "who", { timeout: 20_000 })),
  );
  return answers.every((answer, i) => answer.status === "fulfilled" && answer.value === i);
}

/** Used heap of one scheduler, MB, after a collection where `--v8-flags=--expose-gc` allows it. */
export function usedHeap(): number {
  const { gc } = globalThis as { gc?: () => void };
  gc?.();
  return Math.round(Deno.memoryUsage().heapUsed / 2 ** 18) / 4;
}

async function usedHeaps(self: Actor<Any>): Promise<unknown> {
  const heaps = self.stats().schedulers.map(({ id }) => self.spawnWith({ scheduler: id }, usedHeap).join());
  const mb = (await Promise.all(heaps)).map((outcome) =>
    outcome.kind === "exit" ? outcome.value : outcome.error
  );
  return { usedHeapMb: mb, externalMb: Math.round(Deno.memoryUsage().external / 2 ** 20), rssMb: memory() };
}

function restarts(self: Actor<Any>): number {
  return self.stats().schedulers.reduce((sum, one) => sum + one.restarts, 0);
}

function memory(): number {
  return Math.round(Deno.memoryUsage().rss / 2 ** 20);
}
