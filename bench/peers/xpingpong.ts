/**
 * xpingpong: pingpong with the two actors on two schedulers. What a message costs from thread to thread when each
 * one has to be waited for.
 *
 * @module
 */
import type { Actor } from "smarm";
import { measure } from "./common.ts";
import { pingPong, type PingPongResult } from "./pingpong.ts";

export { ping, pong } from "./pingpong.ts";

export function main(self: Actor<PingPongResult>, ...args: string[]): Promise<void> {
  return measure(
    self,
    { name: "xpingpong", unit: "roundtrips", n: 300_000 },
    args,
    (n) => pingPong(self, n, true),
  );
}
