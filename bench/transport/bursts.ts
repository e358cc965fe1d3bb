/**
 * Memory after bursts: ten times a million messages to an actor on another scheduler that is busy meanwhile.
 *
 * `deno run -A --v8-flags=--expose-gc smarm.ts --threads 2 bench/transport/bursts.ts [bursts] [messages]`
 */
import type { Actor, Pid } from "smarm";

/** V8 gives pages back in its idle time, not in a collection that was asked for. */
const SETTLE_MS = 3000;

type SinkMessage = { type: "item"; n: number; from: Pid<number> } | { type: "done"; from: Pid<number> };

export async function sink(self: Actor<SinkMessage>): Promise<void> {
  let next = 0;
  const busyUntil = performance.now() + 300; // everything queues up behind it
  while (performance.now() < busyUntil);
  for (;;) {
    const message = await self.receive();
    if (message.type === "done") {
      self.send(message.from, next);
      return;
    }
    if (message.n !== next++) throw new Error(`expected ${next - 1}, got ${message.n}`);
  }
}

/** Collects garbage where it runs. */
export function collect(): void {
  const { gc } = globalThis as { gc?: () => void };
  if (gc === undefined) throw new Error("Run with --v8-flags=--expose-gc");
  gc();
  gc();
}

async function settled(self: Actor<number>): Promise<number> {
  for (let id = 0; id < self.stats().schedulerCount; id++) {
    await self.spawnWith({ scheduler: id }, collect).join();
  }
  await self.sleep(SETTLE_MS);
  for (let id = 0; id < self.stats().schedulerCount; id++) {
    await self.spawnWith({ scheduler: id }, collect).join();
  }
  return Deno.memoryUsage().rss;
}

export async function main(self: Actor<number>, bursts = "10", messages = "1000000"): Promise<void> {
  const mib = (bytes: number) => (bytes / 2 ** 20).toFixed(0);
  let first = 0;
  for (let burst = 0; burst <= Number(bursts); burst++) {
    const to = self.spawnWith({ scheduler: 1 }, sink);
    for (let n = 0; n < Number(messages); n++) self.send(to, { type: "item", n, from: self.pid });
    const peak = Deno.memoryUsage().rss;
    self.send(to, { type: "done", from: self.pid });
    if (await self.receive() !== Number(messages)) throw new Error("messages were lost");
    const after = await settled(self);
    if (burst === 0) first = after; // warm: code compiled, heaps grown once
    console.log(
      `burst ${burst}: at its height ${mib(peak)} MiB, after it ${mib(after)} MiB, ${
        (after / first).toFixed(2)
      } of the first`,
    );
  }
}
