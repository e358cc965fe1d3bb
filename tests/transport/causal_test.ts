import { assertEquals } from "@std/assert";
import { deadline } from "@std/async/deadline";
import { Config } from "../../runtime/config.ts";
import { init } from "../../runtime/runtime.ts";

for (const schedulers of [2, 3, 4, 8]) {
  Deno.test(`who was told to go on by an actor is not faster than what that one had sent before, with ${schedulers} schedulers`, async () => {
    const run = init(Config.exact(schedulers)).run(new URL("causal_program.ts", import.meta.url));
    assertEquals(await deadline(run, 60_000), { kind: "exit", value: "in order" });
  });
}
