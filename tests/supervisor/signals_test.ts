import { assertEquals, assertNotEquals } from "@std/assert";
import { Config, ROOT_PID } from "smarm";
import { Runtime } from "../../runtime/runtime.ts";
import { formatPid } from "../../runtime/pid.ts";

const PROGRAM = new URL("./programs/parents.ts", import.meta.url);

// deno-lint-ignore no-explicit-any
async function scenario(threads: number, name: string): Promise<any> {
  const runtime = new Runtime(Config.exact(threads), { write: () => {}, colors: false });
  const outcome = await runtime.run(PROGRAM, { args: [name] });
  if (outcome.kind === "panic") throw outcome.error;
  return outcome.value;
}

for (const threads of [1, 2, 4]) {
  const on = ` on ${threads} schedulers`;

  Deno.test(`S23: a parent gets the ends of its children as signals, in their order${on}`, async () => {
    assertEquals(await scenario(threads, "signals"), {
      seen: [
        "0 exit done 0",
        "1 panic boom",
        "2 exit done 2",
        "3 panic boom",
        "4 exit done 4",
        "5 panic boom",
      ],
      same: true,
      none: null,
      timeout: "TimeoutError",
    });
  });

  Deno.test(`S23: children of a supervisor and grandchildren give a parent no signals${on}`, async () => {
    assertEquals(await scenario(threads, "others"), [true, true, "shutdown", null]);
  });

  Deno.test(`S13: the parent hears of a death before those who join, and these in the order of joining${on}`, async () => {
    assertEquals(await scenario(threads, "order"), []);
  });
}

Deno.test("S14: the root's number is no actor's, and the root hears of the first actor's end", async () => {
  assertEquals(ROOT_PID as number, Number.MAX_SAFE_INTEGER);
  assertEquals(formatPid(ROOT_PID), "<root>");
  const texts: string[] = [];
  const runtime = new Runtime(Config.exact(1), {
    write: (text) => texts.push(text),
    mainPanicked: (text) => texts.push(text),
    colors: false,
  });
  const outcome = await runtime.run(PROGRAM, { args: ["no such scenario"] });
  assertNotEquals(outcome.kind, "exit");
  assertEquals(texts.length, 1); // told to the root, and nobody else reports it
});
