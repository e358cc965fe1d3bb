/** Callbacks that Deno calls without a trace of the actor that has given them: of its servers and of their sockets. */
import { assertEquals } from "@std/assert";
import { Config } from "../../runtime/config.ts";
import { quietRuntime, withDeadline } from "../support/run_case.ts";

const PROGRAM = new URL("./programs/served.ts", import.meta.url);

async function gives(kind: string, wanted: unknown): Promise<void> {
  for (const schedulers of [1, 2]) {
    const { runtime, told } = quietRuntime(Config.exact(schedulers));
    const outcome = await withDeadline(runtime, runtime.run(PROGRAM, { args: [kind] }), kind);
    assertEquals(outcome, { kind: "exit", value: wanted }, `on ${schedulers} schedulers`);
    assertEquals(told, []);
  }
}

for (const what of ["a rejection", "a timer", "a rejection after a wait"]) {
  Deno.test(`what a handler of Deno.serve leaves behind ends the actor that serves: ${what}`, async () => {
    await gives(what, "bang");
  });
}

Deno.test("a handler of Deno.serve can ask a supervisor", async () => {
  await gives("supervised", ["2", "2"]);
});

Deno.test("a handler of a server of Node's can ask a supervisor that its actor has started", async () => {
  await gives("supervised by node", "2");
});

Deno.test("an actor may shut down a server that has its signal", async () => {
  await gives("shut down", ["ended", "the actor was told to end: stop", "ended"]);
});

Deno.test("a supervised server that traps exits finishes its requests by its shutdown, with its signal given too", async () => {
  await gives("trapped", "late");
});

Deno.test("what a listener of a WebSocket throws ends the actor that has set it, and no other", async () => {
  await gives("sockets", ["bang", "bang", "hello", "the actor was told to end: stop"]);
});

Deno.test("actors may share a listener: what it throws ends the one whose socket it was", async () => {
  await gives("shared listener", ["the actor was told to end: stop", "bang"]);
});

Deno.test("the options of Deno.serve may be an object of a class, with its methods and getters", async () => {
  await gives("site", "site");
});
