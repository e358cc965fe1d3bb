/**
 * trapezoid: 100 workers add up the area below a curve in `n` pieces. Nothing but computing.
 *
 * @module
 */
import type { Actor, Pid } from "smarm";
import { ensure, measure, type Measurement, numberOption, type Options, secondsSince } from "./common.ts";

export interface WorkerMessage {
  readonly type: "work";
  readonly from: number;
  readonly to: number;
  readonly left: number;
  readonly width: number;
}

export type MasterMessage =
  | { readonly type: "work"; readonly pieces: number; readonly left: number; readonly right: number }
  | { readonly type: "result"; readonly area: number };

export interface AreaResult {
  readonly type: "area";
  readonly area: number;
}

const LEFT = 1;
const RIGHT = 5;
/** By Simpson's rule with two million intervals. */
const EXPECTED_AREA = 0.2710807519530776;
const TOLERANCE = 1e-6;

export function main(self: Actor<AreaResult>, ...args: string[]): Promise<void> {
  return measure(
    self,
    { name: "trapezoid", unit: "pieces", n: 1_000_000, options: ["w"] },
    args,
    (n, options) => integrate(self, n, options),
  );
}

async function integrate(self: Actor<AreaResult>, n: number, options: Options): Promise<Measurement> {
  const workers = numberOption(options, "w", 100);
  const start = performance.now();
  const head = self.spawn(master, self.pid, workers);
  self.send(head, { type: "work", pieces: n, left: LEFT, right: RIGHT });
  const { area } = await self.receive();
  const seconds = secondsSince(start);
  ensure(
    Math.abs(area - EXPECTED_AREA) < TOLERANCE,
    `the area is ${area}, expected ${EXPECTED_AREA} ± ${TOLERANCE}`,
  );
  return { n, seconds, extra: { workers } };
}

export async function master(
  self: Actor<MasterMessage>,
  driver: Pid<AreaResult>,
  count: number,
): Promise<void> {
  const workers: Pid<WorkerMessage>[] = [];
  for (let i = 0; i < count; i++) workers.push(self.spawn(worker, self.pid).pid);
  const order = await self.receive();
  if (order.type !== "work") throw new Error(`The master got "${order.type}" before its work`);
  const { pieces, left, right } = order;
  const width = (right - left) / pieces;
  for (let i = 0; i < count; i++) {
    const from = Math.floor(i * pieces / count);
    const to = Math.floor((i + 1) * pieces / count);
    self.send(workers[i], { type: "work", from, to, left, width });
  }
  let area = 0;
  for (let i = 0; i < count; i++) {
    const message = await self.receive();
    if (message.type === "result") area += message.area;
  }
  self.send(driver, { type: "area", area });
}

export async function worker(self: Actor<WorkerMessage>, head: Pid<MasterMessage>): Promise<void> {
  const { from, to, left, width } = await self.receive();
  let area = 0;
  for (let i = from; i < to; i++) {
    const x = i * width + left;
    area += 0.5 * (curve(x) + curve(x + width)) * width;
  }
  self.send(head, { type: "result", area });
}

function curve(x: number): number {
  return Math.sin(Math.pow(x, 3) - 1) / (x + 1) * Math.sqrt(1 + Math.exp(Math.sqrt(2 * x)));
}
