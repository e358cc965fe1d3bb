/**
 * What an idle connection costs in memory: so many accepted connections whose actors wait in a read, beside plain Deno with
 * as many pending reads of as many bytes. The peers are in another process.
 *
 *     deno run -A bench/io/idle_conns.ts [connections]
 *
 * @module
 */
const [countText = "5000"] = Deno.args;
const count = Number(countText);
const ROOT = new URL("../../", import.meta.url).pathname;

function rssKiB(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(Deno.readTextFileSync(`/proc/${pid}/status`))![1]);
}

async function measure(args: string[]): Promise<number> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", ...args],
    cwd: ROOT,
    stdout: "piped",
  }).spawn();
  const reader = child.stdout.getReader();
  const text = new TextDecoder().decode((await reader.read()).value);
  const port = Number(/port (\d+)/.exec(text)![1]);
  const conns: Deno.Conn[] = [];
  const connect = async () => {
    const conn = await Deno.connect({ hostname: "127.0.0.1", port });
    await conn.write(new Uint8Array(1)); // each has been used once: its actor has begun
    await conn.read(new Uint8Array(1));
    conns.push(conn);
  };
  await connect();
  const before = rssKiB(child.pid);
  for (let i = 0; i < count; i += 100) await Promise.all(Array.from({ length: 100 }, connect));
  const after = rssKiB(child.pid);
  child.kill("SIGKILL");
  await child.status;
  for (const conn of conns) conn.close();
  await reader.cancel();
  return (after - before) / count;
}

const plain = await measure(["bench/io/plain_echo.ts", "idle", "1024"]);
const smarm = await measure(["smarm.ts", "--threads", "1", "bench/io/echo_server.ts", "idle"]);
console.log(
  `plain Deno ${plain.toFixed(1)} KiB a connection, smarm ${smarm.toFixed(1)} KiB, above it ${
    (smarm - plain).toFixed(1)
  } KiB`,
);
