/**
 * Each round, main tells all actors what holds now, and then some of them to go on: these tell all others that they have
 * been told. Nobody is to hear of a round from another before main's word. Main waits now and then, as what a full ring
 * holds back may come late.
 */
import type { Actor, Pid } from "smarm";

type Message =
  | { type: "peers"; all: Pid<Message>[]; main: Pid<"all heard"> }
  | { type: "holds"; round: number }
  | { type: "go"; round: number }
  | { type: "told"; round: number };

const MEMBERS = 24;
/** Of which so many are told to go on, each round others. */
const GOING = 3;
const ROUNDS = 2000;
const ROUNDS_A_WAIT = 100;

export async function member(self: Actor<Message>): Promise<void> {
  let all: Pid<Message>[] = [];
  let main: Pid<"all heard"> | undefined;
  let holds = -1;
  let heard = 0;
  while (heard < GOING * ROUNDS) {
    const message = await self.receive();
    switch (message.type) {
      case "peers":
        ({ all, main } = message);
        break;
      case "holds":
        holds = message.round;
        break;
      case "go":
        for (const one of all) self.send(one, { type: "told", round: message.round });
        break;
      case "told":
        if (message.round > holds) throw new Error(`heard of round ${message.round}, where ${holds} holds`);
        if (++heard % (GOING * ROUNDS_A_WAIT) === 0) self.send(main!, "all heard");
        break;
    }
  }
}

export async function main(self: Actor<"all heard">): Promise<string> {
  const { schedulerCount } = self.stats();
  // Half of them go where a scheduler is idle: on a machine that is busy, nowhere.
  const members = Array.from(
    { length: MEMBERS },
    (_, i) =>
      i % 2 === 0 ? self.spawn(member) : self.spawnWith({ scheduler: (i >> 1) % schedulerCount }, member),
  );
  const all = members.map((handle) => handle.pid as Pid<Message>);
  for (const one of all) self.send(one, { type: "peers", all, main: self.pid });
  for (let round = 0; round < ROUNDS; round++) {
    for (const one of all) self.send(one, { type: "holds", round });
    for (let i = 0; i < GOING; i++) self.send(all[(round * 7 + i * 11) % MEMBERS], { type: "go", round });
    if (round % ROUNDS_A_WAIT === ROUNDS_A_WAIT - 1) {
      for (let i = 0; i < MEMBERS; i++) await self.receive();
    }
  }
  for (const handle of members) await handle.join();
  const { messagesOut } = self.stats().schedulers[0];
  return messagesOut > 0 ? "in order" : "nothing went to other schedulers";
}
