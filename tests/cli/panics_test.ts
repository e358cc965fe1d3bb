/** What a user sees of a panic: the error with the user's own file:line, and the exit code. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { REPOSITORY, runOnTerminal, runSmarm } from "./harness.ts";
import { withFolder } from "../support/folder.ts";

const PROGRAM = new URL("./panic_kinds.ts", import.meta.url);
const LINES = (await Deno.readTextFile(PROGRAM)).split("\n");

/** Where the program's line with this comment is, as a frame shows it. */
function at(comment: string): string {
  const line = LINES.findIndex((text) => text.endsWith(`// ${comment}`)) + 1;
  assert(line > 0, `panic_kinds.ts has no line that ends with // ${comment}`);
  return `panic_kinds.ts:${line}:`;
}

async function panicOf(kind: string, threads = "1", options: string[] = []): Promise<string> {
  const { code, stdout, stderr } = await runSmarm(["--threads", threads, ...options, PROGRAM.pathname, kind]);
  assertEquals({ code, stdout }, { code: 1, stdout: "" }, stderr);
  for (const line of stderr.split("\n").filter((line) => /^\s+at /.test(line))) {
    assertStringIncludes(line, "panic_kinds.ts", "no frame of the runtime's own is shown");
  }
  return stderr;
}

Deno.test("main's throw and main's rejection show the error, the user's own frames, and end with 1", async () => {
  for (const kind of ["throws", "rejects"]) {
    const told = await panicOf(kind, "2");
    assertMatch(told, /^error: Uncaught RangeError: bang\n {4}at /);
    assertStringIncludes(told.split("\n")[1], at(kind));
  }
});

Deno.test("a timeout that nobody catches shows the line that waited", async () => {
  for (const kind of ["lateReceive", "lateCall", "lateJoin", "lateSelect"]) {
    const told = await panicOf(kind, "2");
    assertMatch(told, /^error: Uncaught TimeoutError: /, kind);
    assertStringIncludes(told.split("\n")[1], at(kind));
  }
});

Deno.test("what an operation fails with shows the line that waited for it", async () => {
  for (const kind of ["callOfTheDead", "refusedBySupervisor", "lines"]) {
    const told = await panicOf(kind, "2");
    assertStringIncludes(told.split("\n").slice(0, 2).join("\n"), at(kind), kind);
  }
});

Deno.test("what a forgotten await leaves without a line of the program's own says that nobody awaits it", async () => {
  for (const threads of ["1", "2"]) {
    const read = await panicOf("forgottenRead", threads);
    assertMatch(read, /^error: Uncaught NotFound: .*\n {4}\(from a promise that nobody awaits, .*\)\n$/);
    const call = await panicOf("forgottenCall", threads);
    assertMatch(
      call,
      /^error: Uncaught (TimeoutError|DeadActorError): .*\n {4}\(from a promise that nobody awaits, .*\)\n/,
    );
  }
});

Deno.test("a function without a name is not asked to be exported by one, but to be given one", async () => {
  const told = await panicOf("unnamed", "2");
  assertStringIncludes(told.split("\n")[0], "Give it a name and export it there, so that");
  assertStringIncludes(told.split("\n")[1], at("unnamed"));
});

Deno.test("the functions that await the one that failed are shown up to main, with --contain too", async () => {
  for (const options of [[], ["--contain"]]) {
    const told = await panicOf("deep", "1", options);
    assertMatch(told, /^error: Uncaught Error: deep\n/);
    assertStringIncludes(told, at("deep"));
  }
});

Deno.test("S12: a throw in a timer, in a microtask, and a promise that nobody awaits are panics of their actor", async () => {
  for (const kind of ["timer", "interval", "microtask", "immediate", "dangling", "danglingLater"]) {
    const told = await panicOf(kind);
    assertMatch(told, /^error: Uncaught Error: left behind\n/, kind);
    assertStringIncludes(told, at(kind));
  }
});

Deno.test("S12: so is what a listener leaves behind that waits for an AbortSignal.timeout, or for one made of it", async () => {
  for (const kind of ["abortTimeout", "abortLater"]) {
    const told = await panicOf(kind);
    assertMatch(told, /^error: Uncaught Error: left behind\n/, kind);
    assertStringIncludes(told, at(kind));
  }
});

Deno.test("S12: an error is shown with its causes and the errors that it aggregates, each with its own frames", async () => {
  const caused = await panicOf("caused");
  assertMatch(
    caused,
    /^error: Uncaught Error: outer\n.*\nCaused by: TypeError: inner\n.*\nCaused by: "root"\n$/s,
  );
  const many = await panicOf("aggregate");
  assertMatch(many, /^error: Uncaught AggregateError: both\n.*\n {4}Error: one\n.*\n {4}TypeError: two\n/s);
  const circular = await panicOf("circular");
  assertMatch(circular, /^error: Uncaught Error: round\n.*\nCaused by: \(again the error above\)\n$/s);
});

Deno.test("S12: what is thrown need not be an Error, nor readable", async () => {
  const head = "error: Uncaught Error: the actor threw a value that is no Error: ";
  assertEquals(await panicOf("string"), `${head}words\nCaused by: "words"\n`);
  assertEquals(await panicOf("nothing"), `${head}null\nCaused by: null\n`);
  assertEquals(await panicOf("object"), `${head}{ code: 5 }\nCaused by: { code: 5 }\n`);
  assertEquals(await panicOf("symbol"), `${head}Symbol(s)\nCaused by: Symbol(s)\n`);
  const unreadable = "error: Uncaught Error: the actor threw an error whose properties cannot be read\n";
  for (const kind of ["revokedProxy", "badName", "badMessage", "badCause"]) {
    assertEquals(await panicOf(kind), unreadable, kind);
  }
  assertEquals(await panicOf("badStack"), "error: Uncaught Error: its stack throws\n");
  assertMatch(await panicOf("badInspection"), /cannot be shown\n/);
});

Deno.test("S12: a stack overflow is a panic like others", async () => {
  assertMatch(await panicOf("overflow"), /^error: Uncaught RangeError: Maximum call stack size exceeded\n/);
});

Deno.test("on a terminal the error is in Deno's colours, and with NO_COLOR it is not", async () => {
  const run = (env: Record<string, string | undefined>) =>
    runOnTerminal(["run", "-A", "smarm.ts", PROGRAM.pathname, "throws"], { cwd: REPOSITORY, env });
  const coloured = await run({ NO_COLOR: undefined });
  assertEquals(coloured.code, 1);
  assertStringIncludes(coloured.stdout, "\x1b[0m\x1b[1m\x1b[31merror\x1b[0m: Uncaught RangeError: bang");
  assertStringIncludes(coloured.stdout, "panic_kinds.ts\x1b[0m:\x1b[0m\x1b[33m");
  const plain = await run({ NO_COLOR: "1" });
  assertMatch(plain.stdout, /^error: Uncaught RangeError: bang\r\n {4}at .*panic_kinds\.ts:\d+:\d+\)\r\n/);
});

Deno.test("S12: a panic of an actor that nobody watches is reported once, with its pid and function, and harms nobody", async () => {
  const { code, stdout, stderr } = await runSmarm(["--threads", "2", PROGRAM.pathname, "unobserved"]);
  assertEquals({ code, stdout }, { code: 0, stdout: "the others go on\n" });
  assertMatch(
    stderr,
    /^error: Uncaught in actor <\d\.\d\.1> throws: RangeError: bang\n {4}at [^\n]*panic_kinds\.ts/,
  );
  assertEquals(stderr.split("RangeError").length, 2);
});

Deno.test("a main that panics while others live has them told to end", async () => {
  const { code, stdout, stderr } = await runSmarm(["--threads", "2", PROGRAM.pathname, "panicsAmongOthers"]);
  assertEquals({ code, stdout }, { code: 1, stdout: "told shutdown\ntold shutdown\n" });
  assertMatch(stderr, /^error: Uncaught Error: main is through\n/);
});

Deno.test("self.halt, Deno.exit and process.exit end the program with their code, from any actor", async () => {
  const kinds: Record<string, [code: number, stdout?: string]> = {
    halts: [4],
    childHalts: [5],
    exits: [7],
    exitsPlainly: [0],
    exitsModulo: [3],
    processExits: [8],
    processExitsWithText: [9],
    processExitsAsSaidBefore: [6, "told 6\n"],
  };
  for (const [kind, [code, stdout = ""]] of Object.entries(kinds)) {
    for (const options of [[], ["--contain"]]) { // in the other kind of worker, process.exit is to end that alone
      const { signal: _, ...ended } = await runSmarm([...options, "--threads", "2", PROGRAM.pathname, kind]);
      assertEquals(ended, { code, stdout, stderr: "" }, `${kind} ${options}`);
    }
  }
});

Deno.test("Deno.exitCode of any actor is the exit code of a run that ends well", async () => {
  for (const [kind, wanted] of [["setsExitCode", 3], ["childSetsExitCode", 9]] as const) {
    for (const options of [[], ["--contain"]]) {
      const { code, stderr } = await runSmarm([...options, "--threads", "2", PROGRAM.pathname, kind]);
      assertEquals({ code, stderr }, { code: wanted, stderr: "" }, `${kind} ${options}`);
    }
  }
  const { code, stderr } = await runSmarm(["--threads", "2", PROGRAM.pathname, "setsExitCodeAndPanics"]);
  assertEquals(code, 1);
  assertStringIncludes(stderr, "a panic is told by 1");
});

Deno.test("what an actor throws while it is being ended is a warning, unless it is of its end", async () => {
  const run = (...options: string[]) =>
    runSmarm([...options, "--threads", "1", PROGRAM.pathname, "throwsWhileItEnds"]);
  const quiet = await run();
  const ended = "the actor was told to end: shutdown\n".repeat(3);
  assertEquals({ ...quiet, code: quiet.code }, { ...quiet, code: 0, stdout: ended, stderr: "" });
  const { stderr } = await run("--log-level", "warn");
  assertEquals(stderr.trimEnd().split("\n").length, 1, stderr);
  const { level, message, fields } = JSON.parse(stderr);
  assertEquals({ level, message }, {
    level: "warn",
    message: "threw another error while it was being ended",
  });
  assertEquals(fields.error.message, "another");
});

Deno.test("Deno.exit in a callback ends that only: the actor is told to end, and its finally runs", async () => {
  for (const kind of ["exitsInCallback", "exitsInDanglingPromise"]) {
    const { code, stdout, stderr } = await runSmarm(["--threads", "2", PROGRAM.pathname, kind]);
    assertEquals({ code, stdout, stderr }, { code: 6, stdout: "cleaned up\n", stderr: "" }, kind);
  }
});

Deno.test("an exit code that is none, close() and postMessage() are panics that say what to do", async () => {
  assertMatch(
    await panicOf("processExitsBadly"),
    /TypeError: The "code" argument must be integer\. Received type string/,
  );
  assertMatch(
    await panicOf("postsMessage"),
    /TypeError: postMessage\(\) reaches nobody from a scheduler\. Send to/,
  );
  assertMatch(await panicOf("haltsBadly"), /RangeError: halt needs an exit code from 0 to 255, got 400\n/);
  const told = await panicOf("closes");
  assertMatch(told, /TypeError: close\(\) would end a scheduler .* call self\.halt\(code\)/);
  assertStringIncludes(told, at("closes"));
});

Deno.test("a program that breaks what the runtime stands on ends, and is told what has failed", async () => {
  const path = new URL("programs/breaks_the_runtime.ts", import.meta.url).pathname;
  const { code, stderr } = await runSmarm(["--threads", "1", path]);
  assertEquals(code, 1, stderr);
  assertMatch(
    stderr,
    /^error: scheduler 0 died, and the run ends: its event loop has failed: Error: broken by the program$/m,
  );
});

const MANY = `export async function main(self, count) {
  for (let i = 0; i < Number(count); i++) {
    self.spawn(fails);
    if (i % 100 === 0) await self.yield();
  }
  await self.sleep(1500); // they are reported after a second
}
export function fails() {
  throw new Error("unseen");
}
`;
const reportsIn = (stderr: string) => stderr.split("Uncaught in actor").length - 1;

Deno.test("however slowly stderr is read, all panics are reported, and the exit code is main's", async () => {
  await withFolder({ "app.ts": MANY.replace("1500", "1") }, async (cwd) => {
    const smarm = new URL("smarm.ts", REPOSITORY).pathname;
    // To report them takes longer than to close may take with that grace, also without a reader that stands still.
    const line =
      `("$0" run -A "$1" --threads 1 --grace 0 app.ts 30000; echo "code $?" >&2) 2>&1 | (sleep 2; cat)`;
    const { stdout } = await new Deno.Command("sh", { args: ["-c", line, Deno.execPath(), smarm], cwd })
      .output();
    const text = new TextDecoder().decode(stdout);
    assertEquals([reportsIn(text), text.slice(text.lastIndexOf("code"))], [30000, "code 0\n"]);
  });
});

Deno.test("so many panics that their reports take longer than the watchdog allows stall no scheduler and are all told", async () => {
  await withFolder({ "app.ts": MANY }, async (cwd) => {
    const options = ["--threads", "1", "--watchdog", "500", "--contain"];
    const { code, stderr } = await runSmarm([...options, "app.ts", "10000"], { cwd });
    assertEquals([code, reportsIn(stderr), stderr.includes("was lost")], [0, 10000, false]);
  });
});

Deno.test("whoever still calls what the end of the run has ended is no panic that is told", async () => {
  const program = `
    export async function server(self) {
      for await (const call of self) call.reply(call.request);
    }
    export async function client(self, to) {
      for (let i = 0;; i++) await self.call(to, i);
    }
    export async function main(self) {
      for (let i = 0; i < 20; i++) {
        const { pid } = self.spawnWith({ scheduler: i % 4 }, server);
        for (const scheduler of [i % 4, (i + 1) % 4]) self.spawnWith({ scheduler }, client, pid);
      }
      await self.sleep(10);
      self.halt(0);
    }`;
  await withFolder({ "calls.js": program }, async (folder) => {
    for (let i = 0; i < 5; i++) {
      const { code, stderr } = await runSmarm(["--threads", "4", `${folder}/calls.js`]);
      assertEquals({ code, stderr }, { code: 0, stderr: "" });
    }
  });
});
