/**
 * Runs a program of tests/io/programs/ in this process and gives what its main returned.
 *
 * @module
 */
import { Config, init } from "../../smarm.ts";

/** Every test of IO runs with so many schedulers each. */
export const THREADS = [1, 2, 4];

/** Far more than a program needs on a busy machine: it is there to end hangs. */
const DEADLINE_MS = 90_000;

/** Runs `programs/<file>`'s main with the arguments. @throws what main threw. */
export async function runMain(
  file: string,
  args: string[],
  threads: number | Config,
  // deno-lint-ignore no-explicit-any
): Promise<any> {
  const runtime = init(threads instanceof Config ? threads : Config.exact(threads));
  const overdue = setTimeout(async () => {
    console.error(`${file} ${args.join(" ")} did not end:\n${await runtime.dump()}`);
    runtime.stop();
  }, DEADLINE_MS);
  const running = runtime.run(new URL(`./programs/${file}`, import.meta.url), { args });
  const outcome = await running.finally(() => clearTimeout(overdue));
  if (outcome.kind === "panic") throw outcome.error;
  return outcome.value;
}

/** The same test with 1, 2 and 4 schedulers. */
export function testAll(name: string, body: (threads: number) => Promise<void>): void {
  for (const threads of THREADS) {
    Deno.test(`${name}, with ${threads} scheduler${threads === 1 ? "" : "s"}`, () => body(threads));
  }
}

export async function inTempFolder<T>(body: (folder: string) => Promise<T>): Promise<T> {
  const folder = await Deno.makeTempDir({ prefix: "smarm-io-" });
  try {
    return await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
