import { deepStrictEqual, ok, strictEqual, throws } from "node:assert/strict";
import fc from "fast-check";
import { DEFAULT_SCAN_LIMIT, MAX_DEADLINE_MS, Timer, TimerWheel } from "../../timer/wheel.ts";

const YEAR_MS = 365.25 * 24 * 3_600_000;

/** A wheel beside its oracle, a plain array. Each operation is done to both, and everything they tell is compared. */
class Pair {
  readonly wheel: TimerWheel;
  /** Armed timers, in order of insertion. */
  #armed: Timer<number>[] = [];
  readonly #deadlines = new Map<Timer<number>, number>();
  /** What the oracle expects of the turn that is going on. */
  #expected: Timer<number>[] = [];
  #turnMs = -Infinity;
  readonly timers: Timer<number>[];
  /** Run by a timer that fires, by its number. */
  readonly actions = new Map<number, () => void>();
  nowMs: number;

  constructor(count: number, nowMs: number, scanLimit?: number) {
    this.nowMs = nowMs;
    this.wheel = new TimerWheel({ nowMs, scanLimit });
    this.timers = Array.from({ length: count }, (_, nth) => new Timer((timer) => this.#fired(timer), nth));
  }

  #fired(timer: Timer<number>): void {
    strictEqual(timer.armed, false);
    ok(timer.deadline <= this.#turnMs, `fired ${timer.deadline} at ${this.#turnMs}`);
    strictEqual(
      timer.owner,
      this.#expected.shift()?.owner,
      "fires out of order, twice, or although cancelled",
    );
    strictEqual(timer.deadline, this.#deadlines.get(timer));
    this.#armed = this.#armed.filter((other) => other !== timer);
    this.actions.get(timer.owner)?.();
  }

  insert(nth: number, deadlineMs: number): void {
    const timer = this.timers[nth % this.timers.length];
    this.#forget(timer);
    this.#armed.push(timer);
    this.#deadlines.set(timer, deadlineMs);
    this.wheel.insert(timer, deadlineMs);
    ok(timer.armed);
  }

  cancel(nth: number): void {
    const timer = this.timers[nth % this.timers.length];
    strictEqual(this.wheel.cancel(timer), this.#armed.includes(timer));
    this.#forget(timer);
    strictEqual(timer.armed, false);
    strictEqual(this.wheel.cancel(timer), false);
  }

  #forget(timer: Timer<number>): void {
    this.#armed = this.#armed.filter((other) => other !== timer);
    this.#expected = this.#expected.filter((other) => other !== timer);
  }

  #sorted(): Timer<number>[] {
    return this.#armed.toSorted((a, b) => this.#deadlines.get(a)! - this.#deadlines.get(b)!); // stable
  }

  /** Compares size and next deadline. Asking may move the wheel's horizon, so tests also do without. */
  compare(): void {
    strictEqual(this.wheel.size, this.#armed.length);
    const [first] = this.#sorted();
    strictEqual(this.wheel.nextDeadline(), first === undefined ? Infinity : this.#deadlines.get(first));
  }

  turn(nowMs: number, limit = Infinity): number {
    this.nowMs = nowMs;
    this.#turnMs = nowMs;
    this.#expected = this.#sorted().filter((timer) => this.#deadlines.get(timer)! <= nowMs);
    const due = this.#expected.length;
    try {
      const { fired, nextDeadline } = this.wheel.turn(nowMs, limit);
      ok(fired <= Math.min(due, limit));
      if (fired < limit) {
        deepStrictEqual(this.#expected.map((timer) => timer.owner), [], "due, yet not fired");
      }
      strictEqual(nextDeadline, this.wheel.nextDeadline());
      return fired;
    } finally {
      this.#turnMs = -Infinity;
      this.#expected = [];
      this.compare();
    }
  }

  drain(): void {
    while (this.wheel.size > 0) this.turn(Math.max(this.nowMs, this.wheel.nextDeadline()));
    strictEqual(this.wheel.nextDeadline(), Infinity);
  }
}

/** Delays of all scales, close to where a level of the wheel begins, whole and fractional, some in the past. */
const delayMs: fc.Arbitrary<number> = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: -5, max: 100 }) },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 40 }).map((quarters) => quarters / 4) },
  {
    weight: 3,
    arbitrary: fc.tuple(
      fc.integer({ min: 0, max: 9 }),
      fc.integer({ min: 1, max: 31 }),
      fc.integer({ min: -4, max: 4 }),
    )
      .map(([level, digit, quarters]) => 32 ** level * digit + quarters / 4),
  },
  { weight: 1, arbitrary: fc.double({ min: 0, max: 3 * YEAR_MS, noNaN: true }) },
);

/** Times of the run at which digits carry: none, the low half's last millisecond, years. */
const startMs: fc.Arbitrary<number> = fc.oneof(
  fc.constantFrom(0, 0.75, 31, 1023.5, 2 ** 30 - 1, 2 ** 30, 2 ** 31 - 0.5, 2 ** 35 - 2, YEAR_MS),
  fc.integer({ min: 0, max: 2 ** 40 }),
);

const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant("insert" as const), nth: fc.nat(), delayMs }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("cancel" as const), nth: fc.nat() }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant("advance" as const), delayMs, limit: fc.nat({ max: 9 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("to the next" as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("compare" as const) }) },
);

Deno.test("the wheel fires what a sorted list fires, whatever is inserted, cancelled and advanced", () => {
  fc.assert(
    fc.property(
      startMs,
      fc.constantFrom(0, 1, 2, DEFAULT_SCAN_LIMIT),
      fc.array(step, { maxLength: 120, size: "max" }),
      (nowMs, scanLimit, steps) => {
        const pair = new Pair(24, nowMs, scanLimit);
        for (const s of steps) {
          if (s.do === "insert") pair.insert(s.nth, pair.nowMs + s.delayMs);
          else if (s.do === "cancel") pair.cancel(s.nth);
          else if (s.do === "compare") pair.compare();
          else if (s.do === "to the next") {
            pair.turn(Math.max(pair.nowMs, Math.min(pair.wheel.nextDeadline(), 2 ** 50)));
          } else pair.turn(pair.nowMs + Math.max(0, s.delayMs), s.limit === 0 ? Infinity : s.limit);
        }
        pair.drain();
      },
    ),
    { numRuns: 1500 },
  );
});

Deno.test("what a firing timer inserts, cancels and asks agrees with the sorted list too", () => {
  const action = fc.record({
    insert: fc.array(fc.tuple(fc.nat({ max: 11 }), delayMs), { maxLength: 3 }),
    cancel: fc.array(fc.nat({ max: 11 }), { maxLength: 2 }),
    ask: fc.boolean(),
  });
  fc.assert(
    fc.property(
      startMs,
      fc.constantFrom(0, 1, DEFAULT_SCAN_LIMIT),
      fc.array(delayMs, { minLength: 4, maxLength: 12 }),
      fc.array(action, { minLength: 12, maxLength: 12 }),
      fc.array(delayMs.map(Math.abs), { maxLength: 12 }),
      (nowMs, scanLimit, delays, actions, advances) => {
        const pair = new Pair(12, nowMs, scanLimit);
        delays.forEach((delay, nth) => pair.insert(nth, nowMs + delay));
        actions.forEach((a, nth) =>
          pair.actions.set(nth, () => {
            for (const [other, delay] of a.insert) pair.insert(other, pair.nowMs + delay);
            for (const other of a.cancel) pair.cancel(other);
            if (a.ask) pair.compare();
          })
        );
        for (const advance of advances) pair.turn(pair.nowMs + advance);
        pair.actions.clear();
        pair.drain();
      },
    ),
    { numRuns: 1000 },
  );
});

Deno.test("timers cancelled in the middle of a crowd that is due leave the others in order", () => {
  fc.assert(
    fc.property(fc.infiniteStream(fc.nat({ max: 2000 })), (numbers) => {
      const next = () => numbers.next().value! as number;
      const pair = new Pair(300, 1000);
      for (let nth = 0; nth < 300; nth++) pair.insert(nth, next() / 2);
      for (let nth = 0; nth < 150; nth++) pair.cancel(next());
      while (pair.wheel.size > 50) pair.turn(1000, 25);
      for (let nth = 0; nth < 100; nth++) pair.insert(next(), next() / 2);
      for (let nth = 0; nth < 50; nth++) pair.cancel(next());
      pair.drain();
    }),
    { numRuns: 30 },
  );
});

Deno.test("deadlines around the first millisecond of every level are due exactly then", () => {
  for (const start of [0, 5.5, 31, 32, 2 ** 30 - 1, 2 ** 30]) {
    for (let level = 0; level <= 10; level++) {
      const pair = new Pair(12, start);
      let nth = 0;
      for (const edge of [32 ** level, 31 * 32 ** level]) {
        for (const offset of [-1, -0.25, 0, 0.25, 1]) {
          const deadline = Math.floor(start) + edge + offset;
          if (deadline < MAX_DEADLINE_MS) pair.insert(nth++, deadline);
        }
      }
      while (pair.wheel.size > 0) {
        const next = pair.wheel.nextDeadline();
        if (next < 2 ** 45) strictEqual(pair.turn(next - 0.125), 0);
        ok(pair.turn(Math.max(next, start)) > 0);
      }
    }
  }
});

Deno.test("a timer of 10.25 ms is not due at 10.249 and due at 10.25", () => {
  const pair = new Pair(1, 0);
  pair.insert(0, 10.25);
  strictEqual(pair.turn(10.249), 0);
  strictEqual(pair.wheel.nextDeadline(), 10.25);
  strictEqual(pair.turn(10.25), 1);
});

Deno.test("thousands of equal deadlines fire in order of insertion, though inserted as time passes", () => {
  for (const scanLimit of [0, DEFAULT_SCAN_LIMIT]) {
    const wheel = new TimerWheel({ scanLimit });
    const fired: number[] = [];
    const inserted: number[] = [];
    for (let nth = 0; nth < 5000; nth++) {
      wheel.insert(new Timer((timer) => fired.push(timer.owner), nth), 100_000.5);
      inserted.push(nth);
      if (nth % 7 === 0) wheel.turn(nth * 20);
      if (nth % 501 === 0) wheel.nextDeadline();
    }
    wheel.turn(100_000.25);
    deepStrictEqual(fired, []);
    wheel.turn(100_000.5);
    deepStrictEqual(fired, inserted);
  }
});

Deno.test("a deadline years away is kept to the fraction, and one beyond the bound counts as the bound", () => {
  const pair = new Pair(3, 0.5);
  const far = 100 * YEAR_MS + 0.125;
  pair.insert(0, far);
  pair.insert(1, YEAR_MS + 0.75);
  strictEqual(pair.turn(YEAR_MS + 0.5), 0);
  strictEqual(pair.turn(YEAR_MS + 0.75), 1);
  strictEqual(pair.turn(far - 0.0625), 0);
  strictEqual(pair.turn(far), 1);

  const wheel = new TimerWheel();
  const fired: string[] = [];
  for (
    const [name, ms] of [["a", Infinity], ["b", 2 ** 53], ["c", MAX_DEADLINE_MS], [
      "d",
      MAX_DEADLINE_MS - 1,
    ]] as const
  ) {
    wheel.insert(new Timer((timer) => fired.push(timer.owner), name), ms);
  }
  strictEqual(wheel.nextDeadline(), MAX_DEADLINE_MS - 1);
  strictEqual(wheel.turn(MAX_DEADLINE_MS - 2).fired, 0);
  strictEqual(wheel.turn(MAX_DEADLINE_MS - 1).fired, 1);
  deepStrictEqual({ ...wheel.turn(Infinity) }, { fired: 3, nextDeadline: Infinity });
  deepStrictEqual(fired, ["d", "a", "b", "c"]);
});

Deno.test("a slot with more timers than the scan limit is opened early, and nearer timers still come first", () => {
  for (const extra of [0, 1]) {
    const pair = new Pair(8, 0, 4);
    for (let nth = 0; nth < 4 + extra; nth++) pair.insert(nth, 40_000 + nth * 0.5);
    pair.compare();
    pair.insert(5, 39_999.75);
    pair.insert(6, 3);
    pair.insert(7, 40_000.25);
    pair.compare();
    pair.cancel(6);
    pair.compare();
    strictEqual(pair.turn(40_000), 2);
    pair.drain();
  }
});

Deno.test("asking for the next deadline of a crowded slot each time its oldest timer goes is not quadratic", () => {
  const count = 60_000;
  const wheel = new TimerWheel();
  const timers = Array.from({ length: count }, () => new Timer(() => {}, undefined));
  timers.forEach((timer, nth) => wheel.insert(timer, 3_600_000 + nth / 4));
  const start = performance.now();
  for (const timer of timers) {
    strictEqual(wheel.nextDeadline(), timer.deadline);
    wheel.cancel(timer);
  }
  strictEqual(wheel.nextDeadline(), Infinity);
  // Takes 30 ms; with a scan each time, 10 s and more.
  const tookMs = performance.now() - start;
  ok(tookMs < 2000, `took ${tookMs} ms`);
});

Deno.test("a timer that sets itself anew for now fires once a turn and holds up nobody", () => {
  const wheel = new TimerWheel();
  const order: string[] = [];
  wheel.insert(
    new Timer((timer) => {
      order.push("greedy");
      wheel.insert(timer, -1);
    }, undefined),
    1,
  );
  wheel.insert(new Timer(() => order.push("patient"), undefined), 2);
  deepStrictEqual({ ...wheel.turn(5) }, { fired: 2, nextDeadline: -1 });
  deepStrictEqual({ ...wheel.turn(5) }, { fired: 1, nextDeadline: -1 });
  deepStrictEqual(order, ["greedy", "patient", "greedy"]);
  strictEqual(wheel.size, 1);
});

Deno.test("a turn with a limit leaves the rest due, in order, for the next turn", () => {
  const pair = new Pair(10, 0);
  for (let nth = 0; nth < 10; nth++) pair.insert(nth, 50 - nth);
  strictEqual(pair.turn(60, 4), 4);
  strictEqual(pair.wheel.nextDeadline(), 45);
  strictEqual(pair.turn(60, 6), 6);
});

Deno.test("a throw from onFire leaves the others armed, and what it inserted too", () => {
  const pair = new Pair(6, 0);
  for (let nth = 0; nth < 5; nth++) pair.insert(nth, 10 + nth);
  pair.actions.set(1, () => {
    pair.insert(5, 3);
    pair.cancel(2);
    throw new Error("planted");
  });
  throws(() => pair.turn(100), { message: "planted" });
  strictEqual(pair.wheel.size, 3);
  strictEqual(pair.wheel.nextDeadline(), 3);
  strictEqual(pair.turn(100), 3);
});

Deno.test("a turn from within onFire is refused, and the turn goes on", () => {
  const wheel = new TimerWheel();
  let refused = 0;
  for (const ms of [1, 2]) {
    wheel.insert(
      new Timer(() => {
        throws(() => wheel.turn(5), { message: /Cannot turn the wheel from within onFire/ });
        refused++;
      }, undefined),
      ms,
    );
  }
  strictEqual(wheel.turn(5).fired, 2);
  strictEqual(refused, 2);
});

Deno.test("times that are no number are refused and change nothing", () => {
  const wheel = new TimerWheel();
  const timer = new Timer(() => {}, undefined);
  throws(() => wheel.insert(timer, NaN), { name: "RangeError", message: /got NaN$/ });
  strictEqual(timer.armed, false);
  strictEqual(wheel.size, 0);
  wheel.insert(timer, 5);
  throws(() => wheel.insert(timer, NaN), RangeError);
  throws(() => wheel.turn(NaN), RangeError);
  strictEqual(timer.armed, true);
  deepStrictEqual({ ...wheel.turn(5) }, { fired: 1, nextDeadline: Infinity });
});

Deno.test("a clock that stands or goes back fires nothing twice", () => {
  const pair = new Pair(2, 0);
  pair.insert(0, 100);
  strictEqual(pair.turn(100), 1);
  strictEqual(pair.turn(50), 0);
  pair.insert(1, 60);
  strictEqual(pair.turn(50), 0);
  strictEqual(pair.turn(60), 1);
});

Deno.test("a cancelled timer is not held by the wheel", async () => {
  const wheel = new TimerWheel();
  const neighbour = new Timer(() => {}, undefined);
  wheel.insert(neighbour, YEAR_MS);
  let collected = 0;
  const registry = new FinalizationRegistry(() => collected++);
  const count = 1000;
  for (let nth = 0; nth < count; nth++) {
    const timer = new Timer(() => {}, {});
    registry.register(timer, nth);
    wheel.insert(timer, nth % 2 ? YEAR_MS : -1); // half in a slot, half in the heap
    ok(wheel.cancel(timer));
  }
  strictEqual(wheel.size, 1);
  // No gc() without a flag: garbage is made until the collector runs, within a deadline.
  const deadline = performance.now() + 5000;
  let garbage: unknown[] = [];
  while (collected < count * 0.9 && performance.now() < deadline) {
    garbage = Array.from({ length: 100_000 }, () => ({}));
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  ok(garbage.length > 0);
  ok(collected >= count * 0.9, `${collected} of ${count} were collected`);
  strictEqual(neighbour.next, neighbour.previous);
});

Deno.test("ten million year-long timers, inserted and cancelled, leave no memory behind", () => {
  const wheel = new TimerWheel();
  const onFire = () => {};
  const churn = (count: number) => {
    for (let nth = 0; nth < count; nth++) {
      const timer = new Timer(onFire, undefined);
      wheel.insert(timer, YEAR_MS + nth);
      wheel.cancel(timer);
    }
  };
  churn(100_000);
  const before = Deno.memoryUsage().heapUsed;
  churn(10_000_000);
  strictEqual(wheel.size, 0);
  // Ten million kept timers would be 960 MB; the allowance is for garbage that was not collected yet.
  const grownMb = (Deno.memoryUsage().heapUsed - before) / 1e6;
  ok(grownMb < 100, `the heap grew by ${grownMb} MB`);
});
