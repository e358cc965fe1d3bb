/**
 * An echo server on smarm, for bench/io/echo.ts: one actor a connection, and with `busy` an actor on every scheduler that
 * computes in bursts of 5 ms without a pause.
 *
 *     deno run -A smarm.ts bench/io/echo_server.ts [idle | busy]
 *
 * @module
 */
import type { Actor, Conn } from "smarm";

const BURST_MS = 5;

export async function echo(_self: Actor, conn: Conn): Promise<void> {
  for (let piece = await conn.read(); piece !== null; piece = await conn.read()) await conn.write(piece);
}

export async function burn(self: Actor): Promise<void> {
  for (;;) {
    const until = performance.now() + BURST_MS;
    while (performance.now() < until);
    await self.yield();
  }
}

export async function main(self: Actor, mode = "idle"): Promise<void> {
  const listener = await self.io.listen({ hostname: "127.0.0.1", port: 0 });
  if (mode === "busy") {
    for (let scheduler = 0; scheduler < self.stats().schedulerCount; scheduler++) {
      self.spawnWith({ scheduler }, burn);
    }
  }
  console.log(`port ${(listener.addr as Deno.NetAddr).port}`);
  for await (const conn of listener) self.spawn(echo, conn);
}
