/**
 * logmap: 10 series of the logistic map, `n` terms each; a series asks its rate actor for each next term and puts
 * everything else by until it comes.
 *
 * @module
 */
import type { Actor, Pid } from "smarm";
import {
  check,
  Fifo,
  measure,
  type Measurement,
  numberOption,
  type Options,
  secondsSince,
} from "./common.ts";

export type RateMessage =
  | { readonly type: "compute"; readonly from: Pid<SeriesMessage>; readonly x: number }
  | { readonly type: "stop" };

export type SeriesMessage =
  | { readonly type: "next-term" }
  | { readonly type: "get-term" }
  | { readonly type: "term"; readonly x: number }
  | { readonly type: "stop" };

export type MasterMessage =
  | { readonly type: "start" }
  | { readonly type: "result"; readonly index: number; readonly x: number };

export interface TermsResult {
  readonly type: "terms";
  /** The last term of each series, by its index. */
  readonly terms: readonly number[];
}

const FIRST_RATE = 3.46;
const STEP = 0.0025;

export function main(self: Actor<TermsResult>, ...args: string[]): Promise<void> {
  return measure(
    self,
    { name: "logmap", unit: "terms", n: 100_000, options: ["a"] },
    args,
    (n, options) => logistic(self, n, options),
  );
}

async function logistic(self: Actor<TermsResult>, n: number, options: Options): Promise<Measurement> {
  const count = numberOption(options, "a", 10);
  const expected: number[] = [];
  for (let i = 0; i < count; i++) expected.push(lastTerm(n, rateOf(i), i * STEP));
  const start = performance.now();
  const head = self.spawn(master, self.pid, count, n);
  self.send(head, { type: "start" });
  const { terms } = await self.receive();
  const seconds = secondsSince(start);
  for (let i = 0; i < count; i++) check(`the last term of series ${i}`, terms[i], expected[i]);
  return { n: count * n, seconds, extra: { series: count } };
}

function rateOf(index: number): number {
  return FIRST_RATE + index * STEP;
}

function nextTerm(rate: number, x: number): number {
  return rate * x * (1 - x);
}

function lastTerm(n: number, rate: number, x: number): number {
  for (let i = 0; i < n; i++) x = nextTerm(rate, x);
  return x;
}

export async function master(
  self: Actor<MasterMessage>,
  driver: Pid<TermsResult>,
  count: number,
  n: number,
): Promise<void> {
  const rates: Pid<RateMessage>[] = [];
  for (let i = 0; i < count; i++) rates.push(self.spawn(rateComputer, rateOf(i)).pid);
  const all: Pid<SeriesMessage>[] = [];
  for (let i = 0; i < count; i++) all.push(self.spawn(series, self.pid, i, rates[i], i * STEP).pid);
  await self.receive();
  for (let i = 0; i < n; i++) {
    for (const one of all) self.send(one, { type: "next-term" });
    // A process of the peer is preempted while it sends; here the sender says where it may be.
    await self.check();
  }
  for (const one of all) self.send(one, { type: "get-term" });
  const terms = new Array<number>(count).fill(NaN);
  for (let i = 0; i < count; i++) {
    const message = await self.receive();
    if (message.type === "result") terms[message.index] = message.x;
  }
  for (const one of rates) self.send(one, { type: "stop" });
  for (const one of all) self.send(one, { type: "stop" });
  self.send(driver, { type: "terms", terms });
}

export async function rateComputer(self: Actor<RateMessage>, rate: number): Promise<void> {
  for (;;) {
    const message = await self.receive();
    if (message.type === "stop") return;
    self.send(message.from, { type: "term", x: nextTerm(rate, message.x) });
  }
}

export async function series(
  self: Actor<SeriesMessage>,
  head: Pid<MasterMessage>,
  index: number,
  computer: Pid<RateMessage>,
  startX: number,
): Promise<void> {
  let x = startX;
  let waiting = false;
  const stash = new Fifo<SeriesMessage>();
  for (;;) {
    const message = (waiting ? undefined : stash.shift()) ?? await self.receive();
    if (waiting && message.type !== "term") {
      stash.push(message);
      continue;
    }
    switch (message.type) {
      case "next-term":
        waiting = true;
        self.send(computer, { type: "compute", from: self.pid, x });
        break;
      case "term":
        waiting = false;
        x = message.x;
        break;
      case "get-term":
        self.send(head, { type: "result", index, x });
        break;
      case "stop":
        return;
    }
  }
}
