/** Programs whose peers are silent, read nothing, or are gone without a word; `main` runs the one that it is told. */
import type { Actor, Conn, Listener } from "smarm";

const portOf = (addr: Deno.Addr) => (addr as Deno.NetAddr).port;
const told = (promise: Promise<unknown>) => promise.then(() => "done", (error: Error) => error.name);

async function pair(self: Actor): Promise<{ ours: Conn; peer: Conn; listener: Listener }> {
  const listener = await self.io.listen({ hostname: "127.0.0.1", port: 0 });
  const peer = await self.io.connect({ hostname: "127.0.0.1", port: portOf(listener.addr) });
  return { ours: await listener.accept(), peer, listener };
}

/** Writes until the buffers between the two are full: what the write that waits then is told. */
async function writesUntilFull(conn: Conn, timeoutMs: number): Promise<string> {
  const piece = new Uint8Array(65_536);
  let outcome = "done";
  while (outcome === "done") outcome = await told(conn.write(piece, { timeout: timeoutMs }));
  return outcome;
}

/** A peer that says nothing: each read ends by its timeout, and what comes late is not lost. */
export async function silent(self: Actor) {
  const { ours, peer } = await pair(self);
  const reads = [await told(ours.read(10, { timeout: 5 })), await told(ours.read(10, { timeout: 5 }))];
  await peer.write("late");
  return { reads, late: new TextDecoder().decode((await ours.read())!) };
}

/** A peer that never reads: the write ends by its timeout, and the end of its actor closes although bytes are left over. */
export async function neverReads(self: Actor) {
  const listener = await self.io.listen({ hostname: "127.0.0.1", port: 0 });
  const peer = await self.io.connect({ hostname: "127.0.0.1", port: portOf(listener.addr) });
  const writer = self.spawn(writesAndEnds, await listener.accept());
  const end = await writer.join();
  // The bytes on their way are the peer's, then comes the end, or a reset.
  let outcome = "";
  for (let piece: Uint8Array | null = new Uint8Array(1); outcome === "";) {
    piece = await peer.read().catch((error) => (outcome = error.name, null));
    if (piece === null) outcome ||= "end";
  }
  peer.close();
  return { write: end.kind === "exit" ? end.value : String(end.error), closed: /end|Reset/.test(outcome) };
}
export function writesAndEnds(_self: Actor, conn: Conn) {
  return writesUntilFull(conn, 20);
}

/** A peer that has ended its half and reads nothing: its end is read, our half still times out. */
export async function halfClosedAndDeaf(self: Actor) {
  const { ours, peer } = await pair(self);
  await peer.write("last words");
  await peer.closeWrite();
  let text = "";
  for await (const piece of ours) text += new TextDecoder().decode(piece);
  return { text, write: await writesUntilFull(ours, 20), again: await ours.read() };
}

/** A peer that has ended its half waits for the answer, which comes of an actor that the connection was handed to. */
export async function answersElsewhere(self: Actor) {
  const listener = await self.io.listen({ hostname: "127.0.0.1", port: 0 });
  const answers: string[] = [];
  for (let i = 0; i < 5; i++) {
    const peer = await self.io.connect({ hostname: "127.0.0.1", port: portOf(listener.addr) });
    await peer.write("question");
    await peer.closeWrite();
    self.spawnWith({ scheduler: 0 }, readsAll, await listener.accept());
    let text = "";
    for await (const piece of peer) text += new TextDecoder().decode(piece);
    answers.push(text);
  }
  return answers;
}
export async function readsAll(self: Actor, conn: Conn) {
  let count = 0;
  for (let piece = await conn.read(); piece !== null; piece = await conn.read()) count += piece.length;
  self.spawnWith({ scheduler: self.stats().schedulerCount - 1 }, answers, conn, count);
}
export async function answers(self: Actor, conn: Conn, count: number) {
  await conn.write(`${count} `);
  await self.io.ready(conn, "write"); // nothing is left of it when the next one comes
  await conn.write("bytes");
  conn.close();
}

/** A peer that ends its half without a word gets all of an answer that the OS does not take at once. */
export async function saysNothing(self: Actor) {
  const { ours, peer } = await pair(self);
  await peer.closeWrite();
  const wanted = 32 * 1024 * 1024;
  const writing = ours.write(new Uint8Array(wanted)).then(() => ours.close());
  let count = 0;
  for await (const piece of peer) count += piece.length;
  await writing;
  return count === wanted ? "all" : count;
}

/** The option is taken on both ends, and by a Unix socket too, which has none; not by what is closed. */
export async function keepAlive(self: Actor, folder: string) {
  const { ours, peer } = await pair(self);
  const outcomes: string[] = [];
  for (const conn of [ours, peer]) {
    for (const on of [true, false]) {
      outcomes.push(await told(conn.setKeepAlive(on)), await told(conn.setNoDelay(on)));
    }
  }
  const listener = await self.io.listen({ transport: "unix", path: `${folder}/socket` });
  const unix = await self.io.connect({ transport: "unix", path: `${folder}/socket` });
  await listener.accept();
  outcomes.push(await told(unix.setKeepAlive()));
  ours.close();
  outcomes.push(await told(ours.setKeepAlive()));
  return outcomes;
}

/** The peer's machine goes away without a word, under a connection that has worked: keep-alive tells a waiting read. */
export async function vanishes(self: Actor, hostname: string, portText: string) {
  const listener = await self.io.listen({ hostname, port: Number(portText) });
  console.log("listens");
  const conn = await listener.accept();
  await conn.setKeepAlive(true);
  const hello = new TextDecoder().decode((await conn.read())!);
  const reading = told(conn.read());
  await told(conn.read(1, { timeout: 1 })); // the one before it waits
  console.log("waits");
  console.log(`${hello} ${await reading}`);
}

const PROGRAMS = {
  silent,
  neverReads,
  halfClosedAndDeaf,
  answersElsewhere,
  saysNothing,
  keepAlive,
  vanishes,
};

export function main(self: Actor, name: keyof typeof PROGRAMS, ...args: string[]) {
  // deno-lint-ignore no-explicit-any
  return (PROGRAMS[name] as any)(self, ...args);
}
