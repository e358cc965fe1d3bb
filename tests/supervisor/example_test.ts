import { assertEquals, assertMatch } from "@std/assert";
import { runSmarm } from "../cli/harness.ts";

for (const threads of ["1", "2"]) {
  Deno.test(`examples/supervised.ts restarts its till and keeps its stock, with ${threads} schedulers`, async () => {
    const result = await runSmarm(["--threads", threads, "examples/supervised.ts"]);
    assertEquals(result.stderr, "");
    assertEquals(result.stdout.trimEnd().split("\n"), [
      "sold 5, 95 left",
      "sold 5, 90 left",
      "till closes",
      "sale 3 failed: DeadActorError",
      "sold 5, 85 left",
      "sold 5, 80 left",
      "till closes",
      "sale 6 failed: DeadActorError",
      "sold 5, 75 left",
      "sold 5, 70 left",
      "till closes",
      "stock closes with 70 apples",
    ]);
    assertEquals(result.code, 0);
  });

  Deno.test(`examples/supervised.ts ends with 1 when its till jams too often, with ${threads} schedulers`, async () => {
    const result = await runSmarm(["--threads", threads, "examples/supervised.ts", "13"]);
    assertMatch(result.stdout, /stock closes with 60 apples\n$/);
    assertMatch(
      result.stderr,
      /gave up: child "till" ended[\s\S]*Caused by: Error: the till jams\n {4}at till \(file:/,
    );
    assertEquals(result.code, 1);
  });
}
