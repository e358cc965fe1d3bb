/**
 * The `main` that a module of scenarios re-exports, and what scenarios share.
 *
 * @module
 */
import type { Actor, ActorFunction } from "smarm";
import type { Verdicts } from "./scenarios.ts";

/** There to end hangs, far more than a scenario needs. */
const DEADLINE_MS = 60_000;

/** Runs the named exports one after the other, each as an actor; where one failed, the verdicts are in its error. */
export function mainOf(scenarios: () => Record<string, unknown>) {
  return async (self: Actor, ...names: string[]): Promise<Verdicts> => {
    const verdicts: Verdicts = {};
    for (const name of names) {
      const scenario = scenarios()[name];
      if (typeof scenario !== "function") {
        verdicts[name] = "there is no such export";
        continue;
      }
      const handle = self.spawnWith({ scheduler: "local" }, scenario as ActorFunction);
      try {
        const outcome = await handle.join({ timeout: DEADLINE_MS });
        verdicts[name] = outcome.kind === "exit" ? null : outcome.error.stack ?? String(outcome.error);
      } catch (error) {
        self.kill(handle);
        verdicts[name] = `it did not end: ${(error as Error).message}`;
      }
    }
    // A panic of main ends what a scenario that failed has left behind; a return would wait for it.
    if (Object.values(verdicts).some((verdict) => verdict !== null)) {
      throw new Error(JSON.stringify(verdicts));
    }
    return verdicts;
  };
}

/** The scheduler `i` steps from this actor's birthplace, round and round: 0 is that one, 1 another if there is one. */
export function schedulerAt(
  self: Pick<Actor<never>, "pid" | "format" | "stats">,
  i: number,
): { scheduler: number } {
  const own = Number(/\d+/.exec(self.format(self.pid))![0]);
  return { scheduler: (own + i) % self.stats().schedulerCount };
}

/** The error that a promise is rejected with. */
export async function rejection(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error("the promise was not rejected");
}
