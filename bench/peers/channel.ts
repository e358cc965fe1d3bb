/**
 * channel: one producer, one consumer, a bounded channel between them. Beside counting with a window of the same size:
 * Erlang bounds a mailbox by credits, Go's counting is a `chan` of 1,024.
 *
 * @module
 */
import type { Actor, ChannelSender, Pid } from "smarm";
import {
  check,
  currentScheduler,
  measure,
  type Measurement,
  numberOption,
  type Options,
  secondsSince,
} from "./common.ts";

interface Item {
  readonly type: "item";
  readonly n: number;
}

export interface ChannelResult {
  readonly producerScheduler: number;
  readonly consumerScheduler: number;
}

type ProducerMessage = ChannelSender<Item>;

export function main(self: Actor<ChannelResult>, ...args: string[]): Promise<void> {
  return measure(
    self,
    { name: "channel", unit: "items", n: 2_000_000, options: ["capacity"] },
    args,
    (n, options) => transfer(self, n, options),
  );
}

/** With `across`, the producer lives on scheduler 0 and the consumer on scheduler 1. */
export async function transfer(
  self: Actor<ChannelResult>,
  n: number,
  options: Options,
  across = false,
): Promise<Measurement> {
  const capacity = numberOption(options, "capacity", 1024);
  const start = performance.now();
  const source = self.spawnWith({ scheduler: across ? 0 : "local" }, producer, n).pid;
  self.spawnWith({ scheduler: across ? 1 : "local" }, consumer, self.pid, source, n, capacity);
  const result = await self.receive();
  const seconds = secondsSince(start);
  if (across) {
    check("the scheduler of the producer", result.producerScheduler, 0);
    check("the scheduler of the consumer", result.consumerScheduler, 1);
  }
  return { n, seconds };
}

export async function producer(self: Actor<ProducerMessage>, n: number): Promise<void> {
  const to = await self.receive();
  for (let i = 0; i < n; i++) await to.send({ type: "item", n: i });
  await to.send({ type: "item", n: currentScheduler(self) });
}

export async function consumer(
  self: Actor,
  driver: Pid<ChannelResult>,
  source: Pid<ProducerMessage>,
  n: number,
  capacity: number,
): Promise<void> {
  const { sender, receiver } = self.channel<Item>(capacity);
  self.send(source, sender);
  for (let i = 0; i < n; i++) check("the item", (await receiver.receive()).n, i);
  const producerScheduler = (await receiver.receive()).n;
  self.send(driver, { producerScheduler, consumerScheduler: currentScheduler(self) });
}
