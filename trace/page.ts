/**
 * The page that {@link Picture} fills in: a canvas, its legend, and the script that draws. It refers to nothing outside.
 *
 * @module
 */
export const PAGE = `<!DOCTYPE html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>TITLE</title>
<style>
  body { margin: 0; font: 13px system-ui, sans-serif; background: #fff; color: #222; }
  header { padding: 8px 12px; display: flex; gap: 16px; align-items: baseline; border-bottom: 1px solid #ddd; }
  h1 { font-size: 15px; margin: 0; }
  #help, #legend { color: #777; }
  #legend { padding: 4px 12px; display: flex; gap: 14px; flex-wrap: wrap; }
  #legend i { display: inline-block; width: 10px; height: 10px; margin-right: 4px; border-radius: 2px; }
  #legend i.dot { border-radius: 5px; }
  canvas { display: block; cursor: grab; }
  #tip { position: fixed; pointer-events: none; background: #222; color: #fff; padding: 4px 8px; border-radius: 4px;
    white-space: pre; display: none; max-width: 60ch; }
  @media (prefers-color-scheme: dark) {
    body { background: #16181c; color: #ddd; } header { border-color: #333; }
  }
</style>
<header><h1 id="title"></h1><span id="span"></span><span id="help">wheel: zoom, drag: move, double click: all</span></header>
<div id="legend"></div>
<canvas id="view"></canvas>
<div id="tip"></div>
<script type="application/json" id="data">DATA</script>
<script>
"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const canvas = document.getElementById("view"), tip = document.getElementById("tip");
const dark = matchMedia("(prefers-color-scheme: dark)").matches;
const ink = dark ? "#ddd" : "#222", faint = dark ? "#333" : "#e5e5e5";
const LEFT = 128, TOP = 24, ROW = 46, GRAPH = 40;
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
/** As time(), with as many digits as tell one step from the next. */
function label(us, step) {
  const unit = us < 1e3 && step < 1e3 ? [1, " µs"] : us < 1e6 ? [1e3, " ms"] : [1e6, " s"];
  return (us / unit[0]).toFixed(Math.max(0, Math.ceil(-Math.log10(step / unit[0]) - 1e-9))) + unit[1];
}
const MARKS = { spawn: "#2a2", steal: "#27d", restart: "#d80", panic: "#d22", "records lost": "#d22", Done: "#888" };
function legend() {
  const busy = new Map();
  for (const row of data.rows) for (const b of row.blocks) busy.set(b[2], (busy.get(b[2]) || 0) + b[6]);
  const entry = (shape, color, text) => {
    const box = document.createElement("span"), sign = document.createElement("i");
    sign.className = shape; sign.style.background = color;
    box.append(sign, text);
    document.getElementById("legend").append(box);
  };
  for (const [name, us] of [...busy].sort((a, b) => b[1] - a[1]).slice(0, 12)) {
    entry("", color(name), data.names[name] + " " + time(us));
  }
  const seen = new Set(data.marks.map((mark) => data.names[mark[2]]));
  for (const name of Object.keys(MARKS)) if (seen.has(name)) entry("dot", MARKS[name], name);
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
    c.beginPath(); c.moveTo(X(at), 14); c.lineTo(X(at), height); c.stroke(); if (X(at) + 60 < width) c.fillText(label(at, step), X(at) + 3, 8);
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
        c.fillText(data.names[b[2]], x + 4, w > 70 ? y + 11 : y + 16);
        if (w > 70) { c.globalAlpha = 0.6; c.fillText(b[5] > 1 ? b[5] + " slices" : data.names[b[3]] + " " + time(b[1] - b[0]), x + 4, y + 23); }
        c.restore();
      }
    }
  }
  c.strokeStyle = c.fillStyle = dark ? "#9ab" : "#467"; c.globalAlpha = 0.5;
  c.save(); c.beginPath(); c.rect(LEFT, 0, width, height); c.clip();
  let arrows = 0;
  for (const [tid, at, toTid, toAt] of data.arrows) {
    if (toAt < from || at > to || X(toAt) - X(at) < 3 && tid === toTid || arrows++ > 1000) continue;
    const y = top_.get(tid) + 16, toY = top_.get(toTid) + 16;
    c.beginPath(); c.moveTo(X(at), y); c.bezierCurveTo(X(at) + 20, y, X(toAt) - 20, toY, X(toAt), toY); c.stroke();
    c.beginPath(); c.moveTo(X(toAt), toY); c.lineTo(X(toAt) - 6, toY - 3); c.lineTo(X(toAt) - 6, toY + 3); c.fill();
  }
  c.restore(); c.globalAlpha = 1;
  for (const [tid, at, name] of data.marks) {
    if (at < from || at > to || data.names[name] === "Done" && to - from > data.total / 4) continue;
    c.fillStyle = MARKS[data.names[name]] || "#888";
    c.beginPath(); c.arc(X(at), top_.get(tid) + 36, 3, 0, 7); c.fill();
  }
  data.counters.forEach((counter, i) => {
    const y = TOP + data.rows.length * ROW + (i + 1) * GRAPH, most = Math.max(...counter.points.map((p) => p[1]), 1);
    c.fillStyle = ink; c.fillText(counter.name, 8, y - 18); c.globalAlpha = 0.6; c.fillText("up to " + most + (counter.name.startsWith("ring") ? " bytes" : ""), 8, y - 6); c.globalAlpha = 1;
    c.beginPath(); c.strokeStyle = dark ? "#7cf" : "#07a";
    let last = 0;
    c.moveTo(LEFT, y);
    for (const [at, value] of counter.points) {
      const x = Math.max(LEFT, Math.min(width, X(at)));
      c.lineTo(x, y - last / most * (GRAPH - 8)); last = value; c.lineTo(x, y - last / most * (GRAPH - 8));
    }
    c.lineTo(width, y - last / most * (GRAPH - 8)); c.stroke();
    c.lineTo(width, y); c.lineTo(LEFT, y); c.globalAlpha = 0.15; c.fillStyle = c.strokeStyle; c.fill(); c.globalAlpha = 1;
  });
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
        (b[5] > 1 ? "\\n" + b[5] + " slices, busy " + time(b[6]) : "\\nstopped by " + data.names[b[4]]) + (data.names[b[7]] ? "\\n" + data.names[b[7]] : "");
    }
  }
  tip.style.display = text ? "block" : "none"; tip.textContent = text;
  tip.style.left = Math.min(e.clientX + 12, innerWidth - 260) + "px"; tip.style.top = e.clientY + 14 + "px";
});
addEventListener("resize", draw);
legend();
draw();
</script>
</html>
`;
