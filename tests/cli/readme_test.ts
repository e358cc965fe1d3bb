/** What the README says is true: its program, its options, its exit codes, its pipeline. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { REPOSITORY, runDeno, runSmarm } from "./harness.ts";
import { OPTIONS } from "../../cli/options.ts";
import { helpText } from "../../cli/help.ts";
import { withFolder } from "../support/folder.ts";

const README = await Deno.readTextFile(new URL("README.md", REPOSITORY));
const PROGRAMS = [...README.matchAll(/```ts ignore\n(.*?)```/gs)].map(([, text]) => text);

Deno.test("the README's first program type-checks and prints what it says", async () => {
  await withFolder({ "app.ts": PROGRAMS[0] }, async (cwd) => {
    const config = new URL("deno.json", REPOSITORY).pathname;
    const checked = await runDeno(["check", "--config", config, `${cwd}/app.ts`]);
    assertEquals(checked.code, 0, checked.stderr);
    const { code, stdout, stderr } = await runSmarm(["app.ts", "reader"], { cwd });
    assertEquals({ code, stderr }, { code: 0, stderr: "" });
    assertEquals(stdout, 'hello reader, the sum is 20\n{ kind: "exit", value: 20 }\n');
  });
});

Deno.test("the README's other programs do what it says, in a folder with the README's deno.json", async () => {
  const config = JSON.parse(/```json\n(.*?)```/s.exec(README)![1]);
  for (const [name, path] of Object.entries<string>(config.imports)) {
    config.imports[name] = new URL(path.replace("../smarm/", ""), REPOSITORY).href;
  }
  config.imports.mine = "./mine.ts";
  const [app, runsItself, runsActors, test] = PROGRAMS;
  const files = {
    "deno.json": JSON.stringify(config),
    "mine.ts": "export const mine = 1;\n",
    "app.ts": `import "mine";\n${runsItself}${app}`,
    "lib.ts": `${runsActors}console.log(outcome);\n`,
    "app_test.ts": test,
  };
  await withFolder(files, async (cwd) => {
    const checked = await runDeno(["check"], { cwd });
    assertEquals(checked.code, 0, checked.stderr);
    const greeting = 'hello reader, the sum is 20\n{ kind: "exit", value: 20 }\n';
    const smarm = new URL("smarm.ts", REPOSITORY).pathname;
    const command = /^deno run (.*--config .*)$/m.exec(README)![1].replace("../smarm/smarm.ts", smarm);
    for (const args of [`${command} reader`, "-A app.ts --threads 2 -- reader"]) {
      const { stdout, stderr } = await runDeno(["run", ...args.split(" ")], { cwd });
      assertEquals([stdout, stderr], [greeting, ""]);
    }
    const lib = await runDeno(["run", "-A", "lib.ts"], { cwd });
    assertEquals([lib.stdout, lib.stderr], [`${greeting}{ kind: "exit", value: undefined }\n`, ""]);
    const tested = await runDeno(["test", "-A", "--no-check"], { cwd });
    assertStringIncludes(tested.stdout, "1 passed");
  });
});

Deno.test("run(import.meta) runs a module with its own deno.json and takes options and arguments", async () => {
  const files = {
    "deno.json": JSON.stringify({
      imports: { smarm: new URL("smarm.ts", REPOSITORY).href, mine: "./mine.ts" },
    }),
    "mine.ts": "export const mine = 'my own import';\n",
    "app.ts": `import { run } from "smarm";
import { mine } from "mine";
export function main(self, ...args) { console.log(mine, self.stats().schedulerCount, JSON.stringify(args)); }
if (import.meta.main) await run(import.meta);
`,
  };
  await withFolder(files, async (cwd) => {
    const run = (...args: string[]) => runDeno(["run", "-A", "app.ts", ...args], { cwd });
    const { code, stdout, stderr } = await run("--threads", "3", "--", "--x", "y");
    assertEquals({ code, stdout, stderr }, { code: 0, stdout: 'my own import 3 ["--x","y"]\n', stderr: "" });
    const plain = await run("--threads", "1", "a", "--threads");
    assertEquals(plain.stdout, 'my own import 1 ["a","--threads"]\n', plain.stderr);
    const bad = await run("--nonsense");
    assertEquals([bad.code, bad.stdout], [2, ""]);
    assertStringIncludes(bad.stderr, 'There is no option "--nonsense"');
  });
});

Deno.test("the README names every option", () => {
  for (const { name } of OPTIONS) assert(README.includes(`\`--${name}`), name);
});

Deno.test("the README and the help text name the same exit codes", () => {
  const inReadme = [...README.matchAll(/^\| (\d+|n) +\| /gm)].map(([, code]) => code);
  const inHelp = [...helpText().matchAll(/^ {2}(\d+|n) +\w/gm)].map(([, code]) => code);
  assertEquals(inReadme, inHelp);
});

Deno.test("wordcount prints what the README's pipeline prints", async () => {
  const pipeline = /^export LC_ALL=C; grep .*FOLDER.*$/m.exec(README)![0];
  const files = {
    "a.txt": "The cat, the CAT; der Hund heißt Ünal. x1y22z\n".repeat(50),
    "b.md": "one two two three three three the\n",
    "c.bin": "the \0 the",
    "empty.txt": "",
    "no newline": "cat",
  };
  await withFolder(files, async (folder) => {
    const program = await runSmarm(["--threads", "2", "examples/wordcount.ts", folder], { cwd: REPOSITORY });
    const shell = await new Deno.Command("bash", { args: ["-c", pipeline.replace("FOLDER", folder)] })
      .output();
    assertEquals(program.stdout, new TextDecoder().decode(shell.stdout));
    assertEquals(program.code, 0);
    assertStringIncludes(program.stdout, "the\n");
  });
});
