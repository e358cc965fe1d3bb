/**
 * Child processes whose pipes are held by different actors: every byte comes back, in order, and whoever ends first takes
 * nothing from the others.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import type { Actor, Child, ChildInput, ChildOutput, CommandStatus } from "../../../smarm.ts";
import { Random } from "../plan.ts";
import { hands, PATIENT_MS, pause, start, times, valueOf } from "./support.ts";

const byteAt = (i: number) => (i * 13 + (i >> 7)) & 255;

/** Writes so many bytes, in pieces; then the child reads the end. How many, or how many until the child was killed. */
export async function feeds(self: Actor, to: ChildInput, total: number, seed: number): Promise<void> {
  const random = new Random(seed);
  for (let n = 0; n < total;) {
    const first = n, length = Math.min(total - n, 1 + random.below(random.below(8) === 0 ? 200_000 : 3000));
    await to.write(Uint8Array.from({ length }, (_, i) => byteAt(first + i)));
    n += length;
    if (random.below(6) === 0) await pause(self, random);
  }
  if (random.below(2) === 0) to.close(); // else its end does
}

/** How many bytes come until the end; each is compared. */
export async function drains(self: Actor, from: ChildOutput, seed: number): Promise<number> {
  const random = new Random(seed);
  let came = 0;
  for (;;) {
    const bytes = await from.read(1 + random.below(70_000), { timeout: PATIENT_MS });
    if (bytes === null) return came;
    for (const byte of bytes) {
      if (byte !== byteAt(came)) assertEquals(byte, byteAt(came), `byte ${came}`);
      came++;
    }
    if (random.below(10) === 0) await pause(self, random);
  }
}

/** Has the child, and tells what became of it. */
export async function awaits(self: Actor, child: Child, seed: number): Promise<CommandStatus> {
  const random = new Random(seed);
  await pause(self, random);
  return await child.status({ timeout: PATIENT_MS });
}

/** Starts a process that gives back what it gets. */
async function cat(self: Actor): Promise<Child> {
  return await self.io.command("cat", { stdin: "piped", stdout: "piped" }).spawn();
}

async function commands(self: Actor, random: Random): Promise<void> {
  for (let left = 1 + random.below(3); left > 0; left--) {
    const child = await cat(self);
    const total = random.below(random.below(3) === 0 ? 1_000_000 : 20_000);
    const { stdin, stdout } = child;
    const feeder = hands(self, random, feeds, stdin, total, random.next());
    const drain = random.below(2) === 0 ? hands(self, random, drains, stdout, random.next()) : null;
    // With a child go the pipes that are still its owner's, which close with the end of who gets it.
    const isGiven = drain !== null && random.below(2) === 0;
    const status = isGiven ? hands(self, random, awaits, child, random.next()) : null;
    const came = drain === null
      ? await drains(self, stdout, random.next())
      : await valueOf(drain, "who drains");
    assertEquals(came, total, "bytes that came back");
    await valueOf(feeder, "who feeds");
    const { success, code, signal } = status === null
      ? await child.status()
      : await valueOf(status, "who awaits");
    assertEquals({ success, code, signal }, { success: true, code: 0, signal: null });
    child.close();
  }
}

/** Children that are killed while bytes are under way, or end with who has them. */
async function killed(self: Actor, random: Random): Promise<void> {
  const children = await Promise.all(times(1 + random.below(3), () => cat(self)));
  for (const child of children) {
    const { stdin, stdout } = child;
    await stdin.write(Uint8Array.from({ length: 500 }, (_, i) => byteAt(i)));
    const drain = hands(self, random, drains, stdout, random.next());
    const status = start(self, random, awaits, child, random.next());
    if (random.below(2) === 0) await pause(self, random);
    await child.kill("SIGKILL");
    assertEquals((await valueOf(status, "who awaits")).signal, "SIGKILL");
    const came = await valueOf(drain, "who drains");
    assertEquals(came === 0 || came === 500, true, `${came} of 500 bytes`);
    stdin.close();
  }
}

export const commandScenes = { commands, killed };
