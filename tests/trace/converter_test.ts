import { assertEquals } from "@std/assert";
import { Converter } from "../../trace/converter.ts";
import { checkTrace } from "../../trace/check.ts";
import * as event from "../../trace/format.ts";

const NEW = 5 << event.GENERATION_SHIFT;

// deno-lint-ignore no-explicit-any
type Any = any;

/** Converts records, one µs apart, `[scheduler, word, key, argument]`, and gives the file's events. */
function convert(records: [number, number, number, number][], dropped = 0): Any[] {
  const converter = new Converter(2, "test", {
    name: (_, id) => `fn${id}`,
    wait: (kind) => kind === 1 ? "receive" : undefined,
  });
  records.forEach(([scheduler, word, key, argument], i) =>
    converter.convert(scheduler, { word, key, argument, atUs: i + 1 }, false)
  );
  converter.finish(dropped, "exit");
  const text = converter.takeText();
  assertEquals(checkTrace(text).problems, []);
  return JSON.parse(text).traceEvents;
}

const names = (events: Any[]) => events.filter((e) => e.ph === "i").map((e) => e.name);

Deno.test("S21: all nine events of the seed are in the file under the seed's names", () => {
  const events = convert([
    [0, event.SPAWN | NEW, 1, 0],
    [0, event.ENQUEUE, 1, -1],
    [0, event.BEGIN | NEW, 1, 0],
    [0, event.RESUME, 1, -1],
    [0, event.UNPARK_DEFERRED, 1, -1],
    [0, event.UNPARK_FLAG_CONSUMED, 1, 1],
    [0, event.RESUME, 1, -1],
    [0, event.PARK, 1, 1],
    [0, event.UNPARK_DIRECT, 1, -1],
    [0, event.RESUME, 1, -1],
    [0, event.YIELD, 1, -1],
    [0, event.DEQUEUE, 1, -1],
    [0, event.DONE, 1, 0],
  ]);
  assertEquals(names(events), [
    ...["spawn", "Enqueue", "Dequeue", "Resume", "UnparkDeferred", "UnparkFlagConsumed", "Enqueue"],
    ...["Dequeue", "Resume", "Park", "UnparkDirect", "Enqueue", "Dequeue", "Resume", "Yield", "Enqueue"],
    ...["Dequeue", "Done"],
  ]);
});

Deno.test("trace file: a slice a resume, named after the function, with pid and why it stopped", () => {
  const events = convert([
    [1, event.BEGIN | NEW, 2 ** 22 + 3, 7],
    [1, event.RESUME, 2 ** 22 + 3, -1],
    [1, event.PARK, 2 ** 22 + 3, 1],
  ]);
  const [begin, end] = events.filter((e) => e.ph === "B" || e.ph === "E");
  assertEquals([begin.name, begin.tid, begin.args], ["fn7", 2, { pid: "<1.3.5>" }]);
  assertEquals([end.tid, end.args], [2, { stopped: "Park", in: "receive" }]);
});

Deno.test("trace file: an arrow leads from the slice that sends to the receiver's next resume", () => {
  const events = convert([
    [0, event.RESUME, 1, -1],
    [0, event.UNPARK_DIRECT | event.FLAG_MESSAGE, 2, 1],
    [0, event.SEND, 2, 1],
    [0, event.PARK, 1, 1],
    [0, event.RESUME, 2, -1],
    [0, event.PARK, 2, 1],
  ]);
  const starts = events.filter((e) => e.ph === "s"), ends = events.filter((e) => e.ph === "f");
  assertEquals(starts.map((e) => e.ts), [2, 3]);
  assertEquals(ends.map((e) => [e.id, e.ts, e.bp]), starts.map((e) => [e.id, 5, "e"]));
});

Deno.test("trace file: arrows across schedulers pair the n-th sent with the n-th arrived", () => {
  const events = convert([
    [0, event.RESUME, 1, -1],
    [0, event.SEND_OUT, 9, 1],
    [0, event.SEND_OUT, 9, 1],
    [0, event.PARK, 1, 1],
    [1, event.ARRIVED, 9, 0],
    [1, event.UNPARK_DIRECT | event.FLAG_MESSAGE, 9, -1],
    [1, event.RESUME, 9, -1],
    [1, event.PARK, 9, 1],
    [1, event.ARRIVED, 9, 0],
    [1, event.UNPARK_DIRECT | event.FLAG_MESSAGE, 9, -1],
    [1, event.RESUME, 9, -1],
    [1, event.PARK, 9, 1],
  ]);
  const starts = events.filter((e) => e.ph === "s"), ends = events.filter((e) => e.ph === "f");
  assertEquals(ends.map((e) => e.id), starts.map((e) => e.id));
  assertEquals(starts.length, 2);
});

Deno.test("trace file: lost records close the slice, are told, and leave a file that is well-formed", () => {
  const events = convert([
    [0, event.RESUME, 1, -1],
    [0, event.LOST, -1, 12],
    [0, event.PARK, 3, 1], // its resume was lost
    [0, event.RESUME, 1, -1],
    [0, event.RESUME, 2, -1], // the park of 1 was lost
  ], 12);
  assertEquals(events.find((e) => e.name === "records lost").args, { count: 12 });
  assertEquals(events.filter((e) => e.ph === "E").map((e) => e.args.stopped), [
    "unknown: records were lost",
    "unknown",
    "the end of the trace",
  ]);
});

Deno.test("trace file: a name that has not been told yet is waited for, but not at the end", () => {
  let name: string | undefined = undefined;
  const converter = new Converter(1, "test", { name: () => name, wait: () => undefined });
  const record = { word: event.BEGIN | NEW, key: 1, argument: 4, atUs: 1 };
  assertEquals(converter.convert(0, record, false), false);
  assertEquals(converter.convert(0, record, true), true);
  name = "late";
  assertEquals(converter.convert(0, record, false), true);
});

Deno.test("trace file: panic, steal, restart, timer and counters", () => {
  const events = convert([
    [0, event.SPAWN | NEW, 1, 0],
    [0, event.DONE, 1, 1],
    [0, event.STEAL, 1, 6],
    [0, event.RESTART, 4, -1],
    [0, event.TIMER, 4, -1],
    [0, event.IO_READY, 4, -1],
    [0, event.COUNTERS, 17, 3],
  ]);
  assertEquals(names(events), ["spawn", "Done", "panic", "steal", "restart", "timer", "IO ready"]);
  const counters = events.filter((e) => e.ph === "C").map((e) => [e.name, e.args]);
  assertEquals(counters, [["run queue 0", { length: 17 }], ["live actors 0", { live: 3 }]]);
});

Deno.test("trace file: quotes and line ends in a function's name do no harm", () => {
  const converter = new Converter(1, 'a "b"\n', { name: () => 'na"me\n', wait: () => undefined });
  converter.convert(0, { word: event.SPAWN | NEW, key: 1, argument: 4, atUs: 1 }, false);
  converter.convert(0, { word: event.RESUME, key: 1, argument: 4, atUs: 1 }, false);
  converter.finish(0, "exit");
  assertEquals(checkTrace(converter.takeText()).problems, []);
});
