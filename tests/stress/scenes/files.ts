/**
 * A file that is handed from actor to actor while it is written: what is read back is whole and in order. It is a temporary
 * one, in the folder that TMPDIR names.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import type { Actor, File, Pid } from "../../../smarm.ts";
import { Random } from "../plan.ts";
import { hands, pause } from "./support.ts";

const lineOf = (n: number) => `line ${n} ${"x".repeat(n % 50)}`;

/** Writes some lines, then hands the file on. */
export async function writesLines(
  self: Actor,
  file: File,
  from: number,
  end: number,
  boss: Pid<"written">,
  seed: number,
): Promise<void> {
  const random = new Random(seed);
  const mine = Math.min(end, from + 1 + random.below(10));
  for (let n = from; n < mine; n++) {
    await file.write(`${lineOf(n)}\n`);
    if (random.below(6) === 0) await pause(self, random);
  }
  if (mine < end) {
    hands(self, random, writesLines, file, mine, end, boss, random.next());
    return;
  }
  file.close();
  self.send(boss, "written");
}

async function files(self: Actor<"written">, random: Random): Promise<void> {
  const path = await self.io.makeTempFile();
  const count = 1 + random.below(60);
  const written = await self.io.open(path, { write: true });
  hands(self, random, writesLines, written, 0, count, self.pid, random.next());
  await self.receive();
  const read = await self.io.open(path);
  let n = 0;
  for await (const line of read.lines()) {
    assertEquals(line, lineOf(n++));
    if (random.below(10) === 0) await pause(self, random);
  }
  assertEquals(n, count, "lines that were read");
  read.close();
  await self.io.remove(path);
}

export const fileScenes = { files };
