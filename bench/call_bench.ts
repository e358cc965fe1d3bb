/**
 * What a call costs beside a bare ping-pong of two messages, in turn, in one process: rounds of each, and the medians.
 * The goal: a call's round trip takes at most 1.6 times a bare one.
 *
 *     deno run -A smarm.ts --threads 1 bench/call_bench.ts [n=300000] [rounds=7]
 *
 * With two schedulers and `across=1` the two actors live on different ones.
 *
 * @module
 */
import type { Actor, Call, Pid } from "smarm";
import { check, currentScheduler, numberOption, parseOptions, round, secondsSince } from "./peers/common.ts";

type Ask = Call<number, number>;
interface Ping {
  readonly type: "ping";
  readonly from: Pid<number>;
  readonly n: number;
}

export async function main(self: Actor<unknown>, ...args: string[]): Promise<void> {
  const options = parseOptions(args, ["n", "rounds", "across"]);
  const n = numberOption(options, "n", 300_000);
  const rounds = numberOption(options, "rounds", 7);
  const where = {
    scheduler: (currentScheduler(self) + numberOption(options, "across", 0)) % self.stats().schedulerCount,
  };
  const far = self.spawnWith(where, pong);
  const server = self.spawnWith(where, answers);
  const nanos = { bare: [] as number[], call: [] as number[] };
  for (let i = -1; i < rounds; i++) { // the first round warms up
    const bare = await timed(self.spawnWith({ scheduler: "local" }, pings, far.pid, n), n);
    const call = await timed(self.spawnWith({ scheduler: "local" }, calls, server.pid, n), n);
    if (i < 0) continue;
    nanos.bare.push(bare);
    nanos.call.push(call);
  }
  self.exit(far, "shutdown");
  self.exit(server, "shutdown");
  const bare = median(nanos.bare), call = median(nanos.call);
  console.log(JSON.stringify({
    bench: "call",
    sched: self.stats().schedulerCount,
    n,
    bare_ns: round(bare, 0),
    call_ns: round(call, 0),
    ratio: round(call / bare, 2),
    bare_min_max: [Math.min(...nanos.bare), Math.max(...nanos.bare)].map((ns) => round(ns, 0)),
    call_min_max: [Math.min(...nanos.call), Math.max(...nanos.call)].map((ns) => round(ns, 0)),
  }));
}

async function timed(handle: { join(): Promise<unknown> }, n: number): Promise<number> {
  const start = performance.now();
  await handle.join();
  return secondsSince(start) * 1e9 / n;
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}

export async function pings(self: Actor<number>, to: Pid<Ping>, n: number): Promise<void> {
  for (let i = 0; i < n; i++) {
    self.send(to, { type: "ping", from: self.pid, n: i });
    check("the pong", await self.receive(), i);
  }
}

export async function pong(self: Actor<Ping>): Promise<void> {
  for (;;) {
    const { from, n } = await self.receive();
    self.send(from, n);
  }
}

export async function calls(self: Actor, to: Pid<Ask>, n: number): Promise<void> {
  for (let i = 0; i < n; i++) check("the reply", await self.call(to, i), i);
}

export async function answers(self: Actor<Ask>): Promise<void> {
  for (;;) {
    const call = await self.receive();
    call.reply(call.request);
  }
}
