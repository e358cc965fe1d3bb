/**
 * Random actors that send each other numbered messages of all sizes, by every way a message can take, while some are
 * stolen, given away, pinned or die: each receiver checks that what it got from each sender is 0, 1, 2, … with nothing
 * missing, doubled or overtaken.
 */
import type { Actor, Pid } from "smarm";

type Body =
  | { kind: "small"; n: number }
  | { kind: "text"; text: string; length: number }
  | { kind: "bytes"; bytes: Uint8Array; length: number; last: number }
  | { kind: "nested"; value: { list: unknown[]; again: unknown[]; map: Map<string, number> } }
  | { kind: "shared"; buffer: SharedArrayBuffer }
  | { kind: "moved"; buffer: ArrayBuffer; length: number };

interface Numbered {
  type: "numbered";
  from: number;
  seq: number;
  body: Body;
}
interface Last {
  type: "last";
  from: number;
  count: number;
}
type Message = Numbered | Last | { type: "go"; receivers: Pid<Message>[] };

/** Park and Miller's generator: the same seed gives the same program. */
export function random(seed: number): (below: number) => number {
  let state = (seed % 2147483646) + 1;
  return (below) => {
    state = (state * 48271) % 2147483647;
    return state % below;
  };
}

export async function receiver(
  self: Actor<Message>,
  senders: number,
  dieAfter: number,
  pauseEvery: number,
): Promise<number> {
  const next = new Map<number, number>();
  let open = senders;
  let got = 0;
  while (open > 0) {
    const message = await self.receive();
    if (message.type === "go") continue;
    const expected = next.get(message.from) ?? 0;
    if (message.type === "last") {
      if (message.count !== expected) {
        throw new Error(`sender ${message.from} sent ${message.count} messages, ${expected} came`);
      }
      open--;
      continue;
    }
    if (message.seq !== expected) {
      throw new Error(`from ${message.from}: expected ${expected}, got ${message.seq}`);
    }
    checkBody(message.body);
    next.set(message.from, expected + 1);
    if (++got === dieAfter) return got;
    if (pauseEvery > 0 && got % pauseEvery === 0) await self.sleep(0);
  }
  return got;
}

function checkBody(body: Body): void {
  const right = (() => {
    switch (body.kind) {
      case "small":
        return body.n === 7;
      case "text":
        return body.text.length === body.length;
      case "bytes":
        return body.bytes.length === body.length && body.bytes[body.length - 1] === body.last;
      case "nested":
        return body.value.list === body.value.again && body.value.map.get("a") === 1;
      case "shared":
        return new Int32Array(body.buffer)[0] === 42;
      case "moved":
        return body.buffer.byteLength === body.length;
    }
  })();
  if (!right) throw new Error(`the body of kind ${body.kind} is not what was sent`);
}

export async function sender(
  self: Actor<Message>,
  id: number,
  count: number,
  seed: number,
  heavy: number,
): Promise<void> {
  const next = random(seed);
  const go = await self.receive();
  if (go.type !== "go") throw new Error("the first message is the start");
  const sent = go.receivers.map(() => 0);
  for (let i = 0; i < count; i++) {
    const to = next(go.receivers.length);
    const { body, transfer } = makeBody(next, heavy);
    self.send(go.receivers[to], { type: "numbered", from: id, seq: sent[to]++, body }, { transfer });
    if (next(40) === 0) await self.yield();
    if (next(400) === 0) await self.sleep(next(2));
    if (next(200) === 0) burn(next(2000));
  }
  go.receivers.forEach((to, i) => self.send(to, { type: "last", from: id, count: sent[i] }));
}

function burn(steps: number): void {
  let x = 1;
  for (let i = 0; i < steps * 100; i++) x = (x * 1309 + 13849) & 65535;
  if (x < 0) throw new Error("never");
}

function makeBody(next: (below: number) => number, heavy: number): { body: Body; transfer?: Transferable[] } {
  if (next(100) >= heavy) return { body: { kind: "small", n: 7 } };
  switch (next(5)) {
    case 0: {
      const length = next(3000);
      return { body: { kind: "text", text: (next(2) === 0 ? "a" : "ж").repeat(length), length } };
    }
    case 1: {
      const bytes = new Uint8Array(1 + next(20_000)).fill(next(256));
      return { body: { kind: "bytes", bytes, length: bytes.length, last: bytes[bytes.length - 1] } };
    }
    case 2: {
      const list = [1, "two", { three: 3n }, new Date(4), [undefined, null, NaN]];
      return { body: { kind: "nested", value: { list, again: list, map: new Map([["a", 1]]) } } };
    }
    case 3: {
      const buffer = new SharedArrayBuffer(8);
      new Int32Array(buffer)[0] = 42;
      return { body: { kind: "shared", buffer } };
    }
    default: {
      const buffer = new ArrayBuffer(1 + next(5000));
      return { body: { kind: "moved", buffer, length: buffer.byteLength }, transfer: [buffer] };
    }
  }
}

/** One random topology; gives how many messages were sent. */
async function topology(self: Actor<Message>, seed: number): Promise<number> {
  const next = random(seed);
  const schedulers = self.stats().schedulerCount;
  const senders = 1 + next(6), receivers = 1 + next(5);
  const heavy = [0, 3, 30][next(3)];
  const start = <A extends unknown[], T>(
    target: (self: Actor<Message>, ...args: A) => T,
    ...args: NoInfer<A>
  ) => {
    switch (next(4)) {
      case 0: // wherever it is stolen to
        return self.spawn(target, ...args);
      case 1:
        return self.spawnWith({ scheduler: next(schedulers) }, target, ...args);
      case 2: { // given away, with its links
        const handle = self.spawnWith({ monitor: true }, target, ...args);
        return handle;
      }
      default:
        return self.spawnWith({ scheduler: "local" }, target, ...args);
    }
  };
  const mortal: boolean[] = [];
  const targets = Array.from({ length: receivers }, () => {
    const dieAfter = next(5) === 0 ? 1 + next(50) : -1;
    mortal.push(dieAfter > 0);
    return start(receiver, senders, dieAfter, next(3) === 0 ? 1 + next(30) : 0);
  });
  let total = 0;
  const sources = Array.from({ length: senders }, (_, id) => {
    const count = next(300);
    total += count;
    return start(sender, id, count, seed * 31 + id, heavy);
  });
  if (next(3) === 0) burn(5000);
  const pids = targets.map((handle) => handle.pid);
  for (const source of sources) self.send(source, { type: "go", receivers: pids });
  for (const handle of [...sources, ...targets]) {
    const outcome = await handle.join({ timeout: 60_000 });
    if (outcome.kind === "panic") {
      throw new Error(`seed ${seed}: ${outcome.error.message}`, { cause: outcome.error });
    }
  }
  while (self.tryReceive() !== undefined); // the DOWN messages of those that were monitored
  return total;
}

export async function main(self: Actor<Message>, firstSeed: string, rounds: string): Promise<string> {
  let messages = 0;
  for (let i = 0; i < Number(rounds); i++) messages += await topology(self, Number(firstSeed) + i);
  const stats = self.stats();
  const given = stats.schedulers.reduce((sum, one) => sum + one.donated, 0);
  const out = stats.schedulers.reduce((sum, one) => sum + one.messagesOut, 0);
  return `${rounds} topologies, ${messages} messages, ${out} between schedulers, ${stats.stolen} stolen, ${given} given away`;
}
