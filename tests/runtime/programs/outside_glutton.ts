/** Fills its heap in a microtask that is nobody's turn: V8 drops it there, and the worker lives on. */
import type { Actor } from "smarm";

async function tick(self: Actor): Promise<void> {
  for (;;) await self.sleep(50);
}

export async function main(self: Actor): Promise<void> {
  self.spawn(tick);
  await Deno.stat(".");
  const kept: unknown[] = [];
  for (let n = 0;; n++) kept.push({ n, text: `number ${n}`, list: [n, n + 1, n + 2, n + 3] });
}
