import { assertEquals } from "@std/assert";
import { Config } from "smarm";
import { Runtime } from "../../runtime/runtime.ts";
import { NAME_BYTES_MAX } from "../../runtime/layout.ts";

const PROGRAM = new URL("./programs/ends.ts", import.meta.url);

// deno-lint-ignore no-explicit-any
async function scenario(threads: number, name: string): Promise<any> {
  const outcome = await new Runtime(Config.exact(threads), { write: () => {}, colors: false }).run(PROGRAM, {
    args: [name],
  });
  if (outcome.kind === "panic") throw outcome.error;
  return outcome.value;
}

for (const threads of [1, 2, 4]) {
  Deno.test(`of several that register a name one wins, and death frees it, on ${threads} schedulers`, async () => {
    assertEquals(await scenario(threads, "names"), { won: 500, distinct: 500, owned: true, left: [] });
  });

  Deno.test(`a name is kept, refused, looked up and freed as it should be on ${threads} schedulers`, async () => {
    assertEquals(await scenario(threads, "naming"), [
      "undefined",
      'NameTakenError: Cannot register "main": actor <pid> has that name already',
      'NameTakenError: Cannot register "other": actor <pid> has that name',
      'NameTakenError: Cannot register "other": actor <pid> has that name',
      'TypeError: A name needs at least one character, got ""',
      `RangeError: A name holds at most ${NAME_BYTES_MAX} bytes of UTF-8, got 10000`,
      "true",
      "true",
      "false",
      "false",
      "undefined",
      "undefined",
      "undefined",
      "true",
      "undefined",
    ]);
  });
}
