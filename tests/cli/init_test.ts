import { pathToFileURL } from "node:url";
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { runInit } from "../../cli/init.ts";
import { REPOSITORY, runDeno, runSmarm } from "./harness.ts";
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
    const formatted = await runDeno(["fmt", "--check"], { cwd });
    assertEquals(formatted.code, 0, formatted.stderr);
    const checked = await runDeno(["check", "app.ts", "app_test.ts"], { cwd });
    assertEquals(checked.code, 0, checked.stderr);
  });
});

Deno.test("a program that smarm init has written may import what its own deno.json maps", async () => {
  await withFolder({ "mine.ts": "export const mine = 'my own import';\n" }, async (cwd) => {
    assertEquals((await runSmarm(["init"], { cwd })).code, 0);
    const config = JSON.parse(await Deno.readTextFile(`${cwd}/deno.json`));
    config.imports.mine = "./mine.ts";
    await Deno.writeTextFile(`${cwd}/deno.json`, JSON.stringify(config));
    const app = 'import { mine } from "mine";\nexport const main = () => console.log(mine);\n';
    await Deno.writeTextFile(`${cwd}/app.ts`, app);
    const { code, stdout, stderr } = await runDeno(["task", "start"], { cwd });
    assertEquals([code, stdout], [0, "my own import\n"], stderr);
  });
});

Deno.test("smarm init overwrites nothing, and takes one folder", async () => {
  await withFolder({ "app.ts": "mine" }, async (folder) => {
    const there = await runSmarm(["init"], { cwd: folder });
    assertEquals(there.code, 2);
    assertMatch(
      there.stderr,
      /^error: init overwrites nothing, and "app\.ts" is there\. Give another folder\n$/,
    );
    assertEquals(Array.from(Deno.readDirSync(folder), (entry) => entry.name), ["app.ts"]);
    const two = await runSmarm(["init", "a", "b"], { cwd: folder });
    assertEquals([two.code, two.stderr], [
      2,
      'error: init takes one folder, or none for the current one, got "a b"\n',
    ]);
    for (const notThat of ["", "--force"]) {
      const { code, stderr } = await runSmarm(["init", notThat], { cwd: folder });
      assertEquals([code, stderr], [
        2,
        `error: init takes one folder, or none for the current one, got "${notThat}"\n`,
      ]);
    }
    const file = await runSmarm(["init", "app.ts"], { cwd: folder });
    assertEquals([file.code, file.stderr], [
      2,
      'error: Cannot write to "app.ts": File exists. Give another folder\n',
    ]);
    assertEquals((await runSmarm(["init", "app.ts/x"], { cwd: folder })).code, 2);
    const refused = await runSmarm(["init", "x"], { cwd: folder, denoArgs: ["--allow-read"] });
    assertEquals([refused.code, refused.stderr], [
      2,
      'error: init may not write to "x". Run with --allow-read and --allow-write, or with -A\n',
    ]);
    const help = await runSmarm(["init", "--help"], { cwd: folder });
    assertEquals([help.code, help.stdout], [0, "Usage: deno run -A smarm.ts init [folder]\n"]);
    assertEquals(Array.from(Deno.readDirSync(folder), (entry) => entry.name), ["app.ts"]);
  });
});

Deno.test("smarm init takes folders whose names mean something to a shell or in a URL", async () => {
  await withFolder({}, async (folder) => {
    const odd = `${folder}/it's 100% #1?`;
    await Deno.mkdir(odd);
    await Deno.symlink(new URL(".", REPOSITORY), `${odd}/smarm`);
    const home = pathToFileURL(`${odd}/smarm/`);
    const { code, out } = await runInit([`${odd}/my $app`], home);
    assertEquals(code, 0);
    assertStringIncludes(out, `\ncd '${folder}/it'"'"'s 100% #1?/my $app'\n`);
    const elsewhere = `${folder}/plain`;
    await runInit([elsewhere], home);
    const started = await runDeno(["task", "start", "a b"], { cwd: elsewhere });
    assertEquals([started.code, started.stdout], [0, "hello a b\ngreeted 1\n"], started.stderr);
    const checked = await runDeno(["check"], { cwd: elsewhere });
    assertEquals(checked.code, 0, checked.stderr);
  });
});
