import { assertEquals, assertStringIncludes } from "@std/assert";
import { runDeno } from "../cli/harness.ts";

const file = (name: string) => new URL(name, import.meta.url).pathname;

Deno.test("types: right programs compile with exact inference, and each wrong line is an error", async () => {
  // In wrong.ts each error is expected by a comment: one that does not come is an error itself.
  const { code, stderr } = await runDeno(["check", file("right.ts"), file("wrong.ts")]);
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
