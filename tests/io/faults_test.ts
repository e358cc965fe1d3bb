import { assert, assertEquals } from "@std/assert";
import * as net from "node:net";
import { inTempFolder, runMain, testAll } from "./helpers.ts";

const run = (name: string, threads: number, ...args: string[]) =>
  runMain("faults.ts", [name, ...args], threads);

/** Resets each connection once it has read something. */
async function withResetter<T>(body: (port: string) => Promise<T>): Promise<T> {
  const server = net.createServer((socket) => {
    socket.on("error", () => {}); // the client may be gone first
    socket.once("data", () => socket.resetAndDestroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    return await body(String((server.address() as net.AddressInfo).port));
  } finally {
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }
}

testAll("S17: a reset by the peer is told to whoever reads, writes or comes next", async (threads) => {
  const told = await withResetter((port) => run("resets", threads, port));
  assertEquals(told.slice(0, 3), ["ConnectionReset", "ConnectionReset", "ConnectionReset"]);
  assertEquals(told.slice(4), ["ConnectionReset", "ConnectionReset"]);
});

testAll(
  "S17: a connection that is reset before it is accepted ends no server",
  async (threads) => {
    const toClient = `client ${crypto.randomUUID()}`;
    const client = new BroadcastChannel(toClient);
    client.onmessage = ({ data: port }) => {
      const socket = net.connect(port, "127.0.0.1", () => socket.resetAndDestroy());
      socket.on("close", () => client.postMessage("gone"));
    };
    try {
      assertEquals(await run("resetBeforeAccept", threads, toClient), ["next"]);
    } finally {
      client.close();
    }
  },
);

testAll("S17: what was opened for an actor that is dead by then is closed", async (threads) => {
  assert(await run("opensInVain", threads, "200"));
});

testAll("S17: ready to write is told when the peer has read what fills the buffers", async (threads) => {
  assertEquals(await run("writeReadiness", threads), { ready: "done", written: "done" });
});

testAll("a full disk is told as the OS's error", async (threads) => {
  const { errors } = await run("fullDisk", threads, "/dev/full");
  for (const error of errors) assert(/ENOSPC|os error 28/.test(error), error);
});

Deno.test("a disk that gets full while it is written is told as the OS's error", async (test) => {
  await inTempFolder(async (folder) => {
    const options = ["-t", "tmpfs", "-o", "size=65536", "tmpfs", folder];
    const mounted = await new Deno.Command("mount", { args: options, stderr: "null" }).output()
      .then(({ success }) => success, () => false);
    await test.step({
      name: "with a file system of 64 KiB",
      ignore: !mounted, // only root may mount; /dev/full is tested above
      fn: async () => {
        try {
          const { written, errors } = await run("fullDisk", 2, `${folder}/file`);
          assertEquals(written % 16_384, 0);
          assert(written > 0 && written <= 65_536, String(written));
          for (const error of errors) assert(/ENOSPC|os error 28/.test(error), error);
        } finally {
          await new Deno.Command("umount", { args: [folder] }).output();
        }
      },
    });
  });
});

testAll("an array bigger than all buffers is written whole and in order", async (threads) => {
  assertEquals(await run("partialWrites", threads), { written: 8_000_000, read: 8_000_000, wrong: 0 });
});

testAll("a client that never ends its line keeps nobody else waiting", async (threads) => {
  assertEquals(await run("slowLoris", threads), {
    answers: ["got 0", "got 1", "got 2", "got 3", "got 4"],
    given: true,
  });
});

Deno.test("a sender that never stops waits for a slow reader, within 16 MiB", async () => {
  const { read, most } = await run("backpressure", 2);
  assert(read);
  assert(most <= 16 * 2 ** 20, `${most} bytes more than at the start`);
});

testAll("S17: a thousand connections leave no descriptor behind", async (threads) => {
  const more = await run("cycles", threads, "1000"); // fewer: the test's own process has let some go
  assert(more <= 0, `${more} more than before`);
});

Deno.test("the descriptor check sees a leak", async () => {
  const [more, open] = await run("leaks", 1);
  assert(open);
  assert(more >= 1, String(more));
});

for (const threads of [1, 2]) {
  Deno.test(`M8: Deno.serve is answered beside an actor that computes, with ${threads} schedulers`, async () => {
    const { success, burstsPerRequest } = await run("busy", threads);
    assert(success);
    // Without a forced poll a request takes 61 turns of 5 ms and more; each turn is one burst.
    assert(burstsPerRequest < 40, `${burstsPerRequest} bursts of 5 ms a request`);
  });
}
