/** Waits for a promise of Deno's for longer than two looks at its heap are apart. */
import type { Actor } from "smarm";

export async function main(self: Actor): Promise<void> {
  await self.until(new Promise((resolve) => setTimeout(resolve, 3500)));
}
