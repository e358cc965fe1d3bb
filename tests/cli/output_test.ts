/** What is written where: stdout is the program's, all that smarm says goes to stderr. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { runOnTerminal, runSmarm } from "./harness.ts";
import { withFolder } from "../support/folder.ts";

const APP = {
  "app.ts": `export function main(self, ...args) {
  console.log(JSON.stringify(args));
  self.log.info("counted", { n: 1, list: ["a"] });
  self.log.error("went wrong");
}
`,
};

Deno.test("everything after the module goes to main untouched, options of smarm included", async () => {
  await withFolder(APP, async (cwd) => {
    const args = ["--threads", "9", "--help", "--", "", " x ", "--stats=json", "-A", "é\n", '"'];
    const { code, stdout } = await runSmarm(["--log-level", "silent", "app.ts", ...args], { cwd });
    assertEquals([code, JSON.parse(stdout)], [0, args]);
  });
});

Deno.test("--stats prints a summary, --stats=json one line of JSON, both on stderr and at the end", async () => {
  await withFolder(APP, async (cwd) => {
    const text = await runSmarm(["--threads", "3", "--log-level", "silent", "--stats", "app.ts"], { cwd });
    assertEquals(text.stdout, "[]\n");
    assertMatch(text.stderr, /^schedulers 3, actors spawned 1, panicked 0, .*\n( {2}scheduler \d: .*\n){3}$/);
    const json = await runSmarm(["--threads", "3", "--log-level", "silent", "--stats=json", "app.ts"], {
      cwd,
    });
    assertEquals(json.stderr.split("\n").length, 2);
    const stats = JSON.parse(json.stderr);
    assertEquals([stats.schedulerCount, stats.live, stats.schedulers.length], [3, 0, 3]);
    assertEquals(
      stats.schedulers.map((one: { spawned: number }) => one.spawned).reduce((a: number, b: number) => a + b),
      1,
    );
  });
});

Deno.test("S2: --threads, --min and --max decide how many schedulers run", async () => {
  await withFolder(APP, async (cwd) => {
    const count = async (...options: string[]) => {
      const { stderr } = await runSmarm(["--log-level", "silent", "--stats=json", ...options, "app.ts"], {
        cwd,
      });
      return JSON.parse(stderr).schedulerCount;
    };
    assertEquals(await count("--threads", "3", "--max", "2"), 3);
    assertEquals(
      await count("--min", String(navigator.hardwareConcurrency + 1)),
      navigator.hardwareConcurrency + 1,
    );
    assertEquals(await count("--max", "1"), 1);
  });
});

Deno.test("M12: --log-level decides what is logged: actors with their pids, schedulers with their ids", async () => {
  await withFolder(APP, async (cwd) => {
    const logged = async (level?: string) => {
      const options = level === undefined ? [] : ["--log-level", level];
      return (await runSmarm(["--threads", "1", ...options, "app.ts"], { cwd })).stderr.split("\n").slice(
        0,
        -1,
      );
    };
    assertMatch((await logged()).join("|"), /^\d+\.\d{3} error <0\.0\.1> went wrong$/);
    assertEquals(await logged("silent"), []);
    const info = await logged("info");
    assert(
      info.some((line) => /^\d+\.\d{3} info <0\.0\.1> counted n=1 list=\[ "a" \]$/.test(line)),
      info.join("\n"),
    );
    for (const event of ["initialized", "started", "stopped"]) {
      assert(
        info.some((line) => new RegExp(`^\\d+\\.\\d{3} info scheduler 0 ${event}`).test(line)),
        info.join("\n"),
      );
    }
  });
});

Deno.test("a complaint is coloured on a terminal only, and never with NO_COLOR", async () => {
  const run = (NO_COLOR: string | undefined) =>
    runOnTerminal(["run", "-A", "smarm.ts", "--nonsense"], { env: { NO_COLOR } });
  assertMatch(
    (await run(undefined)).stdout,
    new RegExp("^\x1b\\[1m\x1b\\[31merror\x1b\\[0m: There is no option"),
  );
  assertMatch((await run("1")).stdout, /^error: There is no option/);
});

Deno.test("--help and --version go to stdout, with 0", async () => {
  for (const option of ["--help", "--version"]) {
    const { code, stdout, stderr } = await runSmarm([option]);
    assertEquals({ code, stderr }, { code: 0, stderr: "" });
    assertMatch(stdout, /^smarm \d+\.\d+\.\d+/);
  }
});
