import { assert, assertEquals } from "@std/assert";
import { runSmarm } from "../cli/harness.ts";

const PROGRAM = new URL("programs/logs.ts", import.meta.url).pathname;
const RECORDS = 100_000;

for (const then of ["rests", "ends"]) {
  Deno.test(`a flood of log records is bounded, and what was dropped is told: the program ${then}`, async () => {
    const { code, stderr } = await runSmarm(["--threads", "1", PROGRAM, `${RECORDS}`, then]);
    assertEquals(code, 0);
    const lines = stderr.trimEnd().split("\n");
    const written = lines.filter((line) => / error <0\.0\.1> record \d+$/.test(line)).length;
    const dropped = lines.map((line) => /scheduler 0 (\d+) log records were dropped/.exec(line)?.[1] ?? 0)
      .reduce((sum: number, count) => sum + Number(count), 0);
    assert(written >= 10_000, `${written}`);
    assertEquals(written + dropped, RECORDS);
  });
}
