/**
 * smarm's command line, with threads that are held up now and then.
 *
 * @module
 */
import "./thread.ts";
import process from "node:process";
import { runCommandLine } from "../../../main.ts";

const OTHERS = new Map([
  [
    new URL("../../../runtime/scheduler_worker.ts", import.meta.url).href,
    new URL("./scheduler.ts", import.meta.url),
  ],
  [new URL("../../../io/poller_worker.ts", import.meta.url).href, new URL("./poller.ts", import.meta.url)],
]);

for (const home of [globalThis, process.getBuiltinModule("node:worker_threads")]) {
  // deno-lint-ignore no-explicit-any
  const { Worker } = home as any;
  Object.defineProperty(home, "Worker", {
    value: class extends Worker {
      constructor(entry: URL, options: unknown) {
        super(OTHERS.get(entry.href) ?? entry, options);
      }
    },
  });
}

await runCommandLine(Deno.args);
