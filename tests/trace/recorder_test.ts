import { assert, assertEquals } from "@std/assert";
import { Recorder } from "../../trace/recorder.ts";
import { RESUME, TrackDecoder } from "../../trace/decoder.ts";
import { RawTrace } from "../../trace/raw_trace.ts";
import * as format from "../../trace/format.ts";
import { VirtualClock } from "../../timer/clock.ts";
import { PARKED } from "../../runtime/actor_state.ts";
import { makePid } from "../../runtime/pid.ts";
import { RECEIVE } from "../../runtime/wait.ts";
import { withFolder } from "../support/folder.ts";

const { BOOT, COUNTERS, DONE, ENQUEUE, LOST, NAME, PARK, SPAWN, STOPPED_AT, UNPARK_DIRECT } = format;
const { FROM_CURRENT, FROM_MASK, FROM_OTHER } = format;

interface Taken {
  event: number;
  argument: number;
  key: number;
  third: number;
  text: string;
  atNs: number;
}

interface Bench {
  readonly clock: VirtualClock;
  readonly recorder: Recorder;
  readonly head: Int32Array;
  /** A scheduler that takes the place of the first. */
  again(): Recorder;
  /** The control thread counts up, as it does every few ms. */
  tick(): void;
  /** To disk; `final`: the scheduler writes no more. */
  drain(final?: boolean): void;
  /** All that is on disk, but for the BOOT. */
  read(): Taken[];
}

/** A recorder of scheduler 1 with a ring of so many words, whose clock stands until it is moved. */
async function bench(words: number, test: (bench: Bench) => void): Promise<void> {
  await withFolder({}, (folder) => {
    const block = format.allocateTrace(2, words);
    const clock = new VirtualClock(1);
    const recorder = new Recorder(block, 1, 2, clock);
    const ring = format.traceRing(block, 1, 2);
    const raw = RawTrace.create(`${folder}/t.raw`, 2, "test");
    try {
      test({
        clock,
        recorder,
        head: ring.head,
        again: () => new Recorder(block, 1, 2, clock),
        tick: () => void format.tickWords(block)[format.TICK]++,
        drain: (final = false) => raw.drain(1, ring, final),
        read: () => {
          const taken: Taken[] = [];
          const decoder = new TrackDecoder(raw, 1);
          while (decoder.nextNs !== Infinity) taken.push({ ...decoder.take() });
          return taken.slice(1);
        },
      });
    } finally {
      raw.close();
    }
    return Promise.resolve();
  });
}

const actor = (index: number, messages = 0) => ({
  pid: makePid(1, index, 1),
  state: PARKED,
  mailbox: { length: messages },
});
const keys = (taken: Taken[]) => taken.map((one) => one.key & (2 ** 22 - 1));

Deno.test("trace ring: records come out in order, around the end of the ring many times", async () => {
  await bench(64, ({ clock, recorder, drain, read }) => {
    for (let i = 0; i < 500; i++) {
      clock.advanceTo(clock.now() + 0.01);
      recorder.of(ENQUEUE, actor(i));
      if (i % 7 === 0) recorder.counters(i, i * 2);
      if (i % 5 === 0) {
        recorder.mark(clock.now() + 0.001);
        drain();
      }
    }
    recorder.close();
    drain();
    const taken = read();
    assertEquals(
      keys(taken.filter((one) => one.event === ENQUEUE)),
      Array.from({ length: 500 }, (_, i) => i),
    );
    const lengths = taken.filter((one) => one.event === COUNTERS).map((one) => [one.key, one.third]);
    assertEquals(lengths, Array.from({ length: 72 }, (_, i) => [i * 7, i * 14]));
    const times = taken.map((one) => one.atNs);
    assertEquals(times.toSorted((a, b) => a - b), times);
  });
});

Deno.test("trace ring: what finds no room is dropped, counted, and told where it is missing", async () => {
  await bench(64, ({ clock, recorder, head, drain, read }) => {
    for (let i = 0; i < 100; i++) recorder.of(ENQUEUE, actor(i));
    const dropped = head[format.DROPPED], kept = 100 - dropped;
    assert(kept > 10 && kept < 50, `${kept}`);
    drain();
    clock.advanceTo(2);
    recorder.of(ENQUEUE, actor(500));
    recorder.close();
    assertEquals(head[format.DROPPED], dropped);
    drain();
    const taken = read();
    assertEquals(keys(taken.slice(0, kept)), Array.from({ length: kept }, (_, i) => i));
    assertEquals(taken.slice(kept).map((one) => one.event), [LOST, ENQUEUE]);
    assertEquals(taken[kept].key, dropped);
    assertEquals(Math.round(taken[kept + 1].atNs / 1e6), 2); // a full stamp follows on a gap
  });
});

Deno.test("trace ring: what is not published yet is read of a scheduler that is stuck, and only then", async () => {
  await bench(64, ({ recorder, drain, read }) => {
    recorder.mark(1);
    recorder.resumed(actor(3), 3);
    recorder.of(ENQUEUE, actor(4));
    drain();
    assertEquals(read().map((one) => one.event), []);
    drain(true);
    assertEquals(read().map((one) => one.event), [RESUME, ENQUEUE]);
  });
});

Deno.test("trace ring: half a record of a thread that was killed is not read, and its successor goes on", async () => {
  await bench(64, ({ clock, recorder, head, again, drain, read }) => {
    recorder.of(ENQUEUE, actor(1));
    const written = head[format.STAGED];
    recorder.of(ENQUEUE, actor(2));
    head[format.STAGED] = written; // killed before the store that publishes the second one
    clock.advanceTo(5);
    const next = again();
    next.of(ENQUEUE, actor(7));
    next.close();
    drain(true);
    const taken = read();
    assertEquals(taken.map((one) => one.event), [ENQUEUE, BOOT, ENQUEUE]);
    assertEquals(keys([taken[0], taken[2]]), [1, 7]);
    assert(taken[2].atNs >= 5e6);
  });
});

Deno.test("trace ring: a stage that was copied when its thread was killed is not read twice", async () => {
  await bench(64, ({ recorder, head, drain, read }) => {
    recorder.of(ENQUEUE, actor(1));
    const staged = head[format.STAGED], stageAt = head[format.STAGE_AT];
    recorder.close();
    head[format.STAGED] = staged; // killed after the store that publishes the copy
    head[format.STAGE_AT] = stageAt;
    drain(true);
    assertEquals(keys(read()), [1]);
  });
});

Deno.test("trace ring: records between two stamps are spread over the time between them", async () => {
  await bench(256, ({ clock, recorder, drain, read }) => {
    recorder.mark(10);
    clock.advanceTo(10);
    for (let i = 0; i < 4; i++) recorder.of(ENQUEUE, actor(i));
    recorder.mark(12);
    drain();
    const times = read().map((one) => one.atNs / 1e6);
    assertEquals(times.map((ms) => ms.toFixed(1)), ["10.0", "10.5", "11.0", "11.5"]);
  });
});

Deno.test("trace ring: a slice that is long all of a sudden ends when it ended", async () => {
  await bench(1024, ({ clock, recorder, tick, drain, read }) => {
    for (let i = 0; i < 50; i++) { // short ones share stamps
      clock.advanceTo(clock.now() + 0.0001);
      recorder.resumed(actor(i), i);
      recorder.parked(1);
    }
    const before = clock.now();
    recorder.resumed(actor(99), 99);
    clock.advanceTo(before + 50);
    tick();
    recorder.parked(1);
    recorder.close();
    drain();
    const end = read().filter((one) => one.event === PARK).at(-1)!;
    assert(Math.abs(end.atNs / 1e6 - before - 50) < 0.01, `${end.atNs}`);
  });
});

Deno.test("trace ring: where a long slice stopped is told by the line that called", async () => {
  await bench(1024, ({ clock, recorder, tick, drain, read }) => {
    recorder.mark(1);
    recorder.resumed(actor(1), 1);
    clock.advanceTo(30);
    tick();
    recorder.parked(1);
    recorder.close();
    drain();
    const at = read().find((one) => one.event === STOPPED_AT)!;
    assert(/recorder_test\.ts:\d+:\d+$/.test(at.text), at.text);
  });
});

Deno.test("trace ring: times are right beyond 2^32 ticks", async () => {
  const startMs = 2 ** 32 / 10_000 * 3.7;
  await bench(64, ({ clock, recorder, drain, read }) => {
    clock.advanceTo(startMs);
    recorder.mark(startMs);
    recorder.of(ENQUEUE, actor(1));
    recorder.mark(startMs);
    clock.advanceTo(startMs + 10_000); // more than a short stamp holds
    recorder.of(ENQUEUE, actor(2));
    recorder.close();
    drain();
    const [first, second] = read();
    assert(Math.abs(first.atNs / 1e6 - startMs) < 0.01, `${first.atNs}`);
    assert(Math.abs(second.atNs / 1e6 - startMs - 10_000) < 0.01, `${second.atNs}`);
  });
});

Deno.test("trace ring: a new actor is told with its generation, up to the largest, and its function once", async () => {
  await bench(256, ({ recorder, drain, read }) => {
    const largest = 2 ** 22 - 2;
    const target = { name: "näme", nameId: 3, module: "file:///a.ts", exportName: "f" };
    recorder.spawned(makePid(1, 7, largest), target);
    recorder.done({ ...actor(7), pid: makePid(1, 7, largest) }, true);
    recorder.spawned(makePid(1, 8, 1), target);
    recorder.close();
    drain();
    const [name, spawn, done, second] = read();
    assertEquals([name.event, name.argument, JSON.parse(name.text).name], [NAME, 3, "näme"]);
    assertEquals([spawn.event, spawn.argument, spawn.key, spawn.third], [SPAWN, 3, 2 ** 22 + 7, largest]);
    assertEquals([done.event, done.argument, done.key], [DONE, 1, 2 ** 22 + 7]);
    assertEquals([second.event, second.argument], [SPAWN, 3]);
  });
});

Deno.test("trace ring: a name of any length has room, and is cut", async () => {
  await bench(1024, ({ recorder, drain, read }) => {
    const target = { name: "ü".repeat(5000), nameId: 1, module: null, exportName: "" };
    recorder.spawned(makePid(1, 7, 1), target);
    recorder.close();
    drain();
    assertEquals(JSON.parse(read()[0].text).name, "ü".repeat(60));
  });
});

Deno.test("trace ring: the longest mailbox is counted, and forgotten when it is empty or its actor dead", async () => {
  await bench(1024, ({ recorder, drain, read }) => {
    const few = actor(1, 3), many = actor(2, 9);
    recorder.message(null, few, false);
    recorder.message(null, many, false);
    recorder.message(null, few, false);
    recorder.counters(0, 2);
    recorder.done(many, false);
    recorder.counters(0, 2);
    recorder.close();
    drain();
    const lengths = read().filter((one) => one.event === COUNTERS) as unknown as { fourth: number }[];
    assertEquals(lengths.map((one) => one.fourth), [9, 0]);
  });
});

Deno.test("trace ring: many schedulers share a bounded amount of memory", () => {
  assertEquals(format.ringSize(1), format.RING_WORDS_MAX);
  assert(format.ringSize(512) * 512 <= 2 ** 26);
});

Deno.test("raw trace: what is cut off at any place is read up to there", async () => {
  await withFolder({}, async (folder) => {
    const path = `${folder}/t.raw`;
    const block = format.allocateTrace(1, 256);
    const clock = new VirtualClock(1);
    const recorder = new Recorder(block, 0, 1, clock);
    const raw = RawTrace.create(path, 1, "a title");
    for (let i = 0; i < 20; i++) {
      clock.advanceTo(clock.now() + 1);
      recorder.of(ENQUEUE, actor(i));
      if (i % 4 !== 3) continue;
      recorder.mark(clock.now());
      raw.drain(0, format.traceRing(block, 0, 1), false);
    }
    raw.close();
    const bytes = await Deno.readFile(path);
    let most = 0;
    for (let length = 40; length <= bytes.length; length += 4) {
      await Deno.writeFile(path, bytes.subarray(0, length));
      const cut = RawTrace.open(path);
      const decoder = new TrackDecoder(cut, 0);
      let count = 0;
      for (; decoder.nextNs !== Infinity; count++) decoder.take();
      cut.close();
      assertEquals([cut.title, cut.schedulers], ["a title", 1]);
      assert(count >= most);
      most = count;
    }
    assertEquals(most, 21);
  });
});

Deno.test("trace ring: the time of a slice is the actor's, not the scheduler's between two slices", async () => {
  await bench(256, ({ clock, recorder, drain, read }) => {
    recorder.resumed(actor(1), 1);
    clock.advanceTo(3);
    recorder.clock(3);
    recorder.parked(1);
    recorder.of(ENQUEUE, actor(2));
    recorder.resumed(actor(2), 2);
    clock.advanceTo(5);
    recorder.clock(5);
    recorder.parked(1);
    recorder.close();
    drain();
    const [, end, , begin, end2] = read().map((one) => one.atNs / 1e6);
    assertEquals([end, end2], [3, 5]);
    assert(begin - end < 0.3, `${begin - end}`);
  });
});

Deno.test("trace ring: a park in a receive has no word of its own before a resume, and is read all the same", async () => {
  await bench(256, ({ recorder, head, drain, read }) => {
    recorder.resumed(actor(1), 1);
    recorder.parked(RECEIVE); // and a stamp
    recorder.resumed(actor(1), 1);
    const before = head[format.STAGED];
    recorder.parked(RECEIVE);
    recorder.resumed(actor(2), 2);
    assertEquals(head[format.STAGED] - before, 1);
    recorder.parked(RECEIVE);
    recorder.of(ENQUEUE, actor(3)); // no resume follows
    recorder.resumed(actor(3), 3);
    recorder.parked(RECEIVE);
    recorder.done(actor(3), false); // killed while it waits
    recorder.resumed(actor(4), 4);
    recorder.parked(RECEIVE);
    recorder.close();
    drain();
    const taken = read();
    const events = [RESUME, PARK, RESUME, PARK, RESUME, PARK, ENQUEUE, RESUME, PARK, DONE, RESUME, PARK];
    assertEquals(taken.map((one) => one.event), events);
    for (const park of taken.filter((one) => one.event === PARK)) assertEquals(park.argument, RECEIVE);
    assert(taken.every((one, i) => i === 0 || one.atNs >= taken[i - 1].atNs));
  });
});

Deno.test("trace ring: who sends after it has parked is told as somebody without the baton", async () => {
  await bench(256, ({ recorder, drain, read }) => {
    const sender = actor(1);
    recorder.resumed(sender, sender.pid);
    recorder.message(sender, actor(2), true);
    recorder.parked(RECEIVE);
    recorder.message(sender, actor(2), true);
    recorder.close();
    drain();
    const from = read().filter((one) => one.event === UNPARK_DIRECT).map((one) => one.argument & FROM_MASK);
    assertEquals(from, [FROM_CURRENT, FROM_OTHER]);
  });
});

Deno.test("trace ring: parks that find no room are counted, and write over nothing", async () => {
  await bench(64, ({ recorder, head, drain, read }) => {
    for (let i = 0; i < 1000; i++) {
      recorder.resumed(actor(i), i);
      recorder.parked(RECEIVE);
      recorder.of(ENQUEUE, actor(i));
    }
    drain();
    recorder.of(ENQUEUE, actor(7));
    recorder.close();
    drain();
    const taken = read();
    const lost = taken.filter((one) => one.event === LOST);
    assertEquals(lost.map((one) => one.key), [head[format.DROPPED]]);
    assertEquals(taken.length - lost.length + head[format.DROPPED], 3001);
    assertEquals(taken.at(-1)!.key & (2 ** 22 - 1), 7);
  });
});
