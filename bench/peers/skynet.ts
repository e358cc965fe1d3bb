/**
 * skynet: a tree of actors with 10 children each and `n` leaves; the leaves' numbers are added up on the way back.
 * `n` is a power of ten.
 *
 * @module
 */
import type { Actor, Pid } from "smarm";
import { check, measure, type Measurement, secondsSince } from "./common.ts";

export interface SumMessage {
  readonly type: "sum";
  readonly value: number;
}

const CHILDREN = 10;

export function main(self: Actor<SumMessage>, ...args: string[]): Promise<void> {
  return measure(self, { name: "skynet", unit: "leaves", n: 1_000_000 }, args, (n) => sky(self, n));
}

async function sky(self: Actor<SumMessage>, n: number): Promise<Measurement> {
  const start = performance.now();
  self.spawn(skynet, self.pid, 0, n);
  const { value } = await self.receive();
  const seconds = secondsSince(start);
  check("the sum", value, n * (n - 1) / 2);
  return { n, seconds };
}

/** A leaf never waits, so only inner nodes pay for an async function. */
export function skynet(
  self: Actor<SumMessage>,
  parent: Pid<SumMessage>,
  ordinal: number,
  size: number,
): void | Promise<void> {
  if (size > 1) return innerNode(self, parent, ordinal, size / CHILDREN);
  self.send(parent, { type: "sum", value: ordinal });
}

async function innerNode(
  self: Actor<SumMessage>,
  parent: Pid<SumMessage>,
  ordinal: number,
  childSize: number,
): Promise<void> {
  for (let i = 0; i < CHILDREN; i++) self.spawn(skynet, self.pid, ordinal + i * childSize, childSize);
  let sum = 0;
  for (let i = 0; i < CHILDREN; i++) sum += (await self.receive()).value;
  self.send(parent, { type: "sum", value: sum });
}
