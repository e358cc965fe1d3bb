/**
 * What a trace says in a screenful: how busy the schedulers were, who had the CPU, what took long, how long a woken actor
 * waited for its turn, who wrote to whom.
 *
 * @module
 */
import type { TraceEvent } from "./read.ts";

/** Rows of each table. */
const ROWS = 10;
/** Latencies that are kept as they are; beyond them one of two, of four … is. */
const MOST_SAMPLES = 200_000;
/** Pairs of sender and receiver that are counted. */
const MOST_PAIRS = 100_000;

export interface Slice {
  readonly track: number;
  readonly name: string;
  readonly pid: string;
  readonly fromUs: number;
  readonly us: number;
  readonly stopped: string;
  /** Where it stopped, when that was told; else where its actor's function begins. */
  readonly at: string;
}

interface ActorTime {
  readonly name: string;
  us: number;
  slices: number;
}

interface TrackTime {
  name: string;
  us: number;
  slices: number;
  stolen: number;
  open: { event: TraceEvent } | null;
}

export class Summary {
  readonly tracks = new Map<number, TrackTime>();
  readonly actors = new Map<string, ActorTime>();
  readonly longest: Slice[] = [];
  readonly pairs = new Map<string, number>();
  readonly instants = new Map<string, number>();
  readonly #woken = new Map<string, number>();
  readonly #names = new Map<string, string>();
  /** Where actors' functions begin: told with their first slices. */
  readonly #places = new Map<string, unknown>();
  #latencies: number[] = [];
  #everyLatency = 1;
  #latencyCount = 0;
  firstUs = Infinity;
  lastUs = 0;
  events = 0;

  add(event: TraceEvent): void {
    this.events++;
    const { ph, ts, tid } = event;
    if (ph === "M") {
      if (event.name === "thread_name") this.#track(tid).name = String(event.args?.name);
      return;
    }
    if (ts > this.lastUs) this.lastUs = ts;
    if (ph === "C") return;
    if (ts < this.firstUs) this.firstUs = ts;
    const track = this.#track(tid);
    switch (ph) {
      case "B":
        track.open = { event };
        this.#resumed(event);
        return;
      case "E":
        if (track.open !== null) this.#sliced(track, track.open.event, ts, event.args);
        track.open = null;
        return;
      case "X":
        this.#resumed(event);
        this.#sliced(track, event, ts + (event.dur ?? 0), event.args);
        return;
      case "i":
        this.#instant(track, event);
    }
  }

  #track(tid: number): TrackTime {
    let track = this.tracks.get(tid);
    if (track === undefined) {
      this.tracks.set(tid, track = { name: `track ${tid}`, us: 0, slices: 0, stolen: 0, open: null });
    }
    return track;
  }

  #instant(track: TrackTime, event: TraceEvent): void {
    const name = event.name ?? "";
    this.instants.set(name, (this.instants.get(name) ?? 0) + 1);
    const pid = String(event.args?.pid);
    if (name === "spawn") this.#names.set(pid, String(event.args?.actor));
    else if (name === "Enqueue" && !this.#woken.has(pid)) this.#woken.set(pid, event.ts);
    else if (name === "steal") track.stolen += Number(event.args?.actors);
    const from = event.args?.from;
    if (from !== undefined && event.args?.why === "message") {
      const pair = `${from} → ${pid}`;
      const count = this.pairs.get(pair);
      if (count !== undefined) this.pairs.set(pair, count + 1);
      else if (this.pairs.size < MOST_PAIRS) this.pairs.set(pair, 1);
    }
  }

  #resumed(event: TraceEvent): void {
    const pid = String(event.args?.pid);
    const wokenAt = this.#woken.get(pid);
    if (wokenAt === undefined) return;
    this.#woken.delete(pid);
    const us = event.ts - wokenAt;
    if (us < 0 || this.#latencyCount++ % this.#everyLatency !== 0) return; // queued on one scheduler, run on another
    this.#latencies.push(us);
    if (this.#latencies.length < MOST_SAMPLES) return;
    this.#latencies = this.#latencies.filter((_, i) => i % 2 === 0);
    this.#everyLatency *= 2;
  }

  #sliced(track: TrackTime, begin: TraceEvent, endUs: number, end: TraceEvent["args"]): void {
    const us = endUs - begin.ts;
    track.us += us;
    track.slices++;
    const pid = String(begin.args?.pid);
    const name = begin.name ?? "";
    this.#names.set(pid, name);
    if (begin.args?.at !== undefined) this.#places.set(pid, begin.args.at);
    const actor = this.actors.get(pid);
    if (actor === undefined) this.actors.set(pid, { name, us, slices: 1 });
    else {
      actor.us += us;
      actor.slices++;
    }
    const { longest } = this;
    if (longest.length === ROWS && us <= longest[ROWS - 1].us) return;
    const at = end?.stoppedAt ?? this.#places.get(pid);
    longest.push({
      track: begin.tid,
      name,
      pid,
      fromUs: begin.ts,
      us,
      stopped: String(end?.stopped ?? ""),
      at: at === undefined ? "" : String(at),
    });
    longest.sort((a, b) => b.us - a.us);
    longest.length = Math.min(longest.length, ROWS);
  }

  /** Wake to run, in µs, at a share of all: 0.5 is the median. */
  latencyAt(share: number): number | undefined {
    const sorted = this.#latencies.toSorted((a, b) => a - b);
    return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  }

  nameOf(pid: string): string {
    const name = this.#names.get(pid);
    return name === undefined ? pid : `${name} ${pid}`;
  }
}

/** As text for a terminal. `dropped`: records that the file lacks; null where the file ends before its end. */
export function formatSummary(summary: Summary, dropped: number | null): string {
  const { firstUs, lastUs } = summary;
  const totalUs = Math.max(0, lastUs - Math.min(firstUs, lastUs));
  const lines = [`${duration(totalUs)}, ${summary.events} events, ${summary.actors.size} actors ran`];
  if (dropped === null) lines.push("The file ends before its end: the process was killed while it wrote");
  else if (dropped > 0) {
    lines.push(`${dropped} records are missing: events came faster than they could be written`);
  }

  lines.push("", "Schedulers");
  lines.push(...table([
    ["", "busy", "time", "slices", "stole"],
    ...[...summary.tracks.values()].filter((track) => track.name.startsWith("scheduler") || track.slices > 0)
      .map((
        track,
      ) => [
        track.name,
        percent(track.us, totalUs),
        duration(track.us),
        `${track.slices}`,
        `${track.stolen}`,
      ]),
  ]));

  lines.push("", "Actors with the most time on the CPU");
  const busiest = [...summary.actors].sort((a, b) => b[1].us - a[1].us).slice(0, ROWS);
  lines.push(...table([
    ["", "busy", "time", "slices", "a slice"],
    ...busiest.map(([pid, actor]) => [
      `${actor.name} ${pid}`,
      percent(actor.us, totalUs),
      duration(actor.us),
      `${actor.slices}`,
      duration(actor.us / actor.slices),
    ]),
  ]));

  lines.push("", "Longest slices");
  lines.push(...table([
    ["", "length", "at", "on", "stopped by", "where"],
    ...summary.longest.map((slice) => [
      `${slice.name} ${slice.pid}`,
      duration(slice.us),
      duration(slice.fromUs - firstUs), // since the first event, as the length of the trace is
      summary.tracks.get(slice.track)?.name ?? "",
      slice.stopped,
      shortPlace(slice.at),
    ]),
  ]));

  const p50 = summary.latencyAt(0.5), p99 = summary.latencyAt(0.99);
  if (p50 !== undefined && p99 !== undefined) {
    lines.push("", `From queued to running: p50 ${duration(p50)}, p99 ${duration(p99)}`);
  }
  if (summary.pairs.size > 0) {
    lines.push("", "Messages");
    const pairs = [...summary.pairs].sort((a, b) => b[1] - a[1]).slice(0, ROWS);
    lines.push(...table([
      ["", "messages"],
      ...pairs.map((
        [pair, count],
      ) => [pair.split(" → ").map((pid) => summary.nameOf(pid)).join(" → "), `${count}`]),
    ]));
  }
  const events = [...summary.instants].sort((a, b) => b[1] - a[1]).map(([name, count]) => `${name} ${count}`);
  if (events.length > 0) lines.push("", `Events: ${events.join(", ")}`);
  return lines.join("\n");
}

/** The last two parts of a path, and the line. */
export function shortPlace(place: string): string {
  const [, before, path] = /^(.*?)((?:[^/]*\/)?[^/]*)$/s.exec(place)!;
  return (/^spawned at /.test(before) ? "spawned at " : "") + path;
}

function table(rows: string[][]): string[] {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows.map((row) =>
    ("  " +
      row.map((cell, i) =>
        i === 0 || rows[0][i] === "where" ? cell.padEnd(widths[i]) : cell.padStart(widths[i])
      )
        .join("  "))
      .trimEnd()
  );
}

function percent(part: number, whole: number): string {
  return whole > 0 ? `${(100 * part / whole).toFixed(1)} %` : "0 %";
}

/** Microseconds for people. */
export function duration(us: number): string {
  if (us < 1) return `${Math.round(us * 1000)} ns`;
  if (us < 1000) return `${us.toFixed(us < 10 ? 2 : 1)} µs`;
  if (us < 1_000_000) return `${(us / 1000).toFixed(2)} ms`;
  return `${(us / 1_000_000).toFixed(2)} s`;
}
