/**
 * philosophers: 20 philosophers ask one arbitrator for their two forks, `n` meals each; who is denied asks again at
 * once. Retries depend on the order of events and are reported as `denied`.
 *
 * @module
 */
import type { Actor, Pid } from "smarm";
import {
  check,
  ensure,
  measure,
  type Measurement,
  numberOption,
  type Options,
  secondsSince,
} from "./common.ts";

export type ArbitratorMessage =
  | { readonly type: "hungry"; readonly from: Pid<PhilosopherMessage>; readonly seat: number }
  | { readonly type: "done"; readonly seat: number }
  | { readonly type: "exit" };

export interface PhilosopherMessage {
  readonly type: "start" | "eat" | "denied";
}

export type DriverMessage =
  | { readonly type: "philosopher"; readonly rounds: number; readonly denied: number }
  | { readonly type: "arbitrator"; readonly meals: number; readonly forksTaken: number };

export function main(self: Actor<DriverMessage>, ...args: string[]): Promise<void> {
  return measure(
    self,
    { name: "philosophers", unit: "meals", n: 30_000, options: ["a"] },
    args,
    (n, options) => meals(self, n, options),
  );
}

async function meals(self: Actor<DriverMessage>, n: number, options: Options): Promise<Measurement> {
  const actors = numberOption(options, "a", 20);
  const start = performance.now();
  const table = self.spawn(arbitrator, self.pid, actors).pid;
  const seated: Pid<PhilosopherMessage>[] = [];
  for (let i = 0; i < actors; i++) seated.push(self.spawn(philosopher, self.pid, table, i, n).pid);
  for (const one of seated) self.send(one, { type: "start" });
  let eaten = 0;
  let rounds = 0;
  let denied = 0;
  let forksTaken = -1;
  for (let i = 0; i < actors + 1; i++) {
    const message = await self.receive();
    if (message.type === "philosopher") {
      rounds += message.rounds;
      denied += message.denied;
    } else {
      eaten = message.meals;
      forksTaken = message.forksTaken;
    }
  }
  const seconds = secondsSince(start);
  check("the number of meals", eaten, actors * n);
  check("the number of rounds", rounds, actors * n);
  check("the number of forks taken at the end", forksTaken, 0);
  return { n: actors * n, seconds, extra: { actors, denied } };
}

export async function arbitrator(
  self: Actor<ArbitratorMessage>,
  driver: Pid<DriverMessage>,
  seats: number,
): Promise<void> {
  const taken = new Array<boolean>(seats).fill(false);
  let meals = 0;
  for (let gone = 0; gone < seats;) {
    const message = await self.receive();
    switch (message.type) {
      case "hungry": {
        const other = (message.seat + 1) % seats;
        if (taken[message.seat] || taken[other]) {
          self.send(message.from, { type: "denied" });
        } else {
          taken[message.seat] = taken[other] = true;
          meals++;
          self.send(message.from, { type: "eat" });
        }
        break;
      }
      case "done": {
        const other = (message.seat + 1) % seats;
        ensure(
          taken[message.seat] && taken[other],
          `seat ${message.seat} put forks back that were not taken`,
        );
        taken[message.seat] = taken[other] = false;
        break;
      }
      case "exit":
        gone++;
        break;
    }
  }
  self.send(driver, { type: "arbitrator", meals, forksTaken: taken.filter((fork) => fork).length });
}

export async function philosopher(
  self: Actor<PhilosopherMessage>,
  driver: Pid<DriverMessage>,
  table: Pid<ArbitratorMessage>,
  seat: number,
  n: number,
): Promise<void> {
  let rounds = 0;
  let denied = 0;
  for (;;) {
    const message = await self.receive();
    if (message.type === "eat") {
      rounds++;
      self.send(table, { type: "done", seat });
      if (rounds < n) {
        self.send(self.pid, { type: "start" });
        continue;
      }
      self.send(table, { type: "exit" });
      self.send(driver, { type: "philosopher", rounds, denied });
      return;
    }
    // Who is denied asks again at once.
    if (message.type === "denied") denied++;
    self.send(table, { type: "hungry", from: self.pid, seat });
  }
}
