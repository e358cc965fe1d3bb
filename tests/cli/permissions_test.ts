import { assertEquals, assertMatch } from "@std/assert";
import { REPOSITORY, runOnTerminal, runSmarm } from "./harness.ts";
import { withFolder } from "../support/folder.ts";

const APP = { "app.ts": `export function main() { console.log("ran"); }\n` };
const SMARM = new URL("smarm.ts", REPOSITORY).pathname;
const HERE = REPOSITORY.pathname;

Deno.test("without read permission and without a terminal, one line names the flag", async () => {
  await withFolder(APP, async (cwd) => {
    for (const denoArgs of [[], ["--no-prompt"], [`--allow-read=${cwd}`]]) {
      const { code, stdout, stderr } = await runSmarm(["app.ts"], { cwd, denoArgs });
      assertEquals({ code, stdout, stderr }, {
        code: 2,
        stdout: "",
        stderr: "error: smarm may not read its own modules. Run with --allow-read, or with -A\n",
      });
    }
  });
});

Deno.test("without permission to read the program, one line names the program and the flag", async () => {
  await withFolder(APP, async (cwd) => {
    const { code, stderr } = await runSmarm(["app.ts"], { cwd, denoArgs: [`--allow-read=${HERE}`] });
    assertEquals({ code, stderr }, {
      code: 2,
      stderr: `error: smarm may not read ${cwd}/app.ts. Run with --allow-read, or with -A\n`,
    });
  });
});

Deno.test("without permission to read what the program imports, one line names it and the flag", async () => {
  const files = { "app.ts": `import "./part.ts";\n`, "part.ts": "" };
  await withFolder(files, async (cwd) => {
    const { code, stderr } = await runSmarm(["app.ts"], {
      cwd,
      denoArgs: [`--allow-read=${HERE},${cwd}/app.ts`],
    });
    assertEquals(code, 2);
    assertEquals(
      stderr,
      `error: Cannot load ${cwd}/app.ts: Requires read access to "${cwd}/part.ts". Run with --allow-read, or with -A\n`,
    );
  });
});

Deno.test("read permission is all that smarm needs, and --help and --version need none", async () => {
  await withFolder(APP, async (cwd) => {
    const { code, stdout, stderr } = await runSmarm(["--stats", "app.ts"], {
      cwd,
      denoArgs: ["--allow-read"],
    });
    assertEquals({ code, stdout }, { code: 0, stdout: "ran\n" });
    assertMatch(stderr, /^schedulers \d/);
    assertEquals((await runSmarm(["--help"], { denoArgs: ["--no-prompt"] })).code, 0);
    assertEquals((await runSmarm(["--version"], { denoArgs: ["--no-prompt"] })).code, 0);
  });
});

Deno.test("a permission that the program lacks is a panic of the actor that needs it", async () => {
  const app = `export async function main(self) {
  try { await Deno.readTextFile("/etc/hostname"); } catch (error) { console.log(error.name); }
  Deno.env.get("HOME");
}
`;
  await withFolder({ "app.ts": app }, async (cwd) => {
    const { code, stdout, stderr } = await runSmarm(["app.ts"], {
      cwd,
      denoArgs: [`--allow-read=${HERE},${cwd}`],
    });
    assertEquals({ code, stdout }, { code: 1, stdout: "NotCapable\n" });
    assertMatch(
      stderr,
      /^error: Uncaught NotCapable: Requires env access.*\n +at main \(file:\/\/.*\/app\.ts:3:12\)\n$/,
    );
  });
});

Deno.test("at the prompt one yes is enough, and a no is told in one line that names the flag", async () => {
  await withFolder(APP, async (cwd) => {
    const run = (answer: string) =>
      runOnTerminal(["run", SMARM, "app.ts"], {
        cwd,
        answerAfter: { text: /Allow\?.*> /s, answer, until: /(Granted|Denied) read access/ },
      });
    const yes = await run("y\n");
    assertEquals(yes.code, 0, yes.stdout);
    assertEquals(yes.stdout.split("Allow?").length, 2, "one question");
    assertMatch(yes.stdout, /ran\r\n$/);

    const no = await run("n\n");
    assertEquals(no.code, 2, no.stdout);
    assertMatch(
      no.stdout,
      /error: smarm may not read its own modules\. Run with --allow-read, or with -A\r\n$/,
    );
  });
});
