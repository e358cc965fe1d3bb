/** What is written where: stdout is the program's, all that smarm says goes to stderr. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { REPOSITORY, runOnTerminal, runSmarm } from "./harness.ts";
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

const LOGGED = ["level", "time", "scheduler", "pid", "name", "message", "fields"];

Deno.test("M12: --log-level decides what is logged, a line of JSON each: actors with their pids, schedulers with their ids", async () => {
  await withFolder(APP, async (cwd) => {
    const logged = async (level?: string) => {
      const options = level === undefined ? [] : ["--log-level", level];
      const { stderr } = await runSmarm(["--threads", "1", ...options, "app.ts"], { cwd });
      return stderr.split("\n").slice(0, -1).map((line) => JSON.parse(line));
    };
    const began = Date.now();
    const [wrong, ...others] = await logged();
    assertEquals([others, Object.keys(wrong)], [[], LOGGED]);
    const { time, ...rest } = wrong;
    assertEquals(rest, {
      level: "error",
      scheduler: 0,
      pid: "<0.0.1>",
      name: "main",
      message: "went wrong",
      fields: {},
    });
    assertMatch(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assert(Date.parse(time) >= began - 1 && Date.parse(time) <= Date.now() + 1, time);
    assertEquals(await logged("silent"), []);
    const info = await logged("info");
    assertEquals(info.map(({ message, name }) => [name, message]), [
      [null, "initialized"],
      [null, "started"],
      ["main", "counted"],
      ["main", "went wrong"],
      [null, "stopped"],
    ]);
    assertEquals(info[2].fields, { n: 1, list: ["a"] });
    assertEquals(info.map(({ scheduler }) => scheduler), [0, 0, 0, 0, 0]);
  });
});

Deno.test("on a terminal the log is for people, coloured unless NO_COLOR is set", async () => {
  await withFolder(APP, async (cwd) => {
    const runner = new URL("smarm.ts", REPOSITORY).pathname;
    const args = ["run", "-A", runner, "--threads", "1", "--log-level", "info", "app.ts"];
    const run = async (NO_COLOR: string | undefined) =>
      (await runOnTerminal(args, { cwd, env: { NO_COLOR } })).stdout;
    const plain = await run("1");
    assertMatch(plain, /^\d\d:\d\d:\d\d\.\d{3} info scheduler 0: initialized schedulers=1\r\n/);
    assertMatch(
      plain,
      /\n\d\d:\d\d:\d\d\.\d{3} info scheduler 0 <0\.0\.1> main: counted n=1 list=\["a"\]\r\n/,
    );
    assertMatch(
      await run(undefined),
      new RegExp(
        "\n\x1b\\[90m[\\d:.]+\x1b\\[0m \x1b\\[1m\x1b\\[31merror\x1b\\[0m scheduler 0 <0\\.0\\.1> main: went wrong",
      ),
    );
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

Deno.test("a stderr that cannot be written to harms no program", async () => {
  const program = `export async function main(self) {
  self.log.error("into a full disk");
  self.spawn(() => {
    throw new Error("unseen");
  });
  await self.sleep(100); // the record is written meanwhile
  console.log("done");
}
`;
  await withFolder({ "app.ts": program }, async (cwd) => {
    const smarm = new URL("smarm.ts", REPOSITORY).pathname;
    const { code, stdout } = await new Deno.Command("sh", {
      args: ["-c", `"$0" run -A "$1" --stats app.ts 2>/dev/full`, Deno.execPath(), smarm],
      cwd,
    }).output();
    assertEquals([code, new TextDecoder().decode(stdout)], [0, "done\n"]);
  });
});
