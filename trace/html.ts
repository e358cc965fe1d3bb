/**
 * A trace as a page of its own: the timeline as a picture that can be zoomed, with everything in the one file.
 *
 * The page stays small however long the trace is: when there are too many slices, neighbours that are too short to be
 * seen apart are drawn as one, which says how many it stands for.
 *
 * @module
 */
import type { TraceEvent } from "./read.ts";
import { PAGE } from "./page.ts";
import { shortPlace } from "./summary.ts";

/** Slices, points and arrows of a page. */
export interface PictureLimits {
  readonly slices: number;
  readonly marks: number;
  readonly arrows: number;
}
export const DEFAULT_LIMITS: PictureLimits = { slices: 100_000, marks: 20_000, arrows: 5_000 };

/** Instants that are rare and worth a mark. */
const MARKED = new Set(["spawn", "steal", "panic", "restart", "records lost", "Done"]);

interface Block {
  from: number;
  to: number;
  name: string;
  pid: string;
  stopped: string;
  /** Where its actor's function begins, or where it stopped. */
  at: string;
  /** How many slices it stands for. */
  count: number;
  /** Time within them. */
  busy: number;
}

interface Row {
  name: string;
  blocks: Block[];
  open: TraceEvent | null;
}

export class Picture {
  readonly #limits: PictureLimits;
  readonly #rows = new Map<number, Row>();
  readonly #marks: [tid: number, at: number, name: string, text: string][] = [];
  readonly #counters = new Map<string, [at: number, value: number][]>();
  readonly #starts = new Map<number | string, [tid: number, at: number]>();
  readonly #arrows: [tid: number, at: number, toTid: number, toAt: number][] = [];
  /** Where actors' functions begin, by pid: told with their first slices. */
  readonly #places = new Map<string, string>();
  readonly #texts = new Map<string, string>();
  #blocks = 0;
  #points = 0;
  #quantum = 0;
  #first = Infinity;
  #last = 0;

  constructor(limits: PictureLimits = DEFAULT_LIMITS) {
    this.#limits = limits;
  }

  /** Blocks that are kept, for tests of the bound. */
  get blocks(): number {
    return this.#blocks;
  }

  add(event: TraceEvent): void {
    const { ph, ts, tid } = event;
    if (ph === "M") {
      if (event.name === "thread_name") this.#row(tid).name = String(event.args?.name);
      return;
    }
    if (ph === "C") return this.#count(event);
    this.#first = Math.min(this.#first, ts);
    this.#last = Math.max(this.#last, ts + (event.dur ?? 0));
    const row = this.#row(tid);
    switch (ph) {
      case "B":
        row.open = event;
        return;
      case "E":
        if (row.open !== null) this.#slice(row, row.open, ts, event.args);
        row.open = null;
        return;
      case "X":
        this.#slice(row, event, ts + (event.dur ?? 0), event.args);
        return;
      case "i":
        if (MARKED.has(event.name ?? "") && this.#marks.length < this.#limits.marks) {
          const { pid = "", actor = "", count } = event.args ?? {};
          this.#marks.push([
            tid,
            ts,
            event.name!,
            `${actor} ${pid}${count === undefined ? "" : count}`.trim(),
          ]);
        }
        return;
      case "s":
        if (this.#arrows.length + this.#starts.size < this.#limits.arrows) {
          this.#starts.set(event.id!, [tid, ts]);
        }
        return;
      case "f": {
        const start = this.#starts.get(event.id!);
        if (start === undefined) return;
        this.#starts.delete(event.id!);
        this.#arrows.push([...start, tid, ts]);
      }
    }
  }

  #row(tid: number): Row {
    let row = this.#rows.get(tid);
    if (row === undefined) this.#rows.set(tid, row = { name: `track ${tid}`, blocks: [], open: null });
    return row;
  }

  #slice(row: Row, begin: TraceEvent, to: number, end: TraceEvent["args"]): void {
    const pid = String(begin.args?.pid ?? "");
    if (begin.args?.at !== undefined) this.#places.set(pid, this.#shared(shortPlace(String(begin.args.at))));
    const at = end?.stoppedAt === undefined ? this.#places.get(pid) : shortPlace(String(end.stoppedAt));
    const wait = end?.in === undefined ? "" : `, ${end.in}`;
    const before = row.blocks.length;
    append(row.blocks, {
      from: begin.ts,
      to,
      name: begin.name ?? "",
      pid,
      stopped: String(end?.stopped ?? "") + wait,
      at: at ?? "",
      count: 1,
      busy: to - begin.ts,
    }, this.#quantum);
    this.#blocks += row.blocks.length - before;
    while (this.#blocks > this.#limits.slices) this.#coarsen();
  }

  /** One string for all that are equal: a million actors may run one function. */
  #shared(text: string): string {
    const known = this.#texts.get(text);
    if (known === undefined) this.#texts.set(text, text);
    return known ?? text;
  }

  #coarsen(): void {
    this.#quantum = this.#quantum === 0
      ? Math.max(1, (this.#last - this.#first) / 2 ** 20)
      : this.#quantum * 2;
    this.#blocks = 0;
    for (const row of this.#rows.values()) {
      const merged: Block[] = [];
      for (const block of row.blocks) append(merged, block, this.#quantum);
      row.blocks = merged;
      this.#blocks += merged.length;
    }
  }

  #count(event: TraceEvent): void {
    const points = this.#counters.get(event.name!) ?? [];
    this.#counters.set(event.name!, points);
    points.push([event.ts, Number(Object.values(event.args ?? {})[0])]);
    if (++this.#points <= this.#limits.marks) return;
    this.#points = 0;
    for (const [name, all] of this.#counters) { // every other one, but the highest of each two
      const half: [number, number][] = [];
      for (let i = 0; i < all.length; i += 2) {
        half.push(i + 1 < all.length && all[i + 1][1] > all[i][1] ? all[i + 1] : all[i]);
      }
      this.#counters.set(name, half);
      this.#points += half.length;
    }
  }

  /** The page, with `title` above the picture. */
  page(title: string): string {
    const first = this.#first === Infinity ? 0 : this.#first;
    const names: string[] = [];
    const ids = new Map<string, number>();
    const id = (text: string): number => {
      let known = ids.get(text);
      if (known === undefined) {
        ids.set(text, known = names.length);
        names.push(text);
      }
      return known;
    };
    const at = (us: number) => Math.round((us - first) * 1000) / 1000;
    const tids = [...this.#rows].filter(([tid, row]) => tid > 0 || row.blocks.length > 0).sort((a, b) =>
      a[0] - b[0]
    );
    const data = {
      title,
      total: at(Math.max(first, this.#last)),
      rows: tids.map(([tid, row]) => ({
        tid,
        name: row.name,
        blocks: row.blocks.map((b) => [
          at(b.from),
          at(b.to),
          id(b.name),
          id(b.pid),
          id(b.stopped),
          b.count,
          Math.round(b.busy * 1000) / 1000,
          id(b.at),
        ]),
      })),
      marks: this.#marks.map(([tid, us, name, text]) => [tid, at(us), id(name), id(text)]),
      counters: [...this.#counters].filter(([, points]) => points.some(([, value]) => value > 0))
        .sort((a, b) => a[0].localeCompare(b[0], "en", { numeric: true }))
        .map(([name, points]) => ({ name, points: points.map(([us, value]) => [at(us), value]) })),
      arrows: this.#arrows.map(([tid, us, toTid, toUs]) => [tid, at(us), toTid, at(toUs)]),
      names,
    };
    const json = JSON.stringify(data).replaceAll("<", "\\u003c");
    return PAGE.replace("TITLE", () => escapeHtml(title)).replace("DATA", () => json);
  }
}

/** Puts a block behind the others, or makes it a part of the last one when both are too short to be seen apart. */
function append(blocks: Block[], block: Block, quantum: number): void {
  const last = blocks[blocks.length - 1];
  const merges = last !== undefined && quantum > 0 && block.from - last.to < quantum &&
    block.to - block.from < quantum && (last.to - last.from < quantum || last.count > 1) &&
    block.to - last.from < 4 * quantum;
  if (!merges) {
    blocks.push(block);
    return;
  }
  if (last.name !== block.name) last.name = "several actors";
  if (last.at !== block.at) last.at = "";
  if (last.pid !== block.pid) last.pid = "";
  last.stopped = "";
  last.to = block.to;
  last.count += block.count;
  last.busy += block.busy;
}

function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
