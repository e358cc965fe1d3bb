/** main passes on the panic of a child that lives elsewhere. */
import type { Actor } from "../../../smarm.ts";

export function child(): never {
  throw new RangeError("the child fails on purpose");
}

export async function main(self: Actor): Promise<void> {
  const outcome = await self.spawnWith({ scheduler: self.stats().schedulerCount - 1 }, child).join();
  if (outcome.kind === "panic") throw outcome.error;
}
