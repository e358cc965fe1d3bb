/**
 * What a scheduler is about to count, written before it does it: so that its counts of spawns and ends can be put right
 * when it dies in between.
 *
 * A spawn takes a slot and then counts it; an end frees a slot and then counts that. Who is ended by force between the two
 * leaves one actor too few in a count, and a run whose counts never meet never ends. So the slot, and the count that will
 * be reached, are noted before: a count that is below its target was not reached, and the slot's route word says whether
 * the slot was taken, or freed, by then. The target is noted last, so that a note that is half written is none.
 *
 * @module
 */
import {
  END_GENERATION,
  END_KEY,
  END_TARGET,
  ENDED,
  SPAWN_GENERATION,
  SPAWN_KEY,
  SPAWN_TARGET,
  SPAWNED,
  WHERE_FREE,
} from "./layout.ts";
import { birthOfKey, generationOf, indexOfKey, keyOf } from "./pid.ts";
import type { Routes } from "./slot_table.ts";

/** The owner's end. Five plain stores a life of an actor, of 300 ns and more. */
export class Journal {
  readonly #words: Int32Array;
  readonly #base: number;

  constructor(words: Int32Array, base: number) {
    this.#words = words;
    this.#base = base;
  }

  /** A slot of this scheduler's is about to be taken; SPAWNED is counted after it. */
  spawns(index: number, generation: number): void {
    const words = this.#words, base = this.#base;
    words[base + SPAWN_KEY] = index;
    words[base + SPAWN_GENERATION] = generation;
    words[base + SPAWN_TARGET] = words[base + SPAWNED] + 1;
  }

  /** An actor is about to be dead for all; ENDED is counted after it. */
  ends(pid: number): void {
    const words = this.#words, base = this.#base;
    words[base + END_KEY] = keyOf(pid);
    words[base + END_GENERATION] = generationOf(pid);
    words[base + END_TARGET] = words[base + ENDED] + 1;
  }
}

/**
 * What the dead scheduler's notes say, to be asked before its actors are declared dead. `uncountedSpawn`: the place of an
 * actor whose spawn was not counted. `uncountedEnd`: one is dead whose end was not.
 */
export function readJournal(
  words: Int32Array,
  base: number,
  scheduler: number,
  routes: Routes,
): { uncountedSpawn: { index: number; generation: number; place: number } | null; uncountedEnd: boolean } {
  const index = words[base + SPAWN_KEY], generation = words[base + SPAWN_GENERATION];
  const place = words[base + SPAWNED] === words[base + SPAWN_TARGET]
    ? WHERE_FREE
    : routes.placeOf(scheduler, index, generation);
  const key = words[base + END_KEY];
  const uncountedEnd = words[base + ENDED] !== words[base + END_TARGET] &&
    routes.placeOf(birthOfKey(key), indexOfKey(key), words[base + END_GENERATION]) === WHERE_FREE;
  return { uncountedSpawn: place === WHERE_FREE ? null : { index, generation, place }, uncountedEnd };
}
