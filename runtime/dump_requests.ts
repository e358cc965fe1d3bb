/**
 * The control thread's side of a dump: asks all schedulers, waits for those that answer in time, and reads from shared
 * memory what the others do.
 *
 * @module
 */
import type { RuntimeStats } from "./api.ts";
import { formatDump } from "./dump.ts";
import { PEER_WORDS, RECORDS_IN, RECORDS_OUT, type SharedMemory } from "./layout.ts";
import { countOffers } from "./offers.ts";
import type { SchedulerReport, ToWorker } from "./protocol.ts";
import { readStuck } from "./stuck.ts";

/** How long a dump waits for schedulers to answer, in ms: one that computes does not. */
const DUMP_WAIT_MS = 200;
/** Actors listed for each scheduler in a dump. */
const DUMP_LIMIT = 200;

export interface DumpSource {
  ask(id: number, question: Extract<ToWorker, { type: "dump" }>): void;
  /** The names of a scheduler's functions, by the ids that it gave them. */
  names(id: number): readonly string[];
  isLoading(id: number): boolean;
  /** It has said that it stopped: it answers nothing any more. */
  hasStopped(id: number): boolean;
  stats(): RuntimeStats;
  now(): number;
}

export class DumpRequests {
  readonly #memory: SharedMemory;
  readonly #source: DumpSource;
  readonly #open = new Map<number, (id: number, report: SchedulerReport) => void>();
  /** The end of the run ends those that wait, too. */
  readonly #waiting = new Set<() => void>();
  #tickets = 0;

  constructor(memory: SharedMemory, source: DumpSource) {
    this.#memory = memory;
    this.#source = source;
  }

  answered(id: number, ticket: number, report: SchedulerReport): void {
    this.#open.get(ticket)?.(id, report);
  }

  async dump(): Promise<string> {
    const reports = await this.#reports();
    const memory = this.#memory;
    const { names, isLoading, hasStopped, stats, now } = this.#source;
    return formatDump({
      nowMs: now(),
      stats: stats(),
      reports,
      isLoading,
      hasStopped,
      stuck: (id) => readStuck(memory, id, names(id), DUMP_LIMIT),
      offers: Array.from({ length: memory.schedulers + 1 }, (_, owner) => countOffers(memory, owner)),
      underWay: recordsUnderWay(memory),
    });
  }

  async #reports(): Promise<(SchedulerReport | null)[]> {
    const ticket = ++this.#tickets;
    const reports: (SchedulerReport | null)[] = new Array(this.#memory.schedulers).fill(null);
    let missing = reports.length;
    await new Promise<void>((resolve) => {
      const enough = () => {
        clearTimeout(timer);
        this.#waiting.delete(enough);
        resolve();
      };
      const timer = setTimeout(enough, DUMP_WAIT_MS);
      this.#waiting.add(enough);
      this.#open.set(ticket, (id, report) => {
        reports[id] = report;
        if (--missing === 0) enough();
      });
      for (let id = 0; id < reports.length; id++) {
        this.#source.ask(id, { type: "dump", ticket, limit: DUMP_LIMIT });
      }
    });
    this.#open.delete(ticket);
    return reports;
  }

  close(): void {
    for (const enough of this.#waiting) enough();
  }
}

function recordsUnderWay(memory: SharedMemory): number {
  const words = new Int32Array(memory.peerWords);
  let underWay = 0;
  for (let peer = 0; peer < memory.peers; peer++) { // what was taken in was sent before: never less than nothing
    underWay -= Atomics.load(words, peer * PEER_WORDS + RECORDS_IN);
  }
  for (let peer = 0; peer < memory.peers; peer++) {
    underWay += Atomics.load(words, peer * PEER_WORDS + RECORDS_OUT);
  }
  return underWay | 0;
}
