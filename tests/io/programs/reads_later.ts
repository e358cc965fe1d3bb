/** A module whose main is spawned by its URL with an open file, and reads it when it is told to. */
import type { Actor, File, Pid } from "smarm";

export async function main(self: Actor, file: File, to: Pid): Promise<void> {
  await self.receive();
  self.send(to, new TextDecoder().decode((await file.read())!));
}
