/**
 * One producer, one consumer and a bounded channel between them: values a second for several capacities, on one scheduler
 * and, with two, across them.
 *
 *     deno run -A smarm.ts --threads 1 bench/channel_bench.ts [n=500000] [rounds=3]
 *     deno run -A smarm.ts --threads 2 bench/channel_bench.ts across=1 [capacity=128]
 *
 * Beside Erlang stand peers/channel.ts and peers/xchannel.ts: bench/README.md.
 *
 * @module
 */
import type { Actor, ChannelSender } from "smarm";
import { check, currentScheduler, numberOption, parseOptions, round, secondsSince } from "./peers/common.ts";

const CAPACITIES = [1, 16, 128, 1024, undefined];

interface Value {
  readonly type: "value";
  readonly n: number;
}

export async function main(self: Actor, ...args: string[]): Promise<void> {
  const options = parseOptions(args, ["n", "rounds", "across", "capacity"]);
  const n = numberOption(options, "n", 500_000);
  const rounds = numberOption(options, "rounds", 3);
  const across = numberOption(options, "across", 0);
  const only = numberOption(options, "capacity", 0);
  for (const capacity of only > 0 ? [only] : CAPACITIES) {
    const perSecond: number[] = [];
    for (let i = -1; i < rounds; i++) {
      const seconds = await transfer(self, across, capacity, i < 0 ? n / 10 : n);
      if (i >= 0) perSecond.push(n / seconds);
    }
    perSecond.sort((a, b) => a - b);
    console.log(JSON.stringify({
      bench: "channel",
      sched: self.stats().schedulerCount,
      across,
      capacity: capacity ?? "none",
      n,
      per_s: round(perSecond[rounds >> 1], 0),
      min_max: [perSecond[0], perSecond[rounds - 1]].map((one) => round(one, 0)),
    }));
  }
}

async function transfer(
  self: Actor,
  across: number,
  capacity: number | undefined,
  n: number,
): Promise<number> {
  const { sender, receiver } = self.channel<Value>(capacity);
  const start = performance.now();
  const scheduler = (currentScheduler(self) + across) % self.stats().schedulerCount;
  const producer = self.spawnWith({ scheduler }, produce, sender, n);
  for (let i = 0; i < n; i++) check("the value", (await receiver.receive()).n, i);
  const seconds = secondsSince(start);
  await producer.join();
  return seconds;
}

export async function produce(self: Actor, to: ChannelSender<Value>, n: number): Promise<void> {
  void self;
  for (let i = 0; i < n; i++) await to.send({ type: "value", n: i });
}
