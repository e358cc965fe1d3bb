/**
 * Where a new actor goes: local first, and offered to whoever is idle (M3, M9).
 *
 * @module
 */
import type { SpawnOptions } from "./api.ts";
import type { HandleImpl } from "./handle.ts";
import type { Scheduler } from "./scheduler.ts";
import { notExported, type Target } from "./targets.ts";
import { HUNGRY } from "./layout.ts";
import { AT_HOME } from "./offer_states.ts";

/**
 * Of so many actors of a function that have begun here and are not over the next ones may be spawned on a scheduler with
 * fewer actors. Teams that come at once are shared as they begin; a server's connections come one by one, each begins at
 * once where it is accepted, and would stay there for good, all of them. So few stay together all the same, as neighbours
 * tend to talk to each other.
 */
export const MANY_STAY = 16;

/** The scheduler that the options ask for; this one unless they do. */
export function place(s: Scheduler, target: Target, options: SpawnOptions): number {
  const wanted = options.scheduler;
  if (wanted === undefined || wanted === "local") return s.id;
  if (
    typeof wanted !== "number" || !Number.isInteger(wanted) || wanted < 0 || wanted >= s.memory.schedulers
  ) {
    throw new RangeError(
      `spawnWith needs scheduler "local" or 0 to ${s.memory.schedulers - 1}, got ${
        Deno.inspect(wanted, { depth: 0 })
      }`,
    );
  }
  if (wanted !== s.id && target.module === null) {
    throw new TypeError(
      `Cannot spawn "${target.name}" on scheduler ${wanted}: ${
        notExported(target.name)
      }, or spawn it on this scheduler`,
    );
  }
  return wanted;
}

/** A new actor that may run anywhere stands in the run queue here: thieves may take it, and an idle one is woken. */
export function share(s: Scheduler, seed: HandleImpl): void {
  if (seed.offer === AT_HOME) s.work.stayHome(seed);
  else s.work.offer(seed);
  // One wake-up between two looks at the clock: a wake-up costs as much as a hundred spawns, and who was woken and
  // finds more than one actor wakes the next (work_sharing.ts).
  if (!s.hasRung && Atomics.load(s.run, HUNGRY) > 0) {
    s.hasRung = true;
    s.remote.wakeHungry();
  }
}
