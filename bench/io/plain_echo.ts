/**
 * The same server in plain Deno, in one isolate.
 *
 *     deno run -A bench/io/plain_echo.ts [idle | busy] [bytes a read]
 *
 * @module
 */
import { setImmediate } from "node:timers";

const BURST_MS = 5;
const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });

function burn(): void {
  const until = performance.now() + BURST_MS;
  while (performance.now() < until);
  setImmediate(burn);
}

async function echo(conn: Deno.Conn): Promise<void> {
  const buffer = new Uint8Array(Number(Deno.args[1] ?? 65_536));
  for (let count = await conn.read(buffer); count !== null; count = await conn.read(buffer)) {
    await conn.write(buffer.subarray(0, count));
  }
}

console.log(`port ${listener.addr.port}`);
if (Deno.args[0] === "busy") burn();
for await (const conn of listener) echo(conn);
