/**
 * A TCP proxy: whatever comes to a port goes to another host and port, and back.
 *
 *     deno run -A smarm.ts examples/proxy.ts LISTEN_PORT TARGET_HOST TARGET_PORT
 *
 * Each connection is an actor on any scheduler. The two directions are independent: when one side has sent its last
 * byte, the other reads an end and can still answer. A connection that fails on one side is closed on the other.
 *
 * @module
 */

import type { Actor, Conn } from "smarm";

/** How long the target may take to accept a connection. */
const CONNECT_TIMEOUT_MS = 10_000;

/** Carries bytes one way, to the end. The next piece is read once the one before is written: so the slower end sets the pace. */
async function carry(from: Conn, to: Conn): Promise<number> {
  let bytes = 0;
  for (let piece = await from.read(); piece !== null; piece = await from.read()) {
    await to.write(piece);
    bytes += piece.length;
  }
  await to.closeWrite();
  return bytes;
}

/** One connection, in both directions; its end closes both sides. */
export async function relay(self: Actor, client: Conn, hostname: string, port: number): Promise<void> {
  try {
    const target = await self.io.connect({ hostname, port, timeout: CONNECT_TIMEOUT_MS });
    const [up, down] = await Promise.all([carry(client, target), carry(target, client)]);
    self.log.info("relayed", { up, down });
  } catch (error) {
    self.log.warn(`relay ended: ${(error as Error).message}`);
  }
}

export async function main(self: Actor, listenPort = "0", hostname = "localhost", port = ""): Promise<void> {
  const isPort = /^\d+$/.test(port) && Number(port) >= 1 && Number(port) <= 65535;
  if (!isPort) {
    throw new TypeError(`Cannot relay to port "${port}". Call it with LISTEN_PORT TARGET_HOST TARGET_PORT`);
  }
  const listener = await self.io.listen({ port: Number(listenPort) });
  console.log(`Proxy on port ${(listener.addr as Deno.NetAddr).port}`);
  for await (const client of listener) self.spawn(relay, client, hostname, Number(port));
}
