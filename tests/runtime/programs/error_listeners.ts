/** While an error is told to its listeners, a second one comes: from a listener of the program's own. */
import process from "node:process";
import type { Actor, Outcome } from "../../../smarm.ts";

const listens = () => {
  throw new Error("second");
};

const LISTENERS: Record<string, (self: Actor) => void> = {
  "addEventListener": () => addEventListener("error", listens),
  "an object": () => globalThis.addEventListener("error", { handleEvent: listens }),
  "onerror": () => globalThis.onerror = listens,
  "process.on": () => process.on("uncaughtException", listens),
  "the actor's signal": (self) => self.signal.addEventListener("abort", listens),
  "a signal made of the actor's": (self) =>
    AbortSignal.any([self.signal, new AbortController().signal]).addEventListener("abort", listens),
  "one that was removed": () => {
    addEventListener("error", listens);
    removeEventListener("error", listens);
  },
};
export const NAMES = Object.keys(LISTENERS);

async function fails(self: Actor, kind: string) {
  LISTENERS[kind](self);
  await throwsInAListener(self);
}

/** Deno reports it as it reports no throw in a timer: from within the call of `dispatchEvent`. */
async function throwsInAListener(self: Actor) {
  const target = new EventTarget();
  target.addEventListener("any", () => {
    throw new Error("first");
  });
  target.dispatchEvent(new Event("any"));
  await self.receive();
}

const messageOf = (outcome: Outcome) => outcome.kind === "panic" ? outcome.error.message : outcome.kind;

export async function main(self: Actor, kind: string) {
  const first = await self.spawn((child: Actor) => fails(child, kind)).join();
  const next = await self.spawn((child: Actor) => throwsInAListener(child)).join();
  return [messageOf(first), messageOf(next)];
}
