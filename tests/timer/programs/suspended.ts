// A program of tests/timer/monotonic_test.ts, which stops its process for a while: what is due meanwhile, and what is
// going on, on both schedulers.
import type { Actor, Pid } from "smarm";

const SLEEPERS = 300;
const STEP_MS = 10;

export async function main(self: Actor<unknown>): Promise<void> {
  const began = performance.now();
  const woken: number[] = [];
  const sleepers = Array.from({ length: SLEEPERS }, (_, i) =>
    self.spawn(async (other: Actor) => {
      // Whoever begins later sleeps longer, or as long: the deadlines are in this order however slow the machine is.
      await other.sleep(Math.ceil((i + 1) / 2) * 2 * STEP_MS);
      woken.push(i);
    }));
  const ticking = self.spawnWith({ scheduler: "local" }, countsTicks);
  const here = Number(/\d+/.exec(self.format(self.pid))![0]);
  const echo = self.spawnWith({ scheduler: 1 - here }, echoes, self.pid as Pid<number>);
  const patient = self.spawn(async (other: Actor) => await other.receive({ timeout: 3_600_000 }));
  await self.yield();
  console.log("ready");
  let echoed = 0;
  for (; woken.length < SLEEPERS; echoed++) {
    self.send(echo, echoed);
    const back = await self.receive({ timeout: 3_600_000 });
    if (back !== echoed) throw new Error(`sent ${echoed}, got ${back}`);
  }
  self.send(patient, "still waiting");
  self.send(ticking, "stop");
  const outcomes = [await patient.join(), await ticking.join()];
  for (const sleeper of sleepers) await sleeper.join();
  self.exit(echo, "shutdown");
  console.log(JSON.stringify({ woken, outcomes, elapsedMs: performance.now() - began }));
}

/** Ticks of 10 ms, until it is told to stop. */
export async function countsTicks(self: Actor<string>): Promise<{ ticks: number; missed: number }> {
  const timer = self.every(STEP_MS, self.pid, "tick");
  let ticks = 0;
  while (await self.receive() === "tick") ticks++;
  return { ticks, missed: self.missedTicks(timer) };
}

export async function echoes(self: Actor<number>, to: Pid<number>): Promise<void> {
  for await (const n of self) self.send(to, n);
}
