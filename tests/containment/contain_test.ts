import { withFolder } from "../support/folder.ts";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { Config } from "../../runtime/config.ts";
import { Runtime } from "../../runtime/runtime.ts";
import { withDeadline } from "../support/run_case.ts";
import { runSmarm } from "../cli/harness.ts";
import type { Told } from "./stuck_program.ts";

const PROGRAM = new URL("./stuck_program.ts", import.meta.url);
const STUCK = Config.exact(2).contain().watchdogMillis(400);

async function stuckBy(way: string, config = STUCK, where = "elsewhere") {
  const lines: string[] = [];
  const runtime = new Runtime(config, { write: (text) => void lines.push(text), colors: false });
  const run = runtime.run(PROGRAM, { args: [way, where] });
  return { outcome: await withDeadline(runtime, run, way), lines, runtime };
}

const ALONE: Told = {
  join: "stuck",
  monitor: "stuck",
  link: "stuck",
  name: "undefined",
  same: true,
  called: "DeadActorError",
};
const LOST: Told = {
  join: "scheduler lost",
  monitor: "scheduler lost",
  link: "scheduler lost",
  name: "undefined",
  same: false,
  called: "DeadActorError",
};

for (const way of ["loop", "catches", "regex", "wait"]) {
  Deno.test(`an actor stuck in a ${way} is ended alone, and all who have to do with it are told`, async () => {
    const { outcome, lines } = await stuckBy(way);
    assertEquals(outcome, { kind: "exit", value: ALONE });
    assertMatch(
      lines.join("\n"),
      /watchdog: actor <\d+\.\d+\.\d+> stuck held scheduler \d for 400 ms .*was ended/,
    );
  });
}

Deno.test("a class or a generator is no actor with --contain either", async () => {
  const source = "export async function main(self) { const said = [];" +
    "for (const kind of [class Counter {}, function* steps() {}]) said.push((await self.spawn(kind).join()).error.message);" +
    "console.log(said.join('\\n')); }";
  const { code, stdout, stderr } = await runSmarm(["--contain", `data:text/javascript,${source}`]);
  assertEquals([code, stderr], [0, ""]);
  const line = (kind: string) => `Cannot run a ${kind}. Give a function (self, ...args)\n`;
  assertEquals(stdout, line("class as an actor: Counter") + line("generator as an actor: steps"));
});

Deno.test("an actor stuck beside main, on the same scheduler, is ended alone", async () => {
  const { outcome } = await stuckBy("loop", Config.exact(1).contain().watchdogMillis(400), "local");
  assertEquals(outcome, { kind: "exit", value: ALONE });
});

for (const way of ["foreign", "matching", "in a listener"]) {
  Deno.test(`code that is stuck ${way} takes its scheduler with it, and supervisors restart what was lost`, async () => {
    const { outcome, lines, runtime } = await stuckBy(way);
    assertEquals(outcome, { kind: "exit", value: LOST });
    assertMatch(lines.join("\n"), /scheduler \d was lost, and \d actors with it: .*give way|held scheduler/);
    assertEquals(runtime.stats().live, 0);
  });
}

Deno.test("a scheduler that outgrows its heap is replaced", async () => {
  const { outcome, lines } = await stuckBy("hog", Config.exact(2).maxHeapMegabytes(48));
  assertEquals(outcome, { kind: "exit", value: LOST });
  assertMatch(lines.join("\n"), /scheduler \d was lost, and 3 actors with it: it outgrew its heap of 48 MB/);
});

Deno.test("a program runs in the smallest heap that may be asked for", async () => {
  const { code, stdout, stderr } = await runSmarm(["--max-heap", "16", "examples/hello.ts"]);
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
  assertMatch(stdout, /^Hello, world!\n/);
});

Deno.test("main's outcome is a panic when its scheduler is lost", async () => {
  const { outcome } = await stuckBy("foreign", Config.exact(1).contain().watchdogMillis(400), "local");
  assert(outcome.kind === "panic");
  assertMatch(outcome.error.message, /scheduler 0 was lost/);
});

Deno.test("the watchdog names what is stuck, once, and says when that is over", async () => {
  const lines: string[] = [];
  const runtime = new Runtime(Config.exact(2).watchdogMillis(50), {
    write: (text) => void lines.push(text),
    colors: false,
  });
  const program = new URL("./slow_program.ts", import.meta.url);
  assertEquals((await withDeadline(runtime, runtime.run(program), "slow")).kind, "exit");
  // On a machine that is busy, a thread that runs nothing of the program's can be held up as long, and is named too.
  const ofSlow = lines.filter((line) => line.includes("> slow "));
  assertEquals(ofSlow.length, 2, lines.join("\n"));
  assertMatch(ofSlow[0], /^watchdog: actor <\d+\.\d+\.\d+> slow has held scheduler \d for \d+ ms$/);
  assertMatch(ofSlow[1], /^watchdog: actor <\d+\.\d+\.\d+> slow gave scheduler \d back after \d+ ms$/);
  assertEquals(ofSlow[1].split(" slow ")[0], ofSlow[0].split(" slow ")[0]); // it has ended by then
});

Deno.test("what cannot be stopped ends the program, which says so, with 1", async () => {
  const unstoppable = new URL("./unstoppable_program.ts", import.meta.url).pathname;
  const { code, stderr } = await runSmarm(["--contain", "--watchdog", "100", "--threads", "2", unstoppable]);
  assertEquals(code, 1, stderr);
  assertMatch(stderr, /error: scheduler \d cannot be stopped: .* The program ends/);
});

Deno.test("a module whose top level never ends is ended by SIGINT and SIGTERM at once, as no actor needs the grace time", async () => {
  const files = { "app.ts": `console.log("stuck");\nfor (;;);\nexport function main() {}\n` };
  await withFolder(files, async (cwd) => {
    for (const options of [[], ["--contain"]]) {
      for (const [signal, expected] of [["SIGINT", 130], ["SIGTERM", 0]] as const) {
        const { code, stderr } = await runSmarm([
          ...options,
          "--grace",
          "3600000",
          "--threads",
          "1",
          "app.ts",
        ], {
          cwd,
          signalAfter: [{ text: "stuck", signal }],
        });
        assertEquals({ code, stderr }, { code: expected, stderr: "" });
      }
    }
  });
});

Deno.test("what one scheduler cannot load is told where another is stuck in loading", async () => {
  const app = `let isFirst = true;
try {
  Deno.mkdirSync(new URL("first", import.meta.url));
} catch {
  isFirst = false; // another thread has made it
}
if (isFirst) throw new Error("not here");
for (;;);
`;
  await withFolder({ "app.ts": app }, async (cwd) => {
    for (const options of [[], ["--contain"]]) {
      const { code, stderr } = await runSmarm(
        [...options, "--grace", "3600000", "--threads", "2", "app.ts"],
        {
          cwd,
        },
      );
      assertEquals(code, 2);
      assertMatch(stderr, /^error: Cannot load [^\n]*: it threw Error: not here at [^\n]*\n$/);
      await Deno.remove(`${cwd}/first`);
    }
  });
});

Deno.test("self is the global object for modules, with --contain and in blocking too", async () => {
  const app = `const uuid = self.crypto.randomUUID();
export const length = () => self === globalThis ? uuid.length : 0;
export async function main(actor) {
  console.log(length(), await actor.blocking(length));
}
`;
  await withFolder({ "app.js": app }, async (cwd) => {
    for (const options of [[], ["--contain"]]) {
      const { code, stdout, stderr } = await runSmarm([...options, "--threads", "1", "app.js"], { cwd });
      assertEquals({ code, stdout, stderr }, { code: 0, stdout: "36 36\n", stderr: "" });
    }
  });
});
