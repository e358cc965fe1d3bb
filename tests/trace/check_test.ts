import { assertEquals, assertMatch } from "@std/assert";
import { checkTrace } from "../../trace/check.ts";

const at = { pid: 1, tid: 1 };
const B = (ts: number, name = "a") => ({ ph: "B", name, ts, ...at });
const E = (ts: number, name?: string) => ({ ph: "E", ts, ...at, name });
const good = [
  { ph: "M", name: "thread_name", pid: 1, tid: 1, args: { name: "one" } },
  B(1),
  B(2, "b"),
  { ph: "i", name: "x", s: "t", ts: 2.5, ...at },
  { ph: "s", name: "m", cat: "m", id: 1, ts: 2.5, ...at },
  E(3, "b"),
  E(4),
  { ph: "X", name: "c", ts: 5, dur: 10, ...at },
  { ph: "X", name: "d", ts: 6, dur: 9, ...at },
  { ph: "f", bp: "e", name: "m", cat: "m", id: 1, ts: 6, ...at },
  { ph: "C", name: "n", ts: 1, pid: 1, tid: 0, args: { value: 2 } },
];

const PLANTED: [string, unknown, RegExp][] = [
  ["time that runs backwards", [B(2), E(3), B(1), E(4)], /at 1 µs, after one at 3/],
  ["an end without a beginning", [B(1), E(2), E(3)], /where none is open/],
  ["slices that cross", [B(1, "a"), B(2, "b"), E(3, "a"), E(4, "b")], /ends "a".*while "b" is open/],
  ["a slice that is left open", [B(1)], /open slices: a/],
  ["complete slices that cross", [
    { ph: "X", name: "a", ts: 1, dur: 5, ...at },
    { ph: "X", name: "b", ts: 3, dur: 9, ...at },
  ], /longer than the slice around it/],
  ["a complete slice without its length", [{ ph: "X", name: "a", ts: 1, ...at }], /no dur/],
  ["no time", [{ ph: "i", name: "a", ...at }], /no ts/],
  ["no name", [{ ph: "B", ts: 1, ...at }, E(2)], /no name/],
  ["no track", [{ ph: "i", name: "a", ts: 1 }], /no pid/],
  ["an unknown phase", [{ ph: "?", name: "a", ts: 1, ...at }], /no phase that is known/],
  ["an unknown scope", [{ ph: "i", name: "a", s: "q", ts: 1, ...at }], /the scope "q"/],
  ["an arrow that begins nowhere", [
    B(1),
    { ph: "f", bp: "e", name: "m", cat: "m", id: 1, ts: 1, ...at },
    E(2),
  ], /begins nowhere/],
  ["an arrow in no slice", [{ ph: "s", name: "m", cat: "m", id: 1, ts: 1, ...at }], /in no slice/],
  ["an arrow that Perfetto would tie to an instant before it", [
    B(1),
    { ph: "i", name: "a", ts: 2, ...at },
    { ph: "s", name: "m", cat: "m", id: 1, ts: 3, ...at },
    E(4),
  ], /tied to the instant before it, at 2/],
  ["a counter without a number", [{ ph: "C", name: "n", ts: 1, ...at, args: { v: "1" } }], /without numbers/],
  ["metadata without its value", [{ ph: "M", name: "thread_name", ...at, args: {} }], /without args.name/],
  ["an event that is none", [null], /not an object/],
  ["no events", { traces: [] }, /neither an array/],
];

Deno.test("trace checker: a good file passes, as an array and as an object", () => {
  assertEquals(checkTrace(JSON.stringify(good)), { events: good.length, problems: [], count: 0 });
  assertEquals(checkTrace(JSON.stringify({ traceEvents: good })).count, 0);
});

for (const [what, events, problem] of PLANTED) {
  Deno.test(`trace checker: finds ${what}`, () => {
    assertMatch(checkTrace(JSON.stringify(events)).problems.join("\n"), problem);
  });
}

Deno.test("trace checker: finds a file cut off at any place", () => {
  const text = JSON.stringify({ traceEvents: good });
  for (let length = 0; length < text.length; length++) {
    assertMatch(checkTrace(text.slice(0, length)).problems[0], /not JSON/);
  }
});

Deno.test("trace checker: tells a few problems and counts all", () => {
  const { problems, count } = checkTrace(JSON.stringify(Array.from({ length: 500 }, () => E(1))));
  assertEquals([problems.length, count], [20, 500]);
});
