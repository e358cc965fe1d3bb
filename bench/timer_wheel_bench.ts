/**
 * What one operation of the timer wheel costs with a million timers pending.
 *
 * deno run -A bench/timer_wheel_bench.ts
 *
 * Goals: insert and cancel at most 150 ns each. Each row fills a new wheel with `PENDING` timers, then times `BATCH`
 * more inserts, their cancels in random order, the heartbeat (the oldest timer cancelled and set anew, `nextDeadline`
 * asked each time), and firing the whole by turns of one millisecond of the row's scale. Best of `ROUNDS`.
 */
import { Timer, TimerWheel } from "../timer/wheel.ts";

const PENDING = 1_000_000;
const BATCH = 100_000;
const ROUNDS = 2;
const TURNS = 1000;

/** Where deadlines lie: of the nth timer, within `spanMs`. */
interface Row {
  name: string;
  spanMs: number;
  deadlineMs(nth: number): number;
}

const HOUR_MS = 3_600_000;
const rows: Row[] = [
  { name: "random within 1 s", spanMs: 1000, deadlineMs: () => random() * 1000 },
  { name: "random within 1 h", spanMs: HOUR_MS, deadlineMs: () => random() * HOUR_MS },
  { name: "random within 1 y", spanMs: 8766 * HOUR_MS, deadlineMs: () => random() * 8766 * HOUR_MS },
  { name: "now + 1 h", spanMs: 1.01 * HOUR_MS, deadlineMs: (nth) => HOUR_MS + nth * 0.003 },
  { name: "falling", spanMs: HOUR_MS, deadlineMs: (nth) => HOUR_MS - nth * 0.003 },
  { name: "all equal", spanMs: 1000, deadlineMs: () => 1000 },
];

let state = 1;
function random(): number {
  state = Math.imul(state, 1103515245) + 12345 >>> 0;
  return state / 2 ** 32;
}

function shuffle<T>(items: T[]): void {
  for (let i = items.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [items[i], items[j]] = [items[j], items[i]];
  }
}

let fired = 0;
function onFire(): void {
  fired++;
}

function timers(count: number): Timer<undefined>[] {
  return Array.from({ length: count }, () => new Timer(onFire, undefined));
}

function nanosEach(count: number, work: () => void): number {
  const start = performance.now();
  work();
  return (performance.now() - start) / count * 1e6;
}

interface Figures {
  insert: number;
  cancel: number;
  heartbeat: number;
  fire: number;
  longestTurnMs: number;
}

function measure(row: Row, pending: number, batch: number): Figures {
  const wheel = new TimerWheel();
  const standing = timers(pending);
  const more = timers(batch);
  standing.forEach((timer, nth) => wheel.insert(timer, row.deadlineMs(nth)));
  const deadlines = more.map((_, nth) => row.deadlineMs(pending + nth));
  const insert = nanosEach(batch, () => {
    for (let i = 0; i < batch; i++) wheel.insert(more[i], deadlines[i]);
  });
  shuffle(more);
  const cancel = nanosEach(batch, () => {
    for (let i = 0; i < batch; i++) wheel.cancel(more[i]);
  });
  const oldest = standing.toSorted((a, b) => a.deadline - b.deadline).slice(0, batch);
  const heartbeat = nanosEach(batch, () => {
    for (let i = 0; i < batch; i++) {
      wheel.cancel(oldest[i]);
      wheel.insert(oldest[i], deadlines[i]);
      wheel.nextDeadline();
    }
  });
  fired = 0;
  let longestTurnMs = 0;
  const fire = nanosEach(pending, () => {
    for (let turn = 1; turn <= TURNS; turn++) {
      const start = performance.now();
      wheel.turn(row.spanMs * turn / TURNS);
      longestTurnMs = Math.max(longestTurnMs, performance.now() - start);
    }
  });
  if (fired !== pending || wheel.size !== 0) throw new Error(`${row.name}: fired ${fired} of ${pending}`);
  return { insert, cancel, heartbeat, fire, longestTurnMs };
}

if (import.meta.main) {
  for (const row of rows) measure(row, 20_000, 10_000);
  console.log("ns each                insert  cancel  heartbeat  fire   longest turn, ms");
  for (const row of rows) {
    const rounds = Array.from({ length: ROUNDS }, () => measure(row, PENDING, BATCH));
    const best = (of: (figures: Figures) => number) => Math.round(Math.min(...rounds.map(of)));
    console.log(
      row.name.padEnd(22),
      String(best((r) => r.insert)).padStart(6),
      String(best((r) => r.cancel)).padStart(7),
      String(best((r) => r.heartbeat)).padStart(10),
      String(best((r) => r.fire)).padStart(5),
      String(best((r) => r.longestTurnMs)).padStart(18),
    );
  }
}
