/** Actors that meet the wish to end in different ways; signals_test.ts runs them. */
import type { Actor } from "smarm";

if (Deno.env.get("SMARM_TEST_IMPORT") === "endless") {
  console.log("ready");
  await new Promise(() => {});
}

/** Ends when it is told. */
export async function polite(self: Actor): Promise<void> {
  const { signal } = self;
  try {
    console.log("ready");
    await self.receive();
  } catch (error) {
    console.log((error as Error).name, (error as Error & { reason: unknown }).reason);
    console.log("aborted", signal.aborted);
  } finally {
    console.log("finally");
  }
}

/** Ends a while after it was told. */
export async function slow(self: Actor): Promise<void> {
  try {
    console.log("ready");
    await self.receive();
  } finally {
    console.log("ending");
    await new Promise((resolve) => setTimeout(resolve, 30));
    console.log("ended");
  }
}

/** Never ends. */
export async function stubborn(self: Actor): Promise<void> {
  try {
    console.log("ready");
    await self.receive();
  } finally {
    console.log("ending");
    await new Promise((resolve) => setTimeout(resolve, 1_000_000));
  }
}

/** Never waits. */
export function busy(): void {
  console.log("ready");
  for (;;);
}

export async function main(self: Actor, kind: string): Promise<void> {
  const kinds: Record<string, (self: Actor) => unknown> = { polite, slow, stubborn, busy };
  self.spawn(kinds[kind]);
  setInterval(() => {}, 1_000_000); // something that could still wake it: no deadlock
  await self.receive();
}
