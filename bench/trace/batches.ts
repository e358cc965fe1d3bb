/**
 * A ping-pong in batches, one for each line of stdin, with its seconds on stdout: run by cost.ts.
 *
 * @module
 */
import type { Actor } from "smarm";
import { pingPong, type PingPongResult } from "../peers/pingpong.ts";

export async function main(self: Actor<PingPongResult>, n: string): Promise<void> {
  for await (const _line of self.io.stdin.lines()) {
    const { seconds } = await pingPong(self, Number(n));
    console.log(seconds);
  }
}
