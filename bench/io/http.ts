/**
 * examples/http_server.ts in both of its modes beside one plain `Deno.serve`, driven by wrk over 50 connections: an answer
 * that costs nothing, and one that is computed for a millisecond or so. Runs alternate, and the median of each is told.
 *
 *     deno run -A bench/io/http.ts [seconds] [rounds]
 *
 * Needs wrk on the path (Debian: apt-get install wrk). It takes a core itself: on two cores there is one for the server.
 *
 * @module
 */
import { withServer } from "./server.ts";

const CONNECTIONS = 50;
const [secondsText = "3", roundsText = "3"] = Deno.args;
const PATHS = ["/", "/primes/100000"];

interface Figures {
  perSecond: number;
  p50: string;
  p99: string;
}

async function load(port: number): Promise<Figures[]> {
  const origin = `http://127.0.0.1:${port}`;
  await drive(origin, "1"); // warm
  const figures: Figures[] = [];
  for (const path of PATHS) figures.push(await drive(origin + path, secondsText));
  return figures;
}

async function drive(url: string, seconds: string): Promise<Figures> {
  const args = ["-t1", `-c${CONNECTIONS}`, `-d${seconds}s`, "--latency", url];
  const { stdout } = await new Deno.Command("wrk", { args }).output();
  const text = new TextDecoder().decode(stdout);
  const found = (pattern: RegExp) => {
    const match = pattern.exec(text);
    if (match === null || /Non-2xx|Socket errors/.test(text)) throw new Error(text);
    return match[1];
  };
  return {
    perSecond: Number(found(/Requests\/sec:\s+([\d.]+)/)),
    p50: found(/^ +50% +(\S+)$/m),
    p99: found(/^ +99% +(\S+)$/m),
  };
}

const server = (
  threads: string,
  mode: string,
) => ["smarm.ts", "--threads", threads, "examples/http_server.ts", mode, "0"];
const cases: [string, string[]][] = [
  ["plain Deno.serve", ["bench/io/plain_http.ts"]],
  ["spread, --threads 1", server("1", "spread")],
  ["spread, --threads 2", server("2", "spread")],
  ["shared, --threads 2", server("2", "shared")],
];
const results = cases.map(() => PATHS.map((): Figures[] => []));
for (let round = 0; round < Number(roundsText); round++) {
  for (const [which, [, args]] of cases.entries()) {
    for (const [path, figures] of (await withServer(args, load)).entries()) {
      results[which][path].push(figures);
    }
  }
}
for (const [path, name] of PATHS.entries()) {
  console.log(name);
  let plain = 0;
  for (const [which, [label]] of cases.entries()) {
    const all = results[which][path].sort((a, b) => a.perSecond - b.perSecond);
    const { perSecond, p50, p99 } = all[all.length >> 1];
    plain ||= perSecond;
    console.log(
      `  ${label.padEnd(20)} ${String(Math.round(perSecond)).padStart(7)}/s (${
        (perSecond / plain).toFixed(2)
      } × plain)  p50 ${p50}  p99 ${p99}`,
    );
  }
}
