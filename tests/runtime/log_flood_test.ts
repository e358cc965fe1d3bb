import { assert, assertEquals } from "@std/assert";
import { runSmarm } from "../cli/harness.ts";

const PROGRAM = new URL("programs/log_flood.ts", import.meta.url).pathname;
const RECORDS = 200_000;

for (const then of ["rests", "ends", "waits"]) {
  Deno.test(`a flood of log records is bounded, and what was dropped is told: the program ${then}`, async () => {
    const { code, stderr } = await runSmarm(["--threads", "1", PROGRAM, `${RECORDS}`, then], {
      // It says nothing more: what was dropped is told all the same, while it runs.
      signalAfter: then === "waits" ? [{ text: /records were dropped/, signal: "SIGTERM" }] : [],
    });
    assertEquals(code, 0);
    const records = stderr.trimEnd().split("\n").map((line) => JSON.parse(line));
    const written = records.filter((one) => one.pid === "<0.0.1>" && /^record \d+$/.test(one.message)).length;
    const told = records.filter((one) => one.pid === null && / log records were dropped/.test(one.message));
    const dropped = told.reduce((sum, one) => sum + one.fields.dropped, 0);
    assert(written >= 10_000, `${written}`);
    assert(dropped > 0);
    assertEquals(written + dropped, RECORDS);
  });
}
