/**
 * bndbuffer: 40 producers hand `n` items each to 40 consumers through a manager that holds at most 50 of them and
 * holds producers back. Making and using an item costs the same.
 *
 * @module
 */
import type { Actor, Pid } from "smarm";
import {
  check,
  ensure,
  Fifo,
  lcg,
  measure,
  type Measurement,
  numberOption,
  type Options,
  secondsSince,
} from "./common.ts";

export type ManagerMessage =
  | { readonly type: "data"; readonly item: number; readonly from: Pid<ProducerMessage> }
  | { readonly type: "available"; readonly from: Pid<ConsumerMessage> }
  | { readonly type: "producer-exit" };

export interface ProducerMessage {
  readonly type: "produce";
}

export type ConsumerMessage = { readonly type: "data"; readonly item: number } | { readonly type: "exit" };

export type DriverMessage =
  | { readonly type: "peak"; readonly peak: number }
  | { readonly type: "consumed"; readonly count: number };

/** The sizes of one run. */
export interface Shape {
  readonly producers: number;
  readonly consumers: number;
  readonly buffer: number;
  /** Steps of computing for an item, on each side. */
  readonly cost: number;
  readonly itemsPerProducer: number;
}

export function main(self: Actor<DriverMessage>, ...args: string[]): Promise<void> {
  return measure(
    self,
    { name: "bndbuffer", unit: "items", n: 5_000, options: ["producers", "consumers", "buffer", "cost"] },
    args,
    (n, options) => items(self, n, options),
  );
}

async function items(self: Actor<DriverMessage>, n: number, options: Options): Promise<Measurement> {
  const shape: Shape = {
    producers: numberOption(options, "producers", 40),
    consumers: numberOption(options, "consumers", 40),
    buffer: numberOption(options, "buffer", 50),
    cost: numberOption(options, "cost", 25),
    itemsPerProducer: n,
  };
  const start = performance.now();
  self.spawn(manager, self.pid, shape);
  let peak = -1;
  let consumed = 0;
  for (let i = 0; i < shape.consumers + 1; i++) {
    const message = await self.receive();
    if (message.type === "peak") peak = message.peak;
    else consumed += message.count;
  }
  const seconds = secondsSince(start);
  check("the number of items", consumed, shape.producers * n);
  ensure(peak >= 0 && peak <= shape.buffer, `the queue peaked at ${peak}, expected 0 to ${shape.buffer}`);
  return { n: consumed, seconds, extra: { peak } };
}

export async function manager(
  self: Actor<ManagerMessage>,
  driver: Pid<DriverMessage>,
  shape: Shape,
): Promise<void> {
  const consumers: Pid<ConsumerMessage>[] = [];
  const free = new Fifo<Pid<ConsumerMessage>>();
  for (let i = 0; i < shape.consumers; i++) {
    const { pid } = self.spawn(consumer, driver, self.pid, shape.cost);
    consumers.push(pid);
    free.push(pid);
  }
  const producers: Pid<ProducerMessage>[] = [];
  for (let i = 0; i < shape.producers; i++) {
    producers.push(self.spawn(producer, self.pid, shape.itemsPerProducer, shape.cost).pid);
  }
  for (const one of producers) self.send(one, { type: "produce" });
  // Each producer that was let go may still bring one item, so the manager holds them back that much earlier.
  const holdFrom = shape.buffer - shape.producers;
  const queue = new Fifo<number>();
  const held = new Fifo<Pid<ProducerMessage>>();
  let exited = 0;
  let peak = 0;
  while (exited < shape.producers || free.length < shape.consumers || queue.length > 0) {
    const message = await self.receive();
    switch (message.type) {
      case "data": {
        const taker = free.shift();
        if (taker === undefined) queue.push(message.item);
        else self.send(taker, { type: "data", item: message.item });
        peak = Math.max(peak, queue.length);
        if (queue.length >= holdFrom) held.push(message.from);
        else self.send(message.from, { type: "produce" });
        break;
      }
      case "available": {
        const item = queue.shift();
        if (item === undefined) {
          free.push(message.from);
          break;
        }
        self.send(message.from, { type: "data", item });
        const released = held.shift();
        if (released !== undefined) self.send(released, { type: "produce" });
        break;
      }
      case "producer-exit":
        exited++;
        break;
    }
  }
  self.send(driver, { type: "peak", peak });
  for (const one of consumers) self.send(one, { type: "exit" });
}

export async function producer(
  self: Actor<ProducerMessage>,
  buffer: Pid<ManagerMessage>,
  n: number,
  cost: number,
): Promise<void> {
  let item = 0;
  for (let i = 0; i < n; i++) {
    await self.receive();
    item = process(item, cost);
    self.send(buffer, { type: "data", item, from: self.pid });
  }
  await self.receive();
  self.send(buffer, { type: "producer-exit" });
}

export async function consumer(
  self: Actor<ConsumerMessage>,
  driver: Pid<DriverMessage>,
  buffer: Pid<ManagerMessage>,
  cost: number,
): Promise<void> {
  let item = 0;
  let count = 0;
  for (;;) {
    const message = await self.receive();
    if (message.type === "exit") {
      self.send(driver, { type: "consumed", count });
      return;
    }
    item = process(item + message.item, cost);
    count++;
    self.send(buffer, { type: "available", from: self.pid });
  }
}

function process(item: number, cost: number): number {
  let random = cost;
  for (let i = 0; i < cost; i++) {
    random = lcg(random);
    item += Math.log(1 / (random + 1) + 0.01);
  }
  return item;
}
