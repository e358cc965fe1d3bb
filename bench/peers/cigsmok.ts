/**
 * cigsmok: an arbiter lets one of 200 smokers, drawn at random, smoke for a while, `n` rounds. The smoker answers
 * before it smokes, so rounds overlap.
 *
 * @module
 */
import type { Actor, Pid } from "smarm";
import {
  busy,
  check,
  lcg,
  measure,
  type Measurement,
  numberOption,
  type Options,
  secondsSince,
} from "./common.ts";

export type SmokerMessage = { readonly type: "smoke"; readonly steps: number } | { readonly type: "exit" };

export interface ArbiterMessage {
  readonly type: "start" | "started";
}

export interface SmokedMessage {
  readonly type: "smoked";
  readonly count: number;
}

export function main(self: Actor<SmokedMessage>, ...args: string[]): Promise<void> {
  return measure(
    self,
    { name: "cigsmok", unit: "rounds", n: 200_000, options: ["a"] },
    args,
    (n, options) => rounds(self, n, options),
  );
}

async function rounds(self: Actor<SmokedMessage>, n: number, options: Options): Promise<Measurement> {
  const actors = numberOption(options, "a", 200);
  const start = performance.now();
  const head = self.spawn(arbiter, self.pid, actors, n);
  self.send(head, { type: "start" });
  let smoked = 0;
  for (let i = 0; i < actors; i++) smoked += (await self.receive()).count;
  const seconds = secondsSince(start);
  check("the number of rounds smoked", smoked, n);
  return { n, seconds, extra: { actors } };
}

export async function arbiter(
  self: Actor<ArbiterMessage>,
  driver: Pid<SmokedMessage>,
  actors: number,
  n: number,
): Promise<void> {
  const smokers: Pid<SmokerMessage>[] = [];
  for (let i = 0; i < actors; i++) smokers.push(self.spawn(smoker, driver, self.pid).pid);
  let random = (n * actors) & 65535;
  for (let i = 0; i < n; i++) {
    // The first message is the start, each further one the answer to the round before.
    await self.receive();
    const who = lcg(random);
    random = lcg(who);
    self.send(smokers[who % actors], { type: "smoke", steps: random % 1000 + 10 });
  }
  await self.receive();
  for (const one of smokers) self.send(one, { type: "exit" });
}

export async function smoker(
  self: Actor<SmokerMessage>,
  driver: Pid<SmokedMessage>,
  head: Pid<ArbiterMessage>,
): Promise<void> {
  let count = 0;
  for (;;) {
    const message = await self.receive();
    if (message.type === "exit") {
      self.send(driver, { type: "smoked", count });
      return;
    }
    self.send(head, { type: "started" });
    count++;
    keep(busy(message.steps, message.steps));
  }
}

let kept = 0;
/** Stores what was computed, so that no compiler may find the computing useless. */
function keep(value: number): void {
  kept = value;
  if (kept < 0) throw new RangeError(`The generator gave ${kept}, which is below 0`);
}
