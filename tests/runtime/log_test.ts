import { assert, assertEquals, assertMatch } from "@std/assert";
import fc from "fast-check";
import { getJsonLinesFormatter, type LogRecord as LogtapeRecord } from "@logtape/logtape";
import { runActors } from "../../testing/mod.ts";
import { fieldsToJson, shorten } from "../../runtime/log_fields.ts";
import { formatJson, formatText } from "../../runtime/log_format.ts";
import { LogGate, LogMeter } from "../../runtime/log_gate.ts";
import { LOG_TAKEN, PEER_WORDS } from "../../runtime/layout.ts";
import type { Actor, LogRecord } from "../../runtime/api.ts";
import { Config } from "../../runtime/config.ts";
import { quietRuntime, withDeadline } from "../support/run_case.ts";

const PROGRAM = new URL("./programs/logs.ts", import.meta.url);

Deno.test("the fields of a record are JSON whatever is in them, and never long", () => {
  const circular: Record<string, unknown> = { n: 1 };
  circular.self = circular;
  const throwing = {
    get bad(): never {
      throw new Error("unreadable");
    },
  };
  const shown = (fields: Record<string, unknown>) => JSON.parse(fieldsToJson(fields));
  assertEquals(
    shown({
      circular,
      throwing,
      revoked: new Proxy({}, { ownKeys: () => fieldsToJson(null as never) as never }),
      big: 10n,
      odd: [NaN, -Infinity, undefined, null, Symbol("s"), () => {}],
      map: new Map<unknown, unknown>([["a", new Set([1, 2])]]),
      bytes: new Uint8Array(3),
      date: new Date(0),
      regexp: /a/g,
      json: { toJSON: () => "by itself" },
      nothing: undefined,
      ["__proto__"]: 1,
    }),
    JSON.parse(`{
      "circular": { "n": 1, "self": "[circular]" }, "throwing": "[cannot be read]", "revoked": "[cannot be read]",
      "big": "10n", "odd": ["NaN", "-Infinity", null, null, "Symbol(s)", "[function]"], "map": { "a": [1, 2] },
      "bytes": "[Uint8Array of 3 bytes]", "date": "1970-01-01T00:00:00.000Z", "regexp": "/a/g", "json": "by itself",
      "__proto__": 1
    }`),
  );
  const { error } = shown({ error: new RangeError("far", { cause: new TypeError("why") }) });
  assertEquals([error.name, error.message, error.cause.message], ["RangeError", "far", "why"]);
  assertMatch(error.stack, /log_test\.ts/);
  assertEquals([fieldsToJson(undefined), fieldsToJson({}), fieldsToJson("text" as never)], [
    "",
    "",
    '{"value":"text"}',
  ]);

  const deep = (levels: number): unknown =>
    levels === 0 ? "x".repeat(10_000) : Array(100).fill(deep(levels - 1));
  assert(fieldsToJson({ deep: deep(5), wide: Object.fromEntries(Array(10_000).entries()) }).length < 64_000);
  assertEquals(shorten("x".repeat(20), 8), "xxxxxxxx… (12 more characters)");
});

Deno.test("any value at all is a field: what is logged is a line of JSON that reads back as itself", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.anything({ withBigInt: true, withMap: true })), (fields) => {
      const json = fieldsToJson(fields);
      assert(json === "" || !json.includes("\n"));
      const record = { ...RECORD, fields: json === "" ? {} : JSON.parse(json) };
      assertEquals(JSON.parse(formatJson(record)).fields, record.fields);
      // deno-lint-ignore no-control-regex
      assert(!/[\x00-\x1f\x7f-\x9f]/.test(formatText(record, false)));
    }),
  );
});

const RECORD: LogRecord = {
  level: "warn",
  timeMs: Date.UTC(2026, 0, 31, 12),
  scheduler: 1,
  pid: "<0.3.1>",
  name: "worker",
  message: "odd\n\x1b[2Jend",
  fields: { n: 1 },
};

Deno.test("a record is one line, for machines and for people, whatever its message says", () => {
  assertEquals(
    formatJson(RECORD),
    '{"level":"warn","time":"2026-01-31T12:00:00.000Z","scheduler":1,"pid":"<0.3.1>","name":"worker",' +
      '"message":"odd\\n\\u001b[2Jend","fields":{"n":1}}',
  );
  const at = new Date(RECORD.timeMs);
  const clock = [at.getHours(), at.getMinutes()].map((n) => String(n).padStart(2, "0")).join(":");
  assertEquals(
    formatText(RECORD, false),
    `${clock}:00.000 warn scheduler 1 <0.3.1> worker: odd\\n\\u001b[2Jend n=1`,
  );
});

Deno.test("the gate lets a bound pass and no more, and every drop is told once, also the last", () => {
  const words = new Int32Array(new SharedArrayBuffer(2 * PEER_WORDS * 4));
  const gate = new LogGate(words, 1, 3 * 130);
  const meter = new LogMeter(words);
  const offers = () => gate.offer("ab", "");
  assertEquals([offers(), offers(), offers(), offers(), offers()], ["post", "post", "post", "drop", "drop"]);
  const take = (nowMs: number) => meter.take(1, "ab", "", nowMs);
  assertEquals([take(0), take(1)], [0, 0], "more is on its way: one line tells of all drops");
  assertEquals(take(2), 2);
  assertEquals([offers(), take(3), meter.dropped(1, 4)], ["post", 0, 0]);
  for (let i = 0; i < 4; i++) offers();
  assertEquals(take(2000), 1, "in a flood that does not end, once a second");
});

Deno.test("a drop that is counted when everything has just been taken knocks", () => {
  const words = new Int32Array(new SharedArrayBuffer(PEER_WORDS * 4));
  const gate = new LogGate(words, 0, 1);
  const meter = new LogMeter(words);
  assertEquals(gate.offer("ab", ""), "post");
  // The worker has found too much on its way; now the control thread takes the last of it and sees no drop.
  const load = Atomics.load;
  let looks = 0;
  Atomics.load = ((array: Int32Array, index: number) => {
    const value = load(array, index);
    if (array === words && index === LOG_TAKEN && looks++ === 0) assertEquals(meter.take(0, "ab", "", 0), 0);
    return value;
  }) as typeof Atomics.load;
  try {
    assertEquals(gate.offer("ab", ""), "knock");
  } finally {
    Atomics.load = load;
  }
  assertEquals(meter.dropped(0, 1), 1);
});

Deno.test("onLog hands every record to a logging library in the control thread, and one that throws loses none", async () => {
  const format = getJsonLinesFormatter({ properties: "nest:fields" });
  const lines: string[] = [];
  const { runtime, told } = quietRuntime(Config.exact(1).logLevel("info"));
  const onLog = (record: LogRecord) => {
    if (record.pid === null) return;
    const { level, timeMs, pid, name, message, fields } = record;
    const category = ["smarm", name!, pid];
    lines.push(format(
      {
        category,
        level: level === "warn" ? "warning" : level,
        message: [message],
        rawMessage: message,
        timestamp: timeMs,
        properties: fields,
      } satisfies LogtapeRecord,
    ));
  };
  await withDeadline(runtime, runtime.run(PROGRAM, { onLog }), "logs");
  assertEquals(told, []);
  assertEquals(
    lines.map((line) => JSON.parse(line)).map((
      { level, logger, message, fields },
    ) => [level, logger, message, fields]),
    [
      ["INFO", "smarm.main.<0.0.1>", "counted", { n: 1 }],
      ["WARN", "smarm.the worker.<0.1.1>", "is odd", {}],
    ],
  );

  const failing = () => {
    throw new Error("full");
  };
  await withDeadline(runtime, runtime.run(PROGRAM, { onLog: failing }), "logs");
  assertEquals(told[0], "error: onLog threw Error: full. The record follows");
  assertEquals(told.slice(1).map((line) => JSON.parse(line).message), [
    "initialized",
    "started",
    "counted",
    "is odd",
    "stopped",
  ]);
});

Deno.test("a handle in JSON is its address and nothing of the runtime's, also while several waits join it", async () => {
  await runActors(async (self: Actor) => {
    const child = self.spawn(async (child: Actor) => void await child.receive());
    const shown = `{"child":"Handle ${self.format(child.pid)}"}`;
    const joins = [child.join(), child.join()];
    assertEquals([JSON.stringify({ child }), fieldsToJson({ child })], [shown, shown]);
    self.send(child, "end");
    await Promise.all(joins);
    assertEquals([JSON.stringify({ child }), fieldsToJson({ child })], [shown, shown]);
  });
});
