/**
 * What an idle connection costs in memory: so many accepted connections whose actors wait in a read, beside plain Deno with
 * as many pending reads of as many bytes. The peers are in another process.
 *
 *     deno run -A bench/io/idle_conns.ts [connections]
 *
 * @module
 */
import { SMALLEST_READ } from "../../io/byte_queue.ts";
import { withServer } from "./server.ts";

const [countText = "5000"] = Deno.args;
const count = Number(countText);

function rssKiB(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(Deno.readTextFileSync(`/proc/${pid}/status`))![1]);
}

async function load(port: number, pid: number): Promise<number> {
  const conns: Deno.Conn[] = [];
  const connect = async () => {
    const conn = await Deno.connect({ hostname: "127.0.0.1", port });
    await conn.write(new Uint8Array(1)); // each has been used once: its actor has begun
    await conn.read(new Uint8Array(1));
    conns.push(conn);
  };
  await connect();
  const before = rssKiB(pid);
  for (let i = 0; i < count; i += 100) await Promise.all(Array.from({ length: 100 }, connect));
  const after = rssKiB(pid);
  for (const conn of conns) conn.close();
  return (after - before) / count;
}

const plain = await withServer(["bench/io/plain_echo.ts", "idle", String(SMALLEST_READ)], load);
const smarm = await withServer(["smarm.ts", "--threads", "1", "bench/io/echo_server.ts", "idle"], load);
console.log(
  `plain Deno ${plain.toFixed(1)} KiB a connection, smarm ${smarm.toFixed(1)} KiB, above it ${
    (smarm - plain).toFixed(1)
  } KiB`,
);
