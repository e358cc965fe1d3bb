/**
 * How long others wait beside an actor whose mailbox is never empty, on one scheduler, in timeslices: an answer to and
 * fro between two patient actors (each is runnable at once and waits for the greedy one's slice), and what a sleep of
 * a millisecond is late.
 *
 *     deno run -A smarm.ts --threads 1 bench/fairness.ts [samples=20000]
 *
 * Beside it the same without the greedy actor: what the machine, V8's collections and Deno's event loop do on their own.
 *
 * @module
 */
import type { Actor, Pid } from "smarm";

const TIMESLICE_US = 100;

/** Never gives way but where it receives: its mailbox is never empty. */
async function greedy(self: Actor<{ n: number }>) {
  for (let i = 0; i < 64; i++) self.send(self.pid, { n: i });
  for await (const { n } of self) self.send(self.pid, { n: n + 1 });
}

/** The same with fresh work in each message, so that garbage is made as real programs make it. */
async function echo(self: Actor<Pid<number>>) {
  for await (const from of self) self.send(from, 1);
}

function show(what: string, us: number[]): void {
  us.sort((a, b) => a - b);
  const at = (part: number) =>
    (us[Math.min(us.length - 1, Math.floor(us.length * part))] / TIMESLICE_US).toFixed(2);
  console.log(
    `${what}: p50 ${at(0.5)}, p90 ${at(0.9)}, p99 ${at(0.99)}, p99.9 ${at(0.999)}, most ${at(1)} slices`,
  );
}

async function measure(self: Actor<number>, samples: number, beside: string): Promise<void> {
  const other = self.spawn(echo);
  const trips: number[] = [];
  for (let i = 0; i < samples; i++) {
    const start = performance.now();
    self.send(other, self.pid);
    await self.receive();
    trips.push((performance.now() - start) * 1000);
  }
  show(`an answer ${beside}`, trips);
  const late: number[] = [];
  for (let i = 0; i < samples / 20; i++) {
    const start = performance.now();
    await self.sleep(1);
    late.push((performance.now() - start - 1) * 1000);
  }
  show(`lateness of a sleep ${beside}`, late);
  self.kill(other);
}

export async function main(self: Actor<number>, samplesText = "20000") {
  const samples = Number(samplesText);
  await measure(self, samples, "alone");
  const glutton = self.spawn(greedy);
  await measure(self, samples, "beside a greedy actor");
  self.kill(glutton);
}
