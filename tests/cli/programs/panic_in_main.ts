/** main fails after its children have done their work. */
import type { Actor } from "../../../smarm.ts";

export function child(): string {
  return "done";
}

export async function main(self: Actor): Promise<never> {
  await self.spawn(child).join();
  throw new Error("main fails on purpose");
}
