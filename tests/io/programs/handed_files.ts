// deno-lint-ignore-file no-explicit-any -- an owner takes whatever the next handing-over needs
/**
 * Files that change hands, in every way in which a value gets to another actor. Each owner appends, waiting for the last
 * of its writes only when it has handed the file on.
 */
import type { Actor, File, Pid } from "smarm";
import { handOn, ownersBy } from "./handing_over.ts";
import { random } from "./journey_bytes.ts";

const FILES = 24;
const HOPS = 12;

interface Travelling {
  readonly file: File;
  readonly number: number;
  readonly hop: number;
}

type Told = Pid<number>;

/** Appends, and hands the file on; the last one tells that it is done. */
async function own(self: Actor<any>, { file, number, hop }: Travelling, told: Told): Promise<void> {
  const next = random(number * 100 + hop);
  const writing: Promise<number>[] = [];
  for (let line = next(4); line >= 0; line--) writing.push(file.write(`${number} ${hop} ${line}\n`));
  if (hop === HOPS) {
    await Promise.all(writing);
    self.send(told, number);
    return;
  }
  await handOn(self, { file, number, hop: hop + 1 }, told, next, owners);
  await Promise.all(writing);
}

const owners = ownersBy(own);
export const { bySpawn, byMessage, byCall, byReply, byChannel } = owners;

/** Gives what must be in each file. */
export async function main(self: Actor<number>, folder: string): Promise<string[]> {
  for (let number = 0; number < FILES; number++) {
    const file = await self.io.open(`${folder}/${number}`, { append: true, create: true });
    self.spawn(bySpawn, { file, number, hop: 0 }, self.pid);
  }
  for (let done = 0; done < FILES; done++) await self.receive({ timeout: 60_000 });
  return Array.from({ length: FILES }, (_, number) => {
    let text = "";
    for (let hop = 0; hop <= HOPS; hop++) {
      for (let line = random(number * 100 + hop)(4); line >= 0; line--) text += `${number} ${hop} ${line}\n`;
    }
    return text;
  });
}
