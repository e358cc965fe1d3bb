/**
 * Actors in all the states that a dump shows.
 *
 * @module
 */
import type { Actor } from "../../../smarm.ts";

export async function receives(self: Actor): Promise<void> {
  await self.receive();
}

export async function sleepsOnce(self: Actor): Promise<void> {
  await self.sleep(1);
  await self.receive();
}

export async function sleeps(self: Actor): Promise<void> {
  await self.sleep(1_000_000);
}

export async function prefers(self: Actor): Promise<void> {
  await self.receive((message) => message === "something else");
}

export async function links(self: Actor): Promise<void> {
  self.spawnWith({ scheduler: "local", link: true }, receives);
  await self.receive();
}

/** Gives its scheduler back when the test says so. */
export function spins(): void {
  while (Deno.env.get("SMARM_TEST_GO_ON") === undefined);
}

export async function main(self: Actor, kind: string): Promise<void> {
  setInterval(() => {}, 1_000_000); // something that could still wake it
  const own = Number(/^<(\d+)/.exec(self.format(self.pid))![1]);
  const scheduler = (own + 1) % self.stats().schedulerCount;
  const there = { scheduler };
  self.spawnWith({ ...there, name: "the sleeper" }, sleeps);
  self.spawnWith(there, sleepsOnce);
  if (kind === "tree") {
    const full = self.spawnWith(there, prefers);
    for (let i = 0; i < 3; i++) self.send(full, i);
    self.spawnWith(there, links);
    self.supervise({
      strategy: "rest_for_one",
      name: "top",
      children: [
        { id: "first", start: [receives] },
        {
          id: "inner",
          supervise: {
            strategy: "one_for_one",
            children: [{ id: "leaf", start: [sleeps], restart: "temporary" }],
          },
        },
        { id: "last", start: [receives], restart: "transient" },
      ],
    });
  } else {
    // Asleep for the first time, awake again, and in a receive that notes nothing: then the scheduler gets stuck.
    for (;;) {
      const { timersFired, timers, parked } = self.stats().schedulers[scheduler];
      if (timersFired === 1 && timers === 1 && parked) break;
      await self.sleep(1);
    }
    if (kind === "crowd") {
      for (let i = 0; i < 250; i++) {
        for (const where of [own, scheduler]) self.spawnWith({ scheduler: where }, receives);
      }
    }
    self.spawnWith(there, spins);
    while (self.stats().schedulers[scheduler].currentPid === null) await self.sleep(1);
    self.spawnWith(there, receives);
  }
  await self.receive();
}
