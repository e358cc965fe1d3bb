/**
 * Runs one of the cases in cases.ts on a runtime of its own and gives what its function returned.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { Config } from "../../runtime/config.ts";
import { Runtime } from "../../runtime/runtime.ts";
import type { Outcome } from "../../runtime/api.ts";

export const CASES = new URL("./cases.ts", import.meta.url);
/** It is there to end hangs. */
const DEADLINE_MS = 90_000;

/** A runtime whose words are kept, and not written. */
export function quietRuntime(config: Config): { runtime: Runtime; told: string[] } {
  const told: string[] = [];
  return { runtime: new Runtime(config, { write: (text) => void told.push(text), colors: false }), told };
}

/** The outcome of a case; nothing may have been reported. */
export async function outcomeOf(name: string, schedulers: number, ...args: string[]): Promise<Outcome> {
  const { runtime, told } = quietRuntime(Config.exact(schedulers));
  const outcome = await withDeadline(runtime, runtime.run(CASES, { args: [name, ...args] }), name);
  assertEquals(told, [], "nothing is reported");
  return outcome;
}

/** What a case returned; on each number of schedulers it must be `wanted`. */
export async function gives(name: string, wanted: unknown, schedulers: number[] = [1, 2], ...args: string[]) {
  for (const n of schedulers) {
    const outcome = await outcomeOf(name, n, ...args);
    if (outcome.kind === "panic") throw outcome.error;
    assertEquals(outcome.value, wanted, `on ${n} schedulers`);
  }
}

export async function withDeadline<T>(runtime: Runtime, run: Promise<T>, what: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const overdue = new Promise<never>((_, reject) => {
    timer = setTimeout(async () => {
      const dump = await runtime.dump();
      run.catch(() => {});
      reject(new Error(`${what} did not end within ${DEADLINE_MS} ms\n${dump}`));
    }, DEADLINE_MS);
  });
  try {
    return await Promise.race([run, overdue]);
  } finally {
    clearTimeout(timer);
  }
}
