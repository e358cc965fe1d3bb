/** An actor that keeps more and more. */
import type { Actor } from "smarm";

export async function main(self: Actor): Promise<void> {
  const kept: { n: number }[] = [];
  for (let n = 0;; n++) {
    kept.push({ n });
    if (n % 10_000 === 0) await self.check();
  }
}
