import { assert, assertEquals, assertMatch, assertNotStrictEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { availableParallelism, clamp, Config, LOG_LEVELS, MAX_SCHEDULERS } from "../../runtime/config.ts";

Deno.test("S1: default() is 1 to the available parallelism", () => {
  const config = Config.default();
  assertEquals(config.minThreads, 1);
  assertEquals(config.maxThreads, navigator.hardwareConcurrency);
  assertEquals(config.exactThreads, undefined);
});

Deno.test("S1: exact(n) wins over min and max", () => {
  assertEquals(Config.exact(3).threadCount, 3);
  assertEquals(Config.bounded(5, 8, 2).threadCount, 2);
  assertEquals(Config.bounded(1, 2, 9).threadCount, 9);
});

Deno.test("S1: a count below 1, above the limit, or not whole is refused with the value quoted", () => {
  for (const bad of [0, -1, 1.5, NaN, Infinity, MAX_SCHEDULERS + 1, "4", undefined, null, 4n]) {
    const n = bad as number;
    const quoted = new RegExp(`${typeof bad === "string" ? '"4"' : String(bad)}.* from 1 to 512$`);
    assertMatch(assertThrows(() => Config.exact(n), RangeError).message, quoted);
    assertMatch(assertThrows(() => Config.bounded(n, 512), RangeError).message, quoted);
    assertMatch(assertThrows(() => Config.bounded(1, n), RangeError).message, quoted);
    if (n !== undefined) assertMatch(assertThrows(() => Config.bounded(1, 2, n), RangeError).message, quoted);
  }
});

Deno.test("S1: a max below min is refused, whether or not exact would win", () => {
  assertThrows(() => Config.bounded(3, 2), RangeError, "at least 3 and at most 2");
  assertThrows(() => Config.bounded(3, 2, 1), RangeError, "at least 3 and at most 2");
  assertEquals(Config.bounded(3, 3).threadCount, 3);
});

Deno.test("S2: threadCount is the available parallelism within min and max", () => {
  const available = navigator.hardwareConcurrency;
  assertEquals(Config.default().threadCount, available);
  assertEquals(Config.bounded(1, MAX_SCHEDULERS).threadCount, available);
  assertEquals(Config.bounded(available + 3, MAX_SCHEDULERS).threadCount, available + 3);
  assertEquals(Config.bounded(1, 1).threadCount, 1);
});

Deno.test("S2: clamp gives the nearest number within its bounds", () => {
  const bounds = fc.tuple(fc.integer(), fc.nat()).map(([min, span]) => [min, min + span]);
  fc.assert(fc.property(fc.integer(), bounds, (n, [min, max]) => {
    const nearest = n < min ? min : n > max ? max : n;
    assertEquals(clamp(n, min, max), nearest);
  }));
});

Deno.test("S3: an actor looks at the clock every 128 checks and yields after 100 µs, unless told otherwise", () => {
  assertEquals(Config.default().checkIntervalOps, 128);
  assertEquals(Config.default().timesliceUs, 100);
  const config = Config.exact(2).checkInterval(1).timesliceMicros(1);
  assertEquals([config.checkIntervalOps, config.timesliceUs, config.threadCount], [1, 1, 2]);
});

Deno.test("S3: a check interval or timeslice below 1 or not whole is refused", () => {
  for (const bad of [0, -5, 0.5, NaN, 2 ** 31]) {
    assertThrows(() => Config.default().checkInterval(bad), RangeError, `checkInterval to ${bad}`);
    assertThrows(() => Config.default().timesliceMicros(bad), RangeError, `timesliceMicros to ${bad}`);
  }
});

Deno.test("M1: a run has at most 512 schedulers", () => {
  assertEquals(MAX_SCHEDULERS, 512);
  assertEquals(Config.exact(MAX_SCHEDULERS).threadCount, 512);
  assertThrows(() => Config.exact(MAX_SCHEDULERS + 1), RangeError, "513");
  assert(availableParallelism() <= MAX_SCHEDULERS);
});

Deno.test("config never changes: every method gives a new one and keeps the rest", () => {
  const first = Config.exact(2);
  const second = first
    .graceMillis(0)
    .logLevel("debug")
    .mailboxLimit(10)
    .strict()
    .trace("t.json")
    .watchdogMillis(7)
    .maxHeapMegabytes(64)
    .blockingPool(3);
  assertNotStrictEquals(first, second);
  assertEquals({ ...first }, { ...Config.exact(2) });
  assertEquals(second.toPlain(), {
    minThreads: 2,
    maxThreads: 2,
    exactThreads: 2,
    checkIntervalOps: 128,
    timesliceUs: 100,
    graceMs: 0,
    minLogLevel: "debug",
    mailboxCapacity: 10,
    isStrict: true,
    traceTo: "t.json",
    watchdogMs: 7,
    isContained: false,
    maxHeapMb: 64,
    blockingThreads: 3,
  });
  assertThrows(() => Object.assign(first, { graceMs: 1 }), TypeError);
});

Deno.test("config has defaults for what a run is not told", () => {
  const { graceMs, minLogLevel, mailboxCapacity, isStrict, traceTo, watchdogMs, isContained, maxHeapMb } =
    Config
      .default();
  assertEquals([graceMs, minLogLevel, isStrict, isContained], [5000, "error", false, false]);
  assertEquals([mailboxCapacity, traceTo, watchdogMs, maxHeapMb], [
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

Deno.test("config that contains has a watchdog, of 1000 ms unless told otherwise", () => {
  assertEquals(Config.default().contain().watchdogMs, 1000);
  assertEquals(Config.default().contain().watchdogMillis(50).watchdogMs, 50);
  assertEquals(Config.default().watchdogMillis(50).contain().watchdogMs, 50);
  assertEquals(Config.default().contain().watchdogMillis(undefined).watchdogMs, 1000);
  assertEquals(Config.default().contain(false).watchdogMs, undefined);
});

Deno.test("S17: the blocking pool has as many threads as the machine can run, at least 2, or as it is told", () => {
  assertEquals(Config.default().blockingThreads, Math.max(2, availableParallelism()));
  assertEquals(Config.exact(1).blockingPool(1).blockingThreads, 1);
  assertThrows(() => Config.default().blockingPool(0), RangeError, "blockingThreads to 0");
  assertThrows(() => Config.default().blockingPool(513), RangeError, "513");
});

Deno.test("config refuses bad run options, quoting them and saying what is allowed", () => {
  const config = Config.default();
  const bad = <T>(value: unknown) => value as T;
  assertThrows(() => config.graceMillis(-1), RangeError, "graceMillis to -1. Give a whole number from 0");
  assertThrows(() => config.logLevel(bad("loud")), RangeError, `"loud". Give one of silent, error`);
  assertThrows(() => config.mailboxLimit(0), RangeError, "mailboxLimit to 0");
  assertThrows(() => config.watchdogMillis(0), RangeError, "watchdogMillis to 0");
  assertThrows(() => config.maxHeapMegabytes(16.5), RangeError, "maxHeapMegabytes to 16.5");
  assertThrows(() => config.maxHeapMegabytes(15), RangeError, "15. Give a whole number from 16");
  assertThrows(() => config.strict(bad("yes")), TypeError, `strict to "yes". Give true or false`);
  assertThrows(() => config.contain(bad(1)), TypeError, "contain to 1. Give true or false");
  assertThrows(() => config.trace(""), TypeError, `Cannot trace to "". Give a path`);
  assertThrows(() => config.trace(bad(5)), TypeError, "Cannot trace to 5. Give a path");
});

Deno.test("config comes out of its plain form as it went in, through a structured clone", () => {
  const counts = fc.tuple(fc.integer({ min: 1, max: 512 }), fc.integer({ min: 1, max: 512 }));
  const whole = fc.integer({ min: 1, max: 2 ** 31 - 1 });
  fc.assert(
    fc.property(
      counts,
      whole,
      whole,
      fc.constantFrom(...LOG_LEVELS),
      fc.boolean(),
      (ends, a, b, level, on) => {
        const config = Config.bounded(Math.min(...ends), Math.max(...ends))
          .checkInterval(a).timesliceMicros(b).logLevel(level).strict(on).contain(!on).trace(
            on ? true : undefined,
          );
        const arrived = Config.fromPlain(structuredClone(config.toPlain()));
        assertEquals(arrived, config);
        assertEquals(arrived.threadCount, config.threadCount);
      },
    ),
  );
});

Deno.test("config refuses a plain form that no config has", () => {
  const plain = Config.default().toPlain();
  assertThrows(() => Config.fromPlain({ ...plain, minThreads: 0 }), RangeError, "min to 0");
  assertThrows(() => Config.fromPlain({ ...plain, timesliceUs: 0 }), RangeError, "timesliceMicros to 0");
});
