/**
 * Two actors and two messages.
 *
 *     deno run -A smarm.ts examples/hello.ts [name]
 *
 * @module
 */

import type { Actor, Pid } from "smarm";

/** What a greeter takes: whom to greet, and who wants to hear the greeting. */
type Request = { name: string; replyTo: Pid<string> };

/** Answers one request and ends, with the length of the greeting as its result. */
export async function greeter(self: Actor<Request>): Promise<number> {
  const { name, replyTo } = await self.receive();
  const greeting = `Hello, ${name}!`;
  self.send(replyTo, greeting);
  return greeting.length;
}

export async function main(self: Actor<string>, name = "world"): Promise<void> {
  const child = self.spawn(greeter);
  self.send(child, { name, replyTo: self.pid });
  console.log(await self.receive());
  const outcome = await child.join();
  if (outcome.kind === "exit") console.log(`The greeter has ended, with ${outcome.value}`);
}
