import { assertEquals } from "@std/assert";
import { Config } from "smarm";
import { Runtime } from "../../runtime/runtime.ts";
import { KINDS } from "./programs/ends.ts";

const PROGRAM = new URL("./programs/ends.ts", import.meta.url);

// deno-lint-ignore no-explicit-any
async function scenario(threads: number, name: string, config = Config.exact(threads)): Promise<any> {
  const outcome = await new Runtime(config, { write: () => {}, colors: false }).run(PROGRAM, {
    args: [name],
  });
  if (outcome.kind === "panic") throw outcome.error;
  return outcome.value;
}

for (const threads of [1, 2, 4]) {
  const on = ` on ${threads} schedulers`;

  Deno.test(`an actor that is parked in any operation ends when it is told to, and its finally block runs${on}`, async () => {
    const once = KINDS.flatMap((kind) => {
      return [`${kind}: ExitError now, then ExitError, plain`, "panic ExitError now"];
    });
    assertEquals(await scenario(threads, "parked"), [...once, ...once]);
  });

  Deno.test(`an actor that was killed can do nothing any more${on}`, async () => {
    const { outcome, results, mail } = await scenario(threads, "dead");
    assertEquals(outcome, "panic ExitError killed");
    assertEquals(mail, null);
    for (const [operation, result] of Object.entries(results)) assertEquals(result, "ExitError", operation);
  });

  Deno.test(`the signal of an actor that has ended is aborted, however late it is asked for${on}`, async () => {
    assertEquals(
      await scenario(threads, "signalAskedLate"),
      ["returned", "threw", "was told to end"].map((how) => `${how}: true, ExitError`),
    );
  });

  Deno.test(`an exit travels through a chain of links with its first reason${on}`, async () => {
    assertEquals(await scenario(threads, "chain"), ["panic ExitError first"]);
  });

  Deno.test(`an exit travels through a cycle of links once${on}`, async () => {
    assertEquals(await scenario(threads, "cycle"), {
      exits: [
        "EXIT 0 panic ExitError RangeError: boom",
        "EXIT 1 panic RangeError: boom",
        "EXIT 2 panic ExitError RangeError: boom",
      ],
      more: null,
    });
  });

  Deno.test(`normal ends kill nobody, and links to the dead and by the dead are as in OTP${on}`, async () => {
    assertEquals(await scenario(threads, "normal"), [
      "panic ExitError shutdown",
      "panic ExitError normal",
      "exit EXIT panic ExitError normal, EXIT panic ExitError why",
      "exit lives",
      "DeadActorError",
    ]);
  });

  Deno.test(`an actor that does not end within the grace time is cut off${on}`, async () => {
    assertEquals(await scenario(threads, "cutOff", Config.exact(threads).graceMillis(20)), [
      "panic ExitError now",
      "panic ExitError now",
      false,
    ]);
  });

  Deno.test(`a monitor that is taken back tells nothing, even if its message is queued${on}`, async () => {
    assertEquals(await scenario(threads, "demonitor"), {
      taken: [true, false, true],
      kept: true,
      more: null,
    });
  });

  Deno.test(`a group has the live members of all schedulers${on}`, async () => {
    assertEquals(await scenario(threads, "groups"), {
      all: true,
      sent: 7,
      heard: Array(7).fill("hello"),
      left: [true, false],
      afterLeave: 5,
      afterDeath: 4,
      end: 0,
      other: [],
    });
  });
}

Deno.test("a link that was taken back by both at once can be made again by either", async () => {
  const boom = "panic RangeError: boom";
  assertEquals(await scenario(2, "crossedLinks"), [boom, boom]);
});
