import { assert, assertEquals, assertMatch } from "@std/assert";
import { Config, init } from "smarm";
import { heapLimit, HeapWatch, MOST_LOOKED_AT } from "../../runtime/heap_watch.ts";
import { runSmarm } from "../cli/harness.ts";

const program = (name: string) => new URL(`programs/${name}.ts`, import.meta.url).pathname;

for (const options of [[], ["--contain"]]) {
  const kind = options.length === 0 ? "Web Worker" : "worker that can be ended";
  Deno.test(`a scheduler in a ${kind} has a small young generation, the program's workers have V8's`, async () => {
    const { code, stdout } = await runSmarm([...options, "--threads", "1", program("heap_limits")]);
    assertEquals(code, 0);
    const { here, plain } = JSON.parse(stdout);
    assert(here < plain, `${here} MB, as ${plain}: Deno does not look for the limits where they are`);
  });
}

Deno.test("what a wait has given is let go of when what is young is collected", async () => {
  const { code, stdout, stderr } = await runSmarm(
    ["--threads", "1", program("garbage"), program("garbage")],
    { denoArgs: ["-A", "--v8-flags=--expose-gc"] },
  );
  assertEquals(stderr, "");
  assertEquals(code, 0);
  const kinds = ["join", "stat", "channel", "select"];
  assertEquals(stdout.trimEnd().split("\n"), kinds.map((kind) => `${kind} is let go of`));
});

Deno.test("a handle that is kept holds neither the arguments nor the self of an actor that is over", async () => {
  const { code, stdout, stderr } = await runSmarm(["--threads", "1", program("kept_handles")], {
    denoArgs: ["-A", "--v8-flags=--expose-gc"],
  });
  assertEquals([code, stderr], [0, ""]);
  assertEquals(stdout, "arguments: 0 of 40, selves: 0 of 40, outcomes: 40 of 40\n");
});

Deno.test("a run leaves nothing behind in what all objects inherit", async () => {
  const before = Reflect.ownKeys(Object.prototype);
  const program = `data:text/javascript,export function main() {}`;
  await init(Config.exact(1)).run(new URL(program));
  assertEquals(Reflect.ownKeys(Object.prototype), before);
});

Deno.test("a run goes where what all objects inherit is frozen", async () => {
  const source = `
    import { Config, init } from ${JSON.stringify(new URL("../../smarm.ts", import.meta.url).href)};
    Object.freeze(Object.prototype);
    const outcome = await init(Config.exact(1)).run(new URL("data:text/javascript,export const main = () => 7"));
    console.log(outcome);`;
  const path = await Deno.makeTempFile({ suffix: ".ts" });
  await Deno.writeTextFile(path, source);
  const output = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--config", "deno.json", path],
  })
    .output();
  await Deno.remove(path);
  assertMatch(new TextDecoder().decode(output.stdout), /value: 7/);
});

Deno.test("a scheduler that runs out of memory ends the run with a line that says what to do", async () => {
  const { code, stderr } = await runSmarm(["--threads", "2", program("glutton")], {
    denoArgs: ["-A", "--v8-flags=--max-old-space-size=64"],
  });
  assertEquals(code, 1);
  assertMatch(
    stderr,
    /^error: scheduler \d died, and the run ends: it ran out of memory\. deno run --v8-flags=--max-old-space-size=<MB> allows it more; with --max-heap <MB> such a scheduler is replaced, and the run goes on$/m,
  );
});

const SMALL_HEAPS = { denoArgs: ["-A", "--v8-flags=--max-old-space-size=128"] };

for (
  const [options, code, told] of [
    [
      [],
      1,
      /^error: scheduler 0 died, and the run ends: it ran out of memory\. .*; with --max-heap <MB> .*$/m,
    ],
    [["--max-heap", "128"], 1, /^scheduler 0 was lost, .*: it outgrew its heap of 128 MB$/m],
  ] as const
) {
  Deno.test(`an actor that runs out of memory behind a promise of Deno's ends no run in silence ${options}`, async () => {
    const run = await runSmarm(["--threads", "1", ...options, program("outside_glutton")], SMALL_HEAPS);
    assertEquals(run.code, code);
    assertMatch(run.stderr, told);
  });
}

for (const flag of ["--max-old-space-size=512", "--max-semi-space-size=64"]) {
  Deno.test(`a heap that V8's flags made larger than --max-heap says is not taken for a full one: ${flag}`, async () => {
    const { code, stderr } = await runSmarm(
      ["--threads", "1", "--max-heap", "64", program("outside_waiter")],
      { denoArgs: ["-A", `--v8-flags=${flag}`] },
    );
    assertEquals({ code, stderr }, { code: 0, stderr: "" });
  });
}

Deno.test("a module that runs out of memory while it is loaded is told of as that", async () => {
  const { code, stderr } = await runSmarm(["--threads", "1", program("import_glutton")], SMALL_HEAPS);
  assertEquals(code, 2);
  assertMatch(
    stderr,
    /^error: scheduler 0 died: it ran out of memory\. deno run --v8-flags=.* allows it more/m,
  );
});

function watchHeaps(limitBytes: number) {
  const asked: number[] = [], full: [number, boolean][] = [];
  const process = { rssBytes: 0 };
  const watch = new HeapWatch(2, {
    ask: (id) => asked.push(id),
    isWatched: () => true,
    full: (id, isBurning) => full.push([id, isBurning]),
  }, () => process.rssBytes);
  watch.begins(0, limitBytes);
  watch.begins(1, limitBytes);
  return { watch, asked, full, process };
}
const GB = 2 ** 30;

Deno.test("a scheduler that answers nothing while the process grows by twice its heap has one that is full", () => {
  const { watch, asked, full, process } = watchHeaps(4 * GB);
  watch.look();
  watch.answered(1, null);
  watch.look(); // scheduler 0 owes an answer from here on
  process.rssBytes = 8 * GB;
  watch.look();
  assertEquals(full, []);
  process.rssBytes++;
  watch.look();
  assertEquals(full, [[0, true]]);
  assertEquals(asked, [0, 1, 1]);
});

Deno.test("a scheduler in the place of one that was stuck owes none of its answers", () => {
  const { watch, asked, full, process } = watchHeaps(GB);
  watch.look();
  watch.answered(1, null);
  watch.look(); // scheduler 0 owes an answer, and is replaced
  watch.begins(0, GB);
  watch.answered(1, null);
  process.rssBytes = 5 * GB;
  watch.look();
  assertEquals(full, []);
  assertEquals(asked, [0, 1, 1, 0, 1]);
});

Deno.test("what a process grows by between two answers is nobody's fault", () => {
  const { watch, full, process } = watchHeaps(GB);
  for (let i = 0; i < 10; i++) {
    process.rssBytes += 2 * GB;
    watch.look();
    for (const id of [0, 1]) watch.answered(id, GB);
  }
  assertEquals(full, []);
});

Deno.test("a heap whose limit was raised was full", () => {
  const { watch, full } = watchHeaps(GB);
  watch.look();
  watch.answered(0, GB);
  watch.answered(1, 2 * GB);
  assertEquals(full, [[1, false]]);
});

Deno.test("the question for a heap holds no actors up where there are many", () => {
  let looked = 0;
  const many = Array.from({ length: 10 * MOST_LOOKED_AT }, (_, n) => n);
  const isOutside = () => ++looked > 10 * MOST_LOOKED_AT;
  heapLimit(many, isOutside);
  assert(heapLimit(many, isOutside)! > 0);
  assert(looked <= 2 * MOST_LOOKED_AT, `${looked} were looked at`);
});
