/** How connections at home on a scheduler end; the other end is the test's. */
import type { Actor, Conn } from "smarm";

/** Reads first, so that it comes home, and again, so that it is there. */
async function acceptHome(self: Actor, portFile: string): Promise<Conn> {
  const listener = await self.io.listen({ hostname: "127.0.0.1", port: 0 });
  await self.io.writeTextFile(portFile, String((listener.addr as Deno.NetAddr).port));
  const conn = await listener.accept();
  listener.close();
  for (let i = 0; i < 2; i++) {
    await conn.read(1);
    await conn.write("!");
  }
  return conn;
}

const BIG = 8_000_000;

export async function echoThenWait(self: Actor, conn: Conn): Promise<void> {
  for (let i = 0; i < 20; i++) await conn.write((await conn.read(1))!);
  await self.receive();
}

export async function writeAndEnd(_self: Actor, conn: Conn): Promise<unknown> {
  const before = conn.setKeepAlive();
  await conn.write("hello");
  return await before;
}

export async function closeMeanwhile(_self: Actor, conn: Conn): Promise<unknown> {
  const operating = conn.setNoDelay();
  conn.close();
  return await operating.then(() => "done", nameOf);
}

function nameOf(error: unknown): string {
  return (error as Error).name;
}

export async function main(self: Actor, what: string, portFile: string): Promise<unknown> {
  if (what === "shared") return await shared(self, portFile);
  if (what === "asked") return await ask(self, Number(portFile));
  const conn = await acceptHome(self, portFile);
  switch (what) {
    case "nobody": // main ends, and who is left waits for nothing that can come
      self.spawnWith({ scheduler: "local" }, echoThenWait, conn);
      return;
    case "reset": {
      const two = await Promise.all([conn.read().catch(nameOf), conn.read().catch(nameOf)]);
      return [...two, await conn.read().catch(nameOf)];
    }
    case "reuse": { // the array is ours again when write has returned, and nobody else holds what was copied
      const bytes = new Uint8Array(BIG).fill(7);
      const writing = conn.write(bytes);
      bytes.fill(0);
      for (let i = 0; i < 20; i++) {
        new Uint8Array(BIG).fill(i); // garbage: collected now and then
        await self.sleep(1);
      }
      await self.io.writeTextFile(portFile, "read");
      return await writing;
    }
    case "close": {
      const writing = conn.write(new Uint8Array(BIG).fill(7));
      conn.close();
      return await writing;
    }
    default:
      throw new Error(`there is no ${what}`);
  }
}

/** Ends while connections are on their way home: the poller has something to do before it sends them. */
async function ask(self: Actor, count: number): Promise<void> {
  const listener = await self.io.listen({ hostname: "127.0.0.1", port: 0 });
  const to = { hostname: "127.0.0.1", port: (listener.addr as Deno.NetAddr).port };
  const conns: Conn[] = [];
  for (let i = 0; i < count; i++) {
    await self.io.connect(to);
    conns.push(await listener.accept());
  }
  for (let i = 0; i < 1000; i++) self.io.stat(to.hostname).catch(nameOf);
  for (const conn of conns) conn.read().catch(nameOf);
}

/** Another scheduler's actor has it too, while it is on its way home or there. */
async function shared(self: Actor, portFile: string): Promise<unknown> {
  const listener = await self.io.listen({ hostname: "127.0.0.1", port: 0 });
  await self.io.writeTextFile(portFile, String((listener.addr as Deno.NetAddr).port));
  const outcomes = [];
  for (const actor of [writeAndEnd, closeMeanwhile]) {
    const conn = await listener.accept();
    const reading = conn.read().catch(nameOf);
    const handle = self.spawnWith({ scheduler: 1 }, actor, conn);
    outcomes.push(await handle.join(), await reading);
  }
  return outcomes;
}
