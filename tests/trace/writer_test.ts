import { assert, assertEquals } from "@std/assert";
import { allocateTrace, TICK, tickWords } from "../../trace/format.ts";
import { openTrace, REST_INTERVAL_MS, TraceWriter } from "../../trace/writer.ts";
import { RunClock, runEpochMs } from "../../timer/clock.ts";
import { TRACE_WORDS } from "../../runtime/trace_words.ts";
import { withFolder } from "../support/folder.ts";

Deno.test("a trace costs a run that is at rest a few looks a second, and one that works as many as before", async () => {
  const { setTimeout } = globalThis;
  await withFolder({}, async (folder) => {
    const block = allocateTrace(1, 1024);
    const next: [() => void, number][] = [];
    let isAtRest = true;
    globalThis.setTimeout = ((look: () => void, ms: number) => next.push([look, ms])) as never;
    let writer: TraceWriter;
    const looksInASecond = () => {
      const before = tickWords(block)[TICK];
      for (let passedMs = 0; passedMs < 1000;) {
        const [look, ms] = next.shift()!;
        passedMs += ms;
        look();
      }
      return tickWords(block)[TICK] - before;
    };
    try {
      const files = openTrace(`${folder}/trace.json`, "app.ts", 1);
      const clock = new RunClock(runEpochMs());
      writer = new TraceWriter(files, block, TRACE_WORDS, clock, () => [], console.error, () => isAtRest);
      const resting = looksInASecond();
      assert(resting < 1000 / REST_INTERVAL_MS + 5, `${resting} looks`);
      isAtRest = false;
      assert(looksInASecond() > 200);
      assertEquals(next.length, 1);
    } finally {
      globalThis.setTimeout = setTimeout;
    }
    await writer.finish("exit");
  });
});
