/**
 * Connections at home on schedulers (io/home.ts), on their way there and back, and shared by actors that live apart.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { inTempFolder, runMain, testAll } from "./helpers.ts";
import { byteAt, random } from "./programs/journey_bytes.ts";

const CONNECTIONS = 30;
const LENGTH = 300_000;

async function portIn(file: string): Promise<number> {
  for (;;) {
    const port = await Deno.readTextFile(file).catch(() => "");
    if (port !== "") return Number(port);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** The other end: writes its bytes in pieces, with pauses, and reads at its own pace. */
async function peer(port: number, i: number): Promise<number> {
  const seed = i * 2, next = random(seed + 77);
  using conn = await Deno.connect({ hostname: "127.0.0.1", port });
  await conn.write(new Uint8Array([i]));
  const isSlow = next(3) === 0;
  const pause = () => new Promise((resolve) => setTimeout(resolve, next(4)));
  const writing = (async () => {
    for (let at = 0; at < LENGTH;) {
      const count = Math.min(LENGTH - at, 1 + next(30_000));
      at += await conn.write(Uint8Array.from({ length: count }, (_, k) => byteAt(seed, at + k)));
      if (next(3) === 0) await pause();
    }
    await conn.closeWrite();
  })();
  if (isSlow) await new Promise((resolve) => setTimeout(resolve, 300)); // so that a write of 200 KB is not taken whole
  const buffer = new Uint8Array(50_000);
  let read = 0;
  for (let count = await conn.read(buffer); count !== null; count = await conn.read(buffer)) {
    for (const byte of buffer.subarray(0, count)) {
      if (byte !== byteAt(seed + 1, read++)) throw new Error(`byte ${read - 1} to peer ${i} is wrong`);
    }
    if (isSlow && next(3) === 0) await pause();
  }
  await writing;
  return read;
}

testAll(
  "a connection that is read is at home, until another scheduler or a slow peer has to do with it",
  async (threads) => {
    const [accepted, read, elsewhere, readToo, full] = await runMain("journeys.ts", ["places"], threads);
    // What this leans on is a part of Deno that nobody documents: without it all would be false.
    assertEquals([accepted, read, readToo, full], [false, true, true, false]);
    assertEquals(elsewhere, threads === 1); // there the other one lives where this one does
  },
);

for (const threads of [1, 2, 3, 4]) {
  Deno.test(`a connection that is passed on as soon as it is read keeps the order of its writers, with ${threads} schedulers`, async () => {
    assertEquals(await runMain("journeys.ts", ["passed"], threads), "abc");
  });
}

testAll("a connection that comes back from a thief keeps the order of its writers", async (threads) => {
  const seen = await runMain("journeys.ts", ["stolen"], threads);
  assertEquals(seen, new Array(200).fill(true));
});

for (const threads of [1, 2, 4, 8]) {
  Deno.test(`connections that change hands lose no byte and keep the order, with ${threads} schedulers`, async () => {
    await inTempFolder(async (folder) => {
      const portFile = `${folder}/port`;
      const running = runMain("journeys.ts", [String(CONNECTIONS), String(LENGTH), portFile], threads);
      const port = await portIn(portFile);
      const peers = await Promise.all(Array.from({ length: CONNECTIONS }, (_, i) => peer(port, i)));
      assertEquals(peers, new Array(CONNECTIONS).fill(LENGTH));
      assertEquals(await running, Array.from({ length: CONNECTIONS }, (_, i) => `done ${i * 2}`).sort());
    });
  });
}
