/**
 * Binaries from one scheduler to another, beside a bare copy of as many bytes into shared memory and out of it again into
 * a new array, on one thread and with nothing around it. Rounds alternate; the median of each is told, and the ratio.
 *
 * `deno run -A smarm.ts --threads 2 bench/transport/payload.ts [bytes] [messages] [rounds]`
 */
import type { Actor, Pid } from "smarm";

/** Bytes that are on their way at most. With 512 KiB, eight pieces of 64 KiB, it is the credits that one side waits for. */
const WINDOW_BYTES = 1 << 22;
/** What the bare copy goes through: as large as a ring, and in the caches. */
const SHARED_BYTES = 1 << 20;

type Message =
  | { type: "data"; bytes: Uint8Array<ArrayBuffer> }
  | { type: "begin"; credits: number; from: Pid<"credit" | "done"> }
  | { type: "end" };

export async function receiver(self: Actor<Message>): Promise<void> {
  let from: Pid<"credit" | "done"> | undefined;
  let credits = 0;
  let left = 0;
  let sum = 0;
  for (;;) {
    const message = await self.receive();
    switch (message.type) {
      case "begin":
        ({ from } = message);
        left = credits = message.credits;
        break;
      case "data":
        sum += message.bytes[message.bytes.length - 1];
        if (--left > 0) break;
        left = credits;
        self.send(from!, "credit");
        break;
      case "end":
        if (!(sum > 0)) throw new Error("the last bytes did not arrive");
        self.send(from!, "done");
        return;
    }
  }
}

async function sendAll(self: Actor<"credit" | "done">, to: Pid<Message>, bytes: number, messages: number) {
  const piece = new Uint8Array(bytes).fill(7);
  const credits = Math.max(1, Math.floor(WINDOW_BYTES / bytes / 2));
  self.send(to, { type: "begin", credits, from: self.pid });
  const startMs = performance.now();
  for (let sent = 0; sent < messages; sent++) {
    if (sent % credits === 0 && sent >= 2 * credits) await self.receive((message) => message === "credit");
    self.send(to, { type: "data", bytes: piece });
  }
  self.send(to, { type: "end" });
  await self.receive((message) => message === "done");
  while (self.tryReceive() !== undefined); // credits that were not needed
  return (performance.now() - startMs) * 1000 / messages;
}

function copyAll(bytes: number, messages: number): number {
  const piece = new Uint8Array(bytes).fill(7);
  const shared = new Uint8Array(new SharedArrayBuffer(SHARED_BYTES));
  const startMs = performance.now();
  let sum = 0;
  for (let i = 0, at = 0; i < messages; i++, at = at + 2 * bytes > shared.length ? 0 : at + bytes) {
    shared.set(piece, at);
    const copy = new Uint8Array(bytes);
    copy.set(shared.subarray(at, at + bytes));
    sum += copy[bytes - 1];
  }
  if (sum !== 7 * messages) throw new Error("the copies are not the same");
  return (performance.now() - startMs) * 1000 / messages;
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[values.length >> 1];
}

export async function main(self: Actor<"credit" | "done">, ...args: string[]): Promise<void> {
  const [bytes = 65_536, messages = 20_000, rounds = 5] = args.map(Number);
  const here = self.stats().schedulers.findIndex((scheduler) => scheduler.currentPid === self.pid);
  const sent: number[] = [], copied: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const target = self.spawnWith({ scheduler: 1 - here }, receiver);
    sent.push(await sendAll(self, target.pid as Pid<Message>, bytes, messages));
    await target.join();
    copied.push(copyAll(bytes, messages));
  }
  const [perMessage, perCopy] = [median(sent), median(copied)];
  console.log(
    `${bytes} bytes: ${perMessage.toFixed(1)} µs a message, ${
      perCopy.toFixed(1)
    } µs a bare copy in and out, ` +
      `${(perCopy / perMessage).toFixed(2)} of its rate`,
  );
}
