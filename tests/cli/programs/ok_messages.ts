/** What structured clone takes arrives as it was sent, wherever the receiver lives, pids and handles included. */
import type { Actor, Handle, Pid } from "../../../smarm.ts";

export async function echo(self: Actor<[Pid, unknown]>): Promise<void> {
  for await (const [from, value] of self) {
    if (value === "end") return;
    self.send(from, value);
  }
}

export function answer(): number {
  return 42;
}

const VALUES: unknown[] = [
  undefined,
  null,
  0,
  -0,
  NaN,
  1.5,
  2n ** 70n,
  "",
  "é😀",
  true,
  [1, [2, [3]]],
  { a: { b: { c: 1 } } },
  new Date(0),
  /x+/gi,
  new Map([[1, new Set([2])]]),
  new Uint8Array([1, 2, 3]),
  new Error("an error", { cause: "why" }),
];

export async function main(self: Actor): Promise<void> {
  const schedulers = self.stats().schedulerCount;
  for (let id = 0; id < schedulers; id++) {
    const there = self.spawnWith({ scheduler: id }, echo);
    for (const value of VALUES) {
      self.send(there, [self.pid, value]);
      const back = await self.receive();
      if (Deno.inspect(back) !== Deno.inspect(value) && !(value instanceof Error)) {
        throw new Error(`${Deno.inspect(value)} came back as ${Deno.inspect(back)} from scheduler ${id}`);
      }
    }
    const child = self.spawn(answer); // kept until it was joined: the outcome lives with the spawner's handle
    self.send(there, [self.pid, { nested: [self.pid, child] }]);
    const { nested: [pid, handle] } = await self.receive() as { nested: [Pid, Handle<number>] };
    const outcome = await handle.join();
    if (pid !== self.pid || handle.pid !== child.pid || outcome.kind !== "exit" || outcome.value !== 42) {
      throw new Error("pid or handle broken");
    }
    self.send(there, [self.pid, "end"]);
    await there.join();
  }
}
