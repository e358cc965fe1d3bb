import { assert, assertEquals, assertMatch, assertNotMatch, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { helpText, VERSION, versionText } from "../../cli/help.ts";
import { OPTIONS, parseCommandLine } from "../../cli/options.ts";
import { availableParallelism, Config } from "../../runtime/config.ts";

/** The run that a command line asks for, options and all. */
function runOf(...args: string[]) {
  const command = parseCommandLine(args);
  assert(command.kind === "run", `expected a run, got ${Deno.inspect(command)}`);
  return command;
}

/** The line that a bad command line gets. */
function complaintOf(...args: string[]): string {
  const command = parseCommandLine(args);
  assert(command.kind === "usage-error", `expected a usage error, got ${Deno.inspect(command)}`);
  return command.message;
}

Deno.test("S1: with no options a run has the default config", () => {
  const { config, module, moduleArgs, stats } = runOf("app.ts");
  assertEquals(config, Config.default());
  assertEquals([module, moduleArgs, stats], ["app.ts", [], false]);
});

Deno.test("S1: --threads is taken apart from its value or joined to it", () => {
  assertEquals(runOf("--threads", "4", "app.ts").config.threadCount, 4);
  assertEquals(runOf("--threads=4", "app.ts").config.threadCount, 4);
});

Deno.test("S1: --threads wins over --min and --max", () => {
  assertEquals(runOf("--threads", "2", "--min", "3", "--max", "8", "app.ts").config.threadCount, 2);
  assertEquals(runOf("--min=1", "--threads=7", "--max=2", "app.ts").config.threadCount, 7);
});

Deno.test("S2: --min and --max bound the available parallelism", () => {
  const available = availableParallelism();
  assertEquals(runOf("--max", "1", "app.ts").config.threadCount, 1);
  assertEquals(
    runOf("--min", `${available + 1}`, "--max", "512", "app.ts").config.threadCount,
    available + 1,
  );
  assertEquals(runOf("--min", "1", "--max", "512", "app.ts").config.threadCount, available);
});

Deno.test("S2: --min alone is got on a machine that is smaller", () => {
  assertEquals(runOf("--min", "512", "app.ts").config.threadCount, 512);
});

Deno.test("S3: --check-interval and --timeslice set the knobs of preemption", () => {
  const { config } = runOf("--check-interval", "1", "--timeslice", "2500", "app.ts");
  assertEquals([config.checkIntervalOps, config.timesliceUs], [1, 2500]);
});

for (const option of ["--threads", "--min", "--max"]) {
  for (const bad of ["0", "513", "1.5", "-1", "abc", "1e2", "0x10", "4 ", "∞", "app.ts"]) {
    Deno.test(`S1: ${option} ${JSON.stringify(bad)} is refused, quoted, with what is allowed`, () => {
      const expected = `${option} cannot be ${
        JSON.stringify(bad)
      }. Give a whole number of schedulers from 1 to 512`;
      assertEquals(complaintOf(option, bad, "app.ts"), expected);
      assertEquals(complaintOf(`${option}=${bad}`, "app.ts"), expected);
    });
  }
}

Deno.test("M1: 512 schedulers are accepted and 513 refused", () => {
  assertEquals(runOf("--threads", "512", "app.ts").config.threadCount, 512);
  assertStringIncludes(complaintOf("--threads", "513", "app.ts"), "from 1 to 512");
});

Deno.test("S1: --min greater than --max is refused, even where --threads would win", () => {
  const expected = "--min 3 is greater than --max 2. Make --min no greater than --max";
  assertEquals(complaintOf("--min", "3", "--max", "2", "app.ts"), expected);
  assertEquals(complaintOf("--min=3", "--max=2", "--threads=1", "app.ts"), expected);
});

Deno.test("every other option reaches the config", () => {
  const { config, stats } = runOf(
    ...["--trace=out.json.gz", "--stats=json", "--watchdog", "250", "--contain", "--max-heap=64", "--strict"],
    ...["--mailbox-limit", "1000", "--grace", "0", "--log-level", "debug", "app.ts"],
  );
  assertEquals(stats, "json");
  assertEquals(
    config,
    Config.default().trace("out.json.gz").watchdogMillis(250).contain().maxHeapMegabytes(64).strict()
      .mailboxLimit(1000).graceMillis(0).logLevel("debug"),
  );
});

Deno.test("--trace and --stats never take the module for their value", () => {
  const { config, stats, module } = runOf("--stats", "--trace", "app.ts");
  assertEquals([config.traceTo, stats, module], [true, "text", "app.ts"]);
});

Deno.test("a value of --trace or --stats that stands apart from it is told, not taken for a module", () => {
  for (const value of ["out.json", "a/b.json.gz"]) {
    assertEquals(
      complaintOf("--trace", value, "app.ts"),
      `--trace takes its value after "=". Write "--trace=${value}"`,
    );
  }
  assertEquals(
    complaintOf("--stats", "json", "app.ts"),
    `--stats takes its value after "=". Write "--stats=json"`,
  );
  assertEquals(runOf("--stats", "--", "json").module, "json");
  assertEquals(runOf("--trace", "./json").module, "./json");
  const own = parseCommandLine(["--trace", "in.json"], "file:///app.ts");
  assertEquals(own.kind === "run" && own.moduleArgs, ["in.json"]);
});

Deno.test("--contain alone means --watchdog 1000", () => {
  assertEquals(runOf("--contain", "app.ts").config.watchdogMs, 1000);
  assertEquals(runOf("app.ts").config.watchdogMs, undefined);
});

Deno.test("what follows the module is handed on untouched", () => {
  const rest = ["--help", "--threads", "9", "--", "--stats", "", "-x", "--", "trace", "é\n"];
  const command = runOf("--threads", "2", "app.ts", ...rest);
  assertEquals(command.moduleArgs, rest);
  assertEquals(command.config.threadCount, 2);
});

Deno.test("no arguments of a program, whatever they are, change how it is run", () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.string(), fc.constantFrom("--", "--help", "--stats=json"))), (rest) => {
      const command = runOf("--threads=3", "app.ts", ...rest);
      assertEquals(command, { ...runOf("--threads=3", "app.ts"), moduleArgs: rest });
    }),
  );
});

Deno.test("no command line, whatever it is, throws or gets more than a line", () => {
  const names = OPTIONS.map((option) => `--${option.name}`);
  const argument = fc.oneof(
    fc.string(),
    fc.constantFrom(...names, "--", "-", "-h", "--__proto__", "--constructor=1", "--a.b"),
    fc.tuple(fc.constantFrom(...names), fc.string()).map(([name, value]) => `${name}=${value}`),
  );
  fc.assert(fc.property(fc.array(argument), (args) => {
    const command = parseCommandLine(args);
    if (command.kind === "usage-error") assertMatch(command.message, /^[^\n\r]+[^.\n\r]$/);
  }));
});

Deno.test("-- ends the options, and the module may be called anything after it", () => {
  assertEquals(runOf("--threads", "2", "--", "--help").module, "--help");
  assertEquals(runOf("--", "trace", "x").module, "trace");
});

Deno.test("trace and init in the module's place are commands, ./trace is a module", () => {
  assertEquals(parseCommandLine(["trace", "--top", "a.json"]), { kind: "trace", args: ["--top", "a.json"] });
  assertEquals(parseCommandLine(["init", "here"]), { kind: "init", args: ["here"] });
  assertEquals(runOf("./trace", "x").module, "./trace");
  assertEquals(runOf("./init").module, "./init");
  assertEquals(runOf("app.ts", "trace").moduleArgs, ["trace"]);
});

Deno.test("options of a run before a command are refused", () => {
  assertEquals(
    complaintOf("--threads", "2", "trace", "a.json"),
    "The command trace takes no --threads before it. Drop it, or write ./trace for a module of that name",
  );
});

Deno.test("--help and --version are found before the module only", () => {
  for (const args of [["--help"], ["-h"], ["--threads", "2", "--help", "app.ts"], ["--version", "--help"]]) {
    assertEquals(parseCommandLine(args), { kind: "help" });
  }
  for (const args of [["--version"], ["-V"], ["--version", "app.ts"]]) {
    assertEquals(parseCommandLine(args), { kind: "version" });
  }
  assertEquals(runOf("app.ts", "--version").moduleArgs, ["--version"]);
});

Deno.test("no module is a complaint that names --help", () => {
  for (const args of [[], ["--stats"], ["--threads", "2"], ["--"], [""]]) {
    assertMatch(complaintOf(...args), /^No module given\. .*--help$/);
  }
});

Deno.test("an unknown option is quoted without its value, with the one that was meant", () => {
  const meant = {
    "--threds": "threads",
    "-threads": "threads",
    "--thread=4": "threads",
    "--Threads": "threads",
    "--timeslcie": "timeslice",
    "--checkinterval": "check-interval",
    "--statistics": undefined,
    "--no-strict": "strict",
    "--mailbox-limits=5": "mailbox-limit",
    "--bogus": undefined,
    "-x": undefined,
    "--a.b=1": undefined,
    "--__proto__": undefined,
  };
  for (const [arg, name] of Object.entries(meant)) {
    const hint = name === undefined ? "See --help for those there are" : `Did you mean --${name}?`;
    assertEquals(complaintOf(arg, "4", "app.ts"), `There is no option "${arg.split("=")[0]}". ${hint}`);
  }
});

Deno.test("an option that needs a value says so when it has none", () => {
  for (const option of OPTIONS.filter((option) => option.value === "needed")) {
    const start = new RegExp(`^--${option.name} needs a value\\. Give .*[^.]$`);
    assertMatch(complaintOf(`--${option.name}`), start);
    assertMatch(complaintOf(`--${option.name}=`, "app.ts"), start);
    assertMatch(complaintOf(`--${option.name}`, "", "app.ts"), start);
    assertMatch(complaintOf(`--${option.name}`, "--stats", "app.ts"), start);
  }
});

Deno.test("a flag that is given a value says so", () => {
  assertEquals(
    complaintOf("--strict=no", "app.ts"),
    '--strict takes no value, but was given "no". Drop the value',
  );
});

Deno.test("other bad values are quoted with what is allowed", () => {
  const complaints = {
    "--trace=": '--trace= has no value. Drop the "=", or give one if the option takes one',
    "--contain=": '--contain= has no value. Drop the "=", or give one if the option takes one',
    "--stats=xml": '--stats cannot be "xml". Give no value or json',
    "--log-level=loud": '--log-level cannot be "loud". Give one of silent, error, warn, info, debug',
    "--grace=5s": '--grace cannot be "5s". Give a whole number of milliseconds from 0 to 2147483647',
    "--watchdog=0": '--watchdog cannot be "0". Give a whole number of milliseconds from 1 to 2147483647',
    "--timeslice=0": '--timeslice cannot be "0". Give a whole number of microseconds from 1 to 2147483647',
    "--check-interval=0": '--check-interval cannot be "0". Give a whole number of calls from 1 to 2147483647',
    "--max-heap=15": '--max-heap cannot be "15". Give a whole number of megabytes from 16 to 2147483647',
    "--mailbox-limit=0":
      '--mailbox-limit cannot be "0". Give a whole number of messages from 1 to 2147483647',
  };
  for (const [arg, complaint] of Object.entries(complaints)) {
    assertEquals(complaintOf(arg, "app.ts"), complaint);
  }
});

Deno.test("an option given twice is refused unless both say the same", () => {
  assertEquals(
    complaintOf("--threads", "2", "--threads=3", "app.ts"),
    '--threads is given twice, as "2" and as "3". Keep one of them',
  );
  assertStringIncludes(complaintOf("--stats", "--stats=json", "app.ts"), "--stats is given twice");
  assertEquals(
    runOf("--threads", "2", "--threads=2", "--strict", "--strict", "app.ts").config.threadCount,
    2,
  );
});

Deno.test("help names every option with its default, the exit codes and an example, within 110 columns", () => {
  const help = helpText();
  for (const option of OPTIONS) assertMatch(help, new RegExp(`^  --${option.name}[ [].*\\S$`, "m"));
  for (const option of OPTIONS.filter((option) => option.value === "needed")) {
    const line = help.split("\n").find((line) => line.startsWith(`  --${option.name} `));
    assertMatch(line!, /\(default|wins over/);
  }
  for (const code of [0, 1, 2, 3, 130, 131, 143]) assertMatch(help, new RegExp(`^  ${code} +\\S`, "m"));
  assertStringIncludes(help, "Example:\n  deno run -A smarm.ts");
  assertNotMatch(help, /^.{111}/mu);
  assertNotMatch(help, /undefined/);
});

Deno.test("version is the one in deno.json", async () => {
  const manifest = JSON.parse(await Deno.readTextFile(new URL("../../deno.json", import.meta.url)));
  assertEquals(VERSION, manifest.version);
  assertEquals(versionText(), `smarm ${manifest.version}`);
  assertMatch(VERSION, /^\d+\.\d+\.\d+/);
});
