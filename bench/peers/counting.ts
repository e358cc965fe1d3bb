/**
 * counting: a producer sends `n` messages in one turn to a counter, then asks it for its count. What a message costs
 * when the mailbox is never empty. `window=w` lets at most `w` messages be on their way; the counter gives a credit
 * for each half of the window.
 *
 * @module
 */
import type { Actor, Pid } from "smarm";
import {
  check,
  currentScheduler,
  measure,
  type Measurement,
  numberOption,
  type Options,
  secondsSince,
} from "./common.ts";

export type CounterMessage =
  | { readonly type: "inc" }
  | { readonly type: "credits-to"; readonly from: Pid<ProducerMessage> }
  | { readonly type: "get"; readonly from: Pid<ProducerMessage> };

export type ProducerMessage =
  | { readonly type: "inc" }
  | { readonly type: "credit" }
  | { readonly type: "count"; readonly count: number; readonly scheduler: number };

export interface CountingResult {
  readonly type: "result";
  readonly count: number;
  readonly producerScheduler: number;
  readonly counterScheduler: number;
}

export function main(self: Actor<CountingResult>, ...args: string[]): Promise<void> {
  return measure(
    self,
    { name: "counting", unit: "msgs", n: 2_000_000, options: ["window"] },
    args,
    (n, options) => count(self, n, options),
  );
}

/** With `across`, the producer lives on scheduler 0 and the counter on scheduler 1. */
export async function count(
  self: Actor<CountingResult>,
  n: number,
  options: Options,
  across = false,
): Promise<Measurement> {
  const window = numberOption(options, "window", 0);
  const start = performance.now();
  const target = self.spawnWith(across ? { scheduler: 1 } : {}, counter, window >> 1).pid;
  const source = self.spawnWith(across ? { scheduler: 0 } : {}, producer, self.pid, target, n, window).pid;
  self.send(source, { type: "inc" });
  const result = await self.receive();
  const seconds = secondsSince(start);
  check("the count", result.count, n);
  if (across) {
    check("the scheduler of the producer", result.producerScheduler, 0);
    check("the scheduler of the counter", result.counterScheduler, 1);
  }
  return { n, seconds };
}

export async function producer(
  self: Actor<ProducerMessage>,
  driver: Pid<CountingResult>,
  target: Pid<CounterMessage>,
  n: number,
  window: number,
): Promise<void> {
  await self.receive();
  if (window === 0) {
    for (let i = 0; i < n; i++) self.send(target, { type: "inc" });
  } else {
    self.send(target, { type: "credits-to", from: self.pid });
    await sendByCredit(self, target, n, window);
  }
  self.send(target, { type: "get", from: self.pid });
  for (;;) {
    const message = await self.receive();
    if (message.type !== "count") continue;
    self.send(driver, {
      type: "result",
      count: message.count,
      producerScheduler: currentScheduler(self),
      counterScheduler: message.scheduler,
    });
    return;
  }
}

async function sendByCredit(
  self: Actor<ProducerMessage>,
  target: Pid<CounterMessage>,
  n: number,
  window: number,
): Promise<void> {
  let credit = window;
  for (let i = 0; i < n; i++) {
    if (credit === 0) {
      await self.receive();
      credit = window >> 1;
    }
    credit--;
    self.send(target, { type: "inc" });
  }
}

/** @param batch a credit is given for so many messages; 0: for none */
export async function counter(self: Actor<CounterMessage>, batch: number): Promise<void> {
  let count = 0;
  let untilCredit = batch;
  let source: Pid<ProducerMessage> | undefined;
  for (;;) {
    const message = await self.receive();
    switch (message.type) {
      case "inc":
        count++;
        if (source !== undefined && --untilCredit === 0) {
          untilCredit = batch;
          self.send(source, { type: "credit" });
        }
        break;
      case "credits-to":
        source = message.from;
        break;
      case "get":
        self.send(message.from, { type: "count", count, scheduler: currentScheduler(self) });
        return;
    }
  }
}
