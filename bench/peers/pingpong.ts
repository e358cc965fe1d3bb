/**
 * pingpong: two actors hand one message to and fro, `n` round trips. What a message costs when nothing else goes on.
 *
 * @module
 */
import type { Actor, Pid } from "smarm";
import { check, currentScheduler, measure, type Measurement, secondsSince } from "./common.ts";

export type PingMessage =
  | { readonly type: "start" }
  | { readonly type: "pong"; readonly from: Pid<PongMessage> }
  | { readonly type: "count"; readonly count: number; readonly scheduler: number };

export interface PongMessage {
  readonly type: "ping" | "stop";
  readonly from: Pid<PingMessage>;
}

export interface PingPongResult {
  readonly type: "result";
  readonly pongs: number;
  readonly pings: number;
  readonly pingScheduler: number;
  readonly pongScheduler: number;
}

export function main(self: Actor<PingPongResult>, ...args: string[]): Promise<void> {
  return measure(
    self,
    { name: "pingpong", unit: "roundtrips", n: 1_000_000 },
    args,
    (n) => pingPong(self, n),
  );
}

/** With `across`, the one that pings lives on scheduler 0 and the other on scheduler 1. */
export async function pingPong(self: Actor<PingPongResult>, n: number, across = false): Promise<Measurement> {
  const start = performance.now();
  const far = self.spawnWith(across ? { scheduler: 1 } : {}, pong).pid;
  const near = self.spawnWith(across ? { scheduler: 0 } : {}, ping, self.pid, far, n).pid;
  self.send(near, { type: "start" });
  const result = await self.receive();
  const seconds = secondsSince(start);
  check("the number of pongs", result.pongs, n);
  check("the number of pings", result.pings, n);
  if (across) {
    check("the scheduler of ping", result.pingScheduler, 0);
    check("the scheduler of pong", result.pongScheduler, 1);
  }
  return { n, seconds };
}

export async function ping(
  self: Actor<PingMessage>,
  driver: Pid<PingPongResult>,
  peer: Pid<PongMessage>,
  n: number,
): Promise<void> {
  let left = n;
  let pongs = 0;
  for (;;) {
    const message = await self.receive();
    if (message.type === "count") {
      self.send(driver, {
        type: "result",
        pongs,
        pings: message.count,
        pingScheduler: currentScheduler(self),
        pongScheduler: message.scheduler,
      });
      return;
    }
    // The start and each pong are answered with the next ping.
    if (message.type === "pong") pongs++;
    if (left > 0) {
      left--;
      self.send(peer, { type: "ping", from: self.pid });
    } else {
      self.send(peer, { type: "stop", from: self.pid });
    }
  }
}

export async function pong(self: Actor<PongMessage>): Promise<void> {
  let count = 0;
  for (;;) {
    const message = await self.receive();
    if (message.type === "stop") {
      self.send(message.from, { type: "count", count, scheduler: currentScheduler(self) });
      return;
    }
    count++;
    self.send(message.from, { type: "pong", from: self.pid });
  }
}
