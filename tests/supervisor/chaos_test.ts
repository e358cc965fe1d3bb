import { assertEquals } from "@std/assert";
import { Config } from "smarm";
import { Runtime } from "../../runtime/runtime.ts";

const PROGRAM = new URL("./programs/chaos.ts", import.meta.url);

for (const threads of [1, 2, 4]) {
  Deno.test(`children and supervisors killed at random are all there again, once, on ${threads} schedulers`, async () => {
    const runtime = new Runtime(Config.exact(threads), { write: () => {}, colors: false });
    const outcome = await runtime.run(PROGRAM, { args: ["600", "400", "0", `${threads}`] });
    if (outcome.kind === "panic") throw outcome.error;
    // deno-lint-ignore no-explicit-any
    const { killed, supervisorsKilled, ...result } = outcome.value as any;
    assertEquals(result, { started: true, complete: true, members: 600, names: 0, left: 0 });
    assertEquals([killed, supervisorsKilled > 0], [400, true]);
  });
}
