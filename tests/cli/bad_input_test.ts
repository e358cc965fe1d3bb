/** Every kind of bad input: one line that says what and how to mend it, nothing on stdout, exit code 2. */
import { assertEquals, assertMatch } from "@std/assert";
import { REPOSITORY, runSmarm } from "./harness.ts";
import { withFolder } from "../support/folder.ts";

/** Runs smarm and gives the one line, which no stats follow: nothing has run. */
async function complaint(args: string[], cwd?: string): Promise<string> {
  const { code, stdout, stderr } = await runSmarm(["--threads", "2", "--stats", ...args], {
    cwd,
    env: { TMPDIR: undefined },
  });
  assertEquals({ code, stdout }, { code: 2, stdout: "" }, stderr);
  assertMatch(stderr, /^error: [^\n]*[^.\n]\n$/, "one line, and no full stop at its end");
  return stderr.slice("error: ".length, -1);
}

Deno.test("an unknown option, a bad value and contradicting values are told in one line each", async () => {
  assertEquals(
    await complaint(["--thread", "2", "x.ts"]),
    `There is no option "--thread". Did you mean --threads?`,
  );
  assertEquals(
    await complaint(["--grace", "soon", "x.ts"]),
    `--grace cannot be "soon". Give a whole number of milliseconds from 0 to 2147483647`,
  );
  assertEquals(
    await complaint(["--min", "4", "--max", "2", "x.ts"]),
    "--min 4 is greater than --max 2. Make --min no greater than --max",
  );
});

Deno.test("no module is told in one line", async () => {
  assertEquals(await complaint([]), "No module given. Name the one whose main is to run, or see --help");
});

const MAIN = `export function main() {\n  console.log("ran");\n}\n`;
const RUNS_ITSELF =
  "Cannot load FOLDER/app.ts: it runs itself wherever it is loaded, so on each scheduler again. " +
  "Write before it: if (import.meta.main)";

/** A module, or several, and what is said of `app.ts`, or of `module`; FOLDER stands for where they are. */
const MODULES: [what: string, files: Record<string, string>, line: string, module?: string][] = [
  [
    "a module that does not exist",
    {},
    "Cannot find module FOLDER/app.ts. Check the path, which is taken from the current folder",
  ],
  [
    "a syntax error",
    { "app.ts": "export function main() {\n  let a = ;\n}\n" },
    "Cannot load FOLDER/app.ts: syntax error: Expression expected at file://FOLDER/app.ts:2:11. Mend it and run again",
  ],
  [
    "a syntax error in an imported module",
    { "app.ts": `import "./part.ts";\nexport function main() {}\n`, "part.ts": "let 1;\n" },
    "Cannot load FOLDER/app.ts: syntax error: Expected ';', '}' or <eof> at file://FOLDER/part.ts:1:5. Mend it and run again",
  ],
  [
    "a module that does not exist, named by a URL with one slash",
    {},
    "Cannot find module /nowhere/app.ts. Check the path, which is taken from the current folder",
    "file:/nowhere/app.ts",
  ],
  [
    "an import that does not exist",
    { "app.ts": `import { x } from "./gone.ts";\nexport const main = x;\n` },
    "Cannot load FOLDER/app.ts: it imports FOLDER/gone.ts, which does not exist at file://FOLDER/app.ts:1:19. " +
    "Check the import",
  ],
  [
    "an import of a name that is not exported",
    {
      "app.ts": `import { x } from "./part.ts";\nexport const main = x;\n`,
      "part.ts": "export const y = 1;\n",
    },
    "Cannot load FOLDER/app.ts: syntax error: The requested module './part.ts' does not provide an export named 'x' " +
    "at file://FOLDER/app.ts:1:10. Mend it and run again",
  ],
  [
    "a bare import that nothing maps",
    { "app.ts": `import { x } from "nowhere";\nexport const main = x;\n` },
    `Cannot load FOLDER/app.ts: Import "nowhere" not a dependency and not in import map from "file://FOLDER/app.ts" ` +
    "at file://FOLDER/app.ts:1:19. Check the name, and name the deno.json that maps it: deno run --config <file>",
  ],
  [
    "an import with a scheme that does not exist",
    { "app.ts": `import "odd:thing";\nexport function main() {}\n` },
    `Cannot load FOLDER/app.ts: Unsupported scheme "odd" for module "odd:thing" at`,
  ],
  [
    "a module that is JSON",
    { "app.json": "{}" },
    "Cannot load FOLDER/app.json: it is JSON. Name a module that exports main",
    "app.json",
  ],
  [
    "an import of JSON",
    { "app.ts": `import part from "./part.json";\nexport const main = part;\n`, "part.json": "{}" },
    "Cannot load FOLDER/app.ts: it imports JSON without saying so at file://FOLDER/app.ts:1:18. " +
    'Add: with { type: "json" }',
  ],
  [
    "an import of a folder",
    { "app.ts": `import "./";\nexport function main() {}\n` },
    "Cannot load FOLDER/app.ts: it imports FOLDER/, which is a folder at file://FOLDER/app.ts:1:8. Check the import",
  ],
  [
    "a path below a file",
    { "file": "" },
    "Cannot load FOLDER/file/app.ts: Import 'file://FOLDER/file/app.ts' failed: Not a directory. Check the name",
    "file/app.ts",
  ],
  [
    "a throw at import",
    {
      "app.ts": `function f() {\n  throw new RangeError("one\\ntwo");\n}\nf();\nexport function main() {}\n`,
    },
    "Cannot load FOLDER/app.ts: it threw RangeError: one at file://FOLDER/app.ts:2:9. Mend the module's top level",
  ],
  [
    "a rejection at import",
    { "app.ts": `await Promise.reject(new Error("late"));\nexport function main() {}\n` },
    "Cannot load FOLDER/app.ts: it threw Error: late at file://FOLDER/app.ts:1:22. Mend the module's top level",
  ],
  [
    "a throw at import in only one worker",
    {
      "app.ts":
        `if (!self.name.endsWith("0")) throw new Error("not here");\nexport function main() { console.log("ran"); }\n`,
    },
    "Cannot load FOLDER/app.ts: it threw Error: not here at file://FOLDER/app.ts:1:37. Mend the module's top level",
  ],
  [
    "a throw of a string at import",
    { "app.ts": `throw "no\\nerror";\n` },
    String.raw`Cannot load FOLDER/app.ts: it threw "no\nerror". Mend the module's top level`,
  ],
  [
    "a throw at import of what cannot be shown",
    { "app.ts": `const { proxy, revoke } = Proxy.revocable({}, {});\nrevoke();\nthrow proxy;\n` },
    "Cannot load FOLDER/app.ts: it threw a value that cannot be shown. Mend the module's top level",
  ],
  [
    "no main",
    { "app.ts": "export function other() {}\n" },
    "FOLDER/app.ts exports no main function (it exports other). Add: export async function main(self) { … }",
  ],
  [
    "no main among many",
    { "app.ts": [..."abcdef"].map((name) => `export function ${name}() {}\n`).join("") },
    "FOLDER/app.ts exports no main function (it exports a, b, c, d, e, …). Add: export async function main(self) { … }",
  ],
  [
    "a main that is no function",
    { "app.ts": "export const main = { run: true };\n" },
    "FOLDER/app.ts exports main as an object, not as a function. Write: export async function main(self) { … }",
  ],
  [
    "a main that has no value",
    { "app.ts": "export let main: unknown;\n" },
    "FOLDER/app.ts exports main as undefined, not as a function. Write: export async function main(self) { … }",
  ],
  [
    "a main that is a class",
    { "app.ts": "export class main {}\n" },
    "FOLDER/app.ts exports main as a class, not as a function. Write: export async function main(self) { … }",
  ],
  [
    "a main that is a generator",
    { "app.ts": "export async function* main() {\n  yield 1;\n}\n" },
    "FOLDER/app.ts exports main as a generator, whose body nobody would run. Write: export async function main(self) { … }",
  ],
  [
    "a module that runs itself on each scheduler too",
    { "app.ts": `import { run } from "${REPOSITORY}smarm.ts";\nawait run(import.meta);\n${MAIN}` },
    RUNS_ITSELF,
  ],
  [
    "a module that runs itself on each scheduler too, and does not wait for it",
    { "app.ts": `import { init } from "${REPOSITORY}smarm.ts";\ninit().run(import.meta.url);\n${MAIN}` },
    RUNS_ITSELF,
  ],
  [
    "close() at import, which would end the scheduler",
    { "app.ts": "self.close();\nexport function main() {}\n" },
    "Cannot load FOLDER/app.ts: it threw TypeError: close() would end a scheduler",
  ],
];

for (const [what, files, line, module = "app.ts"] of MODULES) {
  Deno.test(`${what} is told in one line, once, with exit code 2`, async () => {
    await withFolder(files, async (folder) => {
      const told = (await complaint([module], folder)).replaceAll(folder, "FOLDER");
      assertEquals(told.slice(0, line.length), line);
    });
  });
}

Deno.test("a module that cannot be fetched, a scheme that does not exist and a folder are told in one line", async () => {
  assertMatch(
    await complaint(["odd:thing"]),
    /^Cannot load odd:thing: Unsupported scheme "odd" for module "odd:thing"\. Check/,
  );
  assertMatch(await complaint(["./"]), /^Cannot load \/.*: it is a folder\. Name a module in it$/);
  const { code, stderr } = await runSmarm(["http://127.0.0.1:1/x.ts"]);
  assertEquals(code, 2); // Deno itself says that it downloads
  assertMatch(
    stderr,
    /\nerror: Cannot load http:\/\/127\.0\.0\.1:1\/x\.ts: Import [^\n]* failed: Connection refused\. Check [^\n]*\n$/,
  );
});

Deno.test("Deno.exit at import ends the program with its code, as an actor's would", async () => {
  await withFolder({ "app.ts": "Deno.exit(7);\nexport function main() {}\n" }, async (cwd) => {
    const { code, stdout, stderr } = await runSmarm(["--threads", "2", "app.ts"], { cwd });
    assertEquals({ code, stdout, stderr }, { code: 7, stdout: "", stderr: "" });
  });
});

Deno.test("a path may hold what a URL must not", async () => {
  const name = " a b #1 100%? é\\\t\n.ts";
  await withFolder({ [name]: "export function main() { console.log(import.meta.url); }\n" }, async (cwd) => {
    const { code, stdout, stderr } = await runSmarm([name], { cwd });
    assertEquals({ code, stderr }, { code: 0, stderr: "" });
    assertEquals(decodeURIComponent(stdout.trim()), `file://${cwd}/${name}`);
  });
});
