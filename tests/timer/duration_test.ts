import { deepStrictEqual, doesNotMatch, match, ok, strictEqual, throws } from "node:assert/strict";
import fc from "fast-check";
import { RunClock, runEpochMs, VirtualClock } from "../../timer/clock.ts";
import { checkDuration, MAX_DURATION_MS } from "../../timer/duration.ts";

function refusal(value: unknown): Error {
  try {
    checkDuration(value, "sleep");
  } catch (error) {
    return error as Error;
  }
  throw new Error(`accepted ${String(value)}`);
}

Deno.test("a duration from 0 to the bound comes back unchanged, fractions included", () => {
  for (const ms of [0, 0.25, 1, 1e9 + 0.5, MAX_DURATION_MS]) strictEqual(checkDuration(ms, "sleep"), ms);
  strictEqual(MAX_DURATION_MS, 2 ** 53 - 1);
  fc.assert(fc.property(
    fc.double({ min: 0, max: MAX_DURATION_MS, noNaN: true }),
    (ms) => strictEqual(checkDuration(ms, "sleep"), ms === 0 ? 0 : ms),
  ));
});

Deno.test("a duration of minus zero comes back as zero", () => {
  ok(Object.is(checkDuration(-0, "sleep"), 0));
});

Deno.test("a number out of range is a RangeError that quotes it and says what to do", () => {
  const expected = (got: string) => `sleep needs milliseconds from 0 to 9007199254740991, got ${got}`;
  const cases: [number, string][] = [
    [-1, "-1"],
    [-Number.MIN_VALUE, "-5e-324"],
    [NaN, "NaN"],
    [Infinity, "Infinity"],
    [-Infinity, "-Infinity"],
    [2 ** 53, "9007199254740992"],
    [1e300, "1e+300"],
  ];
  for (const [value, quoted] of cases) {
    const error = refusal(value);
    ok(error instanceof RangeError, quoted);
    strictEqual(error.message, expected(quoted));
  }
});

Deno.test("what is not a number is a TypeError that quotes it", () => {
  const cases: [unknown, string][] = [
    ["5", '"5"'],
    ["", '""'],
    [null, "null"],
    [undefined, "undefined"],
    [true, "true"],
    [5n, "5n"],
    [Symbol("tick"), "Symbol(tick)"],
    [[1, 2], "[ 1, 2 ]"],
    [{ ms: 5 }, "{ ms: 5 }"],
    [() => 5, "[Function (anonymous)]"],
  ];
  for (const [value, quoted] of cases) {
    const error = refusal(value);
    ok(error instanceof TypeError, quoted);
    strictEqual(error.message, `sleep needs milliseconds from 0 to 9007199254740991, got ${quoted}`);
  }
});

Deno.test("a long string is quoted in part, an object on one line", () => {
  ok(refusal("x".repeat(10_000)).message.length < 120);
  doesNotMatch(refusal({ a: { b: { c: 1 } }, d: "long ".repeat(30), e: [1, 2, 3] }).message, /\n/);
});

Deno.test("the stack of a refused duration starts at the line that called the public function", () => {
  function sleepFor(ms: unknown): number {
    return checkDuration(ms, "sleepFor", sleepFor);
  }
  function userCode(): void {
    sleepFor(-1);
  }
  throws(userCode, (error: Error) => {
    const frames = error.stack!.split("\n").slice(1);
    match(frames[0], /userCode/);
    return true;
  });
});

Deno.test("run clocks with one epoch agree, whatever the time origins of their threads", () => {
  const epochMs = runEpochMs();
  const here = new RunClock(epochMs);
  const before = here.now();
  const other = new RunClock(epochMs).now();
  const after = here.now();
  ok(0 <= before && before <= other && other <= after, `${before} ${other} ${after}`);
  // A thread that started 250 ms later counts 250 ms less since its own start.
  const later = new RunClock(epochMs, performance.timeOrigin + 250);
  const ahead = later.now() - here.now();
  ok(ahead > 200 && ahead <= 250, String(ahead));
});

Deno.test("a run clock in a worker reads the same time as the one of the first thread", async () => {
  const url = new URL("../../timer/clock.ts", import.meta.url).href;
  const source = `import { RunClock } from ${JSON.stringify(url)};
    self.onmessage = ({ data }) => self.postMessage(new RunClock(data).now());`;
  const worker = new Worker(URL.createObjectURL(new Blob([source], { type: "text/typescript" })), {
    type: "module",
  });
  try {
    const epochMs = runEpochMs();
    const clock = new RunClock(epochMs);
    const sent = clock.now();
    const answer = await new Promise<number>((resolve) => {
      worker.onmessage = (event) => resolve(event.data);
      worker.postMessage(epochMs);
    });
    const received = clock.now();
    const slackMs = 0.5; // the two threads' origins were measured within 0.001
    ok(sent - slackMs <= answer && answer <= received + slackMs, `${sent} ${answer} ${received}`);
  } finally {
    worker.terminate();
  }
});

Deno.test("a virtual clock stands still until it is moved, and refuses to go back", () => {
  const clock = new VirtualClock();
  const seen = [clock.now(), clock.now()];
  clock.advanceTo(10.25);
  seen.push(clock.now());
  clock.advanceTo(10.25);
  deepStrictEqual(seen, [0, 0, 10.25]);
  throws(() => clock.advanceTo(10), { name: "RangeError", message: /at least 10.25 ms, got 10$/ });
  throws(() => clock.advanceTo(NaN), RangeError);
  throws(() => clock.advanceTo(Infinity), RangeError);
  strictEqual(clock.now(), 10.25);
  strictEqual(new VirtualClock(5).now(), 5);
});
