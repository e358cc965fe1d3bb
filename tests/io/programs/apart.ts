/** A child whose output one actor has, and whose status another asks for, wherever that one lives. */
import type { Actor, Child, ChildOutput } from "smarm";

export async function waits(self: Actor): Promise<number> {
  const child = await self.receive() as Child;
  return (await child.status()).code;
}

export async function reads(self: Actor): Promise<number> {
  const output = await self.receive() as ChildOutput;
  await self.receive();
  let count = 0;
  for await (const bytes of output) count += bytes.length;
  return count;
}

/** What the reader gets once the one who had the child has ended, for each scheduler that this one may be on. */
export async function main(self: Actor): Promise<unknown[]> {
  const had: unknown[] = [];
  for (let scheduler = 0; scheduler < self.stats().schedulerCount; scheduler++) {
    const child = await self.io.command("sh", { args: ["-c", "seq 1 2000"], stdout: "piped" }).spawn();
    const reader = self.spawn(reads);
    self.send(reader, child.stdout);
    const waiter = self.spawnWith({ scheduler }, waits);
    self.send(waiter, child);
    had.push(await waiter.join());
    self.send(reader, "go on");
    had.push(await reader.join());
  }
  return had;
}
