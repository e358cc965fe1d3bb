import { assert, assertEquals } from "@std/assert";
import { Picture } from "../../trace/html.ts";
import { Summary } from "../../trace/summary.ts";
import type { TraceEvent } from "../../trace/read.ts";

const at = { pid: 1, tid: 1 };

function* slices(count: number): Generator<TraceEvent> {
  for (let i = 0; i < count; i++) {
    yield { ph: "i", name: "Enqueue", ts: i * 10, ...at, args: { pid: `<${i % 3}>` } };
    yield { ph: "B", name: `f${i % 3}`, ts: i * 10 + 2, ...at, args: { pid: `<${i % 3}>` } };
    yield { ph: "E", ts: i * 10 + 7, ...at, args: { stopped: "Park" } };
  }
}

function dataOf(page: string) {
  return JSON.parse(/id="data">(.*)<\/script>/.exec(page)![1]);
}

Deno.test("trace page: keeps to its bound, and loses no time when it merges slices", () => {
  const picture = new Picture({ slices: 100, marks: 10, arrows: 10 });
  for (const event of slices(10_000)) picture.add(event);
  assert(picture.blocks <= 100, `${picture.blocks}`);
  const { rows } = dataOf(picture.page("t"));
  const sum = (column: number) => rows[0].blocks.reduce((all: number, b: number[]) => all + b[column], 0);
  assertEquals([sum(5), Math.round(sum(6))], [10_000, 50_000]);
});

Deno.test("trace page: text of the trace cannot break out of the page", () => {
  const picture = new Picture();
  picture.add({ ph: "B", name: "</script><script>alert(1)//", ts: 1, ...at });
  picture.add({ ph: "E", ts: 2, ...at });
  const page = picture.page("<b>");
  assertEquals(page.match(/<script/g)!.length, 2);
  assertEquals(dataOf(page).names[0], "</script><script>alert(1)//");
});

Deno.test("trace page: an empty trace has a page too", () => {
  assertEquals(dataOf(new Picture().page("none")).rows, []);
});

Deno.test("trace summary: busy time, latency and longest slices", () => {
  const summary = new Summary();
  for (const event of slices(1000)) summary.add(event);
  summary.add({ ph: "B", name: "long", ts: 20_000, ...at, args: { pid: "<9>" } });
  summary.add({ ph: "E", ts: 29_000, ...at, args: { stopped: "Yield" } });
  assertEquals(summary.tracks.get(1)!.us, 5000 + 9000);
  assertEquals(summary.latencyAt(0.5), 2);
  assertEquals([summary.longest[0].name, summary.longest[0].us, summary.longest[0].stopped], [
    "long",
    9000,
    "Yield",
  ]);
});
