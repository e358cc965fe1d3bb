import { assertEquals } from "@std/assert";
import { runDeno } from "../cli/harness.ts";

Deno.test("the public docs show no member that is for tests or internal", async () => {
  const { code, stdout, stderr } = await runDeno(["doc", "smarm.ts", "testing/mod.ts"]);
  assertEquals(code, 0, stderr);
  assertEquals(stdout.includes("async run(module"), true, "the members of Runtime are shown");
  assertEquals(stdout.match(/.*(ForTests|@internal|Seams).*/g), null);
});
