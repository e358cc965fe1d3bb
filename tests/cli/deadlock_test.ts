import { assertEquals, assertMatch } from "@std/assert";
import { runSmarm } from "./harness.ts";

const CASES = new URL("../support/cases.ts", import.meta.url).pathname;

Deno.test("a deadlock ends with 3 and a line per actor: pid, function, what it waits for, since when", async () => {
  const { code, stdout, stderr } = await runSmarm(["--threads", "2", CASES, "deadlocks", "join"]);
  assertEquals({ code, stdout }, { code: 3, stdout: "" });
  const [head, ...lines] = stderr.trimEnd().split("\n");
  assertMatch(head, /^deadlock: /);
  assertEquals(lines.length, 2, stderr);
  assertMatch(stderr, /\n {2}<\d\.\d\.1> main: waiting in join <\d\.\d\.1> for \d+ ms\n/);
  assertMatch(stderr, /\n {2}<\d\.\d\.1> waits: waiting in receive for \d+ ms\n/);
});
