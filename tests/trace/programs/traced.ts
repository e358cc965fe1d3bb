/**
 * A program for traces: it spawns, sends, sleeps, restarts and ends as its first argument says.
 *
 * @module
 */
import type { Actor, Pid } from "../../../smarm.ts";

export async function echo(self: Actor<{ from: Pid<number>; n: number }>, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const { from, n } = await self.receive();
    self.send(from, n);
  }
}

export function fails(): never {
  throw new Error("on purpose");
}

export async function main(self: Actor<number>, how: string, raw = ""): Promise<void> {
  const partner = self.spawnWith(how === "across" ? { scheduler: 1 } : {}, echo, 50);
  for (let n = 0; n < 50; n++) {
    self.send(partner, { from: self.pid, n });
    await self.receive();
  }
  await self.sleep(5);
  await self.yield();
  switch (how) {
    case "ends":
    case "across":
      return;
    case "panics":
      throw new Error("on purpose");
    case "deadlocks":
      await self.spawn(async (other: Actor) => {
        await other.receive();
      }).join();
      break;
    case "halts":
      self.halt(7);
      break;
    case "exits":
      return Deno.exit(8);
    case "child":
      await self.spawn(fails).join();
      return;
    case "floods": // many stages full
      for (let i = 0; i < 6; i++) {
        const other = self.spawn(echo, 10_000);
        for (let n = 0; n < 10_000; n++) {
          self.send(other, { from: self.pid, n });
          await self.receive();
        }
      }
      return;
    case "recorded": { // is to be killed when records are on disk
      const before = Deno.statSync(raw).size;
      while (Deno.statSync(raw).size <= before) await self.sleep(1);
      break;
    }
    case "hangs":
      console.log("hangs");
      for (;;) Math.random();
  }
  console.log("waits");
  await self.sleep(60_000);
}
