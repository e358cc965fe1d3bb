/**
 * Follows log files as `tail -F` does, and prints the lines that contain a text.
 *
 *     deno run -A smarm.ts examples/log_tail.ts TEXT FILE...
 *
 * Each file has an actor, wherever a scheduler has time for it. It follows the file's name: one that was rotated away is
 * left when the new one is there, one that was cut short is read from its start, one that is missing is waited for.
 * One actor prints, so that lines of different files do not mix. It ends with SIGINT.
 *
 * @module
 */

import type { Actor, File, Pid } from "smarm";

/** How often a file that has given all its bytes is looked at again. */
const LOOK_EVERY_MS = 100;

/** Prints whatever it is sent. */
export async function printer(self: Actor<string>): Promise<void> {
  for await (const line of self) await self.io.stdout.write(line + "\n");
}

/** The file that has this name now, or undefined. */
async function openIfThere(self: Actor, path: string): Promise<File | undefined> {
  try {
    return await self.io.open(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** Follows one file for ever. `fromStart` is false for what was there before we came. */
export async function follow(
  self: Actor,
  path: string,
  text: string,
  out: Pid<string>,
  fromStart = false,
): Promise<never> {
  const tell = (line: string) => {
    if (line.includes(text)) self.send(out, `${path}: ${line}`);
  };
  for (;; fromStart = true) {
    const file = await openIfThere(self, path);
    if (file === undefined) {
      await self.sleep(LOOK_EVERY_MS);
      continue;
    }
    const { ino, isDirectory } = await file.stat();
    if (isDirectory) throw new TypeError(`Cannot follow ${path}: it is a folder`);
    let position = fromStart ? 0 : await file.seek(0, Deno.SeekMode.End);
    let rest = ""; // of a line whose end has not come yet
    let decoder = new TextDecoder();
    let rotated = false;
    for (;;) {
      const piece = await file.read();
      if (piece !== null) {
        position += piece.length;
        const lines = (rest + decoder.decode(piece, { stream: true })).split("\n");
        rest = lines.pop()!;
        lines.forEach(tell);
        continue;
      }
      if (rotated) break;
      const named = await self.io.stat(path).catch(() => null);
      rotated = named !== null && named.ino !== ino;
      if (rotated) continue; // what was written between the last read and the rotation is read first
      if ((await file.stat()).size < position) {
        tell(rest + decoder.decode()); // its end was cut off: what comes now is another line
        rest = "";
        decoder = new TextDecoder();
        position = await file.seek(0, Deno.SeekMode.Start);
      }
      await self.sleep(LOOK_EVERY_MS);
    }
    tell(rest + decoder.decode());
    file.close();
  }
}

export async function main(self: Actor, text?: string, ...paths: string[]): Promise<void> {
  if (text === undefined || paths.length === 0) {
    throw new TypeError("Nothing to follow. Call it with TEXT FILE...");
  }
  const out = self.spawnWith({ link: true }, printer); // nothing is left to do once nobody reads what it prints
  const followers = paths.map((path) => self.spawn(follow, path, text, out.pid));
  console.error(`Following ${paths.length} file${paths.length === 1 ? "" : "s"}`);
  // One that cannot be read is told of at once, and does not keep the others from being followed.
  const outcomes = await Promise.all(followers.map(async (one, i) => {
    const outcome = await one.join();
    if (outcome.kind === "panic") console.error(`Not followed: ${paths[i]}: ${outcome.error.message}`);
    return outcome;
  }));
  for (const outcome of outcomes) if (outcome.kind === "panic") throw outcome.error;
}
