/** main has ended well, and the others wait for messages that nothing can send: they are told to end. */
import type { Actor } from "../../../smarm.ts";

export async function server(self: Actor): Promise<void> {
  for await (const _ of self);
}

export function main(self: Actor): void {
  for (let i = 0; i < 20; i++) self.spawn(server);
}
