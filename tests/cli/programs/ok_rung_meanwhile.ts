/** An actor that runs behind a promise that is not smarm's keeps the thread while another scheduler rings for it. */
import type { Actor, Pid } from "../../../smarm.ts";

const GO = 0;
const RUNG = 1;

export async function keeper(self: Actor, flags: Int32Array): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 20)); // its scheduler falls asleep meanwhile
  Atomics.store(flags, GO, 1);
  Atomics.notify(flags, GO);
  Atomics.wait(flags, RUNG, 0);
  await self.receive((message) => message === "never"); // asks for a turn: what came wakes nobody
}

export async function ringer(self: Actor, keeper: Pid, flags: Int32Array): Promise<void> {
  Atomics.wait(flags, GO, 0);
  self.send(keeper, "rings");
  await self.sleep(1); // the message leaves when this actor waits
  Atomics.store(flags, RUNG, 1);
  Atomics.notify(flags, RUNG);
}

export async function main(self: Actor): Promise<void> {
  const schedulers = self.stats().schedulerCount;
  if (schedulers === 1) return; // nobody else could ring
  const here = self.stats().schedulers.findIndex((one) => one.currentPid === self.pid);
  const flags = new Int32Array(new SharedArrayBuffer(8));
  const { pid } = self.spawnWith({ scheduler: here }, keeper, flags);
  await self.spawnWith({ scheduler: (here + 1) % schedulers }, ringer, pid, flags).join();
}
