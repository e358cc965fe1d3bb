/** What a program has open with Deno's own APIs can wake an actor: no run is called a deadlock while there is any. */
import { assertEquals } from "@std/assert";
import { gives } from "../support/run_case.ts";
import { withFolder } from "../support/folder.ts";
import { until } from "../support/until.ts";
import { WAKER_NAMES } from "../support/cases.ts";

for (const kind of WAKER_NAMES) {
  Deno.test(`an actor that waits for a message from ${kind} is no deadlock`, async () => {
    await gives("wokenBy", kind, [1, 2], kind);
  });
}

Deno.test("an actor that waits with until for a module that is being loaded is no deadlock", async () => {
  const many = 400; // without an operation or a timer of the program's own, this takes longer than the first look
  const files: Record<string, string> = { [`m${many}.ts`]: "export const sum: number = 0;" };
  for (let i = 0; i < many; i++) {
    files[`m${i}.ts`] = `import { sum as rest } from "./m${i + 1}.ts";\nexport const sum: number = rest + 1;`;
  }
  for (const schedulers of [1, 2]) {
    await withFolder(files, (folder) => gives("loads", many, [schedulers], `file://${folder}/m0.ts`));
  }
});

Deno.test("a worker that is told something while it looks for its own operations finds them all", async () => {
  const program = new URL("./programs/looks_while_told.ts", import.meta.url).href;
  const worker = new Worker(program, { type: "module" });
  const { port1, port2 } = new MessageChannel();
  const turn = () =>
    new Promise<void>((resolve) => {
      port1.onmessage = () => resolve();
      port2.postMessage(0);
    });
  let found: unknown = null;
  let hasLooked = false;
  worker.onmessage = ({ data }) => {
    if (data === "looked") hasLooked = true;
    else found = data;
  };
  worker.postMessage("look");
  while (!hasLooked) {
    worker.postMessage("noise");
    await turn();
  }
  worker.postMessage("tell");
  await until(() => found !== null);
  port1.close();
  port2.close();
  worker.terminate();
  assertEquals(found, ["nothing"]);
});
