/**
 * A trace as a page of its own: the timeline as a picture that can be zoomed, with everything in the one file.
 *
 * The page stays small however long the trace is: when there are too many slices, neighbours that are too short to be
 * seen apart are drawn as one, which says how many it stands for.
 *
 * @module
 */
import type { TraceEvent } from "./read.ts";

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
        if (row.open !== null) this.#slice(row, row.open, ts, String(event.args?.stopped ?? ""));
        row.open = null;
        return;
      case "X":
        this.#slice(row, event, ts + (event.dur ?? 0), String(event.args?.stopped ?? ""));
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

  #slice(row: Row, begin: TraceEvent, to: number, stopped: string): void {
    const before = row.blocks.length;
    append(row.blocks, {
      from: begin.ts,
      to,
      name: begin.name ?? "",
      pid: String(begin.args?.pid ?? ""),
      stopped,
      count: 1,
      busy: to - begin.ts,
    }, this.#quantum);
    this.#blocks += row.blocks.length - before;
    while (this.#blocks > this.#limits.slices) this.#coarsen();
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
        ]),
      })),
      marks: this.#marks.map(([tid, us, name, text]) => [tid, at(us), id(name), id(text)]),
      counters: [...this.#counters].filter(([, points]) => points.some(([, value]) => value > 0))
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
  if (last.pid !== block.pid) last.pid = "";
  last.stopped = "";
  last.to = block.to;
  last.count += block.count;
  last.busy += block.busy;
}

function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

const PAGE = `<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>TITLE</title>
<style>
  body { margin: 0; font: 13px system-ui, sans-serif; background: #fff; color: #222; }
  header { padding: 8px 12px; display: flex; gap: 16px; align-items: baseline; border-bottom: 1px solid #ddd; }
  h1 { font-size: 15px; margin: 0; }
  #help { color: #777; }
  canvas { display: block; cursor: grab; }
  #tip { position: fixed; pointer-events: none; background: #222; color: #fff; padding: 4px 8px; border-radius: 4px;
    white-space: pre; display: none; max-width: 60ch; }
  @media (prefers-color-scheme: dark) {
    body { background: #16181c; color: #ddd; } header { border-color: #333; }
  }
</style>
<header><h1 id="title"></h1><span id="span"></span><span id="help">wheel: zoom, drag: move, double click: all</span></header>
<canvas id="view"></canvas>
<div id="tip"></div>
<script type="application/json" id="data">DATA</script>
<script>
"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const canvas = document.getElementById("view"), tip = document.getElementById("tip");
const dark = matchMedia("(prefers-color-scheme: dark)").matches;
const ink = dark ? "#ddd" : "#222", faint = dark ? "#333" : "#e5e5e5";
const LEFT = 110, TOP = 24, ROW = 46, GRAPH = 40;
let from = 0, to = Math.max(data.total, 0.001), width = 0, height = 0;
document.getElementById("title").textContent = data.title;
const top_ = new Map(data.rows.map((row, i) => [row.tid, TOP + i * ROW]));
const X = (us) => LEFT + (us - from) / (to - from) * (width - LEFT);
const hues = new Map();
function color(name) {
  if (!hues.has(name)) {
    let hash = 7;
    for (const c of data.names[name]) hash = (hash * 31 + c.charCodeAt(0)) >>> 0;
    hues.set(name, "hsl(" + hash % 360 + " 60% " + (dark ? 45 : 68) + "%)");
  }
  return hues.get(name);
}
function time(us) {
  return us < 1 ? Math.round(us * 1000) + " ns" : us < 1000 ? us.toFixed(2) + " µs"
    : us < 1e6 ? (us / 1000).toFixed(3) + " ms" : (us / 1e6).toFixed(3) + " s";
}
/** The first block that ends after a time. */
function search(blocks, at) {
  let low = 0, high = blocks.length;
  while (low < high) { const mid = (low + high) >> 1; if (blocks[mid][1] <= at) low = mid + 1; else high = mid; }
  return low;
}
let slicesDrawn = 0;
function draw() {
  const ratio = devicePixelRatio || 1;
  width = innerWidth;
  height = Math.max(TOP + data.rows.length * ROW + data.counters.length * GRAPH + 12, 80);
  canvas.width = width * ratio; canvas.height = height * ratio;
  canvas.style.width = width + "px"; canvas.style.height = height + "px";
  const c = canvas.getContext("2d");
  c.scale(ratio, ratio); c.clearRect(0, 0, width, height); c.font = "11px system-ui, sans-serif"; c.textBaseline = "middle";
  let step = 10 ** Math.floor(Math.log10((to - from) / 5));
  while ((to - from) / step > 10) step *= 2;
  c.fillStyle = ink; c.strokeStyle = faint;
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) {
    c.beginPath(); c.moveTo(X(at), 14); c.lineTo(X(at), height); c.stroke(); c.fillText(time(at), X(at) + 3, 8);
  }
  slicesDrawn = 0;
  for (const row of data.rows) {
    const y = top_.get(row.tid);
    c.fillStyle = ink; c.fillText(row.name, 8, y + 16);
    let edge = -1;
    for (let i = search(row.blocks, from); i < row.blocks.length && row.blocks[i][0] <= to; i++) {
      const b = row.blocks[i], x = Math.max(LEFT, X(b[0])), end = Math.min(width, X(b[1]));
      if (end < edge) continue; // nothing of it would be seen
      const w = Math.max(end - x, 0.8);
      edge = x + w; slicesDrawn++;
      c.globalAlpha = b[5] > 1 ? Math.max(0.35, Math.min(1, b[6] / (b[1] - b[0]))) : 1;
      c.fillStyle = color(b[2]); c.fillRect(x, y, w, 32); c.globalAlpha = 1;
      if (w > 40) {
        c.save(); c.beginPath(); c.rect(x, y, w, 32); c.clip(); c.fillStyle = "#000";
        c.fillText(data.names[b[2]] + " " + (b[5] > 1 ? b[5] + " slices" : data.names[b[3]]), x + 4, y + 16); c.restore();
      }
    }
  }
  c.strokeStyle = dark ? "#9ab" : "#467"; c.globalAlpha = 0.5;
  let arrows = 0;
  for (const [tid, at, toTid, toAt] of data.arrows) {
    if (toAt < from || at > to || X(toAt) - X(at) < 3 && tid === toTid || arrows++ > 1000) continue;
    const y = top_.get(tid) + 16, toY = top_.get(toTid) + 16;
    c.beginPath(); c.moveTo(X(at), y); c.bezierCurveTo(X(at) + 20, y, X(toAt) - 20, toY, X(toAt), toY); c.stroke();
  }
  c.globalAlpha = 1;
  for (const [tid, at, name] of data.marks) {
    if (at < from || at > to || data.names[name] === "Done" && to - from > data.total / 4) continue;
    c.fillStyle = { panic: "#d22", restart: "#d80", "records lost": "#d22", steal: "#27d", spawn: "#2a2" }[data.names[name]] || "#888";
    c.beginPath(); c.arc(X(at), top_.get(tid) + 36, 3, 0, 7); c.fill();
  }
  data.counters.forEach((counter, i) => {
    const y = TOP + data.rows.length * ROW + (i + 1) * GRAPH, most = Math.max(...counter.points.map((p) => p[1]), 1);
    c.fillStyle = ink; c.fillText(counter.name, 8, y - 18); c.fillText("most " + most, 8, y - 6);
    c.beginPath(); c.strokeStyle = dark ? "#7cf" : "#07a";
    let last = 0;
    c.moveTo(LEFT, y);
    for (const [at, value] of counter.points) {
      const x = Math.max(LEFT, Math.min(width, X(at)));
      c.lineTo(x, y - last / most * (GRAPH - 8)); last = value; c.lineTo(x, y - last / most * (GRAPH - 8));
    }
    c.lineTo(width, y - last / most * (GRAPH - 8)); c.stroke();
  });
  c.clearRect(0, 0, 0, 0);
  document.getElementById("span").textContent = time(to - from) + " of " + time(data.total);
  document.body.dataset.slices = slicesDrawn;
}
function show(center, factor) {
  const span = Math.max(0.01, Math.min(data.total || 0.001, (to - from) * factor));
  const share = (center - from) / (to - from);
  from = Math.max(0, Math.min(data.total - span, center - span * share)); to = from + span;
  requestAnimationFrame(draw);
}
const timeAt = (x) => from + (x - LEFT) / (width - LEFT) * (to - from);
canvas.addEventListener("wheel", (e) => { e.preventDefault(); show(timeAt(e.offsetX), Math.exp(e.deltaY / 400)); }, { passive: false });
canvas.addEventListener("dblclick", () => { from = 0; to = Math.max(data.total, 0.001); draw(); });
let drag = null;
canvas.addEventListener("pointerdown", (e) => { drag = [e.clientX, from, to]; canvas.setPointerCapture(e.pointerId); });
canvas.addEventListener("pointerup", () => drag = null);
canvas.addEventListener("pointermove", (e) => {
  if (drag !== null) {
    const span = drag[2] - drag[1], by = (e.clientX - drag[0]) / (width - LEFT) * span;
    from = Math.max(0, Math.min(data.total - span, drag[1] - by)); to = from + span;
    requestAnimationFrame(draw);
    return;
  }
  const at = timeAt(e.offsetX), near = 4 / (width - LEFT) * (to - from);
  let text = "";
  for (const row of data.rows) {
    const y = top_.get(row.tid);
    if (e.offsetY < y || e.offsetY > y + 42) continue;
    for (const m of data.marks) {
      if (e.offsetY > y + 30 && m[0] === row.tid && Math.abs(m[1] - at) < near) text = data.names[m[2]] + " " + data.names[m[3]] + "\\nat " + time(m[1]);
    }
    const b = row.blocks[search(row.blocks, at - near / 4)];
    if (text === "" && b && b[0] <= at + near / 4) {
      text = data.names[b[2]] + " " + data.names[b[3]] + "\\n" + time(b[1] - b[0]) + " at " + time(b[0]) +
        (b[5] > 1 ? "\\n" + b[5] + " slices, busy " + time(b[6]) : "\\nstopped by " + data.names[b[4]]);
    }
  }
  tip.style.display = text ? "block" : "none"; tip.textContent = text;
  tip.style.left = Math.min(e.clientX + 12, innerWidth - 260) + "px"; tip.style.top = e.clientY + 14 + "px";
});
addEventListener("resize", draw);
draw();
</script>
</html>
`;
