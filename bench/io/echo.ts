/**
 * TCP echo of 64 bytes over 50 connections: smarm beside plain Deno, with the schedulers idle and with actors that compute in
 * bursts of 5 ms on each. Each side runs in a process of its own; runs alternate, and the median of each is told.
 *
 *     deno run -A bench/io/echo.ts [seconds] [rounds]
 *
 * @module
 */
import { withServer } from "./server.ts";

const CONNECTIONS = 50;
const BYTES = 64;
const [secondsText = "2", roundsText = "3"] = Deno.args;

interface Figures {
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
}

async function load(port: number): Promise<Figures> {
  const warmUntil = performance.now() + 500;
  const until = warmUntil + Number(secondsText) * 1000;
  const latencies: number[] = [];
  const one = async () => {
    using conn = await Deno.connect({ hostname: "127.0.0.1", port });
    const out = new Uint8Array(BYTES).fill(7);
    const buffer = new Uint8Array(BYTES);
    for (let now = performance.now(); now < until;) {
      await conn.write(out);
      for (let got = 0; got < BYTES;) got += (await conn.read(buffer))!;
      const after = performance.now();
      if (now >= warmUntil) latencies.push(after - now);
      now = after;
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, one));
  latencies.sort((a, b) => a - b);
  const at = (part: number) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * part))];
  return { perSecond: latencies.length / Number(secondsText), p50Ms: at(0.5), p99Ms: at(0.99) };
}

const cases: [string, string[]][] = [];
for (const mode of ["idle", "busy"]) {
  cases.push([`plain Deno, ${mode}`, ["bench/io/plain_echo.ts", mode]]);
  for (const threads of ["1", "2"]) {
    cases.push([
      `smarm --threads ${threads}, ${mode}`,
      ["smarm.ts", "--threads", threads, "bench/io/echo_server.ts", mode],
    ]);
  }
}
const results = new Map<string, Figures[]>(cases.map(([name]) => [name, []]));
for (let round = 0; round < Number(roundsText); round++) {
  for (const [name, args] of cases) results.get(name)!.push(await withServer(args, load));
}
for (const [name, all] of results) {
  all.sort((a, b) => a.perSecond - b.perSecond);
  const { perSecond, p50Ms, p99Ms } = all[all.length >> 1];
  console.log(
    `${name.padEnd(26)} ${String(Math.round(perSecond)).padStart(7)}/s  p50 ${p50Ms.toFixed(2)} ms  p99 ${
      p99Ms.toFixed(2)
    } ms`,
  );
}
