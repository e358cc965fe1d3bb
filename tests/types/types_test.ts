import { assertEquals, assertStringIncludes } from "@std/assert";
import { runDeno } from "../cli/harness.ts";

const file = (name: string) => new URL(name, import.meta.url).pathname;

Deno.test("types: right programs compile, and what is inferred is exact", async () => {
  const { code, stderr } = await runDeno(["check", file("right.ts")]);
  assertEquals(code, 0, stderr);
});

Deno.test("types: a wrong message, argument, reply, source or unhandled union member is an error", async () => {
  const { code, stderr } = await runDeno(["check", file("wrong.ts")]); // each error there is expected by a comment
  assertEquals(code, 0, stderr);
});

Deno.test("types: an expected error that does not come fails the check", async () => {
  const source = `import type { Actor } from "${new URL("../../smarm.ts", import.meta.url).href}";
export function main(self: Actor): void {
  // @ts-expect-error this compiles
  self.send(self.pid, 1);
}`;
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/planted.ts`, source);
    const { code, stderr } = await runDeno(["check", `${folder}/planted.ts`]);
    assertEquals(code, 1);
    assertStringIncludes(stderr, "Unused '@ts-expect-error' directive");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
