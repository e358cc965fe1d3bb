import { assertEquals } from "@std/assert";
import { Config } from "smarm";
import { Runtime } from "../../runtime/runtime.ts";
import { expected, OBSERVERS, WAYS } from "./programs/deaths.ts";

const PROGRAM = new URL("./programs/deaths.ts", import.meta.url);

for (const threads of [1, 2]) {
  Deno.test(`S13: every way to die is seen in every way of observing it, on ${threads} schedulers`, async (t) => {
    const reports: string[] = []; // of panics that nobody observes: lifecycle_reports_test.ts looks at those
    const runtime = new Runtime(Config.exact(threads), {
      write: (text) => reports.push(text),
      colors: false,
    });
    const outcome = await runtime.run(PROGRAM);
    if (outcome.kind === "panic") throw outcome.error;
    const rows = outcome.value as Record<string, string>;
    for (const where of threads === 1 ? ["here"] : ["here", "there"]) {
      for (const [name, way] of Object.entries(WAYS)) {
        for (const how of Object.keys(OBSERVERS)) {
          await t.step(`an actor ${where} that ${name} is seen by ${how}`, () => {
            const seen = rows[`${where}: ${name}: ${how}`];
            const isOverflow = seen?.startsWith("panic ExitError MailboxFullError");
            assertEquals(isOverflow ? "panic ExitError MailboxFullError" : seen, expected(how, way));
          });
        }
      }
    }
  });
}
