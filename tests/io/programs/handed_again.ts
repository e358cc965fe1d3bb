/** What is sent once more by somebody who has given it away, or to several. */
import type { Actor, Conn, Pid } from "smarm";

const LOCAL = "127.0.0.1";
const PATIENT_MS = 30_000;

/** Has it until it is told to end. */
export async function first(self: Actor, hub: Pid<"has it">): Promise<void> {
  await self.receive();
  self.send(hub, "has it");
  await self.receive();
}

/** Writes where it is told that the other has ended. */
export async function second(self: Actor): Promise<void> {
  const conn = await self.receive() as Conn;
  await self.receive();
  await conn.write("from the second");
}

/** Holds nothing but the connection. */
export async function hub(self: Actor, port: number): Promise<void> {
  const conn = await self.io.connect({ port, hostname: LOCAL });
  const one = self.spawnWith({ scheduler: "local" }, first, self.pid);
  const two = self.spawnWith({ scheduler: "local" }, second);
  self.send(one, conn);
  await self.receive();
  self.send(two, conn);
  self.send(one, "end");
  await one.join();
  self.send(two, "go on");
  const outcome = await two.join();
  if (outcome.kind === "panic") throw outcome.error;
}

/** What the peer reads. */
async function again(self: Actor): Promise<string> {
  using listener = await self.io.listen({ port: 0, hostname: LOCAL });
  const running = self.spawn(hub, (listener.addr as Deno.NetAddr).port);
  const peer = await listener.accept();
  let text = "";
  for await (const bytes of peer) text += new TextDecoder().decode(bytes);
  const outcome = await running.join();
  if (outcome.kind === "panic") throw outcome.error;
  return text;
}

export async function keeps(self: Actor): Promise<void> {
  await self.receive();
  await self.yield();
}

export async function givesOn(self: Actor): Promise<void> {
  const conn = await self.receive() as Conn;
  self.send(self.spawn(keeps), conn);
}

/** Two are sent the same connection, and one gives it on. How often the peer read its end. */
async function both(self: Actor, rounds: number): Promise<number> {
  using listener = await self.io.listen({ port: 0, hostname: LOCAL });
  const { port } = listener.addr as Deno.NetAddr;
  let ends = 0;
  for (let round = 0; round < rounds; round++) {
    const [conn, peer] = await Promise.all([listener.accept(), self.io.connect({ port, hostname: LOCAL })]);
    for (const one of [self.spawn(givesOn), self.spawn(keeps)]) self.send(one, conn);
    if (await peer.read(1, { timeout: PATIENT_MS }) === null) ends++;
    peer.close();
  }
  return ends;
}

export async function main(self: Actor, what: string, rounds = "0"): Promise<string | number> {
  return what === "again" ? await again(self) : await both(self, Number(rounds));
}
