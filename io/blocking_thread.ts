/**
 * One thread of the blocking pool: takes a job, calls its function, posts the result.
 *
 * It holds a Web Lock: only then can Deno end it while it computes (facts: a node worker that holds a lock dies within
 * milliseconds of `terminate()`, any other burns on).
 *
 * @module
 */
import "../runtime/global_self.ts";
import type { FromThread, Job, JobResult } from "./blocking_protocol.ts";
import { type BlockingThreadData, ENDABLE, IMPORTING } from "./blocking_threads.ts";
import { packOutcome, refusal } from "../runtime/wire.ts";
import { describeOutcome } from "../runtime/report.ts";
import { toError } from "../runtime/errors.ts";
import { writeStderr } from "../runtime/stderr.ts";
import { receiveMessageOnPort, workerData } from "node:worker_threads";

const { port: pool, state } = workerData as BlockingThreadData;
const post = (message: FromThread) => pool.postMessage(message);

// What a function left behind, a rejection or a throw in a timer, must not end the thread of the next one.
addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  leftBehind(event.reason);
});
addEventListener("error", (event) => {
  event.preventDefault();
  leftBehind(event.error);
});

/** Whose it was cannot be told: it is shown, as what actors leave behind is. */
function leftBehind(reason: unknown): void {
  const colors = Deno.stderr.isTerminal() && !Deno.noColor;
  writeStderr(describeOutcome({ kind: "panic", error: toError(reason) }, colors, null));
}

async function run({ id, module, exportName, port }: Job): Promise<void> {
  let result: JobResult;
  try {
    // Where it is being ended it does not begin to import any more.
    if (Atomics.compareExchange(state, 0, ENDABLE, IMPORTING) !== ENDABLE) return;
    let fn: unknown;
    try {
      fn = (await import(module))[exportName];
    } finally {
      Atomics.store(state, 0, ENDABLE);
    }
    if (typeof fn !== "function") {
      throw new TypeError(`Cannot run "${exportName}": ${module} does not export it`);
    }
    // deno-lint-ignore no-explicit-any
    const args = (receiveMessageOnPort(port as any) as { message: unknown[] }).message;
    post({ type: "running", id });
    result = { kind: "exit", value: await fn(...args) };
  } catch (error) {
    result = packOutcome({ kind: "panic", error: toError(error) });
  }
  try {
    port.postMessage(result);
  } catch (error) {
    port.postMessage(refusal((result as { value?: unknown }).value, `what ${exportName} returned`, error));
  }
  port.close(); // what was posted still comes; a port that is left open costs 5 KB
  post({ type: "done", id });
}

pool.onmessage = (event: MessageEvent<Job>) => run(event.data);

await new Promise<void>((held) => {
  // deno-lint-ignore no-explicit-any
  (navigator as any).locks.request(`smarm blocking ${crypto.randomUUID()}`, () => {
    held();
    return new Promise(() => {});
  });
});
Atomics.store(state, 0, ENDABLE);
post({ type: "ready" });
