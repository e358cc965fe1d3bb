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

for (const way of ["monitor", "link", "call"]) {
  Deno.test(`what the dead had sent comes before the news of its death, asked for by a ${way} after that`, async () => {
    const program = new URL("last_words_program.ts", import.meta.url);
    const outcome = await deadline(init(Config.exact(3)).run(program, { args: [way] }), 60_000);
    const last = { monitor: "DOWN", link: "EXIT", call: "DeadActorError" }[way];
    assertEquals(outcome, { kind: "exit", value: [`word,word,word,${last}`] });
  });
}

for (const schedulers of [3, 8]) {
  Deno.test(`what a stolen actor sends comes after what its spawner had sent before, with ${schedulers} schedulers`, async () => {
    const run = init(Config.exact(schedulers)).run(new URL("spawned_program.ts", import.meta.url));
    assertEquals(await deadline(run, 60_000), { kind: "exit", value: { tooEarly: 0, shared: true } });
  });
}
