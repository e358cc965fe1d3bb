/** Programs named by their outcome: ok_*.ts end with 0 and say nothing on stderr, panic_*.ts end with 1 and say why. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { runSmarm } from "./harness.ts";

const FOLDER = new URL("./programs/", import.meta.url);
const names = [...Deno.readDirSync(FOLDER)].map(({ name }) => name).sort();

for (const name of names) {
  const path = new URL(name, FOLDER).pathname;
  const ends = name.startsWith("ok_") ? "well" : name.startsWith("panic_") ? "as a panic" : null;
  if (ends === null) continue; // a part of another program
  for (const threads of ["1", "2", "4"]) {
    Deno.test(`${name} ends ${ends} on ${threads} schedulers`, async () => {
      const { code, stdout, stderr } = await runSmarm(["--threads", threads, path]);
      if (ends === "well") assertEquals({ code, stderr }, { code: 0, stderr: "" }, stdout);
      else {
        assertEquals(code, 1, stderr);
        assertMatch(stderr, /^error: Uncaught /);
        assert(stderr.includes(name), "the program's own file is named");
      }
    });
  }
}
