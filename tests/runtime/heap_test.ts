import { assert, assertEquals, assertMatch } from "@std/assert";
import { Config, init } from "smarm";
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
