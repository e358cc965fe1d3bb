/**
 * A sender of 1 GiB and a reader of 1 KiB a second: how much memory the program takes beside what it had at the start.
 * The sender waits; only what the OS's socket buffers and the windows of both ends hold is on its way.
 *
 *     deno run -A smarm.ts bench/io/backpressure.ts [seconds]
 *
 * @module
 */
import type { Actor, Conn } from "smarm";

const TOTAL_BYTES = 2 ** 30;
const BOUND_BYTES = 16 * 2 ** 20;

export async function floods(_self: Actor, conn: Conn): Promise<void> {
  const piece = new Uint8Array(65_536);
  for (let sent = 0; sent < TOTAL_BYTES; sent += piece.length) await conn.write(piece);
}

export async function main(self: Actor, secondsText = "60"): Promise<void> {
  const listener = await self.io.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const writer = self.spawn(floods, await self.io.connect({ hostname: "127.0.0.1", port }));
  const conn = await listener.accept();
  await conn.read(1);
  const before = Deno.memoryUsage().rss;
  let most = 0;
  let read = 1;
  for (let second = 0; second < Number(secondsText); second++) {
    read += (await conn.read(1024))!.length;
    await self.sleep(1000);
    most = Math.max(most, Deno.memoryUsage().rss - before);
  }
  self.exit(writer, "shutdown");
  console.log(`read ${read} bytes, at most ${(most / 2 ** 20).toFixed(1)} MiB more than at the start`);
  if (most > BOUND_BYTES) throw new Error(`more than ${BOUND_BYTES / 2 ** 20} MiB`);
}
