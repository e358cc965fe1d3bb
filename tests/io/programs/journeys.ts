/**
 * Connections that change hands while both ends write all the time. What is read and written is the same whoever does it,
 * and wherever: `byteAt` says what the n-th byte is.
 */
import type { Actor, Conn, Pid } from "smarm";
import { byteAt, random } from "./journey_bytes.ts";

interface Journey {
  readonly conn: Conn;
  readonly seed: number;
  /** So many bytes go each way. */
  readonly length: number;
  readonly readAt: number;
  readonly wroteAt: number;
  readonly hops: number;
}

/** Reads and writes a while, then passes the connection on, with what it knows of it. */
export async function holder(self: Actor<Journey>, journey: Journey, told: Pid<string>): Promise<void> {
  const { conn, seed, length, hops } = journey;
  let { readAt, wroteAt } = journey;
  const next = random(seed * 1000 + hops);
  const isLast = hops === 0;
  const read = async (options?: { timeout: number }) => {
    const piece = await conn.read(1 + next(next(3) === 0 ? 100_000 : 300), options);
    if (piece === null) return true;
    for (const byte of piece) {
      if (byte !== byteAt(seed, readAt++)) throw new Error(`byte ${readAt - 1} of ${seed} is wrong`);
    }
    return false;
  };
  const write = async () => {
    const count = Math.min(length - wroteAt, 1 + next(next(4) === 0 ? 200_000 : 200));
    const piece = Uint8Array.from({ length: count }, (_, i) => byteAt(seed + 1, wroteAt + i));
    wroteAt += await conn.write(piece, next(4) === 0 ? { timeout: 60_000 } : undefined);
  };
  for (let steps = next(12); steps > 0; steps--) {
    switch (next(6)) {
      case 0:
      case 1:
        if (readAt < length) await read();
        break;
      case 2:
        if (readAt < length) await read({ timeout: next(3) }).catch(timeoutOnly);
        break;
      case 3:
        await Promise.all([readAt < length ? read() : undefined, wroteAt < length ? write() : undefined]);
        break;
      case 4:
        await self.io.ready(conn, "write");
        break;
      default:
        if (wroteAt < length) await write();
    }
  }
  if (!isLast) {
    const scheduler = next(3) === 0 ? "local" : next(self.stats().schedulerCount);
    self.spawnWith({ scheduler }, holder, { ...journey, readAt, wroteAt, hops: hops - 1 }, told);
    return;
  }
  const writing = (async () => {
    while (wroteAt < length) await write();
    await conn.closeWrite();
  })();
  while (!await read());
  await writing;
  self.send(told, readAt === length ? `done ${seed}` : `only ${readAt} bytes of ${seed}`);
}

function timeoutOnly(error: unknown): void {
  if ((error as Error).name !== "TimeoutError") throw error;
}

/** One reads and one writes, each on a scheduler of its own: the connection is both's. */
export async function reader(self: Actor, conn: Conn, seed: number, length: number, told: Pid<string>) {
  void self;
  let at = 0;
  for await (const piece of conn) {
    for (const byte of piece) if (byte !== byteAt(seed, at++)) throw new Error(`byte ${at - 1} is wrong`);
  }
  self.send(told, at === length ? `done ${seed}` : `only ${at} bytes of ${seed}`);
  await self.receive(); // its end would close what the other still writes to
}

export async function writer(self: Actor, conn: Conn, seed: number, length: number, told: Pid<string>) {
  void self;
  const next = random(seed);
  for (let at = 0; at < length;) {
    const count = Math.min(length - at, 1 + next(20_000));
    at += await conn.write(Uint8Array.from({ length: count }, (_, i) => byteAt(seed + 1, at + i)));
  }
  await conn.closeWrite();
  self.send(told, WROTE);
  await self.receive();
}

const WROTE = "wrote";

/** Whether the connection is served by this scheduler itself, as it says of itself in a dump. */
const isHome = (conn: Conn) => Deno.inspect(conn).endsWith(", at home");

export async function user(self: Actor, conn: Conn, told: Pid<boolean>): Promise<void> {
  await conn.write("from elsewhere\n");
  self.send(told, isHome(conn));
  await self.receive();
}

/** Where a connection is at home: when it is read, when another scheduler uses it, when its peer does not read. */
export async function places(self: Actor<boolean>): Promise<boolean[]> {
  const listener = await self.io.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const open = async () => {
    const peer = await self.io.connect({ hostname: "127.0.0.1", port });
    await peer.write("hello\n");
    return [await listener.accept(), peer];
  };
  const seen: boolean[] = [];
  const [read, peer] = await open();
  seen.push(isHome(read));
  await read.read();
  seen.push(isHome(read));
  const elsewhere = (Number(self.format(self.pid).slice(1).split(".")[0]) + 1) % self.stats().schedulerCount;
  const other = self.spawnWith({ scheduler: elsewhere }, user, read, self.pid);
  for await (const line of peer.lines()) if (line === "from elsewhere") break;
  seen.push(await self.receive());
  self.exit(other, "shutdown");
  const [full] = await open();
  await full.read();
  seen.push(isHome(full));
  full.write(new Uint8Array(50_000_000)).catch(() => {});
  seen.push(isHome(full));
  return seen;
}

/** Reads and writes a connection that has been written already, and passes it on in the same turn. */
export async function passing(self: Actor<Conn>, last: Pid<Conn>): Promise<void> {
  const conn = await self.receive();
  conn.read(10, { timeout: 60_000 }).catch(() => {});
  await conn.write("b");
  self.send(last, conn);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100); // the next owner is faster than this thread
}

export async function last(self: Actor<Conn>): Promise<void> {
  const conn = await self.receive();
  await conn.write("c");
  await conn.closeWrite();
}

/** What the peer gets of three owners, on schedulers of their own. */
export async function passed(self: Actor<string>): Promise<string> {
  const schedulers = self.stats().schedulerCount;
  const listener = await self.io.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const peer = await self.io.connect({ hostname: "127.0.0.1", port });
  const conn = await listener.accept();
  const third = self.spawnWith({ scheduler: 2 % schedulers }, last);
  const second = self.spawnWith({ scheduler: 1 % schedulers }, passing, third.pid);
  await conn.write("a");
  self.send(second, conn);
  let text = "";
  for await (const piece of peer) text += new TextDecoder().decode(piece);
  return text;
}

/** May be taken by another scheduler, which has the connection sent back. */
export async function thief(self: Actor, conn: Conn, home: Pid<Conn>): Promise<void> {
  for (let i = 0; i < STOLEN_WRITES; i++) await conn.write("b");
  self.send(home, conn);
}

const STOLEN_WRITES = 20;

/** What peers get of a connection that is at home here, written elsewhere, and then here again. */
export async function stolen(self: Actor, rounds: number): Promise<boolean[]> {
  const listener = await self.io.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const seen: boolean[] = [];
  for (let round = 0; round < rounds; round++) {
    const peer = await self.io.connect({ hostname: "127.0.0.1", port });
    await peer.write("a");
    const conn = await listener.accept();
    await conn.read();
    const home = self.spawnWith({ scheduler: "local" }, last);
    await self.sleep(1);
    self.spawn(thief, conn, home.pid);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3); // others take what this one does not run
    let text = "";
    for await (const piece of peer) text += new TextDecoder().decode(piece);
    seen.push(text === "b".repeat(STOLEN_WRITES) + "c");
    peer.close();
  }
  return seen;
}

/** Serves `count` connections; the test is told the port by a file. */
export async function main(self: Actor<string>, countText: string, lengthText: string, portFile: string) {
  if (countText === "places") return await places(self as unknown as Actor<boolean>);
  if (countText === "passed") return await passed(self);
  if (countText === "stolen") return await stolen(self as unknown as Actor, 200);
  const count = Number(countText), length = Number(lengthText);
  const listener = await self.io.listen({ hostname: "127.0.0.1", port: 0 });
  await self.io.writeTextFile(portFile, String((listener.addr as Deno.NetAddr).port));
  const schedulers = self.stats().schedulerCount;
  const shared = [];
  for (let i = 0; i < count; i++) {
    const conn = await listener.accept();
    const seed = (await firstByte(conn)) * 2;
    if (seed % 6 === 0) {
      const write = self.spawnWith({ scheduler: seed % schedulers }, writer, conn, seed, length, self.pid);
      const read = self.spawnWith(
        { scheduler: (seed + 1) % schedulers },
        reader,
        conn,
        seed,
        length,
        self.pid,
      );
      shared.push(write, read);
    } else {
      const journey = { conn, seed, length, readAt: 0, wroteAt: 0, hops: seed % 7 };
      self.spawnWith({ scheduler: seed % schedulers }, holder, journey, self.pid);
    }
  }
  const told: string[] = [];
  while (told.length < count + shared.length / 2) told.push(await self.receive({ timeout: 60_000 }));
  for (const one of shared) self.exit(one, "shutdown");
  return told.filter((one) => one !== WROTE).sort();
}

/** Says who it is: read by main, so that some connections have been used when they leave, and some not. */
async function firstByte(conn: Conn): Promise<number> {
  return (await conn.read(1))![0];
}
