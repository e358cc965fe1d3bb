/** The portion of the scenes that the gate plays; `deno task stress:scenes` plays the rest. */
import { assertEquals, assertRejects } from "@std/assert";
import type { RunResult } from "../cli/harness.ts";
import { SCENES, SCENES_OVER } from "./scenes/main.ts";
import { oddities, play, runOf, type SceneRun } from "./scenes_run.ts";

const scenes = Object.keys(SCENES);
const RUN: SceneRun = {
  seed: 1,
  count: 4 * scenes.length,
  scenes,
  end: "returns",
  options: [],
  traced: false,
  heldUp: false,
  busy: 0,
  timeoutMs: 90_000,
};

Deno.test("every scene comes out as foretold on 2 schedulers, in a program that idles in the end", async () => {
  await play({ ...RUN, seed: 101, end: "idles", options: ["--threads", "2", "--strict"] });
});

Deno.test("every scene comes out as foretold on 4 schedulers, in a program that is cut off and traced", async () => {
  await play({ ...RUN, seed: 102, end: "halts", options: ["--threads", "4"], traced: true });
});

Deno.test("every scene comes out as foretold on 3 schedulers whose threads are held up at any step", async () => {
  await play({ ...RUN, seed: 103, count: scenes.length, options: ["--threads", "3"], heldUp: true });
});

Deno.test("a run of scenes that does not end is told", async () => {
  const hung = { ...RUN, count: 1e6, scenes: ["floods"], timeoutMs: 1 };
  await assertRejects(() => play(hung), Error, "did not end within 1 ms");
});

Deno.test("what was not foretold of a run of scenes is told", () => {
  const stats = '{"schedulerCount":1,"live":0,"dropped":0}\n';
  const report =
    "error: Uncaught in actor <0.1.1> victim: Error: planned: victim 1\n    at victim (x.ts:1:1)\n";
  const result: RunResult = { code: 0, signal: null, stdout: `${SCENES_OVER}\n`, stderr: report + stats };
  const told = (changes: Partial<RunResult>, run = RUN) => oddities(run, { ...result, ...changes });
  assertEquals(told({}), []);
  assertEquals(told({ code: 3 }), ["exit code 3, expected 0"]);
  assertEquals(told({ stdout: "" }), [`stdout is not ${SCENES_OVER}`]);
  assertEquals(told({ stderr: `${report}oh\n${stats}` }), [`on stderr: ${report}oh`]);
  assertEquals(told({ stderr: stats.replace('"live":0', '"live":1') }), ["live 1, dropped 0"]);
  assertEquals(told({ stderr: report }), ["no stats"]);
  assertEquals(told({ code: 1 }, { ...RUN, end: "panics" }).map((odd) => odd.split(":")[0]), [
    "not on stderr",
  ]);
});

Deno.test("a run of scenes follows from its seed", () => {
  for (let seed = 0; seed < 50; seed++) {
    assertEquals(runOf(seed, [1, 2], scenes), runOf(seed, [1, 2], scenes));
  }
});
