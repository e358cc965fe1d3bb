/**
 * Does so many things of each kind that the counters must show just these numbers.
 *
 * @module
 */
import type { Actor, Call } from "../../../smarm.ts";

export async function collects(self: Actor, count: number): Promise<void> {
  for (let i = 0; i < count; i++) await self.receive();
}

export function fails(): never {
  throw new RangeError("counted");
}

export async function answers(self: Actor<Call<number, number>>): Promise<void> {
  for await (const call of self) call.reply(call.request);
}

export async function failsWhenTold(self: Actor): Promise<never> {
  await self.receive();
  throw new RangeError("told to");
}

export async function main(self: Actor): Promise<void> {
  const own = Number(/^<(\d+)/.exec(self.format(self.pid))![1]);
  const other = (own + 1) % self.stats().schedulerCount;
  const local = { scheduler: "local" } as const;

  const queued = Array.from({ length: 50 }, () => self.spawnWith(local, collects, 0));
  for (const one of queued) await one.join();

  const near = self.spawnWith(local, collects, 30);
  for (let i = 0; i < 30; i++) self.send(near, i);
  await near.join();
  const far = self.spawnWith({ scheduler: other }, collects, 40);
  for (let i = 0; i < 40; i++) self.send(far, i);
  await far.join();
  for (let i = 0; i < 5; i++) self.send(near, "too late");

  for (let i = 0; i < 3; i++) await self.spawnWith(local, fails).join();

  const bounded = self.spawnWith({ ...local, mailbox: { capacity: 2 } }, collects, 2);
  for (let i = 0; i < 6; i++) self.send(bounded, i);
  await bounded.join();

  const nearServer = self.spawnWith(local, answers);
  for (let i = 0; i < 6; i++) await self.call(nearServer, i);
  const farServer = self.spawnWith({ scheduler: other }, answers);
  for (let i = 0; i < 7; i++) await self.call(farServer, i);

  const supervisor = self.supervise({
    strategy: "one_for_one",
    intensity: 10,
    children: [{ id: "one", name: "one", start: [failsWhenTold], restart: "permanent" }],
  });
  await supervisor.children(); // it answers when its child has started
  for (let i = 0; i < 2; i++) {
    let pid = self.whereis("one");
    for (; pid === undefined; pid = self.whereis("one")) await self.yield();
    self.send(pid, "fail");
    while (self.stats().restarts === i) await self.yield();
  }

  for (let i = 0; i < 4; i++) await self.sleep(1);
  for (let i = 0; i < 3; i++) await self.io.stat(new URL(import.meta.url).pathname);
}
