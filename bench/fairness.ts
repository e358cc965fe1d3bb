/**
 * How long others wait beside an actor whose mailbox is never empty, on one scheduler, in timeslices: an answer to and
 * fro between two patient actors (each is runnable at once and waits for the greedy one's slice), and what a sleep of
 * a millisecond is late.
 *
 *     deno run -A smarm.ts --threads 1 bench/fairness.ts [samples=20000]
 *
 * Beside it the same without the greedy actor: what the machine, V8's collections and Deno's event loop do on their own.
 * On Linux also less the time for which the thread was runnable and had no core: the machine's part, told by the kernel.
 *
 * @module
 */
import type { Actor, Pid } from "smarm";

const TIMESLICE_US = 100;

/** µs for which this thread was runnable and had no core, so far; 0 where nobody tells. */
function withoutCoreUs(): number {
  if (Deno.build.os !== "linux") return 0;
  return Number(Deno.readTextFileSync("/proc/thread-self/schedstat").split(" ")[1]) / 1000;
}

/** Never gives way but where it receives: its mailbox is never empty. */
async function greedy(self: Actor<{ n: number }>) {
  for (let i = 0; i < 64; i++) self.send(self.pid, { n: i });
  for await (const { n } of self) self.send(self.pid, { n: n + 1 });
}

/** Waits for a slice of the greedy one, as whoever asks it. */
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
  self.trapExit(true); // the ends of those that it stops are no news
  const other = self.spawnWith({ link: true }, echo);
  const trips: number[] = [], ours: number[] = [];
  for (let i = 0; i < samples; i++) {
    const without = withoutCoreUs();
    const start = performance.now();
    self.send(other, self.pid);
    await self.receive((message) => message === 1);
    const us = (performance.now() - start) * 1000;
    trips.push(us);
    ours.push(us - (withoutCoreUs() - without));
  }
  show(`an answer ${beside}`, trips);
  show(`  less time without a core`, ours);
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
  const glutton = self.spawnWith({ link: true }, greedy);
  await measure(self, samples, "beside a greedy actor");
  self.kill(glutton);
}
