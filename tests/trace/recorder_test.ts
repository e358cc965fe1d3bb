import { assert, assertEquals } from "@std/assert";
import { Recorder } from "../../trace/recorder.ts";
import { RingReader } from "../../trace/ring_reader.ts";
import { allocateTrace, ENQUEUE, EVENT_MASK, LOST, MARK, ringRecords, SPAWN } from "../../trace/format.ts";
import { VirtualClock } from "../../timer/clock.ts";
import { makePid } from "../../runtime/pid.ts";

function ring(records: number) {
  const block = allocateTrace(2, records);
  const clock = new VirtualClock(1);
  const recorder = new Recorder(block, 1, 2, clock);
  const reader = new RingReader(block, 1, 2);
  const take = (final = false) => {
    const taken: { event: number; key: number; argument: number; atUs: number }[] = [];
    reader.take(clock.now(), Infinity, final, ({ word, key, argument, atUs }) => {
      taken.push({ event: word & EVENT_MASK, key, argument, atUs });
      return true;
    });
    return taken;
  };
  return { clock, recorder, reader, take };
}

Deno.test("trace ring: records come out in order, around the end of the ring many times", () => {
  const { clock, recorder, take } = ring(8);
  let next = 0;
  for (let round = 0; round < 50; round++) {
    for (let i = 0; i < 5; i++) {
      clock.advanceTo(clock.now() + 0.01);
      recorder.record(ENQUEUE, round * 5 + i, round);
    }
    recorder.mark(clock.now() + 0.001);
    for (const record of take(true)) {
      if (record.event === MARK) continue;
      assertEquals([record.event, record.key], [ENQUEUE, next++]);
    }
  }
  assertEquals(next, 250);
});

Deno.test("trace ring: what finds no room is dropped, counted, and told where it is missing", () => {
  const { clock, recorder, reader, take } = ring(8);
  for (let i = 0; i < 20; i++) recorder.record(ENQUEUE, i, 0);
  assertEquals(reader.dropped, 13);
  assertEquals(take(true).map((record) => record.key), [0, 1, 2, 3, 4, 5, 6]);
  clock.advanceTo(2);
  recorder.record(ENQUEUE, 99, 0);
  const after = take(true);
  assertEquals(after.map(({ event, key }) => [event, key]), [[LOST, -1], [ENQUEUE, 99]]);
  assertEquals(after[0].argument, 13);
});

Deno.test("trace ring: records with one stamp are spread over the time until the next one", () => {
  const { clock, recorder, take } = ring(64);
  recorder.clock(10);
  for (let i = 0; i < 4; i++) recorder.record(ENQUEUE, i, 0); // the first ones look at the clock, at 1 ms
  clock.advanceTo(12);
  recorder.mark(12);
  const times = take(true).map((record) => record.atUs);
  assertEquals(times.toSorted((a, b) => a - b), times);
  assertEquals(times.at(-1), 12_000);
});

Deno.test("trace ring: a run of equal stamps stays until the next stamp is known", () => {
  const { clock, recorder, take } = ring(64);
  clock.advanceTo(5);
  recorder.clock(5);
  recorder.record(ENQUEUE, 1, 0);
  assertEquals(take(), []);
  recorder.mark(6);
  assertEquals(take().map((record) => record.key), [1]);
});

Deno.test("trace ring: a full ring of one stamp is handed out all the same", () => {
  const { clock, recorder, reader, take } = ring(8);
  clock.advanceTo(5);
  for (let i = 0; i < 7; i++) {
    recorder.record(ENQUEUE, i, 0);
    recorder.clock(5);
  }
  assert(take().length > 0);
  assertEquals(reader.dropped, 0);
});

Deno.test("trace ring: times are right beyond 2^32 ticks", () => {
  const { clock, recorder, take } = ring(8);
  const startMs = 2 ** 32 / 10_000 * 3.7;
  clock.advanceTo(startMs);
  recorder.record(ENQUEUE, 1, 0);
  clock.advanceTo(startMs + 1000);
  recorder.record(ENQUEUE, 2, 0);
  const [first, second] = take(true);
  assert(Math.abs(first.atUs - startMs * 1000) < 1, `${first.atUs}`);
  assert(Math.abs(second.atUs - first.atUs - 1_000_000) < 1, `${second.atUs}`);
});

Deno.test("trace ring: a new actor is told with its generation, up to the largest", () => {
  const { recorder, reader, clock } = ring(8);
  const largest = 2 ** 22 - 2;
  recorder.spawned(makePid(1, 7, largest), 3);
  let told: number[] = [];
  reader.take(clock.now(), 10, true, ({ word, key, argument }) => {
    told = [word & EVENT_MASK, word >>> 10, key, argument];
    return true;
  });
  assertEquals(told, [SPAWN, largest, 2 ** 22 + 7, 3]);
});

Deno.test("trace ring: what the sink does not take is handed out again", () => {
  const { recorder, reader, clock } = ring(8);
  for (let i = 0; i < 3; i++) recorder.record(ENQUEUE, i, 0);
  const seen: number[] = [];
  reader.take(clock.now(), 10, true, ({ key }) => {
    if (key === 1) return false;
    seen.push(key);
    return true;
  });
  reader.take(clock.now(), 10, true, ({ key }) => {
    seen.push(key);
    return true;
  });
  assertEquals(seen, [0, 1, 2]);
});

Deno.test("trace ring: many schedulers share a bounded amount of memory", () => {
  assertEquals(ringRecords(1), 2 ** 20);
  assert(ringRecords(512) * 512 <= 2 ** 25);
});
