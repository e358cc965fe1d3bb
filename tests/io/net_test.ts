import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { Config, DeadlockError, StoppedError } from "../../smarm.ts";
import { quietRuntime, withDeadline } from "../support/run_case.ts";
import { formatAddr } from "../../io/token.ts";
import { runMain, testAll } from "./helpers.ts";

const run = (name: string, threads: number, ...args: string[]) => runMain("net.ts", [name, ...args], threads);

testAll("S17: connections are served by actors on all schedulers", async (threads) => {
  assertEquals(await run("echo", threads), new Array(20).fill(true));
});

testAll("a connection goes to an actor elsewhere and comes back", async (threads) => {
  assertEquals(await run("handOver", threads), ["from the borrower", "from the owner"]);
});

testAll("S17: what an actor holds is closed by its end, however it ends", async (threads) => {
  assertEquals(await run("closedAtEnd", threads), new Array(12).fill(null));
});

testAll(
  "what is sent to an actor that a thief took, and that is over already, is closed",
  async (threads) => {
    assertEquals(await run("sentToTheDead", threads, "300"), 300);
  },
);

testAll(
  "a handle or a call that is sent gives away nothing that its actor holds, nor the sender",
  async (threads) => {
    assertEquals(await run("sendsNothingOpen", threads), ["open", "open", "open", "open", "xxxx"]);
  },
);

testAll("a connection that was sent stays open when its sender ends", async (threads) => {
  assertEquals(await run("senderEnds", threads), ["still open", "still open"]);
});

testAll("S17: a read that timed out or was aborted loses nothing", async (threads) => {
  const { names, equal, sent, got } = await run("nothingLost", threads);
  assertEquals(names, ["TimeoutError", "TimeoutError"]);
  assertEquals(got, sent);
  assert(equal, "in order");
});

testAll("S17: an accept that timed out loses no connection", async (threads) => {
  assertEquals(await run("noConnectionLost", threads), { accepted: 40, different: 40 });
});

testAll("S17: a stream that is cancelled takes nothing from the next reader", async (threads) => {
  assertEquals(await run("cancelledStreams", threads), true);
});

testAll("whoever has sent a connection elsewhere is told that it is closed there", async (threads) => {
  assertEquals(await run("givenAndClosed", threads), ["a", "BadResource"]);
});

Deno.test("a listener for TLS is refused without a certificate or its key", async () => {
  assertEquals(await run("noCertificate", 1), [["TypeError", true], ["TypeError", true]]);
});

testAll("a half-closed connection still carries the answer", async (threads) => {
  assertEquals(await run("halfClose", threads), {
    question: "question",
    refused: "BrokenPipe",
    answer: "answer",
    closed: "BadResource",
  });
});

testAll("a writing half that has ended may be ended again, as Deno's may", async (threads) => {
  assertEquals(await run("halfClosedTwice", threads), ["question", "answer"]);
});

testAll("sockets fail with Deno's own errors at the user's line", async (threads) => {
  assertEquals(await run("failures", threads), { inUse: true, accepting: true, refused: true, line: true });
});

testAll("S5: actors parked on IO are counted", async (threads) => {
  assertEquals(await run("observed", threads), { parked: 3, after: 0 });
});

Deno.test("ready names what it was not to be given", async () => {
  const refused = 'ready needs a resource of self.io and "read" or "write", got ';
  assertEquals(await run("readyForNothing", 1), [`${refused}{ no: "resource" }`, `${refused}"reading"`]);
});

testAll("S17: ready is told once there is something, and takes nothing", async (threads) => {
  assertEquals(await run("readiness", threads), {
    early: "TimeoutError",
    silent: "TimeoutError",
    text: "here",
    end: null,
  });
});

testAll("what a connection has taken reaches the peer although the run is over", async (threads) => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  using telling = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const running = run("writesItsLast", threads, String(listener.addr.port), String(telling.addr.port));
  const [conn, told] = await Promise.all([listener.accept(), telling.accept()]);
  const written = Number(await new Response(told.readable).text());
  const { byteLength } = await new Response(conn.readable).arrayBuffer();
  await running;
  assert(byteLength >= written, `${byteLength} of ${written} bytes came`);
});

testAll("S17: a connection in a channel belongs to whoever receives from it", async (threads) => {
  const told = ["1", "2", null, null, null];
  assertEquals(await run("byChannel", threads), [...told, ...told]);
});

testAll("a deadlock that begins when IO is over is found", async (threads) => {
  await assertRejects(() => run("behindIo", threads), DeadlockError);
});

testAll("S5: the dump tells what an actor holds, and for what it waits", async (threads) => {
  const { runtime } = quietRuntime(Config.exact(threads));
  const program = new URL("./programs/net.ts", import.meta.url);
  const running = withDeadline(runtime, runtime.run(program, { args: ["holdsTwo"] }), "holdsTwo");
  const stopped = assertRejects(() => running, StoppedError);
  let dump = "";
  while (!/waiting in io read conn/.test(dump) && runtime.isRunning) dump = await runtime.dump();
  runtime.stop();
  await stopped;
  assertMatch(
    dump,
    /main <\d+\.\d+\.\d+> holds listener \d+ 127\.0\.0\.1:\d+, conn \d+ 127\.0\.0\.1:\d+ to 127\.0\.0\.1:\d+/,
  );
});

Deno.test("the end of a Unix connection that has no path is called unnamed", () => {
  const addr = { transport: "unix", path: null } as unknown as Deno.Addr; // what Deno says of a client
  assertEquals(formatAddr(addr), "unnamed");
});
