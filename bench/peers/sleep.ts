/**
 * sleep: how late a lone `sleep(ms)` is, `n` of them one after the other. With `load=1` actors keep the scheduler busy half
 * of the time meanwhile, and `sockets` connections are open, each with a message to and fro now and then.
 *
 * @module
 */
import type { Actor, Conn, Pid } from "smarm";
import { busy, ensure, measure, type Measurement, numberOption, type Options, round } from "./common.ts";

/** Each works for one of eight milliseconds. */
const WORKERS = 4;
const WORK_MS = 1;
const REST_MS = 7;
const SOCKETS = 20;
const BETWEEN_MESSAGES_MS = 10;
const MESSAGE_BYTES = 64;

export function main(self: Actor, ...args: string[]): Promise<void> {
  const bench = { name: "sleep", unit: "sleeps", n: 1000, options: ["ms", "load", "sockets"] };
  return measure(self, bench, args, (n, options) => sleeps(self, n, options));
}

async function sleeps(self: Actor, n: number, options: Options): Promise<Measurement> {
  const ms = numberOption(options, "ms", 1);
  const load = numberOption(options, "load", 0) === 0
    ? null
    : self.spawn(loads, numberOption(options, "sockets", SOCKETS));
  const late = new Float64Array(n);
  const start = performance.now();
  for (let i = 0; i < n; i++) {
    const asked = performance.now();
    await self.sleep(ms);
    late[i] = performance.now() - asked - ms;
  }
  const seconds = (performance.now() - start) / 1000;
  if (load !== null) {
    self.exit(load.pid, "shutdown");
    await load.join(); // ended, as it was told to
  }
  late.sort();
  ensure(late[0] >= 0, `a sleep ended ${-late[0]} ms early`);
  const quantile = (part: number) => round(1000 * late[Math.max(0, Math.floor(n * part) - 1)], 0);
  return {
    n,
    seconds,
    extra: { late_us_p50: quantile(0.5), late_us_p99: quantile(0.99), late_us_max: quantile(1) },
  };
}

/** Whose end ends all of its load. */
export async function loads(self: Actor, sockets: number): Promise<void> {
  const load: Pid[] = [];
  try {
    for (let i = 0; i < WORKERS; i++) load.push(self.spawn(works, i).pid);
    const listener = await self.io.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr as Deno.NetAddr;
    for (let i = 0; i < sockets; i++) load.push(self.spawn(talks, port).pid);
    for await (const conn of listener) load.push(self.spawn(echoes, conn).pid);
  } finally {
    for (const pid of load) self.exit(pid, "shutdown");
  }
}

/** Computes in pieces of less than a timeslice. */
export async function works(self: Actor, seed: number): Promise<void> {
  for (let random = seed;;) {
    const until = performance.now() + WORK_MS;
    while (performance.now() < until) {
      random = busy(2000, random);
      await self.check();
    }
    await self.sleep(REST_MS);
  }
}

export async function echoes(_self: Actor, conn: Conn): Promise<void> {
  for (let piece = await conn.read(); piece !== null; piece = await conn.read()) await conn.write(piece);
}

export async function talks(self: Actor, port: number): Promise<void> {
  const conn = await self.io.connect({ hostname: "127.0.0.1", port });
  const message = new Uint8Array(MESSAGE_BYTES).fill(7);
  for (;;) {
    await conn.write(message);
    for (let got = 0; got < MESSAGE_BYTES;) {
      const piece = await conn.read();
      if (piece === null) return;
      got += piece.length;
    }
    await self.sleep(BETWEEN_MESSAGES_MS);
  }
}
