/**
 * threadring: 100 actors in a ring pass one token on, `n` hops. What it costs to switch between actors.
 *
 * @module
 */
import type { Actor, Pid } from "smarm";
import { check, measure, type Measurement, numberOption, type Options, secondsSince } from "./common.ts";

export type RingMessage =
  | { readonly type: "next"; readonly next: Pid<RingMessage> }
  | { readonly type: "token"; readonly left: number }
  | { readonly type: "exit"; readonly origin: Pid<RingMessage>; readonly seen: number };

export interface RingResult {
  readonly type: "result";
  readonly seen: number;
}

export function main(self: Actor<RingResult>, ...args: string[]): Promise<void> {
  return measure(
    self,
    { name: "threadring", unit: "hops", n: 1_000_000, options: ["a"] },
    args,
    (n, options) => ring(self, n, options),
  );
}

async function ring(self: Actor<RingResult>, n: number, options: Options): Promise<Measurement> {
  const actors = numberOption(options, "a", 100);
  const start = performance.now();
  const links: Pid<RingMessage>[] = [];
  for (let i = 0; i < actors; i++) links.push(self.spawn(link, self.pid).pid);
  for (let i = 0; i < actors; i++) self.send(links[i], { type: "next", next: links[(i + 1) % actors] });
  self.send(links[0], { type: "token", left: n });
  const { seen } = await self.receive();
  const seconds = secondsSince(start);
  check("the number of tokens seen", seen, n + 1);
  return { n, seconds, extra: { actors } };
}

export async function link(self: Actor<RingMessage>, driver: Pid<RingResult>): Promise<void> {
  let next: Pid<RingMessage> | undefined;
  let seen = 0;
  for (;;) {
    const message = await self.receive();
    if (message.type === "next") {
      next = message.next;
      continue;
    }
    if (next === undefined) throw new Error(`A link of the ring got "${message.type}" before its successor`);
    if (message.type === "token") {
      seen++;
      if (message.left > 0) self.send(next, { type: "token", left: message.left - 1 });
      else self.send(next, { type: "exit", origin: self.pid, seen: 0 });
    } else {
      if (message.origin === self.pid) self.send(driver, { type: "result", seen: message.seen + seen });
      else self.send(next, { type: "exit", origin: message.origin, seen: message.seen + seen });
      return;
    }
  }
}
