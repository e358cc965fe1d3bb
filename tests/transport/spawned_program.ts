/**
 * Main tells an actor on each scheduler what round it is, and then starts others that tell them the same: these may be
 * stolen by the very scheduler to which main's word is on its way. Nobody is to hear of a round from them before.
 */
import type { Actor, Pid } from "smarm";

type Message = { type: "holds"; round: number } | { type: "told"; round: number } | { type: "end" };

const ROUNDS = 8000;
const ROUNDS_A_WAIT = 20;

export async function listener(self: Actor<Message>): Promise<number> {
  let holds = -1, tooEarly = 0;
  for await (const message of self) {
    if (message.type === "end") break;
    if (message.type === "holds") holds = message.round;
    else if (message.round > holds) tooEarly++;
  }
  return tooEarly;
}

export async function teller(self: Actor, to: Pid<Message>, round: number): Promise<void> {
  self.send(to, { type: "told", round });
  if (round % 2 === 0) await self.sleep(1); // a short one would not be shared
}

export async function main(self: Actor): Promise<unknown> {
  const { schedulerCount } = self.stats();
  const listeners = Array.from(
    { length: schedulerCount },
    (_, scheduler) => self.spawnWith({ scheduler }, listener),
  );
  for (let round = 0; round < ROUNDS; round++) {
    for (const one of listeners) self.send(one, { type: "holds", round });
    const tellers = listeners.map((one) => self.spawn(teller, one.pid, round));
    if (round % ROUNDS_A_WAIT === 0) { for (const one of tellers) await one.join(); }
  }
  await self.sleep(20);
  let tooEarly = 0;
  for (const one of listeners) {
    self.send(one, { type: "end" });
    const outcome = await one.join();
    if (outcome.kind === "panic") throw outcome.error;
    tooEarly += outcome.value;
  }
  const stolen = self.stats().schedulers.reduce((sum, one) => sum + one.stolen, 0);
  return { tooEarly, shared: stolen > 0 };
}
