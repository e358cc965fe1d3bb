/**
 * An actor sends three messages to another and ends; that one, on another scheduler, was busy meanwhile and then finds it
 * dead, by a monitor, a link or a call. The messages are to come first.
 */
import type { Actor, Down, Exit, Pid } from "smarm";

type Word = { type: "word"; n: number };
type Dead = { type: "dead"; pid: Pid<"speak">; main: Pid<"next"> };
type Way = "monitor" | "link" | "call";

const ROUNDS = 20;
const WORDS = 3;

export async function dying(self: Actor<"speak">, heir: Pid<Word>): Promise<void> {
  await self.receive();
  for (let n = 0; n < WORDS; n++) self.send(heir, { type: "word", n });
}

export async function heir(self: Actor<Word | Dead | Down | Exit>, way: Way): Promise<string[]> {
  self.trapExit(true);
  const got = new Set<string>();
  for (let round = 0; round < ROUNDS; round++) {
    const { pid, main } = await self.receive((message): message is Dead => message.type === "dead");
    self.send(pid, "speak");
    while (self.stats().live > 2); // and nothing is taken in
    let failed: unknown;
    if (way === "monitor") self.monitor(pid);
    else if (way === "link") self.link(pid);
    else await self.call(pid as unknown as Pid, "hello").catch((error) => failed = error);
    const heard: string[] = [];
    if (way === "call") {
      for (let word = self.tryReceive(); word !== undefined; word = self.tryReceive()) heard.push(word.type);
      heard.push((failed as Error).name);
    } else while (heard.length <= WORDS) heard.push((await self.receive()).type);
    got.add(heard.join());
    self.send(main, "next");
  }
  return [...got];
}

export async function main(self: Actor<"next">, way: Way): Promise<unknown> {
  const { schedulerCount } = self.stats();
  const heard = self.spawnWith({ scheduler: 2 }, heir, way);
  for (let round = 0; round < ROUNDS; round++) {
    const child = self.spawnWith({ scheduler: 1 }, dying, heard.pid);
    self.send(heard, { type: "dead", pid: child.pid, main: self.pid });
    await self.receive();
  }
  const outcome = await heard.join();
  return schedulerCount > 2 && outcome.kind === "exit" ? outcome.value : outcome;
}
