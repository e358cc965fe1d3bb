/**
 * payload: one actor sends `n` binaries of `size` bytes with a sequence number, the other checks and acknowledges each.
 * `mode=fresh` makes a new binary each time, `mode=shared` sends the same one, `mode=transfer` moves a new one;
 * `pin=1` puts the two on schedulers 0 and 1.
 *
 * @module
 */
import type { Actor, Pid } from "smarm";
import {
  check,
  measure,
  type Measurement,
  numberOption,
  type Options,
  refuse,
  round,
  secondsSince,
} from "./common.ts";

export type ReceiverMessage =
  | {
    readonly type: "data";
    readonly from: Pid<SenderMessage>;
    readonly number: number;
    readonly bytes: Uint8Array<ArrayBuffer>;
  }
  | { readonly type: "stop"; readonly from: Pid<SenderMessage> };

export type SenderMessage =
  | { readonly type: "ack"; readonly number: number }
  | { readonly type: "count"; readonly count: number };

export interface PayloadResult {
  readonly type: "result";
  readonly count: number;
}

export type Mode = "fresh" | "shared" | "transfer";

/** What the binaries are filled with behind their number. */
const FILL = 7;

export function main(self: Actor<PayloadResult>, ...args: string[]): Promise<void> {
  const isLarge = args.includes("size=65536");
  return measure(
    self,
    { name: "payload", unit: "roundtrips", n: isLarge ? 100_000 : 300_000, options: ["size", "mode", "pin"] },
    args,
    (n, options) => payload(self, n, options),
  );
}

async function payload(self: Actor<PayloadResult>, n: number, options: Options): Promise<Measurement> {
  const size = numberOption(options, "size", 1024);
  const mode = options.mode ?? "fresh";
  if (mode !== "fresh" && mode !== "shared" && mode !== "transfer") {
    refuse(`Cannot use mode=${mode}: write fresh, shared or transfer`);
  }
  const pinned = numberOption(options, "pin", 0) === 1;
  const start = performance.now();
  const to = self.spawnWith(pinned ? { scheduler: 1 } : {}, receiver, size).pid;
  self.spawnWith(pinned ? { scheduler: 0 } : {}, sender, self.pid, to, n, size, mode);
  const { count } = await self.receive();
  const seconds = secondsSince(start);
  check("the number of binaries", count, n);
  return { n, seconds, extra: { mb_per_s: round(n * size / 1e6 / seconds, 1) } };
}

export async function sender(
  self: Actor<SenderMessage>,
  driver: Pid<PayloadResult>,
  to: Pid<ReceiverMessage>,
  n: number,
  size: number,
  mode: Mode,
): Promise<void> {
  const template = new Uint8Array(size).fill(FILL, 4);
  for (let i = 0; i < n; i++) {
    const number = mode === "shared" ? 0 : i;
    const bytes = mode === "shared" ? template : numbered(template, number);
    if (mode === "transfer") {
      self.send(to, { type: "data", from: self.pid, number, bytes }, { transfer: [bytes.buffer] });
    } else {
      self.send(to, { type: "data", from: self.pid, number, bytes });
    }
    const answer = await self.receive();
    if (answer.type === "ack") check("the number acknowledged", answer.number, number);
  }
  self.send(to, { type: "stop", from: self.pid });
  const last = await self.receive();
  if (last.type === "count") self.send(driver, { type: "result", count: last.count });
}

function numbered(template: Uint8Array<ArrayBuffer>, number: number): Uint8Array<ArrayBuffer> {
  const bytes = template.slice();
  bytes[0] = number >>> 24;
  bytes[1] = number >>> 16;
  bytes[2] = number >>> 8;
  bytes[3] = number;
  return bytes;
}

export async function receiver(self: Actor<ReceiverMessage>, size: number): Promise<void> {
  let count = 0;
  for (;;) {
    const message = await self.receive();
    if (message.type === "stop") {
      self.send(message.from, { type: "count", count });
      return;
    }
    const { bytes, number, from } = message;
    check("the size of a binary", bytes.length, size);
    check(
      "the number in a binary",
      (bytes[0] << 24 | bytes[1] << 16 | bytes[2] << 8 | bytes[3]) >>> 0,
      number,
    );
    check("the last byte of a binary", bytes[size - 1], FILL);
    count++;
    self.send(from, { type: "ack", number });
  }
}
