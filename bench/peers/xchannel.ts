/**
 * xchannel: a bounded channel whose producer and consumer live on two schedulers.
 *
 * @module
 */
import type { Actor } from "smarm";
import { measure } from "./common.ts";
import { type ChannelResult, transfer } from "./channel.ts";

export { consumer, producer } from "./channel.ts";

export function main(self: Actor<ChannelResult>, ...args: string[]): Promise<void> {
  return measure(
    self,
    { name: "xchannel", unit: "items", n: 1_000_000, options: ["capacity"] },
    args,
    (n, options) => transfer(self, n, options, true),
  );
}
