import { assertEquals, assertMatch } from "@std/assert";
import { type RunOptions, runSmarm } from "../cli/harness.ts";

const PROGRAM = "tests/supervisor/programs/cli.ts";

async function run(threads: number, flags: string[], args: string[], options?: RunOptions) {
  const result = await runSmarm(["--threads", `${threads}`, ...flags, PROGRAM, ...args], options);
  const stderr = result.stderr.replaceAll(/<[\d.]+>/g, "<pid>").replaceAll(
    /file:\S+\/(\w+\.ts):(\d+):\d+/g,
    "$1",
  ).trimEnd();
  return { code: result.code, stdout: result.stdout.trimEnd(), stderr };
}

for (const threads of [2, 4]) {
  Deno.test(`two linked actors that panic at once are reported both, each once, on ${threads} schedulers`, async () => {
    const { code, stderr } = await run(threads, [], ["bothAtOnce"]);
    assertEquals(code, 0);
    assertEquals(stderr.split("\n").filter((line) => line.startsWith("error")).sort(), [
      "error: Uncaught in actor <pid> panicsFirst: RangeError: first of two",
      "error: Uncaught in actor <pid> panicsWith: RangeError: second of two",
    ]);
  });
}

for (const threads of [1, 2]) {
  const on = ` on ${threads} schedulers`;

  Deno.test(`a panic that nobody observes is reported once, with pid, name, place and cause${on}`, async () => {
    assertEquals(await run(threads, [], ["unobserved"]), {
      code: 0,
      stdout: "",
      stderr: [
        "error: Uncaught in actor <pid> fails: RangeError: boom",
        "    at fails (cli.ts)",
        "Caused by: TypeError: deeper",
        "    at fails (cli.ts)",
      ].join("\n"),
    });
  });

  Deno.test(`a panic that is joined, signalled or monitored is reported at debug level only${on}`, async () => {
    for (const how of ["joined", "signalled", "twice", "trapped"]) {
      assertEquals((await run(threads, [], [how])).stderr, "", how);
    }
    const { stderr } = await run(threads, ["--log-level", "debug"], ["signalled"]); // schedulers log there too
    const told = stderr.split("\n").map((line) => JSON.parse(line)).find(({ message }) =>
      /Uncaught/.test(message)
    );
    assertEquals([told.level, told.pid], ["debug", null]);
    assertMatch(told.message, /^error: Uncaught in actor <pid> fails: RangeError: boom\n/);
    assertEquals(stderr.match(/Uncaught/g)?.length, 1);
  });

  Deno.test(`the ends of actors that were linked to a panic are not reported again${on}`, async () => {
    const result = await run(threads, [], ["linkedMain"]);
    result.stdout = result.stdout.split("\n").sort().join("\n"); // they end on several schedulers at once
    assertEquals(result, {
      code: 1,
      stdout: "stop 0\nstop 1\nstop 2",
      stderr: [
        "error: Uncaught RangeError: main's own",
        "    at Object.linkedMain (cli.ts)",
        "    at async main (cli.ts)",
      ].join("\n"),
    });
  });

  Deno.test(`S12: what an actor leaves behind and throws after its end is reported as its own${on}`, async () => {
    const { code, stderr } = await run(threads, [], ["afterDeath"]);
    assertEquals(code, 0);
    assertMatch(stderr, /^error: Uncaught in actor <pid> \w+: RangeError: late\n/);
  });

  Deno.test(`a restart is one line with the count at level warn, and none by default${on}`, async () => {
    assertEquals((await run(threads, [], ["restarts"])).stderr, "");
    const { stderr } = await run(threads, ["--log-level", "warn"], ["restarts"]);
    const told = stderr.split("\n").map((line) => JSON.parse(line));
    assertEquals(told.map(({ level, pid, name, message }) => [level, pid, name, message]), [
      [
        "warn",
        "<pid>",
        "supervisor",
        'restarted child "one" as <pid> after RangeError: boom (restart 1, 1 of 3 within 5000 ms)',
      ],
      [
        "warn",
        "<pid>",
        "supervisor",
        'restarted child "one" as <pid> after RangeError: boom (restart 2, 2 of 3 within 5000 ms)',
      ],
    ]);
  });

  Deno.test(`a child that is cut off because its shutdown time is over is a line at level warn${on}`, async () => {
    const { stderr } = await run(threads, ["--log-level", "warn"], ["overdue"]);
    const told = stderr.split("\n").map((line) => JSON.parse(line));
    assertEquals(
      told.map(({ level, name, message }) => [level, name, message]),
      ["one", "many"].map((id) => [
        "warn",
        "supervisor",
        `child "${id}", <pid>, did not end within its shutdown time of 10 ms`,
      ]),
    );
  });

  Deno.test(`a program whose top supervisor gives up ends with 1 and the chain of causes${on}`, async () => {
    const { code, stdout, stderr } = await run(threads, [], ["escalates"]);
    assertEquals(code, 1);
    assertEquals(stdout, "stop steady");
    assertEquals(stderr.split("\n").filter((line) => !line.startsWith("    at ")), [
      'error: Uncaught ExitError: linked actor <pid> ended: SupervisorError: supervisor <pid> "top" gave up: child ' +
      '"inner" ended, and 1 restarts within 5000 ms are the most that it makes',
      'Caused by: SupervisorError: supervisor <pid> "top" gave up: child "inner" ended, and 1 restarts within 5000 ms ' +
      "are the most that it makes",
      'Caused by: SupervisorError: supervisor <pid> gave up: child "leaf" ended, and 0 restarts within 5000 ms are the ' +
      "most that it makes",
      "Caused by: RangeError: leaf fails",
    ]);
    assertMatch(stderr, /at failsSoon \(cli\.ts\)/);
  });

  Deno.test(`a program of which only waiting children are left stops them in reverse order and ends with 0${on}`, async () => {
    assertEquals(await run(threads, [], ["leaves"]), { code: 0, stdout: "stop b\nstop a", stderr: "" });
  });

  Deno.test(`SIGINT and SIGTERM stop a tree in reverse order, within the grace time${on}`, async () => {
    for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 0]] as const) {
      const result = await run(threads, [], ["tree"], { signalAfter: { text: "ready", signal } });
      assertEquals(result, { code, stdout: "ready\nstop z\nstop y\nstop x\nstop a\nstop main", stderr: "" });
    }
  });

  Deno.test(`a tree that does not stop within the grace time is ended${on}`, async () => {
    for (const [signal, code] of [["SIGINT", 130], ["SIGTERM", 143]] as const) {
      const result = await run(threads, ["--grace", "50"], ["tree", "slow"], {
        signalAfter: { text: "ready", signal },
      });
      assertEquals(result.code, code);
    }
  });

  Deno.test(`a second signal ends a tree at once${on}`, async () => {
    const result = await run(threads, ["--grace", "20000"], ["tree", "slow"], {
      signalAfter: [{ text: "ready", signal: "SIGTERM" }, { text: "stopping z", signal: "SIGTERM" }],
    });
    assertEquals(result.code, 143);
  });
}
