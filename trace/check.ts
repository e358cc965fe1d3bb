/**
 * A strict reading of a trace file, after the "Trace Event Format" document: what it says of each phase's fields, and
 * beyond it what Perfetto warns of: time that runs backwards on a track, slices that do not nest, arrows without ends, and
 * what it does without a warning: instants are slices of no length to it, to which a later arrow would be tied.
 *
 * @module
 */

/** One event of a file, unread. */
type Event = Record<string, unknown>;

/** Problems told; more are counted only. */
const MOST_PROBLEMS = 20;
const METADATA: Record<string, string> = {
  process_name: "name",
  process_labels: "labels",
  process_sort_index: "sort_index",
  thread_name: "name",
  thread_sort_index: "sort_index",
};
const PHASES = "BEXiICMstfbneP";

export interface Verdict {
  /** Events in the file. */
  events: number;
  /** One line each, the first {@link MOST_PROBLEMS}. */
  problems: string[];
  /** All of them. */
  count: number;
}

interface Track {
  lastTs: number;
  /** Names of the open B slices. */
  readonly open: string[];
  /** Ends of the open X slices. */
  readonly ends: number[];
  /** When the last instant was, if no slice has begun or ended since: Perfetto has it on its stack until then. */
  instantTs: number | null;
}

/** Whether a text is a complete trace file. */
export function checkTrace(text: string): Verdict {
  const checker = new Checker();
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    checker.problem(`not JSON: ${(error as Error).message}`);
    return checker.verdict;
  }
  const events = Array.isArray(parsed) ? parsed : (parsed as { traceEvents?: unknown } | null)?.traceEvents;
  if (!Array.isArray(events)) {
    checker.problem("neither an array of events nor an object with the array traceEvents");
    return checker.verdict;
  }
  for (const event of events) checker.add(event);
  checker.end();
  return checker.verdict;
}

/** Takes the events of one file, in its order. */
export class Checker {
  readonly verdict: Verdict = { events: 0, problems: [], count: 0 };
  readonly #tracks = new Map<string, Track>();
  readonly #starts = new Set<string>();
  /** Ends of arrows whose beginnings have not been seen, by the events' numbers. */
  readonly #ends = new Map<string, number>();

  problem(text: string): void {
    this.verdict.count++;
    if (this.verdict.problems.length < MOST_PROBLEMS) this.verdict.problems.push(text);
  }

  #bad(what: string): void {
    this.problem(`event ${this.verdict.events}: ${what}`);
  }

  add(event: unknown): void {
    this.verdict.events++;
    if (typeof event !== "object" || event === null || Array.isArray(event)) {
      return this.#bad("is not an object");
    }
    const e = event as Event;
    const ph = e.ph;
    if (typeof ph !== "string" || ph.length !== 1 || !PHASES.includes(ph)) {
      return this.#bad(`has no phase that is known: ${JSON.stringify(ph)}`);
    }
    if (ph !== "E" && typeof e.name !== "string") this.#bad(`of phase ${ph} has no name`);
    for (const field of ["pid", "tid"]) {
      if (!Number.isInteger(e[field]) || (e[field] as number) < 0) {
        this.#bad(`of phase ${ph} has no ${field}`);
      }
    }
    if (e.args !== undefined && (typeof e.args !== "object" || e.args === null)) {
      this.#bad("has args that are no object");
    }
    if (e.cat !== undefined && typeof e.cat !== "string") this.#bad("has a cat that is no text");
    if (ph === "M") return this.#metadata(e);
    if (typeof e.ts !== "number" || !(e.ts >= 0)) return this.#bad(`of phase ${ph} has no ts`);
    this.#timed(e, ph, e.ts);
  }

  #metadata(e: Event): void {
    const field = METADATA[e.name as string];
    if (field === undefined) return this.#bad(`is metadata of an unknown name, ${JSON.stringify(e.name)}`);
    if ((e.args as Event | undefined)?.[field] === undefined) this.#bad(`is ${e.name} without args.${field}`);
  }

  #timed(e: Event, ph: string, ts: number): void {
    // A counter is a track of its own.
    const name = ph === "C" ? `${e.pid}, counter ${e.name}` : `${e.pid}/${e.tid}`;
    let track = this.#tracks.get(name);
    if (track === undefined) {
      this.#tracks.set(name, track = { lastTs: 0, open: [], ends: [], instantTs: null });
    }
    if (ts < track.lastTs) this.#bad(`on track ${name} is at ${ts} µs, after one at ${track.lastTs}`);
    track.lastTs = Math.max(track.lastTs, ts);
    while (track.ends.length > 0 && track.ends[track.ends.length - 1] <= ts && ph === "X") track.ends.pop();
    if ("BEX".includes(ph)) track.instantTs = null;
    switch (ph) {
      case "B":
        track.open.push(e.name as string);
        return;
      case "E":
        if (track.open.length === 0) this.#bad(`ends a slice on track ${name}, where none is open`);
        else {
          const opened = track.open.pop();
          if (e.name !== undefined && e.name !== opened) {
            this.#bad(
              `ends ${JSON.stringify(e.name)} on track ${name} while ${JSON.stringify(opened)} is open`,
            );
          }
        }
        return;
      case "X": {
        if (typeof e.dur !== "number" || !(e.dur >= 0)) return this.#bad("of phase X has no dur");
        const end = ts + e.dur;
        const outer = track.ends[track.ends.length - 1];
        if (outer !== undefined && end > outer) {
          this.#bad(`on track ${name} lasts until ${end} µs, longer than the slice around it: ${outer}`);
        }
        track.ends.push(end);
        return;
      }
      case "i":
      case "I":
        if (e.s !== undefined && e.s !== "g" && e.s !== "p" && e.s !== "t") {
          this.#bad(`has the scope ${JSON.stringify(e.s)}`);
        }
        if (e.s === undefined || e.s === "t") track.instantTs = ts;
        return;
      case "C": {
        const values = Object.values((e.args ?? {}) as Event);
        if (values.length === 0 || !values.every((value) => typeof value === "number")) {
          this.#bad("is a counter without numbers");
        }
        return;
      }
      case "s":
      case "t":
      case "f":
        this.#arrow(e, ph, ts, track, name);
    }
  }

  #arrow(e: Event, ph: string, ts: number, track: Track, name: string): void {
    if (typeof e.id !== "number" && typeof e.id !== "string") return this.#bad(`of phase ${ph} has no id`);
    if (typeof e.cat !== "string") this.#bad(`of phase ${ph} has no cat`);
    const within = track.open.length > 0 || track.ends.some((end) => end >= ts);
    if (!within) this.#bad(`of phase ${ph} is in no slice on track ${name}`);
    if (track.instantTs !== null && track.instantTs < ts) {
      this.#bad(`of phase ${ph} at ${ts} µs is tied to the instant before it, at ${track.instantTs}`);
    }
    const id = `${e.cat}/${e.name}/${e.id}`;
    if (ph === "s") {
      if (this.#starts.has(id)) this.#bad(`begins the arrow ${id} again`);
      this.#starts.add(id);
      this.#ends.delete(id);
    } else if (!this.#starts.has(id)) this.#ends.set(id, this.verdict.events);
  }

  end(): void {
    for (const [name, track] of this.#tracks) {
      if (track.open.length > 0) {
        this.problem(`track ${name} ends with open slices: ${track.open.join(", ")}`);
      }
    }
    for (const [id, number] of this.#ends) {
      this.problem(`event ${number}: ends the arrow ${id}, which begins nowhere`);
    }
  }
}
