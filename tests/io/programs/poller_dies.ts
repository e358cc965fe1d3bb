/** Actors on all schedulers wait for IO of every kind, one for a message and one asleep; then the poller dies. */
import type { Actor, Conn, Listener } from "smarm";

const HOUR_MS = 3_600_000;
const HAS_BEGUN = 0;
const MAY_END = 1;

export async function accepts(_self: Actor, listener: Listener) {
  await listener.accept();
}
export async function reads(_self: Actor, conn: Conn) {
  await conn.read();
}
export async function runs(self: Actor) {
  await self.io.command("sleep", { args: ["3600"] }).output({ timeout: HOUR_MS });
}
export async function computes(self: Actor, gate: Int32Array) {
  await self.blocking(held, gate);
}
export function held(gate: Int32Array): void {
  Atomics.store(gate, HAS_BEGUN, 1);
  Atomics.wait(gate, MAY_END, 0);
}
export async function listens(self: Actor) {
  await self.receive();
}
export async function sleeps(self: Actor) {
  await self.sleep(HOUR_MS);
}

export async function main(self: Actor, toPoller: string) {
  const listener = await self.io.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const gate = new Int32Array(new SharedArrayBuffer(8));
  const { schedulerCount } = self.stats();
  for (let scheduler = 0; scheduler < schedulerCount; scheduler++) {
    const conn = await self.io.connect({ hostname: "127.0.0.1", port });
    self.spawnWith({ scheduler }, reads, conn);
    self.spawnWith({ scheduler }, runs);
    self.spawnWith({ scheduler }, listens);
    self.spawnWith({ scheduler }, sleeps);
  }
  self.spawn(computes, gate);
  self.spawnWith({ scheduler: "local" }, accepts, await self.io.listen({ hostname: "127.0.0.1", port: 0 }));
  while (self.stats().ioParked < 2 * schedulerCount + 2 || Atomics.load(gate, HAS_BEGUN) === 0) {
    await self.sleep(1);
  }
  const order = new BroadcastChannel(toPoller);
  order.postMessage("die");
  try {
    for (;;) await listener.accept();
  } finally {
    order.close();
    Atomics.store(gate, MAY_END, 1);
    Atomics.notify(gate, MAY_END);
  }
}
