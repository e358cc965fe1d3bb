/**
 * The yardstick of the `hello` row: a Deno program without smarm that starts as many Workers as it is told, waits
 * until each one runs, and ends. `deno run -A bench/bare_workers.ts 3`
 *
 * @module
 */

const [argument = "3"] = Deno.args;
const count = Number(argument);
if (!Number.isInteger(count) || count < 1) {
  console.error(`Cannot start "${argument}" workers: give a whole number of at least 1`);
  Deno.exit(2);
}

// All it does is say that it runs.
const EMPTY = "data:text/javascript,postMessage(0)";

const workers = Array.from({ length: count }, () => new Worker(EMPTY, { type: "module" }));
await Promise.all(workers.map((worker) => new Promise((resolve) => worker.onmessage = resolve)));
for (const worker of workers) worker.terminate();
console.log(`${count} workers`);
