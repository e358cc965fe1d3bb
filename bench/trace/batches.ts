/**
 * A ping-pong in batches, one for each line of stdin, with its seconds on stdout: run by cost.ts. Seconds are those that the
 * scheduler's thread had a CPU, where the system tells them: others on the machine then do no harm.
 *
 * @module
 */
import type { Actor } from "smarm";
import { pingPong, type PingPongResult } from "../peers/pingpong.ts";

const SCHEDSTAT = "/proc/thread-self/schedstat";

/** Seconds that this thread has had a CPU. */
function cpuSeconds(): number {
  return Number(Deno.readTextFileSync(SCHEDSTAT).split(" ")[0]) / 1e9;
}

export async function main(self: Actor<PingPongResult>, n: string): Promise<void> {
  const clock = Deno.build.os === "linux" ? cpuSeconds : () => performance.now() / 1000;
  for await (const _line of self.io.stdin.lines()) {
    const start = clock();
    await pingPong(self, Number(n));
    console.log(clock() - start);
  }
}
