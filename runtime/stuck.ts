/**
 * What shared memory tells of a scheduler that does not answer, because an actor keeps it busy: its actors, what each last
 * waited in and since when. What only the scheduler itself knows is missing: mailboxes, links, what exactly a wait is for.
 *
 * Read while others write, so the picture is of no one moment; a pid is never shown with what another actor of its slot
 * did (DETAIL_BEGAN).
 *
 * @module
 */
import type { Pid } from "./api.ts";
import {
  CURRENT_KEY,
  DETAIL_BEGAN,
  DETAIL_SINCE,
  DETAIL_WAIT,
  DETAIL_WORDS,
  PEER_WORDS,
  type SharedMemory,
  WHERE_BITS,
  WHERE_FREE,
  WHERE_MASK,
} from "./layout.ts";
import { NameTable } from "./names.ts";
import { Routes } from "./slot_table.ts";
import { keyOf, makePid } from "./pid.ts";

/** One actor, as far as shared memory knows. */
export interface StuckActor {
  readonly pid: Pid;
  /** Its function; null: it has not begun. */
  readonly name: string | null;
  readonly names: readonly string[];
  readonly isRunning: boolean;
  /** Kind of its wait; 0: a plain receive, or none. */
  readonly wait: number;
  /** Since when, in ms since the run began. */
  readonly sinceMs: number;
}

export interface StuckScheduler {
  readonly actors: readonly StuckActor[];
  /** How many more there are. */
  readonly more: number;
}

/** `functions`: names of functions by the ids that this scheduler has given them. */
export function readStuck(
  memory: SharedMemory,
  scheduler: number,
  functions: readonly string[],
  limit: number,
): StuckScheduler {
  const words = new Int32Array(memory.peerWords);
  const current = Atomics.load(words, scheduler * PEER_WORDS + CURRENT_KEY);
  const routes = new Routes(memory.routes.map((buffer) => new Int32Array(buffer)));
  const names = new NameTable(memory, 0, routes).byOwner();
  const actors: StuckActor[] = [];
  let more = 0;
  for (let birth = 0; birth < memory.schedulers; birth++) {
    const routes = new Int32Array(memory.routes[birth]);
    const details = new Int32Array(memory.details[birth]);
    for (let index = 0; index < memory.slotCapacity; index++) {
      const route = Atomics.load(routes, index);
      if (route === 0) break; // slots are taken in order: none from here on was ever used
      const where = route & WHERE_MASK;
      if (where === WHERE_FREE || (where < memory.schedulers ? where : birth) !== scheduler) continue;
      const generation = route >>> WHERE_BITS;
      const pid = makePid(birth, index, generation);
      const isRunning = keyOf(pid) === current;
      if (actors.length === limit) {
        more++;
        if (!isRunning) continue;
        actors.pop(); // whoever keeps it busy is shown, however many there are
      }
      const at = index * DETAIL_WORDS;
      const hasBegun = details[at + DETAIL_BEGAN] === generation;
      const word = hasBegun ? details[at + DETAIL_WAIT] : 0;
      actors.push({
        pid,
        name: hasBegun ? functions[word >>> 8] ?? "?" : null,
        names: names.get(pid) ?? [],
        isRunning,
        wait: word & 0xff,
        sinceMs: details[at + DETAIL_SINCE],
      });
    }
  }
  return { actors, more };
}
