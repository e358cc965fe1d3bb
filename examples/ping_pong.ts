/**
 * Two actors throw a ball to and fro: what a round trip costs.
 *
 *     deno run -A smarm.ts --threads 1 examples/ping_pong.ts [rounds]
 *
 * With one scheduler the ball never leaves its thread; with more, it may cross to another and back.
 *
 * @module
 */

import type { Actor, Pid } from "smarm";

/** Throws back every ball of `rounds`. */
export async function pong(self: Actor<number>, rounds: number, ping: Pid<number>): Promise<void> {
  for (let round = 0; round < rounds; round++) self.send(ping, await self.receive());
}

export async function main(self: Actor<number>, roundsText = "100000"): Promise<void> {
  const rounds = Number(roundsText);
  if (!Number.isSafeInteger(rounds) || rounds < 1) {
    throw new RangeError(`Cannot play ${JSON.stringify(roundsText)} rounds. Give a whole number from 1`);
  }
  const partner = self.spawn(pong, rounds, self.pid);
  const startMs = performance.now();
  for (let round = 0; round < rounds; round++) {
    self.send(partner, round);
    const ball = await self.receive();
    if (ball !== round) throw new Error(`Threw ball ${round} and got back ball ${ball}`);
  }
  const seconds = (performance.now() - startMs) / 1000;
  await partner.join();
  console.log(`${rounds} rounds in ${seconds.toFixed(2)} s: ${Math.round(rounds / seconds)} rounds/s`);
}
