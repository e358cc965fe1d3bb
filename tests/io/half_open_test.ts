import { assertEquals, assertMatch } from "@std/assert";
import { inTempFolder, runMain, testAll } from "./helpers.ts";

/** It is there to end hangs. */
const DEADLINE_MS = 90_000;
const PROGRAM = new URL("./programs/half_open.ts", import.meta.url).pathname;
const run = (name: string, threads: number, ...args: string[]) =>
  runMain("half_open.ts", [name, ...args], threads);

testAll("S17: reads on a peer that says nothing end by their timeouts, and lose nothing", async (threads) => {
  assertEquals(await run("silent", threads), { reads: ["TimeoutError", "TimeoutError"], late: "late" });
});

testAll(
  "S17: a write to a peer that never reads ends by its timeout, and the end of its actor closes",
  async (threads) => {
    assertEquals(await run("neverReads", threads), { write: "TimeoutError", closed: true });
  },
);

testAll("S17: a peer that has half-closed and reads nothing keeps no writer waiting", async (threads) => {
  assertEquals(await run("halfClosedAndDeaf", threads), {
    text: "last words",
    write: "TimeoutError",
    again: null,
  });
});

testAll(
  "a peer that has half-closed gets the answer of an actor that the connection was handed to",
  async (threads) => {
    assertEquals(await run("answersElsewhere", threads), new Array(5).fill("8 bytes"));
  },
);

testAll("a peer that half-closes without a word gets all of a large answer", async (threads) => {
  assertEquals(await run("saysNothing", threads), "all");
});

testAll("keep-alive and no-delay are set on sockets of every kind that is open", async (threads) => {
  await inTempFolder(async (folder) => {
    const outcomes = await run("keepAlive", threads, folder);
    assertEquals(outcomes, [...new Array(9).fill("done"), "BadResource"]);
  });
});

const HERE = "192.0.2.1"; // for documentation only: no real network has it
const THERE = "192.0.2.2";

async function ip(...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command("ip", { args }).output();
  if (!success) throw new Error(`ip ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
}

/** Two network namespaces with a cable between them; in the first one keep-alive takes seconds, and not hours. */
async function withCable(here: string, there: string, body: () => Promise<void>): Promise<void> {
  const ends = [[here, HERE], [there, THERE]];
  try {
    for (const [name] of ends) await ip("netns", "add", name);
    await ip("-n", here, "link", "add", "cable", "type", "veth", "peer", "cable", "netns", there);
    for (const [name, address] of ends) {
      await ip("-n", name, "address", "add", `${address}/24`, "dev", "cable");
      await ip("-n", name, "link", "set", "cable", "up");
    }
    for (const what of ["time", "intvl", "probes"]) {
      await ip("netns", "exec", here, "sysctl", "-qw", `net.ipv4.tcp_keepalive_${what}=1`);
    }
    await body();
  } finally {
    for (const [name] of ends) await ip("netns", "delete", name).catch(() => {});
  }
}

/** Runs deno in a namespace; gives its output up to a text, and ends it when `using` does. */
class Inside implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #overdue: ReturnType<typeof setTimeout>;
  text = "";

  constructor(namespace: string, args: string[]) {
    this.#child = new Deno.Command("ip", {
      args: ["netns", "exec", namespace, Deno.execPath(), ...args],
      stdout: "piped",
    }).spawn();
    this.#reader = this.#child.stdout.getReader();
    this.#overdue = setTimeout(() => this.#child.kill("SIGKILL"), DEADLINE_MS);
  }

  async until(text: string): Promise<void> {
    while (!this.text.includes(text)) {
      const { value, done } = await this.#reader.read();
      if (done) throw new Error(`it ended without ${JSON.stringify(text)}: ${this.text}`);
      this.text += new TextDecoder().decode(value);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#overdue);
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // it has ended by itself
    }
    await this.#reader.cancel();
    await this.#child.status;
  }
}

Deno.test("S17: a read on a peer that vanished without a word is told so, with keep-alive", async (test) => {
  const probe = `smarm-${Deno.pid}`;
  const mayMake = await ip("netns", "add", probe).then(() => true, () => false);
  if (mayMake) await ip("netns", "delete", probe);
  await test.step({
    name: "with a cable between two network namespaces",
    ignore: !mayMake, // only root may make them; silent peers are tested above
    fn: () =>
      withCable(`${probe}-a`, `${probe}-b`, async () => {
        const runner = new URL("../../smarm.ts", import.meta.url).pathname;
        const options = ["run", "-A", "--no-check", runner, "--threads", "1"];
        await using server = new Inside(`${probe}-a`, [...options, PROGRAM, "vanishes", HERE, "4000"]);
        await server.until("listens\n");
        const client = `const conn = await Deno.connect({ hostname: "${HERE}", port: 4000 });
          await conn.write(new TextEncoder().encode("hello"));
          await conn.read(new Uint8Array(1));`;
        await using _peer = new Inside(`${probe}-b`, ["eval", client]);
        await server.until("waits\n");
        await ip("-n", `${probe}-b`, "link", "set", "cable", "down");
        await server.until("hello ");
        assertMatch(server.text, /hello (TimedOut|HostUnreachable)\n$/); // which of the two, the OS decides
      }),
  });
});
