/** A blocking function whose module imports much of Node, and a main that ends while it does. */
import "node:child_process";
import "node:crypto";
import "node:dgram";
import "node:http";
import "node:http2";
import "node:inspector";
import "node:perf_hooks";
import "node:readline";
import "node:sqlite";
import "node:test";
import "node:tls";
import "node:util";
import "node:vm";
import "node:zlib";
import { type Actor, Config, init } from "../../../smarm.ts";

export function nothing(): void {}

export async function main(self: Actor, ms: string): Promise<void> {
  self.blocking(nothing).catch(() => {}); // it is given up with its actor
  await self.sleep(Number(ms));
}

if (import.meta.main) {
  for (let ms = 30; ms < 120; ms += 3) {
    await init(Config.exact(1)).run(new URL(import.meta.url), { args: [String(ms)] });
  }
  console.log("all ended");
}
