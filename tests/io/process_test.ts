import { assert, assertEquals, assertRejects } from "@std/assert";
import { Config, DeadlockError } from "../../smarm.ts";
import { quietRuntime, withDeadline } from "../support/run_case.ts";
import { inTempFolder, runMain, testAll } from "./helpers.ts";
import { runSmarm } from "../cli/harness.ts";

const PROGRAM = new URL("./programs/process.ts", import.meta.url).pathname;
const run = (name: string, threads: number, ...args: string[]) =>
  runMain("process.ts", [name, ...args], threads);

testAll("Unix sockets connect actors", async (threads) => {
  assertEquals(await inTempFolder((folder) => run("unix", threads, folder)), "hello to you");
});

Deno.test("TLS is spoken both ways, and an unknown certificate is refused", async () => {
  assertEquals(await run("tls", 2), {
    text: "secret to you",
    alpnProtocol: "spoken/1",
    untrusted: "InvalidData",
  });
});

testAll("names are resolved, by a name server of the program's own", async (threads) => {
  assertEquals(await run("dns", threads), {
    known: ["192.0.2.7"],
    unknown: "NotFound",
    late: "TimeoutError",
  });
});

testAll("UDP datagrams go to and fro", async (threads) => {
  assertEquals(await run("udp", threads), {
    early: "TimeoutError",
    sent: 4,
    ping: "ping",
    fromA: true,
    pong: "pong",
    count: 0,
  });
});

testAll("S17: a datagram is sent although its socket is closed at once", async (threads) => {
  assertEquals(await run("udpClosedAtOnce", threads), [
    ...[9, "127.0.0.1", "BadResource"],
    ...[9, "localhost", "BadResource"],
  ]);
});

testAll("a UDP server that is started again finds its port free", async (threads) => {
  assertEquals(await run("udpAgain", threads), []);
});

testAll("UDP sockets are refused with Deno's own errors", async (threads) => {
  assertEquals(await run("udpRefused", threads), ["AddrInUse", "AddrNotAvailable", "RangeError", "0.0.0.0"]);
});

testAll("commands have pipes, a status and a timeout", async (threads) => {
  assertEquals(await run("commands", threads), {
    out: [3, "out\n", "err\n"],
    lines: ["one", "two"],
    code: 0,
    missing: true,
    noPipe: "TypeError",
    late: "TimeoutError",
    killed: "SIGTERM",
    overdue: "TimeoutError",
  });
});

testAll("a command is told to end when its signal is aborted, wherever it is waited for", async (threads) => {
  assertEquals(await run("abortedLater", threads), [0, "SIGTERM", "SIGTERM", "AbortError"]);
});

Deno.test("the signal of a command keeps nothing of it once it is closed or its owner has ended", async () => {
  const { stdout } = await runSmarm(["--threads", "1", PROGRAM, "keptChildren"], {
    denoArgs: ["-A", "--v8-flags=--expose-gc"],
  });
  assertEquals(stdout, "lets go false\n");
});

testAll("S17: a command goes to another actor with its pipes, or a pipe alone", async (threads) => {
  const all = ["begins", "said", "more", 0];
  assertEquals(await run("handedOn", threads), [all, all, ["begins", "said"], ["begins", "said"]]);
});

Deno.test("a command runs in the folder of a URL", async () => {
  assertEquals(await inTempFolder((folder) => run("folderOfUrl", 1, folder)), true);
});

testAll("S17: what a command has started is read no more when its output was given up", async (threads) => {
  assertEquals(await inTempFolder((folder) => run("leftBehind", threads, folder)), "AbortError");
});

Deno.test("whoever closes a command holds its pipes no more", async () => {
  const { runtime } = quietRuntime(Config.exact(1));
  const running = withDeadline(
    runtime,
    runtime.run(new URL(`file://${PROGRAM}`), { args: ["closesChild"] }),
    "it",
  );
  const ended = assertRejects(() => running, DeadlockError);
  let dump = "";
  while (!/waiting in receive/.test(dump) && runtime.isRunning) dump = await runtime.dump();
  await ended;
  assertEquals(/holds.*/.exec(dump), null);
});

testAll("S17: a command ends with its owner", async (threads) => {
  assertEquals(await run("orphan", threads), "gone");
});

testAll("signals come as messages or from an iterator", async (threads) => {
  assertEquals(await run("signals", threads), [
    { type: "SIGNAL", signal: "SIGHUP" },
    "SIGUSR2",
    "TypeError",
    "TypeError",
  ]);
});

for (const threads of ["1", "2"]) {
  Deno.test(`stdin is shared by actors, and what one leaves the next gets, with --threads ${threads}`, async () => {
    const { stdout, stderr, code } = await runSmarm(["--threads", threads, PROGRAM, "standard"], {
      stdin: "abcdefg\nline\nthe rest\n",
    });
    assertEquals(stdout, "abcd|efg,line|the rest\nnot awaited\nby a stream\n");
    assertEquals(stderr, "to stderr\n");
    assertEquals(code, 0);
  });
}

testAll("signals in the mailbox come to whoever was given the subscription", async (threads) => {
  assertEquals(await run("givenSignals", threads), true);
});

Deno.test("a subscription to a signal is in force once a later operation has its answer", async () => {
  const { stdout, code } = await runSmarm([PROGRAM, "subscribesAgain"]);
  assertEquals([stdout, code], ["came every time\n", 0]);
});

Deno.test("an actor that waits for a signal in its mailbox is no deadlock", async () => {
  const { code, stdout } = await runSmarm(["--threads", "2", PROGRAM, "waitsForSignal"], {
    signalAfter: { text: "ready", signal: "SIGHUP" },
  });
  assertEquals(stdout, `ready\n{"type":"SIGNAL","signal":"SIGHUP"}\n`);
  assertEquals(code, 0);
});

Deno.test("S11: the poller's resources are gone when the run is stopped by a signal", async () => {
  const { code, stderr } = await runSmarm(["--threads", "2", PROGRAM, "server"], {
    signalAfter: { text: /port \d+/, signal: "SIGTERM" },
  });
  assertEquals(stderr, "");
  assertEquals(code, 0);
});

Deno.test("a missing permission is told with the flag that gives it", async () => {
  const { stdout } = await runSmarm([PROGRAM, "permission"], {
    denoArgs: [`--allow-read=${Deno.cwd()},/tmp`, "--allow-env", "--allow-sys"],
  });
  assert(/^NotCapable .*--allow-read/.test(stdout), stdout);
});

Deno.test("S17: UDP without its permission is told with the flag that gives it, and nobody waits on", async () => {
  using any = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = any.addr; // of TCP, so of UDP nobody has it
  const { stdout, stderr } = await runSmarm([PROGRAM, "udpForbidden", String(port)], {
    denoArgs: [`--allow-read=${Deno.cwd()},/tmp`, `--allow-net=127.0.0.1:${port}`],
  });
  const refused = (host: string) =>
    `NotCapable Requires net access to "${host}", run again with the --allow-net flag\n`;
  const hosts = ["127.0.0.1:0", "localhost:0", "127.0.0.1:9", "localhost:9"];
  assertEquals(stdout, hosts.map(refused).join(""));
  assertEquals(stderr, "");
});

Deno.test("the limit of descriptors is told as the OS's error, and the program goes on", async () => {
  const text = await withFewDescriptors("descriptors");
  assert(/os error 24/.test(text), text);
  assert(text.endsWith("goes on\n"), text);
});

testAll(
  "a pipe that was given to another actor stays that one's when its child is given away, and outlives it",
  async (threads) => {
    const had = await runMain("apart.ts", [], threads);
    const each = [{ kind: "exit", value: 0 }, { kind: "exit", value: 8893 }];
    assertEquals(had, Array.from({ length: threads }, () => each).flat());
  },
);

Deno.test("without a descriptor a blocking function is refused, and later ones run", async () => {
  const text = await withFewDescriptors("blockingWithout");
  assert(/^.*too many open files .*\n5\n$/.test(text), text);
});

async function withFewDescriptors(name: string): Promise<string> {
  const runner = new URL("../../smarm.ts", import.meta.url).pathname;
  const { stdout } = await new Deno.Command("sh", {
    args: ["-c", `ulimit -n 200; exec deno run -A ${runner} --threads 1 ${PROGRAM} ${name}`],
    stderr: "inherit", // Deno's own warnings are no part of it
  }).output();
  return new TextDecoder().decode(stdout);
}
