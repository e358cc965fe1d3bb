/**
 * concdict: 20 workers read and write (one request in ten) a dictionary that one actor owns, `n` requests each.
 *
 * @module
 */
import type { Actor, Pid } from "smarm";
import { check, lcg, measure, type Measurement, numberOption, type Options, secondsSince } from "./common.ts";

export type DictionaryMessage =
  | { readonly type: "read"; readonly from: Pid<WorkerMessage>; readonly key: number }
  | {
    readonly type: "write";
    readonly from: Pid<WorkerMessage>;
    readonly key: number;
    readonly value: number;
  }
  | { readonly type: "stop"; readonly from: Pid<DriverMessage> };

export interface WorkerMessage {
  readonly type: "result";
  readonly value: number;
}

export type DriverMessage =
  | { readonly type: "ready" }
  | { readonly type: "end-work"; readonly writes: number }
  | { readonly type: "totals"; readonly reads: number; readonly writes: number };

/** Keys 0 to this, exclusive, are in the dictionary from the start. */
const KEYS = 524_288;
/** Of a hundred requests, so many write. */
const WRITE_PERCENT = 10;

export function main(self: Actor<DriverMessage>, ...args: string[]): Promise<void> {
  return measure(
    self,
    { name: "concdict", unit: "requests", n: 50_000, options: ["a"] },
    args,
    (n, options) => requests(self, n, options),
  );
}

async function requests(self: Actor<DriverMessage>, n: number, options: Options): Promise<Measurement> {
  const actors = numberOption(options, "a", 20);
  const owner = self.spawn(dictionary, self.pid).pid;
  await self.receive();
  const start = performance.now();
  for (let i = 0; i < actors; i++) {
    const asker = self.spawn(worker, self.pid, owner, n, lcg(i + 1));
    self.send(asker, { type: "result", value: 0 });
  }
  let wanted = 0;
  for (let ended = 0; ended < actors;) {
    const message = await self.receive();
    if (message.type !== "end-work") continue;
    wanted += message.writes;
    ended++;
  }
  self.send(owner, { type: "stop", from: self.pid });
  const totals = await self.receive();
  const seconds = secondsSince(start);
  if (totals.type !== "totals") throw new Error(`The dictionary answered "${totals.type}" to stop`);
  check("the number of requests", totals.reads + totals.writes, actors * n);
  check("the number of writes", totals.writes, wanted);
  return { n: actors * n, seconds, extra: { actors, writes: wanted } };
}

export async function dictionary(self: Actor<DictionaryMessage>, driver: Pid<DriverMessage>): Promise<void> {
  const entries = new Map<number, number>();
  for (let key = 0; key < KEYS; key++) entries.set(key, key);
  self.send(driver, { type: "ready" });
  let reads = 0;
  let writes = 0;
  for (;;) {
    const message = await self.receive();
    switch (message.type) {
      case "read":
        reads++;
        self.send(message.from, { type: "result", value: entries.get(message.key) ?? 0 });
        break;
      case "write":
        writes++;
        entries.set(message.key, message.value);
        self.send(message.from, { type: "result", value: message.value });
        break;
      case "stop":
        self.send(message.from, { type: "totals", reads, writes });
        return;
    }
  }
}

export async function worker(
  self: Actor<WorkerMessage>,
  driver: Pid<DriverMessage>,
  owner: Pid<DictionaryMessage>,
  n: number,
  seed: number,
): Promise<void> {
  let random = seed;
  let writes = 0;
  for (let i = 0; i < n; i++) {
    await self.receive();
    const kind = lcg(random);
    const place = lcg(kind);
    random = lcg(place);
    const key = place * 8 + (random & 7);
    if (kind % 100 < WRITE_PERCENT) {
      writes++;
      self.send(owner, { type: "write", from: self.pid, key, value: random });
    } else {
      self.send(owner, { type: "read", from: self.pid, key });
    }
  }
  await self.receive();
  self.send(driver, { type: "end-work", writes });
}
