/**
 * Runs the scenarios of one module under smarm and makes a test of each, with 1, 2 and 4 schedulers.
 *
 * A scenario is an exported async function `(self)`; its name is its sentence in camel case or stands in `sentences`.
 * All of a module run in one run for each number of schedulers, each as an actor of its own with a deadline, because
 * starting workers costs more than most scenarios.
 *
 * @module
 */
import { init } from "../../runtime/runtime.ts";
import { Config } from "../../runtime/config.ts";

/** What came of each scenario: null, or the text of its error. */
export type Verdicts = Record<string, string | null>;

/** Registers a test for each sentence: scenario name → the sentence that it proves. */
export function testScenarios(
  module: URL,
  sentences: Readonly<Record<string, string>>,
  { counts = [1, 2, 4], configure = (config: Config) => config } = {},
): void {
  for (const count of counts) {
    let verdicts: Promise<Verdicts> | undefined;
    for (const [name, sentence] of Object.entries(sentences)) {
      Deno.test(`${sentence} (${count} scheduler${count === 1 ? "" : "s"})`, async () => {
        verdicts ??= run(module, Object.keys(sentences), configure(Config.exact(count)));
        const verdict = (await verdicts)[name];
        if (verdict !== null) throw new Error(`${name}: ${verdict}`);
      });
    }
  }
}

async function run(module: URL, names: string[], config: Config): Promise<Verdicts> {
  const outcome = await init(config).run(module, { args: names });
  if (outcome.kind === "exit") return outcome.value as Verdicts;
  if (outcome.error.message.startsWith("{")) return JSON.parse(outcome.error.message);
  throw outcome.error;
}
