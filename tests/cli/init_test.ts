import { assertEquals, assertMatch } from "@std/assert";
import { runDeno, runSmarm } from "./harness.ts";
import { withFolder } from "../support/folder.ts";

Deno.test("smarm init writes a program that is right, runs, and passes its test", async () => {
  await withFolder({}, async (folder) => {
    const { code, stdout, stderr } = await runSmarm(["init", "greetings"], { cwd: folder });
    assertEquals([code, stderr], [0, ""]);
    assertMatch(
      stdout,
      /^wrote greetings\/deno\.json\nwrote greetings\/app\.ts\nwrote greetings\/app_test\.ts\n/,
    );
    const cwd = `${folder}/greetings`;
    const started = await runDeno(["task", "start", "a", "b"], { cwd });
    assertEquals([started.code, started.stdout], [0, "hello a\nhello b\ngreeted 2\n"]);
    const tested = await runDeno(["test", "-A", "--no-check"], { cwd });
    assertEquals(tested.code, 0, tested.stdout + tested.stderr);
    assertMatch(tested.stdout, /1 passed/);
    const checked = await runDeno(["check", "app.ts", "app_test.ts"], { cwd });
    assertEquals(checked.code, 0, checked.stderr);
  });
});

Deno.test("smarm init overwrites nothing, and takes one folder", async () => {
  await withFolder({ "app.ts": "mine" }, async (folder) => {
    const there = await runSmarm(["init"], { cwd: folder });
    assertEquals(there.code, 2);
    assertMatch(
      there.stderr,
      /^error: init overwrites nothing, and "\.\/app\.ts" is there\. Give another folder\n$/,
    );
    assertEquals(Array.from(Deno.readDirSync(folder), (entry) => entry.name), ["app.ts"]);
    const two = await runSmarm(["init", "a", "b"], { cwd: folder });
    assertEquals([two.code, two.stderr], [
      2,
      'error: init takes one folder, or none for the current one, got "a b"\n',
    ]);
    assertEquals((await runSmarm(["init", "app.ts/x"], { cwd: folder })).code, 2);
  });
});
