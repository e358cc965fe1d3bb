import { assertEquals } from "@std/assert";
import { Converter } from "../../trace/converter.ts";
import { RESUME } from "../../trace/decoder.ts";
import { checkTrace } from "../../trace/check.ts";
import * as event from "../../trace/format.ts";
import { TRACE_WORDS } from "../../runtime/trace_words.ts";
import { R_MESSAGE } from "../../runtime/protocol.ts";
import { CALL, IO, RECEIVE } from "../../runtime/wait.ts";

const { FROM_CURRENT, FROM_NOBODY, FROM_OTHER, CAUSE_MESSAGE, CAUSE_SHIFT, CAUSE_WAIT, PEER_BITS } = event;
const MESSAGE = (CAUSE_MESSAGE << CAUSE_SHIFT) | FROM_CURRENT;
const FAR_MESSAGE = (CAUSE_MESSAGE << CAUSE_SHIFT) | FROM_NOBODY;
const REPLY = ((CAUSE_WAIT + CALL) << CAUSE_SHIFT) | FROM_CURRENT;
const CROSSES = (peer: number) => peer | (R_MESSAGE << PEER_BITS);

// deno-lint-ignore no-explicit-any
type Any = any;

type Row = [
  scheduler: number,
  event: number,
  key: number,
  argument?: number,
  third?: number,
  fourth?: number,
  text?: string,
];

/** The function fn7 is known on both schedulers. */
const NAMED: Row[] = [
  [0, event.NAME, 0, 7, 0, 0, `{"name":"fn7"}`],
  [1, event.NAME, 0, 7, 0, 0, `{"name":"fn7"}`],
];

/** Converts records, one µs apart, and gives the file's events. */
function convert(rows: Row[], dropped = 0): Any[] {
  const converter = new Converter(2, "test", TRACE_WORDS);
  rows.forEach(([scheduler, event, key, argument = 0, third = 0, fourth = 0, text = ""], i) =>
    converter.convert(scheduler, { event, key, argument, third, fourth, text, atNs: (i + 1) * 1000 })
  );
  converter.finish(dropped, "exit");
  const text = converter.takeText();
  assertEquals(checkTrace(text).problems, []);
  return JSON.parse(text).traceEvents;
}

const names = (events: Any[]) => events.filter((e) => e.ph === "i").map((e) => e.name);
const arrows = (events: Any[]) => {
  const starts = events.filter((e) => e.ph === "s"), ends = events.filter((e) => e.ph === "f");
  assertEquals(ends.map((e) => [e.id, e.name]), starts.map((e) => [e.id, e.name]));
  return starts.map((e, i) => [e.name, e.tid, e.ts, ends[i].tid, ends[i].ts]);
};

Deno.test("S21: all nine events of the seed are in the file under the seed's names", () => {
  const events = convert([
    ...NAMED,
    [0, event.SPAWN, 1, 7, 5],
    [0, event.ENQUEUE, 1],
    [0, event.BEGIN, 1, 7, 5],
    [0, RESUME, 1],
    [0, event.UNPARK_DEFERRED, 1],
    [0, event.UNPARK_FLAG_CONSUMED, 0, RECEIVE],
    [0, RESUME, 1],
    [0, event.PARK, 0, RECEIVE],
    [0, event.UNPARK_DIRECT, 1],
    [0, RESUME, 1],
    [0, event.YIELD, 0],
    [0, event.DEQUEUE, 1],
    [0, event.DONE, 1],
  ]);
  assertEquals(names(events), [
    ...["spawn", "Enqueue", "Dequeue", "Resume", "UnparkDeferred", "UnparkFlagConsumed", "Enqueue"],
    ...["Dequeue", "Resume", "Park", "UnparkDirect", "Enqueue", "Dequeue", "Resume", "Yield", "Enqueue"],
    ...["Dequeue", "Done"],
  ]);
});

Deno.test("trace file: a slice a resume, named after the function, with pid, why it stopped, and where", () => {
  const events = convert([
    ...NAMED,
    [1, event.BEGIN, 2 ** 22 + 3, 7, 5],
    [1, RESUME, 2 ** 22 + 3],
    [1, event.STOPPED_AT, 0, 0, 0, 0, "file:///a.ts:3:4"],
    [1, event.PARK, 0, RECEIVE],
  ]);
  const [begin, end] = events.filter((e) => e.ph === "B" || e.ph === "E");
  assertEquals([begin.name, begin.tid, begin.args], ["fn7", 2, { pid: "<1.3.5>" }]);
  assertEquals([end.tid, end.args], [
    2,
    { stopped: "Park", in: "receive", stoppedAt: "file:///a.ts:3:4" },
  ]);
});

Deno.test("trace file: where a function begins is told with its spawn and its slices", () => {
  const module = import.meta.resolve("./programs/traced.ts");
  const events = convert([
    [0, event.NAME, 0, 1, 0, 0, JSON.stringify({ name: "echo", module, exportName: "echo" })],
    [0, event.NAME, 0, 2, 0, 0, JSON.stringify({ name: "anonymous", spawnedAt: "file:///a.ts:3:4" })],
    [0, event.SPAWN, 1, 1, 5],
    [0, event.SPAWN, 2, 2, 5],
    [0, RESUME, 1],
  ]);
  const line = Deno.readTextFileSync(new URL(module)).split("\n").findIndex((line) =>
    /function echo/.test(line)
  );
  const at = events.filter((e) => e.args?.at !== undefined).map((e) => [e.name, e.args.at]);
  assertEquals(at, [
    ["spawn", `${module}:${line + 1}`],
    ["spawn", "spawned at file:///a.ts:3:4"],
    ["echo", `${module}:${line + 1}`],
  ]);
});

Deno.test("trace file: an arrow leads from the slice that sends to the receiver's next resume", () => {
  const events = convert([
    [0, RESUME, 1],
    [0, event.UNPARK_DIRECT, 2, MESSAGE],
    [0, event.SEND, 2, MESSAGE],
    [0, event.PARK, 0, RECEIVE],
    [0, RESUME, 2],
    [0, event.PARK, 0, RECEIVE],
  ]);
  assertEquals(arrows(events), [["message", 1, 2, 1, 5], ["message", 1, 3, 1, 5]]);
});

Deno.test("trace file: a reply has its arrow, named after the wait that it ends", () => {
  const events = convert([
    [0, RESUME, 1],
    [0, event.UNPARK_DIRECT, 2, REPLY],
    [0, event.PARK, 0, RECEIVE],
    [0, RESUME, 2],
    [0, event.PARK, 0, RECEIVE],
  ]);
  assertEquals(arrows(events), [["call", 1, 2, 1, 4]]);
  assertEquals(events.find((e) => e.name === "UnparkDirect").args.why, "call");
});

Deno.test("trace file: IO has an arrow from where the actor parked to the resume that has the result", () => {
  const events = convert([
    [0, RESUME, 1],
    [0, event.PARK, 0, IO],
    [0, RESUME, 2],
    [0, event.PARK, 0, RECEIVE],
    [0, event.IO_READY, 1, IO],
    [0, event.UNPARK_DIRECT, 1, (CAUSE_WAIT + IO) << CAUSE_SHIFT],
    [0, RESUME, 1],
    [0, event.PARK, 0, RECEIVE],
  ]);
  assertEquals(arrows(events), [["io", 1, 2, 1, 7]]);
  assertEquals(events.find((e) => e.name === "IO ready").args.in, "io");
});

Deno.test("trace file: arrows across schedulers pair the n-th that left with the n-th that came", () => {
  const events = convert([
    [0, RESUME, 1],
    [0, event.OUT, 9, CROSSES(1), 1],
    [0, event.OUT, 9, CROSSES(1), 2],
    [0, event.PARK, 0, RECEIVE],
    [1, event.IN, 1, CROSSES(0)],
    [1, event.UNPARK_DIRECT, 9, FAR_MESSAGE],
    [1, RESUME, 9],
    [1, event.PARK, 0, RECEIVE],
    [1, event.IN, 2, CROSSES(0)],
    [1, event.UNPARK_DIRECT, 9, FAR_MESSAGE],
    [1, RESUME, 9],
    [1, event.PARK, 0, RECEIVE],
  ]);
  assertEquals(arrows(events), [["message", 1, 2, 2, 7], ["message", 1, 3, 2, 11]]);
  assertEquals(events.filter((e) => e.name === "send").length, 2);
});

Deno.test("trace file: what wakes nobody takes no arrow along, and an arrow has one end", () => {
  const events = convert([
    [0, RESUME, 1],
    [0, event.OUT, 9, CROSSES(1), 1],
    [0, event.OUT, 9, CROSSES(1), 2],
    [0, event.PARK, 0, RECEIVE],
    [1, event.IN, 1, CROSSES(0)],
    [1, event.TIMER, 9],
    [1, event.UNPARK_DIRECT, 9, FROM_NOBODY],
    [1, RESUME, 9],
    [1, event.PARK, 0, RECEIVE],
  ]);
  assertEquals(events.filter((e) => e.ph === "f"), []);
});

Deno.test("trace file: a sender without the baton is told, and has no slice that an arrow could leave", () => {
  const events = convert([
    ...NAMED,
    [0, event.SPAWN, 4, 7, 1],
    [0, event.UNPARK_DIRECT, 2, (CAUSE_MESSAGE << CAUSE_SHIFT) | FROM_OTHER, 4],
    [0, RESUME, 2],
  ]);
  assertEquals(arrows(events), []);
  assertEquals(events.find((e) => e.name === "UnparkDirect").args, {
    pid: "<0.2.?>",
    why: "message",
    from: "<0.4.1>",
  });
});

Deno.test("trace file: lost records close the slice, are told, and leave a file that is well-formed", () => {
  const events = convert([
    [0, RESUME, 1],
    [0, event.LOST, 12],
    [0, event.PARK, 0, RECEIVE], // its resume was lost
    [0, RESUME, 1],
    [0, RESUME, 2], // the park of 1 was lost
  ], 12);
  assertEquals(events.find((e) => e.name === "records lost").args, { count: 12 });
  assertEquals(events.filter((e) => e.ph === "E").map((e) => e.args.stopped), [
    "unknown: records were lost",
    "unknown",
    "the end of the trace",
  ]);
});

Deno.test("trace file: a scheduler that takes another's place begins with nothing of it", () => {
  const events = convert([
    [0, event.BOOT, 0],
    ...NAMED,
    [0, event.SPAWN, 1, 7, 5],
    [0, RESUME, 1],
    [0, event.BOOT, 0],
    [0, RESUME, 1],
    [0, event.PARK, 0, RECEIVE],
  ]);
  assertEquals(names(events).filter((name) => name === "scheduler replaced").length, 1);
  const slices = events.filter((e) => e.ph === "B" || e.ph === "E").map((e) => e.name ?? e.args.stopped);
  assertEquals(slices, ["fn7", "unknown: its scheduler ended", "unknown", "Park"]);
});

Deno.test("trace file: panic, steal, restart, timer and counters", () => {
  const events = convert([
    ...NAMED,
    [0, event.SPAWN, 1, 7, 5],
    [0, event.DONE, 1, 1],
    [0, event.STEAL, 6, 1],
    [0, event.RESTART, 4],
    [0, event.TIMER, 4],
    [0, event.IO_READY, 4, IO],
    [0, event.COUNTERS, 17, 0, 3, 40],
    [0, event.COUNTERS, 17, 0, 2, 40], // what has not changed is not told again
  ]);
  assertEquals(names(events), ["spawn", "Done", "panic", "steal", "restart", "timer", "IO ready"]);
  const counters = events.filter((e) => e.ph === "C").map((e) => [e.name, e.args]);
  assertEquals(counters, [
    ["run queue 0", { length: 17 }],
    ["live actors 0", { live: 3 }],
    ["longest mailbox 0", { messages: 40 }],
    ["live actors 0", { live: 2 }],
  ]);
});

Deno.test("trace file: quotes and line ends in a function's name do no harm, nor does one that was cut", () => {
  const events = convert([
    [0, event.NAME, 0, 1, 0, 0, JSON.stringify({ name: 'na"me\n' })],
    [0, event.NAME, 0, 2, 0, 0, `{"name":"cut`],
    [0, event.SPAWN, 1, 1, 5],
    [0, event.SPAWN, 2, 2, 5],
  ]);
  const actors = events.filter((e) => e.name === "spawn").map((e) => e.args.actor);
  assertEquals(actors, ['na"me\n', '{"name":"cut']);
});
