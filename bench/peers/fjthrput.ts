/**
 * fjthrput: 60 actors get `n` messages each, round robin, and do a little work for each one.
 *
 * @module
 */
import type { Actor, Pid } from "smarm";
import {
  check,
  measure,
  type Measurement,
  numberOption,
  type Options,
  secondsSince,
  THETA,
  work,
} from "./common.ts";

export interface WorkMessage {
  readonly type: "work";
  readonly theta: number;
}

export interface DoneMessage {
  readonly type: "done";
  readonly count: number;
}

export function main(self: Actor<DoneMessage>, ...args: string[]): Promise<void> {
  return measure(
    self,
    { name: "fjthrput", unit: "msgs", n: 20_000, options: ["a"] },
    args,
    (n, options) => throughput(self, n, options),
  );
}

async function throughput(self: Actor<DoneMessage>, n: number, options: Options): Promise<Measurement> {
  const actors = numberOption(options, "a", 60);
  const start = performance.now();
  const workers: Pid<WorkMessage>[] = [];
  for (let i = 0; i < actors; i++) workers.push(self.spawn(worker, self.pid, n).pid);
  for (let i = 0; i < n; i++) {
    for (const to of workers) self.send(to, { type: "work", theta: THETA });
    // A process of the peer is preempted while it sends; here the sender says where it may be.
    await self.check();
  }
  let sum = 0;
  for (let i = 0; i < actors; i++) sum += (await self.receive()).count;
  const seconds = secondsSince(start);
  check("the number of messages", sum, actors * n);
  return { n: actors * n, seconds, extra: { actors } };
}

export async function worker(self: Actor<WorkMessage>, driver: Pid<DoneMessage>, n: number): Promise<void> {
  let count = 0;
  while (count < n) {
    work((await self.receive()).theta);
    count++;
  }
  self.send(driver, { type: "done", count });
}
