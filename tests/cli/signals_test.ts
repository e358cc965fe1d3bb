import { assertEquals, assertMatch } from "@std/assert";
import { type RunOptions, runSmarm, type SignalAfter } from "./harness.ts";

const PROGRAM = new URL("./ends_by_signal.ts", import.meta.url).pathname;
const READY = "ready";

/** Runs one kind of the program until it says that it is ready, and signals it. */
function signalled(
  options: string[],
  kind: string,
  signals: Deno.Signal[],
  between: string | RegExp = READY,
  more: RunOptions = {},
) {
  const signalAfter: SignalAfter[] = signals.map((signal, i) => ({
    text: i === 0 ? READY : between,
    signal,
  }));
  return runSmarm(["--threads", "2", ...options, PROGRAM, kind], { signalAfter, ...more });
}

Deno.test("SIGTERM and SIGINT tell every actor to end, and end the program with 0 and 130", async () => {
  for (const [signal, wanted] of [["SIGTERM", 0], ["SIGINT", 130]] as const) {
    const { code, stdout, stderr } = await signalled([], "polite", [signal]);
    assertEquals({ code, stderr }, { code: wanted, stderr: "" });
    assertEquals(stdout, "ready\nExitError shutdown\naborted true\nfinally\n");
  }
});

Deno.test("an actor gets its time to end within --grace", async () => {
  const { code, stdout, stderr } = await signalled([], "slow", ["SIGINT"]);
  assertEquals({ code, stdout, stderr }, { code: 130, stdout: "ready\nending\nended\n", stderr: "" });
});

Deno.test("a second signal ends the program at once, with 130 and 143", async () => {
  for (const [first, second, wanted] of [["SIGINT", "SIGINT", 130], ["SIGTERM", "SIGTERM", 143]] as const) {
    const { code, stdout } = await signalled(["--grace", "60000"], "stubborn", [first, second], "ending");
    assertEquals({ code, stdout }, { code: wanted, stdout: "ready\nending\n" });
  }
});

Deno.test("an actor that waits for a promise of its own is named and cut off when the grace time is over", async () => {
  for (const [signal, wanted] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
    const { code, stdout, stderr } = await signalled(["--grace", "1500"], "stubborn", [signal]); // its finally begins in it
    assertEquals({ code, stdout }, { code: wanted, stdout: "ready\nending\n" });
    assertMatch(
      stderr,
      /^error: these actors on scheduler \d did not end within the grace time\n {2}<\d\.\d\.1> stubborn: waiting for a promise that is not smarm's\n$/,
    );
  }
});

Deno.test("an actor that never gives its scheduler back is given up when the grace time is over, 130 and 143", async () => {
  for (const [signal, wanted] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
    const { code, stdout, stderr } = await signalled(["--grace", "50"], "busy", [signal]);
    assertEquals({ code, stdout }, { code: wanted, stdout: "ready\n" });
    assertMatch(stderr, /^error: actor <\d\.\d\.1> on scheduler \d did not end within the grace time\n$/);
  }
});

Deno.test("the stats are still written after a signal", async () => {
  const { code, stderr } = await signalled(["--stats=json"], "polite", ["SIGINT"]);
  assertEquals(code, 130);
  assertEquals(JSON.parse(stderr).live, 0);
});

Deno.test("a signal while the module is being loaded ends the program", async () => {
  const { code, stdout, stderr } = await signalled([], "endless import", ["SIGINT"], READY, {
    env: { SMARM_TEST_IMPORT: "endless" },
  });
  assertEquals({ code, stdout: stdout.replaceAll("ready\n", ""), stderr }, {
    code: 130,
    stdout: "",
    stderr: "",
  });
});

Deno.test("M5: SIGUSR2 prints a dump of schedulers and actors on stderr, and the program goes on", async () => {
  const { code, stdout, stderr } = await signalled([], "polite", ["SIGUSR2", "SIGTERM"], /polite: [^\n]*\n/);
  assertEquals({ code, stdout }, { code: 0, stdout: "ready\nExitError shutdown\naborted true\nfinally\n" });
  assertMatch(stderr, /^smarm runtime: 2 schedulers, 2 live actors, run queues \d, /); // one more while a stolen actor's place is still in it
  assertMatch(stderr, /\nscheduler \d: (asleep|idle), run queue \d.*, spawned /);
  assertMatch(stderr, /\n {2}<\d\.0\.1> main: waiting in receive for \d+ ms\n/);
  assertMatch(
    stderr,
    /\n {2}<\d\.\d\.1> polite: waiting in receive for \d+ ms, mailbox 0|<\d\.\d\.1> polite: waiting in receive for \d+ ms\n/,
  );
});

Deno.test("M5: a dump says where the module is still being loaded", async () => {
  const { code, stderr } = await signalled(
    [],
    "endless import",
    ["SIGUSR2", "SIGINT"],
    /scheduler 1: [^\n]*\n/,
    {
      env: { SMARM_TEST_IMPORT: "endless" },
    },
  );
  assertEquals(code, 130);
  const [, , ...schedulers] = stderr.trimEnd().split("\n");
  assertEquals(
    schedulers,
    [0, 1].map((id) => `scheduler ${id}: loading the module, whose top level has not come to its end`),
  );
});

Deno.test("M5: SIGQUIT prints the dump and ends the program with 131, also while an actor keeps its scheduler busy", async () => {
  for (const kind of ["polite", "busy"]) {
    const { code, stdout, stderr } = await signalled([], kind, ["SIGQUIT"]);
    assertEquals({ code, stdout }, { code: 131, stdout: "ready\n" });
    assertMatch(stderr, /^smarm runtime: 2 schedulers, 2 live actors/);
    if (kind === "busy") assertMatch(stderr, /it did not answer: an actor keeps it busy/);
  }
});
