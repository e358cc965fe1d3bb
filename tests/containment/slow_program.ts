/** Holds its scheduler until it is told on, from the other one: until a look of the watchdog has surely found it. */
import type { Actor } from "../../smarm.ts";

const HELD_MS = 400;

export function slow() {
  const until = performance.now() + HELD_MS;
  while (performance.now() < until);
}

export async function main(self: Actor) {
  await self.spawn(slow).join();
  await self.sleep(HELD_MS); // the watchdog looks once more
}
