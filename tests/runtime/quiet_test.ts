/** When nothing moves any more: the end of main's run, or a deadlock that is told. */
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { Config } from "../../runtime/config.ts";
import { DeadlockError } from "../../runtime/errors.ts";
import {
  allocate,
  ASLEEP,
  EPOCH,
  IO_PARKED,
  NOTICE_PENDING,
  PEER_WORDS,
  RECORDS_OUT,
  TIMERS,
} from "../../runtime/layout.ts";
import type { ActorReport, FromWorker } from "../../runtime/protocol.ts";
import { QuietCheck } from "../../runtime/quiet.ts";
import { makePid } from "../../runtime/pid.ts";
import { CASES, gives, quietRuntime, withDeadline } from "../support/run_case.ts";
import { until } from "../support/until.ts";
import { runSmarm } from "../cli/harness.ts";

type Probed = Extract<FromWorker, { type: "probed" }>;

/** A check over two schedulers that sleep, and all that it asks and says. */
function setup(mainEndedWell: boolean) {
  const memory = allocate(2, { slotCapacity: 4, ringBytes: 4096, names: 4 });
  const words = new Int32Array(memory.peerWords);
  for (const id of [0, 1]) words[id * PEER_WORDS + ASLEEP] = 1;
  const probes: number[] = [];
  const said: string[] = [];
  const check = new QuietCheck(memory, {
    probe: (ticket) => void probes.push(ticket),
    mainEndedWell: () => mainEndedWell,
    shutdown: () => void said.push("shutdown"),
    deadlock: (text) => void said.push(text),
    now: () => 101,
  });
  const answer = (id: number, change: Partial<Probed> = {}) => {
    const epoch = words[id * PEER_WORDS + EPOCH];
    check.answered(id, {
      type: "probed",
      ticket: probes.at(-1)!,
      epoch,
      foreign: "nothing",
      waiting: [],
      ...change,
    });
  };
  /** Begins, and waits until it has asked. */
  const begin = async () => {
    const before = probes.length;
    check.begin();
    await until(() => probes.length > before);
  };
  return { words, run: new Int32Array(memory.run), check, probes, said, answer, begin };
}

function waiting(kind: string): ActorReport {
  return {
    pid: makePid(0, 1, 1),
    name: "server",
    state: "parked",
    mailbox: 0,
    dropped: 0,
    waits: [{ kind, target: null, sinceMs: 1 }],
    names: [],
    links: [],
  };
}

Deno.test("S18: main has ended well and the others only wait for messages: they are told to end", async () => {
  const { begin, answer, said, check } = setup(true);
  await begin();
  answer(0, { waiting: [waiting("receive")] });
  assertEquals(said, [], "only one has answered");
  answer(1);
  assertEquals(said, ["shutdown"]);
  check.close();
});

Deno.test("S18: main, or an actor in a join, among those that wait is a deadlock, with a line per actor", async () => {
  for (const [endedWell, kind] of [[false, "receive"], [true, "join"]] as const) {
    const { begin, answer, said, check } = setup(endedWell);
    await begin();
    answer(0, { waiting: [waiting(kind)] });
    answer(1);
    assertMatch(
      said[0],
      new RegExp(`^deadlock: .*\\n {2}<0\\.1\\.1> server: waiting in ${kind} for 100 ms$`),
    );
    check.close();
  }
});

Deno.test("S18: no verdict while something foreign is pending, a record is on its way, or a scheduler has moved", async () => {
  const doubts: ((t: ReturnType<typeof setup>) => void)[] = [
    ({ answer }) => answer(0, { foreign: "something" }),
    ({ answer, words }) => {
      words[RECORDS_OUT]++;
      answer(0);
    },
    ({ answer, words }) => {
      answer(0);
      words[EPOCH]++;
    },
    ({ answer, words }) => {
      answer(0);
      words[PEER_WORDS + ASLEEP] = 0;
    },
    ({ answer, words }) => {
      answer(0);
      words[PEER_WORDS + TIMERS] = 1;
    },
  ];
  for (const doubt of doubts) {
    const t = setup(true);
    await t.begin();
    doubt(t);
    t.answer(1);
    assertEquals(t.said, []);
    t.check.close();
  }
});

Deno.test("schedulers are asked nothing while an actor waits for IO, and as soon as none does", async () => {
  const { words, check, probes, answer, said } = setup(true);
  words[PEER_WORDS + IO_PARKED] = 1;
  check.begin();
  await new Promise((resolve) => setTimeout(resolve, 20)); // behind its first look, which is due before
  assertEquals(probes, []);
  words[PEER_WORDS + IO_PARKED] = 0;
  await until(() => probes.length === 1);
  answer(0);
  answer(1);
  assertEquals(said, ["shutdown"]);
  check.close();
});

Deno.test("S18: after a doubt it asks again, and an answer to an older question is not counted", async () => {
  const { begin, answer, said, probes, check } = setup(true);
  await begin();
  answer(0, { foreign: "something" });
  answer(1);
  await until(() => probes.length === 2);
  answer(0, { ticket: 1 });
  answer(1);
  assertEquals(said, []);
  answer(0);
  assertEquals(said, ["shutdown"]);
  check.close();
});

Deno.test("S18: what Deno would not wait for keeps no program alive that is over, and it may end a deadlock", async () => {
  const over = setup(true);
  await over.begin();
  over.answer(0, { foreign: "unreferenced", waiting: [waiting("receive")] });
  over.answer(1);
  assertEquals(over.said, ["shutdown"]);
  over.check.close();

  const locked = setup(false);
  await locked.begin();
  locked.answer(0, { foreign: "unreferenced", waiting: [waiting("receive")] });
  locked.answer(1);
  await until(() => locked.probes.length === 2);
  assertEquals(locked.said, []);
  locked.answer(0, { waiting: [waiting("receive")] });
  locked.answer(1);
  assertMatch(locked.said[0], /^deadlock: /);
  locked.check.close();
});

Deno.test("S18: when somebody is awake at the look, the next that falls asleep tells again", async () => {
  const { words, run, check, probes } = setup(true);
  words[ASLEEP] = 0;
  run[NOTICE_PENDING] = 1;
  check.begin();
  await until(() => run[NOTICE_PENDING] === 0);
  assertEquals(probes, []);
  check.close();
});

for (const kind of ["receive", "join", "join of a join", "after a timer", "timers cleared in other ways"]) {
  Deno.test(`a deadlock in ${kind} is told, on one scheduler and on several`, async () => {
    for (const schedulers of [1, 2, 3]) {
      const { runtime } = quietRuntime(Config.exact(schedulers));
      const run = withDeadline(runtime, runtime.run(CASES, { args: ["deadlocks", kind] }), kind);
      const error = await assertRejects(() => run, DeadlockError);
      assertMatch(error.message, /^deadlock: .*\n {2}<\d\.\d\.1> main: waiting in (receive|join)/s);
    }
  });
}

Deno.test("a deadlock of others after main has ended well is told", async () => {
  const { runtime } = quietRuntime(Config.exact(2));
  const run = withDeadline(runtime, runtime.run(CASES, { args: ["deadlocksAfterMain"] }), "deadlock");
  await assertRejects(() => run, DeadlockError, "waiting in join <");
});

Deno.test("S18: others that only wait for messages are told to end once main has, and its outcome is kept", async () => {
  await gives("othersOnlyWait", "ended", [1, 2, 3]);
});

Deno.test("actors that are very many get the time to end that they all take, and no stack is noted for each", async () => {
  const program = new URL("./programs/many_end.ts", import.meta.url).pathname;
  const { code, stdout, stderr } = await runSmarm(["--threads", "2", "--grace", "100", program, "20000"]);
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
  assertEquals(stdout, "ExitError: the actor was told to end: shutdown\n");
});

Deno.test("where nobody has asked for an end, the grace time begins anew with each actor that ends", async () => {
  const program = new URL("./programs/ends_in_turn.ts", import.meta.url).pathname;
  const inTurn = (...args: string[]) => runSmarm(["--threads", "2", "--grace", "1000", program, ...args]);
  const { code, stderr } = await inTurn("8", "200");
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
  const late = await inTurn("1", "1000000000");
  assertEquals(late.code, 0);
  assertMatch(
    late.stderr,
    /^error: these actors on scheduler \d did not end within the grace time\n {2}<\S+> .*\n$/,
  );
  const asked = await runSmarm(["--grace", "1000", program, "1000", "200"], { // 200 s if nobody asks
    signalAfter: { text: "one has ended", signal: "SIGTERM" },
  });
  assertEquals(asked.code, 0, "main's outcome counts, which came first");
  assertMatch(asked.stderr, /^error: these actors on scheduler \d did not end within the grace time\n/);
});

Deno.test("S18: timers that Deno would not wait for do not keep others alive that only wait for messages", async () => {
  await gives("othersOnlyWaitBesideTimers", "ended", [1, 2]);
});
