/**
 * Connections that are echoed by actors which hand them on to others while bytes are under way: every byte comes back, in
 * order, and the end after the last.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import type { Actor, Call, Conn, ConnectOptions, Listener, Pid } from "../../../smarm.ts";
import { CERT, KEY } from "../../support/certificate.ts";
import { Random } from "../plan.ts";
import {
  type AnyActor,
  hands,
  PATIENT_MS,
  pause,
  PLANNED,
  start,
  times,
  unlessTimedOut,
  valueOf,
} from "./support.ts";

const byteAt = (i: number) => (i * 31 + (i >> 8)) & 255;

/** Echoes some of what comes, then hands the connection on, with its last bytes on their way; the last one echoes all. */
export async function echo(self: Actor, conn: Conn, hops: number, seed: number): Promise<void> {
  const random = new Random(seed);
  const limit = hops > 0 ? 1 + random.below(3000) : Infinity;
  for (let n = 0;;) {
    const bytes = await conn.read(1 + random.below(2000));
    if (bytes === null) break;
    const written = conn.write(bytes);
    n += bytes.length;
    if (n >= limit) handOn(self, random, conn, hops - 1);
    assertEquals(await written, bytes.length);
    if (n >= limit) return;
    if (random.below(8) === 0) await pause(self, random);
  }
  await conn.closeWrite(); // behind all that was written
  if (random.below(2) === 0) conn.close(); // else its end does
}

/** As an argument or in a message. */
function handOn(self: Actor, random: Random, conn: Conn, hops: number): void {
  if (random.below(2) === 0) hands(self, random, echo, conn, hops, random.next());
  else self.send(start(self, random, echoesWhatIsSent, hops, random.next()), conn);
}

export async function echoesWhatIsSent(self: Actor<Conn>, hops: number, seed: number): Promise<void> {
  await echo(self as Actor, await self.receive(), hops, seed);
}

async function listens(self: Actor, random: Random): Promise<[Listener, ConnectOptions]> {
  switch (random.below(Deno.build.os === "windows" ? 3 : 4)) {
    case 0: {
      const listener = await self.io.listen({ port: 0, hostname: "127.0.0.1", cert: CERT, key: KEY });
      return [listener, { port: portOf(listener), hostname: "localhost", tls: { caCerts: [CERT] } }];
    }
    case 3: {
      const to = { transport: "unix", path: `${await self.io.makeTempDir()}/socket` } as const;
      return [await self.io.listen(to), to];
    }
    default: {
      const listener = await self.io.listen({ port: 0, hostname: "127.0.0.1" });
      return [listener, { port: portOf(listener), hostname: "127.0.0.1" }];
    }
  }
}

const portOf = ({ addr }: Listener) => (addr as Deno.NetAddr).port;

export async function serves(
  self: Actor,
  boss: Pid<ConnectOptions>,
  count: number,
  seed: number,
): Promise<void> {
  const random = new Random(seed);
  const [listener, to] = await listens(self, random);
  self.send(boss, to);
  for (let left = count; left > 0; left--) handOn(self, random, await listener.accept(), random.below(4));
  if (random.below(2) === 0) listener.close();
}

export async function client(self: Actor, to: ConnectOptions, seed: number): Promise<void> {
  const random = new Random(seed);
  const conn = await self.io.connect(to);
  const total = random.below(random.below(3) === 0 ? 400_000 : 20_000);
  const writes = hands(self, random, writer, conn, total, random.next());
  let came = 0;
  for (;;) {
    const options = random.below(5) === 0 ? { timeout: random.below(3) } : undefined;
    const bytes = await unlessTimedOut(conn.read(1 + random.below(70_000), options));
    if (bytes === null) break;
    for (const byte of bytes ?? []) {
      if (byte !== byteAt(came)) assertEquals(byte, byteAt(came), `byte ${came} of ${total}`);
      came++;
    }
    if (random.below(10) === 0) await pause(self, random);
  }
  assertEquals(came, total, "bytes that came back");
  self.send(writes, "end");
  await valueOf(writes, "a writer");
  if (random.below(2) === 0) conn.close();
}

/** Lives until it is told to end: its end closes the connection, which it was given. */
export async function writer(self: Actor<"end">, conn: Conn, total: number, seed: number): Promise<void> {
  const random = new Random(seed);
  for (let n = 0; n < total;) {
    const length = Math.min(total - n, 1 + random.below(random.below(8) === 0 ? 100_000 : 3000));
    const first = n;
    assertEquals(await conn.write(Uint8Array.from({ length }, (_, i) => byteAt(first + i))), length);
    n += length;
    if (random.below(6) === 0) await pause(self, random);
  }
  await conn.closeWrite();
  await self.receive();
}

async function sockets(self: Actor<ConnectOptions>, random: Random): Promise<void> {
  const count = 1 + random.below(4);
  const server = start(self, random, serves, self.pid, count, random.next());
  const to = await self.receive();
  const clients = times(count, () => start(self, random, client, to, random.next()));
  for (const one of clients) await valueOf(one, "a client");
  await valueOf(server, "the server");
  if ("path" in to) await self.io.remove(new URL(".", `file://${to.path}`), { recursive: true });
}

/** Ends without closing the connection that it was sent, whether it has looked at its mail or not. */
export async function holder(self: Actor<Conn>, seed: number): Promise<void> {
  const random = new Random(seed);
  if (random.below(3) > 0) await (await self.receive()).write("held");
  await pause(self, random);
  if (random.below(2) === 0) throw new Error(`${PLANNED}: holder`);
}

/** The end of whoever has a connection closes it: its peer reads the end. */
async function leftOpen(self: Actor, random: Random): Promise<void> {
  const listener = await self.io.listen({ port: 0, hostname: "127.0.0.1" });
  const port = portOf(listener);
  for (let left = 1 + random.below(4); left > 0; left--) {
    const [conn, accepted] = await Promise.all([
      self.io.connect({ port, hostname: "127.0.0.1" }),
      listener.accept(),
    ]);
    const holds = start(self, random, holder, random.next());
    self.send(holds, accepted);
    if (random.below(3) === 0) self.kill(holds);
    while (await conn.read(100, { timeout: PATIENT_MS }) !== null);
    conn.close();
    await holds.join();
  }
  listener.close();
}

type Shared = Conn | Call<Conn, null>;

/** One of several that are given the same connection: gives it to others, and ends, in one way or another. */
export async function sharer(
  self: Actor<Shared>,
  depth: number,
  seed: number,
  given: Conn | null,
): Promise<Conn | void> {
  const random = new Random(seed);
  const message = given ?? await self.receive();
  const conn = "request" in message ? message.request : message;
  if ("reply" in message) message.reply(null);
  await pause(self, random);
  await share(self, random, depth, conn);
  await pause(self, random);
  switch (random.below(4)) {
    case 0:
      return conn;
    case 1:
      throw new Error(`${PLANNED}: sharer`);
  }
}

/** Gives a connection to some, as an argument, in a message or in a call. */
async function share(self: AnyActor, random: Random, depth: number, conn: Conn): Promise<void> {
  for (let left = depth === 0 ? 0 : random.below(3); left > 0; left--) {
    const seed = random.next();
    if (random.below(4) === 0) {
      hands(self, random, sharer, depth - 1, seed, conn);
      continue;
    }
    const one = start(self, random, sharer, depth - 1, seed, null);
    if (random.below(3) === 0) await self.call(one, conn, { timeout: PATIENT_MS });
    else self.send(one, conn);
  }
}

/** What several were given, who gave it to others, is closed when all have ended: its peer reads the end. */
async function shared(self: Actor, random: Random): Promise<void> {
  const listener = await self.io.listen({ port: 0, hostname: "127.0.0.1" });
  const port = portOf(listener);
  for (let left = 1 + random.below(4); left > 0; left--) {
    const [conn, accepted] = await Promise.all([
      self.io.connect({ port, hostname: "127.0.0.1" }),
      listener.accept(),
    ]);
    for (let left = 1 + random.below(2); left > 0; left--) {
      self.send(start(self, random, sharer, 3, random.next(), null), accepted);
    }
    assertEquals(await conn.read(1, { timeout: PATIENT_MS }), null, "what all have left");
    conn.close();
  }
  listener.close();
}

export const socketScenes = { sockets, leftOpen, shared };
