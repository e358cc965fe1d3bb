/**
 * Does one of everything that a trace shows. With two schedulers.
 *
 * @module
 */
import type { Actor, Call, ChannelSender, Pid } from "../../../smarm.ts";

export async function answers(self: Actor<Call<number, number>>): Promise<void> {
  for (let i = 0; i < 2; i++) (await self.receive()).reply(1);
}

export async function feeds(_self: Actor, sender: ChannelSender<number>): Promise<void> {
  await sender.send(1);
}

export async function fails(self: Actor): Promise<void> {
  await self.receive();
  throw new Error("on purpose");
}

/** Keeps its scheduler, so that the others are stolen. */
export function computes(self: Actor): number {
  const until = performance.now() + 2;
  while (performance.now() < until);
  return self.pid;
}

export async function collects(self: Actor<number>, count: number): Promise<void> {
  await self.sleep(20);
  for (let i = 0; i < count; i++) await self.receive();
}

export async function main(self: Actor<unknown>): Promise<void> {
  // Calls and channels, here and across schedulers
  for (const scheduler of [0, 1]) {
    const server = self.spawnWith({ scheduler }, answers);
    await self.call(server, 1);
    await self.call(server, 2);
    const { sender, receiver } = self.channel<number>(1);
    self.spawnWith({ scheduler }, feeds, sender);
    await receiver.receive();
  }
  await self.spawn(async () => {}).join();
  // IO
  await self.io.readTextFile(new URL(import.meta.url).pathname);
  // A wake-up on the way to park: woken for the message while the channel is awaited too
  const { sender, receiver } = self.channel<number>();
  const value = receiver.receive();
  self.send(self.pid, "go on");
  await self.receive();
  sender.send(7);
  await self.sleep(1);
  await value;
  await self.yield();
  // A restart
  const supervisor = self.supervise({
    strategy: "one_for_one",
    children: [{ id: "fails", start: [fails], restart: "permanent", shutdown: 100 }],
  });
  const pidOfChild = async () => (await supervisor.children())[0].pid as Pid<string> | null;
  const first = (await pidOfChild())!;
  self.send(first, "fail");
  for (let now: Pid<string> | null = first; now === first || now === null; now = await pidOfChild()) {
    await self.sleep(1);
  }
  self.exit(supervisor.pid, "shutdown");
  // A mailbox that grows
  const slow = self.spawnWith({ scheduler: 1 }, collects, 500);
  for (let i = 0; i < 500; i++) self.send(slow, i);
  await slow.join();
  // Theft
  while (!self.stats().schedulers.some((one) => one.stolen > 0)) {
    const computing = Array.from({ length: 40 }, () => self.spawn(computes));
    for (const one of computing) await one.join();
  }
}
