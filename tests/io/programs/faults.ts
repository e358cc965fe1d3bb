/** Programs that meet failing peers, full disks and busy schedulers. */
import type { Actor, Conn, Listener, Pid } from "smarm";

const portOf = (addr: Deno.Addr) => (addr as Deno.NetAddr).port;
const told = (promise: Promise<unknown>) => promise.then(() => "done", (error: Error) => error.name);

/** The peer at this port resets each connection once it has read a byte. */
export async function resets(self: Actor, portText: string) {
  const to = { hostname: "127.0.0.1", port: Number(portText) };
  const outcomes: string[] = [];
  { // while a read waits
    const conn = await self.io.connect(to);
    const reading = told(conn.read());
    await conn.write("xx");
    outcomes.push(await reading);
    conn.close();
  }
  { // while a writer writes on
    const conn = await self.io.connect(to);
    let result = "done";
    while (result === "done") result = await told(conn.write(new Uint8Array(65_536)));
    outcomes.push(result === "BrokenPipe" ? "ConnectionReset" : result); // which of the two, the OS decides
    conn.close();
  }
  { // while nobody waits: the next one is told
    const conn = await self.io.connect(to);
    await conn.write("xx");
    await self.io.ready(conn, "read");
    outcomes.push(await told(conn.read()));
    outcomes.push(await told(conn.closeWrite()) === "done" ? "done" : "NotConnected");
    conn.close();
  }
  { // after our half was closed
    const conn = await self.io.connect(to);
    const reading = told(conn.read());
    await conn.write("xx");
    await conn.closeWrite();
    outcomes.push(await reading);
    conn.close();
  }
  { // while hands are shaken: it is the client's first bytes that are answered so
    const conn = await self.io.connect({ ...to, tls: true });
    outcomes.push(await told(conn.handshake()));
    conn.close();
  }
  return outcomes;
}

/** A client connects and resets before anybody accepts; the loop of a server goes on with the next one. */
export async function resetBeforeAccept(self: Actor, toClient: string) {
  const listener = await self.io.listen({ hostname: "127.0.0.1", port: 0 });
  const client = new BroadcastChannel(toClient);
  let isGone = false;
  client.onmessage = () => isGone = true;
  client.postMessage(portOf(listener.addr));
  while (!isGone) await self.sleep(1);
  client.close();
  const next = await self.io.connect({ hostname: "127.0.0.1", port: portOf(listener.addr) });
  await next.write("next");
  const texts: string[] = [];
  for await (const conn of listener) { // the OS may or may not give out the one that was reset
    texts.push(await conn.read().then((bytes) => new TextDecoder().decode(bytes!), (error) => error.name));
    if (texts.at(-1) === "next") break;
  }
  return texts.filter((text) => text !== "ConnectionReset");
}

/** Actors are killed while what they asked to be opened is on its way: nobody gets it, and it is closed. */
export async function opensInVain(self: Actor, countText: string) {
  const { schedulerCount } = self.stats();
  const listener = await self.io.listen({ hostname: "127.0.0.1", port: 0 });
  const port = portOf(listener.addr);
  // The first child brings what Deno needs for all of them.
  for (const open of OPENERS) (await open(self, port)).close();
  (await listener.accept()).close();
  const before = opened();
  for (let i = 0; i < Number(countText); i++) {
    const scheduler = i % schedulerCount;
    const opener = self.spawnWith({ scheduler }, opens, i % OPENERS.length, port);
    for (let turns = i % 4; turns > 0; turns--) await self.yield();
    self.kill(opener);
    await opener.join();
  }
  listener.close(); // what was connected waits to be accepted
  while (opened() >= before) await self.sleep(5);
  return true;
}
/** How many pipes, and sockets of the loopback, are open: Deno opens caches and asks for updates when it likes. */
function opened(): number {
  const loopback = new Set<string>();
  for (const protocol of ["tcp", "udp"]) {
    for (const line of Deno.readTextFileSync(`/proc/self/net/${protocol}`).split("\n")) {
      const words = line.trim().split(/\s+/); // local address, remote address, …, the tenth is the inode
      if (words[1]?.startsWith("0100007F:")) loopback.add(`socket:[${words[9]}]`);
    }
  }
  let count = 0;
  for (const { name } of Deno.readDirSync("/proc/self/fd")) {
    try {
      const what = Deno.readLinkSync(`/proc/self/fd/${name}`);
      if (what === "/dev/null" || what.startsWith("pipe:") || loopback.has(what)) count++;
    } catch {
      // it was closed just now: the one by which the folder is read, for one
    }
  }
  return count;
}
const OPENERS: ((self: Actor, port: number) => Promise<{ close(): void }>)[] = [
  (self, port) => self.io.connect({ hostname: "127.0.0.1", port }),
  (self) => self.io.open("/dev/null"),
  (self) => self.io.listen({ hostname: "127.0.0.1", port: 0 }),
  (self) => self.io.datagram({ port: 0 }),
  (self) => self.io.command("sleep", { args: ["3600"], stdout: "null" }).spawn(),
];
export async function opens(self: Actor, which: number, port: number) {
  for (;;) await OPENERS[which](self, port);
}

/** One is told once that a write would not wait; not before the peer has read what fills the buffers. */
export async function writeReadiness(self: Actor) {
  const listener = await self.io.listen({ hostname: "127.0.0.1", port: 0 });
  const peer = await self.io.connect({ hostname: "127.0.0.1", port: portOf(listener.addr) });
  const conn = await listener.accept();
  await self.io.ready(conn, "write");
  let writing: Promise<string>;
  let total = 0;
  for (const piece = new Uint8Array(1_048_576);;) { // until the OS takes no more
    writing = told(conn.write(piece));
    total += piece.length;
    const full = await told(self.io.ready(conn, "write", { timeout: 50 }));
    if (full === "TimeoutError") break;
    await writing;
  }
  const ready = told(self.io.ready(conn, "write"));
  for (let read = 0; read < total;) read += (await peer.read())!.length;
  return { ready: await ready, written: await writing };
}

export async function fullDisk(self: Actor, path: string) {
  const file = await self.io.open(path, { write: true, create: path !== "/dev/full" });
  const piece = new Uint8Array(16_384);
  let written = 0;
  let error: (Error & { code?: string }) | undefined;
  while (error === undefined) await file.write(piece).then((n) => written += n, (one) => error = one);
  const whole = await self.io.writeFile(path, new Uint8Array(2 ** 20)).catch((one) => one);
  const other = await self.io.open(path, { write: true });
  await other.seek(0, 2);
  const chunks = new Blob([new Uint8Array(2 ** 20)]).stream();
  const streamed = await chunks.pipeTo(other.writable).catch((one) => one);
  const errors = [error, whole, streamed].map((one) => one.code ?? one.message);
  return { written, errors };
}

/** One array bigger than all buffers, to a reader that takes a little at a time. */
export async function partialWrites(self: Actor) {
  const listener = await self.io.listen({ hostname: "127.0.0.1", port: 0 });
  const to = await self.io.connect({ hostname: "127.0.0.1", port: portOf(listener.addr) });
  const conn = await listener.accept();
  const bytes = new Uint8Array(8_000_000).map((_, i) => i % 241);
  const written = to.write(bytes).then(async (count) => {
    await to.closeWrite();
    return count;
  });
  let at = 0;
  let wrong = 0;
  for await (const piece of conn) {
    for (const byte of piece) if (byte !== at++ % 241) wrong++;
    if (at % 7 === 0) await self.yield();
  }
  return { written: await written, read: at, wrong };
}

/** A client that never ends its line does not keep others from being served. */
export async function slowLoris(self: Actor) {
  const listener = await self.io.listen({ hostname: "127.0.0.1", port: 0 });
  const server = self.spawn(lineServer, listener);
  const to = { hostname: "127.0.0.1", port: portOf(listener.addr) };
  const slow = await Promise.all(Array.from({ length: 20 }, () => self.io.connect(to)));
  for (const conn of slow) await conn.write("never a whole li");
  const answers: string[] = [];
  for (let i = 0; i < 5; i++) {
    using conn = await self.io.connect(to);
    await conn.write(`${i}\n`);
    answers.push(new TextDecoder().decode((await conn.read())!));
  }
  const ends = await Promise.all(slow.map((conn) => conn.read())); // the server has given them up
  self.exit(server, "shutdown");
  return { answers, given: ends.every((end) => end === null) };
}
export async function lineServer(self: Actor, listener: Listener) {
  for await (const conn of listener) self.spawn(lineConn, conn);
}
export async function lineConn(_self: Actor, conn: Conn) {
  try {
    for await (const line of conn.lines({ timeout: 1000 })) await conn.write(`got ${line}`);
  } catch (error) {
    if ((error as Error).name !== "TimeoutError") throw error;
  }
}

/** Bytes that wait to be read stay with the OS, whatever the sender does. */
export async function backpressure(self: Actor) {
  const listener = await self.io.listen({ hostname: "127.0.0.1", port: 0 });
  const out = await self.io.connect({ hostname: "127.0.0.1", port: portOf(listener.addr) });
  const conn = await listener.accept();
  const writer = self.spawn(floods, out, self.pid as Pid<never>);
  await conn.read(1024);
  const before = Deno.memoryUsage().rss;
  let most = 0;
  let read = 0;
  for (let i = 0; i < 400; i++) {
    read += (await conn.read(1024))!.length;
    await self.sleep(2);
    most = Math.max(most, Deno.memoryUsage().rss - before);
  }
  self.exit(writer, "shutdown");
  return { read: read > 0, most };
}
export async function floods(_self: Actor, conn: Conn, _to: Pid<never>) {
  const piece = new Uint8Array(65_536);
  for (;;) await conn.write(piece);
}

/** A thousand connections that end in every way leave no descriptor behind. */
export async function cycles(self: Actor, countText: string) {
  const listener = await self.io.listen({ hostname: "127.0.0.1", port: 0 });
  const to = { hostname: "127.0.0.1", port: portOf(listener.addr) };
  const before = opened();
  for (let i = 0; i < Number(countText); i++) {
    const conn = await self.io.connect(to);
    const accepted = await listener.accept();
    switch (i % 5) {
      case 0:
        conn.close();
        accepted.close();
        break;
      case 1: // given up while it reads
        await told(accepted.read(1, { timeout: 0 }));
        conn.close();
        accepted.close();
        break;
      case 2:
        self.kill(self.spawn(holds, conn, accepted));
        break;
      case 3:
        await self.spawn(returns, conn, accepted).join();
        break;
      case 4: { // on another scheduler
        const scheduler = self.stats().schedulerCount - 1;
        const holder = self.spawnWith({ scheduler }, holds, conn, accepted);
        self.exit(holder, "shutdown");
        break;
      }
    }
  }
  for (let i = 0; i < 500 && opened() > before; i++) await self.sleep(10);
  return opened() - before;
}
export async function holds(self: Actor, _a: Conn, _b: Conn) {
  await self.receive();
}
export function returns(_self: Actor, _a: Conn, _b: Conn) {}

/** The detector is told of a connection that stays open. */
export async function leaks(self: Actor) {
  const before = opened();
  const listener = await self.io.listen({ hostname: "127.0.0.1", port: 0 });
  return [opened() - before, portOf(listener.addr) > 0];
}

/** A server of Deno's own beside an actor that computes in bursts of 5 ms. */
export async function busy(self: Actor) {
  let bursts = 0;
  let over = false;
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, () => new Response("ok"));
  const port = server.addr.port;
  const burner = self.spawnWith({ scheduler: "local" }, async (own: Actor) => {
    while (!over) {
      const until = performance.now() + 5;
      while (performance.now() < until);
      bursts++;
      await own.yield();
    }
  });
  const requests = 20;
  // The client is another process: this thread has no time for it.
  const script =
    `for (let i = 0; i < ${requests}; i++) await (await fetch("http://127.0.0.1:${port}")).text()`;
  const before = bursts;
  const { success } = await self.io.command(Deno.execPath(), { args: ["eval", script] }).output();
  const took = bursts - before;
  over = true;
  await burner.join();
  await server.shutdown();
  return { success, burstsPerRequest: took / requests };
}

const PROGRAMS = {
  resets,
  resetBeforeAccept,
  opensInVain,
  writeReadiness,
  fullDisk,
  partialWrites,
  slowLoris,
  backpressure,
  cycles,
  leaks,
  busy,
};

export function main(self: Actor, name: keyof typeof PROGRAMS, ...args: string[]) {
  // deno-lint-ignore no-explicit-any
  return (PROGRAMS[name] as any)(self, ...args);
}
