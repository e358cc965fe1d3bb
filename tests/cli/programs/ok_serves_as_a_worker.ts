/** A module that serves as a worker elsewhere listens to messages of its own: schedulers hear theirs all the same. */
import type { Actor } from "../../../smarm.ts";

// deno-lint-ignore no-explicit-any
const scope = globalThis as any;
scope.onmessage = (event: MessageEvent<number>) => scope.postMessage(event.data * 2);
addEventListener("message", (event) => event.stopImmediatePropagation());

export async function waits(self: Actor) {
  await self.receive();
}

export async function main(self: Actor<number>) {
  const worker = new Worker(import.meta.url, { type: "module" });
  worker.onmessage = (event) => self.send(self.pid, event.data);
  worker.postMessage(21);
  const answer = await self.receive();
  worker.terminate();
  if (answer !== 42) throw new Error(`the worker gave ${answer}`);
  for (let i = 0; i < 8; i++) self.spawn(waits); // they are told to end
}
