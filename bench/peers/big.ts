/**
 * big: 120 actors, each of which pings actors drawn at random, `n` times, and answers the others' pings. Many to many.
 *
 * @module
 */
import type { Actor, Pid } from "smarm";
import { check, lcg, measure, type Measurement, numberOption, type Options, secondsSince } from "./common.ts";

export type BigMessage =
  | { readonly type: "neighbors"; readonly all: readonly Pid<BigMessage>[] }
  | { readonly type: "ping"; readonly from: number }
  | { readonly type: "pong"; readonly from: number }
  | { readonly type: "exit" };

export type SinkMessage =
  | { readonly type: "neighbors"; readonly all: readonly Pid<BigMessage>[] }
  | { readonly type: "done" }
  | { readonly type: "stats"; readonly pings: number; readonly pongs: number };

export interface BigResult {
  readonly type: "result";
  readonly pings: number;
  readonly pongs: number;
}

/** In the pong that starts an actor: no neighbour sent it. */
const NOBODY = -1;

export function main(self: Actor<BigResult>, ...args: string[]): Promise<void> {
  return measure(
    self,
    { name: "big", unit: "pings", n: 20_000, options: ["a"] },
    args,
    (n, options) => big(self, n, options),
  );
}

async function big(self: Actor<BigResult>, n: number, options: Options): Promise<Measurement> {
  const actors = numberOption(options, "a", 120);
  const start = performance.now();
  const done = self.spawn(sink, self.pid).pid;
  const all: Pid<BigMessage>[] = [];
  for (let i = 0; i < actors; i++) all.push(self.spawn(neighbor, done, i, n).pid);
  self.send(done, { type: "neighbors", all });
  for (const one of all) self.send(one, { type: "neighbors", all });
  for (const one of all) self.send(one, { type: "pong", from: NOBODY });
  const { pings, pongs } = await self.receive();
  const seconds = secondsSince(start);
  check("the number of pings", pings, actors * n);
  check("the number of pongs", pongs, actors * n);
  return { n: actors * n, seconds, extra: { actors } };
}

export async function neighbor(
  self: Actor<BigMessage>,
  done: Pid<SinkMessage>,
  id: number,
  n: number,
): Promise<void> {
  let all: readonly Pid<BigMessage>[] = [];
  let random = id;
  let expected = NOBODY;
  let sent = 0;
  let pings = 0;
  let pongs = 0;
  for (;;) {
    const message = await self.receive();
    switch (message.type) {
      case "ping":
        pings++;
        self.send(all[message.from], { type: "pong", from: id });
        break;
      case "pong":
        check("the sender of a pong", message.from, expected);
        if (message.from !== NOBODY) pongs++;
        if (sent === n) {
          self.send(done, { type: "done" });
        } else {
          sent++;
          random = lcg(random);
          expected = random % all.length;
          self.send(all[expected], { type: "ping", from: id });
        }
        break;
      case "neighbors":
        all = message.all;
        break;
      case "exit":
        self.send(done, { type: "stats", pings, pongs });
        return;
    }
  }
}

export async function sink(self: Actor<SinkMessage>, driver: Pid<BigResult>): Promise<void> {
  let all: readonly Pid<BigMessage>[] = [];
  let done = 0;
  let answers = 0;
  let pings = 0;
  let pongs = 0;
  do {
    const message = await self.receive();
    switch (message.type) {
      case "neighbors":
        all = message.all;
        break;
      case "done":
        if (++done === all.length) { for (const one of all) self.send(one, { type: "exit" }); }
        break;
      case "stats":
        answers++;
        pings += message.pings;
        pongs += message.pongs;
        break;
    }
  } while (all.length === 0 || answers < all.length);
  self.send(driver, { type: "result", pings, pongs });
}
