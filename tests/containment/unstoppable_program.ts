/** The gap: V8 does not look whether it is to stop in this loop, once it is optimised. */
import type { Actor } from "../../smarm.ts";

export function burns() {
  const hoard: unknown[] = [];
  for (;;) {
    hoard.push(new Array(100));
    if (hoard.length > 1000) hoard.length = 0;
  }
}

export async function main(self: Actor) {
  await self.spawn(burns).join();
}
