/**
 * Messages between two workers, one way, in millions a second: the link, against postMessage in batches and, for buffers,
 * against a bare copy into shared memory and out of it. All rounds of one message are interleaved, so that what else the
 * machine does strikes them alike; the median counts.
 *
 *     deno run -A bench/link_bench.ts [rounds]
 */

import { InLink } from "../runtime/in_link.ts";
import { OutLink } from "../runtime/out_link.ts";
import { DEFAULT_RING_BYTES, type Region } from "../runtime/ring.ts";
import { receiveMessageOnPort } from "node:worker_threads";

type Means = "link" | "post 64" | "post 512" | "post 8" | "bare copy";
type Message = "number" | "{ type, from, n }" | '["reply", n, { ok }]' | "order" | "64 KiB";

const BUFFER_BYTES = 1 << 16;
const SLOTS = 8;

/** Nothing is shared between messages, since structured clone writes what it meets again in a batch as a reference. */
const orderOf = (id: number) => ({
  id,
  customer: {
    name: "Jane Doe",
    email: "jane@example.com",
    address: { street: "1 High Street", city: "Springfield" },
  },
  items: [
    { sku: "sku-1", title: "thing number one", quantity: 1, price: 9.99 },
    { sku: "sku-2", title: "thing number two", quantity: 2, price: 19.98 },
    { sku: "sku-3", title: "thing number three", quantity: 3, price: 29.97 },
  ],
  total: 59.94,
  status: "open",
  note: "please leave it at the door and ring the bell twice, thank you very much",
  created: 1_700_000_000_000,
  tags: ["new", "gift", "fragile"],
});

const buffers = Array.from({ length: SLOTS }, (_, i) => new Uint8Array(BUFFER_BYTES).fill(i));

const MESSAGES: Record<Message, { make(n: number): unknown; count: number; means: Means[] }> = {
  "number": { make: (n) => n, count: 1_000_000, means: ["link", "post 64", "post 512"] },
  "{ type, from, n }": {
    make: (n) => ({ type: "inc", from: 123456789012, n }),
    count: 600_000,
    means: ["link", "post 64", "post 512"],
  },
  '["reply", n, { ok }]': {
    make: (n) => ["reply", n, { ok: true }],
    count: 400_000,
    means: ["link", "post 64", "post 512"],
  },
  "order": { make: orderOf, count: 60_000, means: ["link", "post 64", "post 512"] },
  "64 KiB": { make: (n) => buffers[n % SLOTS], count: 6_000, means: ["link", "post 8", "bare copy"] },
};

interface Job {
  end: "sender" | "receiver";
  message: Message;
  means: Means;
  region: Region;
  slots: SharedArrayBuffer;
  port: MessagePort;
}

const scope = globalThis as unknown as {
  DedicatedWorkerGlobalScope?: unknown;
  onmessage(event: MessageEvent<Job>): void;
  postMessage(message: unknown): void;
};

if (scope.DedicatedWorkerGlobalScope !== undefined) {
  scope.onmessage = async ({ data }: MessageEvent<Job>) => {
    const run = data.end === "sender" ? send : receive;
    await run(data);
    scope.postMessage("done");
  };
  scope.postMessage("ready");
} else await main();

/** Leaves the shared memory alone for a moment, as a scheduler that has actors to run would; later it sleeps. */
const nap = new Int32Array(new SharedArrayBuffer(4));
function idle(times: number): number {
  if (times > 2000) Atomics.wait(nap, 0, 0, 0.05);
  for (let i = 0; i < 100; i++) nap[0] = 0;
  return times + 1;
}

function send({ message, means, region, slots, port }: Job): void {
  const { make, count } = MESSAGES[message];
  if (means === "link") {
    const out = new OutLink(region, {
      wakeReader() {},
      post: (values, transfer) => port.postMessage(values, transfer),
    });
    for (let n = 0; n < count; n++) {
      out.send(1, 123456789012, 0, make(n));
      for (let spins = 0; !out.flush();) spins = idle(spins);
    }
  } else if (means === "bare copy") {
    const [progress, data] = [new Int32Array(slots, 0, 32), new Uint8Array(slots, 128)];
    for (let n = 0; n < count; n++) {
      for (let spins = 0; n - Atomics.load(progress, 16) >= SLOTS;) spins = idle(spins);
      data.set(make(n) as Uint8Array, (n % SLOTS) * BUFFER_BYTES);
      Atomics.store(progress, 0, n + 1);
    }
  } else {
    const size = Number(means.slice(5));
    for (let n = 0; n < count;) {
      const batch: unknown[] = [];
      while (batch.length < size && n < count) batch.push(make(n++));
      port.postMessage(batch);
    }
  }
}

async function receive({ message, means, region, slots, port }: Job): Promise<void> {
  const { count } = MESSAGES[message];
  let got = 0;
  if (means === "link") {
    const inward = new InLink(region, {
      wakeWriter() {},
      takeSide: () => receiveMessageOnPort(port as never)?.message as unknown[],
    });
    for (let spins = 0; got < count;) {
      const taken = inward.drain(() => got++, 256);
      spins = taken > 0 ? 0 : idle(spins);
    }
  } else if (means === "bare copy") {
    const [progress, data] = [new Int32Array(slots, 0, 32), new Uint8Array(slots, 128)];
    for (; got < count; got++) {
      for (let spins = 0; Atomics.load(progress, 0) <= got;) spins = idle(spins);
      data.slice((got % SLOTS) * BUFFER_BYTES, (got % SLOTS + 1) * BUFFER_BYTES);
      Atomics.store(progress, 16, got + 1);
    }
  } else {
    await new Promise<void>((resolve) => {
      port.onmessage = ({ data }) => {
        got += data.length;
        if (got >= count) resolve();
      };
    });
    port.onmessage = null;
  }
}

async function main(): Promise<void> {
  const rounds = Number(Deno.args[0] ?? 5);
  const workers = [0, 1].map(() => new Worker(import.meta.url, { type: "module" }));
  const next = (worker: Worker) =>
    new Promise((resolve) => worker.addEventListener("message", (e) => resolve(e.data), { once: true }));
  await Promise.all(workers.map(next));
  const round = async (message: Message, means: Means): Promise<number> => {
    const byteLength = DEFAULT_RING_BYTES;
    const region = { buffer: new SharedArrayBuffer(byteLength), byteOffset: 0, byteLength };
    const slots = new SharedArrayBuffer(128 + SLOTS * BUFFER_BYTES);
    const { port1, port2 } = new MessageChannel();
    const done = Promise.all(workers.map(next));
    const started = performance.now();
    workers[1].postMessage({ end: "receiver", message, means, region, slots, port: port2 }, [port2]);
    workers[0].postMessage({ end: "sender", message, means, region, slots, port: port1 }, [port1]);
    await done;
    return MESSAGES[message].count / (performance.now() - started) / 1000;
  };
  for (const message of Object.keys(MESSAGES) as Message[]) {
    const { means } = MESSAGES[message];
    const rates = new Map<Means, number[]>(means.map((m) => [m, []]));
    for (let i = 0; i <= rounds; i++) {
      for (const m of means) {
        const rate = await round(message, m);
        if (i > 0) rates.get(m)!.push(rate); // the first round is for the compiler
      }
    }
    const median = (m: Means) => rates.get(m)!.sort((a, b) => a - b)[rounds >> 1];
    const link = median("link");
    for (const m of means) {
      const ratio = m === "link" ? "" : `, the link is ${(link / median(m)).toFixed(2)} times that`;
      console.log(`${message.padEnd(22)} ${m.padEnd(10)} ${median(m).toFixed(3)} M/s${ratio}`);
    }
  }
  for (const worker of workers) worker.terminate();
}
