/**
 * Connections at home on a scheduler (io/home.ts), and how they end.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { connect } from "node:net";
import { once } from "node:events";
import { until } from "../support/until.ts";
import { inTempFolder, runMain, testAll } from "./helpers.ts";

/** What the program has written to the file, once it is there. */
async function told(file: string, isIt: (text: string) => boolean): Promise<string> {
  for (;;) {
    const text = await Deno.readTextFile(file).catch(() => "");
    if (isIt(text)) return text;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Runs home_ends.ts; `peer` is the other end, once the connection is at home. */
async function run(
  what: string,
  threads: number,
  peer: (conn: Deno.TcpConn, file: string) => Promise<void>,
): Promise<unknown> {
  let value: unknown;
  await inTempFolder(async (folder) => {
    const file = `${folder}/told`;
    const running = runMain("home_ends.ts", [what, file], threads);
    const port = Number(await told(file, (text) => text !== ""));
    using conn = await Deno.connect({ hostname: "127.0.0.1", port });
    for (let i = 0; i < 2; i++) await echo(conn);
    await peer(conn, file);
    value = await running;
  });
  return value;
}

async function echo(conn: Deno.Conn): Promise<void> {
  await conn.write(new Uint8Array(1));
  await conn.read(new Uint8Array(1));
}

/** All that comes until the end. */
async function readAll(conn: Deno.Conn): Promise<Uint8Array> {
  return new Uint8Array(await new Response(conn.readable).arrayBuffer());
}

testAll("who waits for nothing any more behind a socket's callback is told to end", async (threads) => {
  for (let round = 0; round < 5; round++) {
    await run("nobody", threads, async (conn) => {
      for (let i = 0; i < 20; i++) await echo(conn);
    });
  }
});

testAll("a reset is told to one reader, and the others are told of the end", async (threads) => {
  await inTempFolder(async (folder) => {
    const file = `${folder}/told`;
    const running = runMain("home_ends.ts", ["reset", file], threads);
    const port = Number(await told(file, (text) => text !== ""));
    const socket = connect(port, "127.0.0.1");
    for (let i = 0; i < 2; i++) {
      socket.write("?");
      await once(socket, "data");
    }
    socket.resetAndDestroy();
    assertEquals(await running, ["ConnectionReset", null, null]);
  });
});

testAll("a write that waits for its peer has a copy of its bytes", async (threads) => {
  const value = await run("reuse", threads, async (conn, file) => {
    await told(file, (text) => text === "read");
    const bytes = await readAll(conn);
    assertEquals([bytes.length, bytes.every((byte) => byte === 7)], [8_000_000, true]);
  });
  assertEquals(value, 8_000_000);
});

testAll("a run that ends while connections are on their way home leaves none open", async (threads) => {
  const openSockets = () => {
    const links = [...Deno.readDirSync("/proc/self/fd")].map(({ name }) => {
      try {
        return Deno.readLinkSync(`/proc/self/fd/${name}`);
      } catch { // it was that of this very loop
        return "";
      }
    });
    return links.filter((link) => link.startsWith("socket:")).length;
  };
  await runMain("home_ends.ts", ["asked", "10"], threads); // what Deno itself opens once is open now
  const before = openSockets();
  for (let i = 0; i < 5; i++) await runMain("home_ends.ts", ["asked", "10"], threads);
  await until(() => openSockets() <= before + 4); // the pairs that Deno opens for other threads come and go
});

testAll("a write that is under way is written though the connection is closed", async (threads) => {
  const value = await run("close", threads, async (conn) => {
    assertEquals((await readAll(conn)).length, 8_000_000);
  });
  assertEquals(value, 8_000_000);
});

for (const threads of [2, 4]) {
  Deno.test(`what another scheduler asks of a connection at home is done, with ${threads} schedulers`, async () => {
    for (let round = 0; round < 5; round++) {
      await inTempFolder(async (folder) => {
        const file = `${folder}/told`;
        const running = runMain("home_ends.ts", ["shared", file], threads);
        const port = Number(await told(file, (text) => text !== ""));
        using first = await Deno.connect({ hostname: "127.0.0.1", port });
        assertEquals(new TextDecoder().decode(await readAll(first)), "hello");
        using second = await Deno.connect({ hostname: "127.0.0.1", port });
        await readAll(second);
        const [wrote, , closed] = await running as { kind: string; value: unknown }[];
        assertEquals([wrote.kind, closed.kind], ["exit", "exit"]);
      });
    }
  });
}
