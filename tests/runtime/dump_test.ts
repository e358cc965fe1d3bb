/** The dump of a run, by API; tests/cli/signals_test.ts has it by signal. */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { Config } from "../../runtime/config.ts";
import { StoppedError } from "../../runtime/errors.ts";
import { formatDump } from "../../runtime/dump.ts";
import { drawTree } from "../../runtime/supervision_tree.ts";
import { makePid } from "../../runtime/pid.ts";
import { quietRuntime } from "../support/run_case.ts";
import { until } from "../support/until.ts";

const PROGRAM = new URL("./programs/dumped.ts", import.meta.url);

/** Starts the program and gives its dump, once it is complete; ends the run. Pids become `<pid>`, times `N ms`. */
async function dumpOf(
  kind: string,
  schedulers: number,
  isComplete: (dump: string) => boolean,
): Promise<string> {
  const { runtime } = quietRuntime(Config.exact(schedulers));
  const ended = assertRejects(() => runtime.run(PROGRAM, { args: [kind] }), StoppedError);
  let dump = "";
  await until(async () => isComplete(dump = await runtime.dump()));
  Deno.env.set("SMARM_TEST_GO_ON", "yes");
  await runtime.stop();
  await ended;
  Deno.env.delete("SMARM_TEST_GO_ON");
  return dump.replaceAll(/<[\d.]+>/g, "<pid>").replaceAll(/\d+ ms/g, "N ms");
}

Deno.test("M5, M11: a dump shows active schedulers, actors with what they wait for, and supervisors as a tree", async () => {
  const dump = await dumpOf(
    "tree",
    4,
    (text) =>
      /run queues 0, sleeping 2/.test(text) && /last: <[\d.]+> receives, tran/.test(text) &&
      /sleepsOnce: waiting in receive/.test(text) && /mailbox 3/.test(text),
  );
  const lines = dump.split("\n");
  assertMatch(
    lines[0],
    /^smarm runtime: 4 schedulers, 11 live actors, run queues 0, .* injector 0, messages under way \d/,
  );
  assertEquals(lines[1], "actors: running 0, runnable 0, sleeping 2, io 0, waiting 9");
  for (
    const line of [
      '  <pid> sleeps "the sleeper": waiting in sleep for N ms',
      "  <pid> sleepsOnce: waiting in receive for N ms",
      "  <pid> prefers: waiting in receive for N ms, mailbox 3",
      "  <pid> links: waiting in receive for N ms, linked to <pid>",
    ]
  ) assert(lines.includes(line), `${line}\n${dump}`);
  assert(
    lines.some((line) =>
      /^scheduler \d: asleep, run queue 0, spawned \d+, .* offers 0, busy N ms, idle N ms$/.test(line)
    ),
    dump,
  );
  assertEquals(
    lines.filter((line) => /^scheduler \d/.test(line)).length,
    2,
    "where nobody lives is not shown",
  );
  assertEquals(lines.slice(lines.indexOf("idle, without actors: 2 schedulers") + 1), [
    "supervisors:",
    '  <pid> supervisor "top" rest_for_one, restarted 0',
    "  ├─ first: <pid> receives, permanent",
    "  ├─ inner: <pid> supervisor one_for_one, restarted 0, permanent",
    "  │  └─ leaf: <pid> sleeps, temporary",
    "  └─ last: <pid> receives, transient",
  ]);
});

Deno.test("M5: while a scheduler is stuck the dump shows its actors from shared memory, and says what is missing", async () => {
  const dump = await dumpOf("stuck", 2, (text) => /has not begun/.test(text) && /spins: running/.test(text));
  const lines = dump.split("\n");
  const at = lines.findIndex((line) => line.startsWith("  (it did not answer"));
  assertEquals(
    lines[at],
    "  (it did not answer: an actor keeps it busy. It last turned N ms ago. From shared memory, so mailboxes, links, " +
      "what each wait is for, IO and supervisors are missing:)",
  );
  assertMatch(lines[at - 1], /^scheduler \d: running <pid>, run queue 0, spawned 0, ended 0/);
  const plain = "in a plain receive, ready to run, or waiting for a promise that is not smarm's";
  const listed = lines.slice(at + 1).filter((line) => line.startsWith("  ") && !line.includes(" main: "))
    .sort();
  assertEquals(
    listed,
    [
      '  <pid> sleeps "the sleeper": waiting in sleep for N ms, or ready to run since',
      `  <pid> sleepsOnce: ${plain}`,
      "  <pid> spins: running",
      "  <pid>: has not begun",
    ].sort(),
  );
});

Deno.test("M5: of more actors than a dump shows the others are counted, and who keeps a scheduler busy is shown", async () => {
  const dump = await dumpOf(
    "crowd",
    2,
    // The other may take its time too, and is then not known by its own answer.
    (text) =>
      /spins: running/.test(text) && /and 54 more actors/.test(text) && /and 51 more actors/.test(text),
  );
  const lines = dump.split("\n");
  const schedulers = lines.flatMap((line, at) => line.startsWith("scheduler ") ? [at] : []);
  const parts = schedulers.map((at, i) => lines.slice(at + 1, schedulers[i + 1]));
  const [stuck, answers] = parts[0][0].startsWith("  (it did not answer") ? parts : parts.toReversed();
  const actors = (part: string[]) => part.filter((line) => line.startsWith("  <pid>"));
  assertEquals([actors(stuck).length, actors(answers).length], [200, 200]);
  assert(stuck.includes("  <pid> spins: running"), dump);
  assert(stuck.includes("  … and 54 more actors"), dump);
  assert(answers.includes("  … and 51 more actors"), dump);
});

Deno.test("a supervision tree is drawn whatever the reports say: unknown children, circles, too many", () => {
  const pid = (n: number) => makePid(0, n, 1);
  const child = (n: number, isSupervisor: boolean) => (
    { id: `c${n}`, pid: pid(n), state: "running", restart: "permanent", isSupervisor }
  );
  const supervisor = { name: undefined, strategy: "one_for_all", restarted: 2, more: 0 };
  assertEquals(drawTree([], () => undefined), []);
  assertEquals(
    drawTree([
      {
        ...supervisor,
        pid: pid(1),
        name: "root",
        more: 7,
        children: [
          child(2, true),
          child(3, true),
          { ...child(4, false), pid: null, state: "stopped" },
          { ...child(5, false), state: "starting" },
        ],
      },
      { ...supervisor, pid: pid(2), children: [child(2, true)] },
    ], (one) => one === pid(5) ? "worker" : undefined),
    [
      '  <0.1.1> supervisor "root" one_for_all, restarted 2',
      "  ├─ c2: <0.2.1> supervisor one_for_all, restarted 2, permanent",
      "  │  └─ c2: <0.2.1>, permanent (its children are not known: its scheduler did not answer)",
      "  ├─ c3: <0.3.1>, permanent (its children are not known: its scheduler did not answer)",
      "  ├─ c4: stopped, permanent",
      "  ├─ c5: <0.5.1> worker (starting), permanent",
      "  └─ … and 7 more children",
    ],
  );
});

Deno.test("without a run a dump shows the counters of the last one", async () => {
  const { runtime } = quietRuntime(Config.exact(2));
  assertMatch(
    await runtime.dump(),
    /^smarm runtime: 2 schedulers, 0 live actors, .*\n.*\nidle, without actors: 2 schedulers$/,
  );
});

Deno.test("a dump blames no actor for a scheduler that has stopped, or that has none and is late", () => {
  const { runtime } = quietRuntime(Config.exact(2));
  const text = formatDump({
    nowMs: 0,
    stats: runtime.stats(),
    reports: [null, null],
    isLoading: () => false,
    hasStopped: (id) => id === 0,
    stuck: () => ({ actors: [], more: 0 }),
    offers: [],
    underWay: 0,
  });
  assertMatch(text, /^scheduler 1: .*\n {2}\(it did not answer in time\. /m);
  assertMatch(text, /^idle, without actors: 1 schedulers$/m);
  assert(!text.includes("keeps it busy"), text);
});
