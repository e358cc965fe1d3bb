/**
 * fjcreate: `n` actors, each started with one message, each with a little work and one message to a sink. What the
 * life of an actor costs.
 *
 * @module
 */
import type { Actor, Pid } from "smarm";
import { check, measure, type Measurement, secondsSince, THETA, work } from "./common.ts";

export interface WorkMessage {
  readonly type: "work";
  readonly theta: number;
}

export interface DoneMessage {
  readonly type: "done";
}

export interface CreateResult {
  readonly type: "result";
  readonly count: number;
}

/** So many actors are started between two chances for others to run. */
const SPAWNS_PER_CHECK = 64;

export function main(self: Actor<CreateResult>, ...args: string[]): Promise<void> {
  return measure(self, { name: "fjcreate", unit: "actors", n: 1_000_000 }, args, (n) => create(self, n));
}

async function create(self: Actor<CreateResult>, n: number): Promise<Measurement> {
  const start = performance.now();
  const done = self.spawn(sink, self.pid, n).pid;
  for (let i = 0; i < n; i++) {
    const child = self.spawn(worker, done);
    self.send(child, { type: "work", theta: THETA });
    // A process of the peer is preempted while it spawns; here the spawner says where it may be.
    if (i % SPAWNS_PER_CHECK === 0) await self.check();
  }
  const { count } = await self.receive();
  const seconds = secondsSince(start);
  check("the number of actors", count, n);
  return { n, seconds };
}

export async function worker(self: Actor<WorkMessage>, done: Pid<DoneMessage>): Promise<void> {
  const { theta } = await self.receive();
  work(theta);
  self.send(done, { type: "done" });
}

export async function sink(self: Actor<DoneMessage>, driver: Pid<CreateResult>, n: number): Promise<void> {
  let count = 0;
  while (count < n) {
    await self.receive();
    count++;
  }
  self.send(driver, { type: "result", count });
}
