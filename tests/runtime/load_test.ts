import { assertEquals, assertRejects } from "@std/assert";
import { deadline } from "@std/async/deadline";
import fc from "fast-check";
import { Config } from "../../runtime/config.ts";
import { StoppedError } from "../../runtime/errors.ts";
import { LONG_LOAD_MS } from "../../runtime/run.ts";
import { Runtime } from "../../runtime/runtime.ts";
import { display, isRuntimeFrame, resolveModule, RUNTIME_BASE } from "../../runtime/load.ts";
import { withFolder } from "../support/folder.ts";

Deno.test("what has a scheme is imported as it is, and anything else is a path from the current folder", () => {
  for (const module of ["file:///a.ts", "https://x/y.ts", "npm:x", "jsr:@a/b", "data:text/javascript,1"]) {
    assertEquals(resolveModule(module), module);
  }
  const here = new URL(`file://${encodeURI(Deno.cwd())}/`);
  assertEquals(resolveModule("app.ts"), new URL("app.ts", here).href);
  assertEquals(resolveModule("./x/../app.ts"), new URL("app.ts", here).href);
  assertEquals(resolveModule("/a b.ts"), "file:///a%20b.ts");
});

Deno.test("a path comes back from its URL as it was, whatever it holds", () => {
  const part = fc.string({ minLength: 1 }).filter((text) => !/[/\0]|^\.\.?$/.test(text));
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), (parts) => {
      const path = `/${parts.join("/")}`;
      if (!path.isWellFormed()) return;
      const url = resolveModule(path);
      assertEquals(decodeURIComponent(new URL(url).pathname), path);
      if (!/\p{Cc}/u.test(path)) assertEquals(display(url), path);
      assertEquals(display(url).split(/[\n\r]/).length, 1);
    }),
    { examples: [[["A|", "!"]], [["a\\b", " c "]], [["\ta\nb\n"]]] },
  );
});

Deno.test("a relative path is found from whatever folder the program is run in", async () => {
  const before = Deno.cwd();
  await withFolder({}, (folder) => {
    const odd = `${folder}/a #1? 100% é`;
    Deno.mkdirSync(odd);
    try {
      Deno.chdir(odd);
      assertEquals(display(resolveModule("app.ts")), `${odd}/app.ts`);
    } finally {
      Deno.chdir(before);
    }
  });
});

Deno.test("frames of the runtime and of Deno itself are no news to a user; frames of programs are", () => {
  assertEquals(isRuntimeFrame(`    at run (${RUNTIME_BASE}runtime/scheduler.ts:1:1)`), true);
  assertEquals(isRuntimeFrame(`    at ${RUNTIME_BASE}main.ts:1:1`), true);
  assertEquals(isRuntimeFrame("    at ext:core/01_core.js:1:1"), true);
  assertEquals(isRuntimeFrame("    at node:internal/timers:1:1"), true);
  assertEquals(isRuntimeFrame(`    at main (${RUNTIME_BASE}examples/hello.ts:1:1)`), false);
  assertEquals(isRuntimeFrame("    at async (node:events:1:1)"), true);
  assertEquals(isRuntimeFrame("    at main (file:///home/me/app.ts:1:1)"), false);
  assertEquals(isRuntimeFrame("    at main (file:///home/me/text:1:1)"), false);
  assertEquals(isRuntimeFrame("    at file:///home/me/node:1:1"), false);
});

Deno.test("a module that does not come to the end of its top level is told of, once, with the schedulers", async () => {
  const { setTimeout } = globalThis;
  const { promise: told, resolve: tell } = Promise.withResolvers<string>();
  const runtime = new Runtime(Config.exact(2), { write: tell, colors: false });
  // The wait of ten seconds passes at once.
  globalThis.setTimeout =
    ((then: () => void, ms?: number) => setTimeout(then, ms === LONG_LOAD_MS ? 1 : ms)) as typeof setTimeout;
  try {
    const run = runtime.run("data:text/javascript,await new Promise(() => {}); export function main() {}");
    const stopped = assertRejects(() => run, StoppedError);
    assertEquals(
      await deadline(told, 60_000),
      "data:text/javascript,await new Promise(() => {}); export function main() {} has been loading for 10 s on " +
        "scheduler 0, 1: main begins when its top level has come to its end on each. Look there for a loop, or for an " +
        "await that is not settled",
    );
    await runtime.stop();
    await stopped;
  } finally {
    globalThis.setTimeout = setTimeout;
  }
});
