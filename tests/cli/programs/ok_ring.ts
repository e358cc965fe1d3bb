/** A ring of actors hands a number round; each takes one off. */
import type { Actor, Pid } from "../../../smarm.ts";

const LENGTH = 50;
const ROUNDS = 20;
const READY = 1;

export async function link(self: Actor<Pid<number> | number>, main: Pid<number>): Promise<void> {
  const next = await self.receive() as Pid<number>;
  self.send(main, READY);
  for await (const n of self) {
    if (n === 0) self.send(main, 0);
    self.send(next, n - 1);
    if (n < LENGTH) break; // its last turn
  }
}

export async function main(self: Actor<number>): Promise<void> {
  const links = Array.from({ length: LENGTH }, () => self.spawn(link, self.pid));
  links.forEach((one, i) => self.send(one, links[(i + 1) % LENGTH].pid));
  // Only what one actor sends to another is in order: the number could be there before a link knows its next.
  for (let i = 0; i < LENGTH; i++) await self.receive();
  self.send(links[0], LENGTH * ROUNDS);
  if (await self.receive() !== 0) throw new Error("not zero");
  for (const one of links) {
    const outcome = await one.join();
    if (outcome.kind === "panic") throw outcome.error;
  }
}
