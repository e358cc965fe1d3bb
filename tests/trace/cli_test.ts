import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { REPOSITORY, runOnTerminal, runSmarm, type SignalAfter } from "../cli/harness.ts";
import { checkTrace } from "../../trace/check.ts";
import { withFolder } from "../support/folder.ts";

const PROGRAM = new URL("programs/traced.ts", import.meta.url).pathname;

/** Runs the program, and gives the events of a file that must be well-formed. */
async function traced(
  how: string,
  code: number,
  signalAfter?: SignalAfter[],
  options: string[] = ["--threads", "1"],
  // deno-lint-ignore no-explicit-any
): Promise<any[]> {
  // deno-lint-ignore no-explicit-any
  let events: any[] = [];
  await withFolder({}, async (folder) => {
    const path = `${folder}/t.json`;
    const result = await runSmarm([...options, `--trace=${path}`, PROGRAM, how], {
      signalAfter,
    });
    assertEquals(result.code, code, result.stderr);
    const text = await Deno.readTextFile(path);
    assertEquals(checkTrace(text).problems, []);
    events = JSON.parse(text).traceEvents;
  });
  return events;
}

const named = (events: { name?: string }[], name: string) => events.filter((e) => e.name === name).length;

Deno.test("--trace: a slice for each resume, an arrow for each message, and the events of the seed", async () => {
  const events = await traced("ends", 0);
  assertEquals(named(events, "spawn"), 2);
  assertEquals(named(events, "Done"), 2);
  assert(events.filter((e) => e.ph === "B" && e.name === "echo").length >= 50);
  assertEquals(events.filter((e) => e.ph === "s").length, 100);
  assertEquals(named(events, "timer"), 1);
  assert(named(events, "Yield") >= 1); // its own, and one for each slice that took too long
  assert(named(events, "Park") > 50 && named(events, "UnparkDirect") > 50);
  assertEquals(named(events, "Resume"), events.filter((e) => e.ph === "B").length);
});

Deno.test("--trace: across schedulers each message has its arrow too", async () => {
  const events = await traced("across", 0, undefined, ["--threads", "2"]);
  assertEquals(events.filter((e) => e.ph === "f" && e.name === "message").length, 100);
});

Deno.test("--trace: the file is complete after a panic of main", async () => {
  assertEquals(named(await traced("panics", 1), "panic"), 1);
});

Deno.test("--trace: the panic of a child is in it", async () => {
  assertEquals(named(await traced("child", 0), "panic"), 1);
});

Deno.test("--trace: the file is complete after a deadlock, halt and Deno.exit", async () => {
  await traced("deadlocks", 3);
  await traced("halts", 7);
  await traced("exits", 8);
});

Deno.test("--trace: the file is complete after SIGINT, SIGTERM and SIGQUIT", async () => {
  await traced("waits", 130, [{ text: "waits", signal: "SIGINT" }]);
  await traced("waits", 0, [{ text: "waits", signal: "SIGTERM" }]);
  await traced("waits", 131, [{ text: "waits", signal: "SIGQUIT" }]);
});

Deno.test("--trace: the file is complete when a stuck scheduler is given up", async () => {
  const events = await traced("hangs", 130, [{ text: "hangs", signal: "SIGINT" }], [
    "--threads",
    "1",
    "--grace",
    "50",
  ]);
  assertEquals(events.filter((e) => e.ph === "E").at(-1).args.stopped, "the end of the trace");
});

Deno.test("--trace: the file goes on behind the death of an actor that was stuck, and of a whole scheduler", async () => {
  const program = new URL("../containment/stuck_program.ts", import.meta.url).pathname;
  for (const way of ["loop", "matching"]) {
    await withFolder({}, async (folder) => {
      const path = `${folder}/t.json`;
      const options = ["--threads", "2", "--contain", "--watchdog", "400", `--trace=${path}`];
      const { code, stderr } = await runSmarm([...options, program, way]);
      assertEquals(code, 0, stderr);
      const text = await Deno.readTextFile(path);
      assertEquals(checkTrace(text).problems, []);
      // deno-lint-ignore no-explicit-any
      const slices = JSON.parse(text).traceEvents.filter((e: any) => e.ph === "B");
      const { ts, tid } = slices.findLast((e: { name: string }) => e.name === "stuck");
      // deno-lint-ignore no-explicit-any
      assert(slices.some((e: any) => e.name === "sibling" && e.tid === tid && e.ts > ts), way);
      assertEquals(stderr.includes("was lost"), way === "matching", stderr);
    });
  }
});

Deno.test("--trace: at full rate nothing is lost", async () => {
  await withFolder({}, async (folder) => {
    const path = `${folder}/t.json.gz`;
    const { code, stderr } = await runSmarm(["--threads", "1", `--trace=${path}`, PROGRAM, "floods"]);
    assertEquals([code, stderr], [0, ""]);
    const { code: checked, stdout } = await runSmarm(["trace", path, "--check"]);
    assertEquals(checked, 0, stdout);
    assertMatch(stdout, /main <0\.0\.1> → echo <0\.1\.\d+> +10000\n/);
    assertMatch(stdout, /UnparkDirect 120\d{3}\b/);
  });
});

Deno.test("--trace: what a killed process has recorded is converted by smarm trace", async () => {
  await withFolder({}, async (folder) => {
    const path = `${folder}/t.json`;
    const killed = await runSmarm(["--threads", "1", `--trace=${path}`, PROGRAM, "recorded", `${path}.raw`], {
      signalAfter: { text: "waits", signal: "SIGKILL" },
    });
    assertEquals(killed.signal, "SIGKILL");
    const empty = await runSmarm(["trace", path]);
    assertEquals(empty.code, 2);
    assertStringIncludes(empty.stderr, `smarm trace "${path}.raw"`);
    const { code, stdout, stderr } = await runSmarm(["trace", `${path}.raw`, "--check"]);
    assertEquals([code, stderr], [0, ""]);
    assertMatch(stdout, /main <0\.0\.1> → echo <0\.1\.1> +50/);
    assertEquals(checkTrace(await Deno.readTextFile(path)).problems, []);
  });
});

Deno.test("--trace: the file is well-formed after a second SIGINT", async () => {
  await withFolder({}, async (folder) => {
    const path = `${folder}/t.json`;
    const { code } = await runSmarm(
      ["--threads", "1", "--grace", "50", `--trace=${path}`, PROGRAM, "hangs"],
      {
        signalAfter: [{ text: "hangs", signal: "SIGINT" }, { text: "hangs", signal: "SIGINT" }],
      },
    );
    assertEquals(code, 130);
    assertEquals(checkTrace(await Deno.readTextFile(path)).problems, []);
  });
});

Deno.test("--trace=<path>.gz: is the same file, compressed", async () => {
  await withFolder({}, async (folder) => {
    const path = `${folder}/t.json.gz`;
    const { code, stderr } = await runSmarm(["--threads", "1", `--trace=${path}`, PROGRAM, "ends"]);
    assertEquals([code, stderr], [0, ""]);
    const file = await Deno.open(path);
    const text = await new Response(file.readable.pipeThrough(new DecompressionStream("gzip"))).text();
    assertEquals(checkTrace(text).problems, []);
    assertStringIncludes(text, `"name":"echo"`);
  });
});

Deno.test("--trace: without a path it is named after the module and the time", async () => {
  await withFolder({}, async (folder) => {
    const { code } = await runSmarm(["--threads", "1", "--trace", PROGRAM, "ends"], { cwd: folder });
    assertEquals(code, 0);
    const [entry] = Deno.readDirSync(folder);
    assertMatch(entry.name, /^smarm-trace-traced-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-\d{3}\.json$/);
  });
});

Deno.test("--trace: a path that was not given is told on a terminal, and only there", async () => {
  await withFolder({}, async (folder) => {
    const args = ["--threads", "1", "--trace", PROGRAM, "ends"];
    const runner = new URL("smarm.ts", REPOSITORY).pathname;
    const { stdout } = await runOnTerminal(["run", "-A", runner, ...args], { cwd: folder });
    const [entry] = Deno.readDirSync(folder);
    assertStringIncludes(stdout, `trace: ${entry.name}\r\n`);
    assertEquals((await runSmarm(args, { cwd: folder })).stderr, "");
    const given = await runOnTerminal([
      "run",
      "-A",
      runner,
      "--threads",
      "1",
      "--trace=t.json",
      PROGRAM,
      "ends",
    ], {
      cwd: folder,
    });
    assertEquals(given.stdout.includes("trace:"), false, given.stdout);
  });
});

Deno.test("--trace: a path that cannot be written is a usage error, and nothing is started", async () => {
  const { code, stdout, stderr } = await runSmarm(["--trace=/no/such/folder/t.json", PROGRAM, "waits"]);
  assertEquals([code, stdout], [2, ""]);
  assertMatch(stderr, /^error: Cannot write the trace to "\/no\/such\/folder\/t\.json": [^\n]+\n$/);
});

Deno.test("--trace: the permission to write is named when it is missing", async () => {
  const { code, stderr } = await runSmarm(["--trace=/tmp/t.json", PROGRAM, "waits"], {
    denoArgs: ["--allow-read", "--no-prompt"],
  });
  assertEquals(code, 2);
  assertMatch(stderr, /^error: Cannot write the trace[^\n]*--allow-write[^\n]*\n$/);
});

Deno.test("--trace: the program itself is not written over, nor a trace by its page", async () => {
  const text = "export function main() {}\n";
  await withFolder({ "app.ts": text }, async (cwd) => {
    await Deno.symlink("app.ts", `${cwd}/link.ts`);
    for (const path of ["app.ts", "link.ts", `${cwd}/app.ts`]) {
      const { code, stderr } = await runSmarm([`--trace=${path}`, "app.ts"], { cwd });
      assertEquals([code, stderr], [
        2,
        `error: Cannot write the trace to "${path}": it is the module itself. Give --trace=<path> another file\n`,
      ]);
    }
    assertEquals(await Deno.readTextFile(`${cwd}/app.ts`), text);
    await runSmarm(["--trace=t.json", "app.ts"], { cwd });
    const trace = await Deno.readTextFile(`${cwd}/t.json`);
    const { code, stderr } = await runSmarm(["trace", "t.json", "--html", "./t.json"], { cwd });
    assertEquals(code, 2);
    assertMatch(stderr, /^error: --html "\.\/t\.json" would be written over the trace\. Usage: [^\n]+\n$/);
    assertEquals(await Deno.readTextFile(`${cwd}/t.json`), trace);
  });
});

Deno.test("--trace: no file is left of a program that does not load", async () => {
  await withFolder({}, async (folder) => {
    const { code } = await runSmarm([`--trace=${folder}/t.json`, `${folder}/none.ts`]);
    assertEquals(code, 2);
    assertEquals([...Deno.readDirSync(folder)], []);
  });
});

Deno.test("--trace: a program that changes its folder finds the trace alone in the one where it was started", async () => {
  const files = {
    "moves.ts": `export function main() {\n  Deno.chdir("/");\n}\n`,
    "fails.ts": `Deno.chdir("/");\nthrow new Error("on purpose");\n`,
  };
  await withFolder(files, async (cwd) => {
    const { code, stderr } = await runSmarm(["--trace=t.json", "moves.ts"], { cwd });
    assertEquals({ code, stderr }, { code: 0, stderr: "" });
    assertEquals(checkTrace(await Deno.readTextFile(`${cwd}/t.json`)).problems, []);
    await Deno.remove(`${cwd}/t.json`);
    assertEquals((await runSmarm(["--trace=t.json", "fails.ts"], { cwd })).code, 2);
    assertEquals([...Deno.readDirSync(cwd)].map(({ name }) => name).sort(), ["fails.ts", "moves.ts"]);
  });
});

Deno.test("smarm trace: tells what a file holds, checks it and draws it", async () => {
  await withFolder({}, async (folder) => {
    const path = `${folder}/t.json.gz`;
    await runSmarm(["--threads", "1", `--trace=${path}`, PROGRAM, "ends"]);
    const { code, stdout, stderr } = await runSmarm([
      "trace",
      path,
      "--check",
      "--html",
      `${folder}/t.html`,
    ]);
    assertEquals([code, stderr], [0, ""]);
    assertMatch(stdout, /scheduler 0 +\d/);
    assertMatch(stdout, /echo <0\.1\.1>/);
    assertMatch(stdout, /main <0\.0\.1> → echo <0\.1\.1> +50/);
    assertMatch(stdout, /From queued to running: p50 /);
    assertMatch(stdout, /The file is well-formed/);
    const page = await Deno.readTextFile(`${folder}/t.html`);
    assertStringIncludes(page, "<canvas");
    assertEquals(/(src|href)=|https?:|@import|fetch\(/.test(page), false);
  });
});

Deno.test("smarm trace --check: fails for a file that is cut off or broken", async () => {
  await withFolder({}, async (folder) => {
    const path = `${folder}/t.json`;
    await runSmarm(["--threads", "1", `--trace=${path}`, PROGRAM, "ends"]);
    const text = await Deno.readTextFile(path);
    await Deno.writeTextFile(path, text.slice(0, text.length / 2));
    const cut = await runSmarm(["trace", path, "--check"]);
    assertEquals(cut.code, 1);
    assertStringIncludes(cut.stdout, "ends before its end");
    assertEquals((await runSmarm(["trace", path])).code, 0); // what there is can be told
    const other = `${folder}/other.json`;
    await Deno.writeTextFile(other, `[{"ph":"E","ts":1,"pid":1,"tid":1}]`);
    assertEquals((await runSmarm(["trace", other, "--check"])).code, 1);
  });
});

Deno.test("smarm trace: a wrong use is told in one line, exit code 2", async () => {
  const lines: [string[], RegExp][] = [
    [[], /needs a file/],
    [["/no/such"], /Cannot read the trace "\/no\/such"/],
    [["deno.json"], /Cannot read the trace "deno.json": it holds no traceEvents/],
    [["/no/such.raw"], /Cannot read the trace "\/no\/such.raw"/],
    [["--bogus"], /no option "--bogus"/],
    [["a", "b"], /takes one file/],
    [["a", "--html"], /--html needs a path/],
  ];
  for (const [args, expected] of lines) {
    const { code, stdout, stderr } = await runSmarm(["trace", ...args]);
    assertEquals([code, stdout], [2, ""], stderr);
    assertMatch(stderr, /^error: [^\n]+\n$/);
    assertMatch(stderr, expected);
  }
});
