/**
 * Where the children of a supervisor start: the schedulers that their specs ask for, or in turns on all of them.
 *
 * @module
 */
import type { SpawnOptions } from "../runtime/api.ts";
import type { Scheduler } from "../runtime/scheduler.ts";
import type { Child } from "./spec.ts";

/** The places that one supervisor gives out. */
export class Places {
  readonly #s: Scheduler;
  #turn = 0;
  #spread = 0;

  constructor(s: Scheduler) {
    this.#s = s;
  }

  /**
   * How a child is spawned; `before`: how it was the last time. By default a child stays where it was first put, so that
   * a restart finds its module's variables as they were, and whoever talks to it much may live beside it: the first one
   * of a supervisor is its neighbour, the others follow in turns. A closure and a module of its own stay here.
   */
  optionsOf(child: Child, before: SpawnOptions | null): SpawnOptions {
    const { schedulers } = this.#s.memory;
    if (child.scheduler === "spread") return optionsOf(child, this.#spread++ % schedulers);
    if (before !== null) return before;
    if (child.scheduler !== "any") return optionsOf(child, child.scheduler);
    const mayMove = schedulers > 1 && typeof child.target === "function" &&
      this.#s.targets.describe(child.target).module !== null;
    return optionsOf(child, mayMove ? (this.#s.id + this.#turn++) % schedulers : "local");
  }
}

/** As {@link Places.optionsOf}, for a child that has to start at a certain place. */
export function optionsOf(child: Child, scheduler: number | "local"): SpawnOptions {
  return {
    scheduler,
    link: true,
    supervised: true,
    name: child.name,
    mailbox: child.mailbox,
  } as SpawnOptions;
}
