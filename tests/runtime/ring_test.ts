import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  type Region,
  resetRing,
  RING_HEADER_BYTES,
  RingReader,
  RingWriter,
  SMALLEST_RING_BYTES,
} from "../../runtime/ring.ts";

function region(dataBytes: number, byteOffset = 0): Region {
  const byteLength = RING_HEADER_BYTES + dataBytes;
  return { buffer: new SharedArrayBuffer(byteOffset + byteLength), byteOffset, byteLength };
}

/** A record of `words` words, each of which says `mark`. */
function write(writer: RingWriter, words: number, mark: number): boolean {
  const at = writer.reserve(words);
  if (at < 0) return false;
  writer.area.i32.fill(mark, at, at + words);
  writer.area.i32[at] = words;
  writer.publish(words);
  return true;
}

function read(reader: RingReader): { words: number; mark: number } | undefined {
  const at = reader.next() >= 0 || reader.look() ? reader.next() : -1;
  if (at < 0) return undefined;
  const words = reader.area.i32[at];
  const body = reader.area.i32.slice(at + 1, at + words);
  assert(body.every((word) => word === body[0]), `a record of ${words} words was torn: ${body}`);
  reader.consume();
  return { words, mark: body[0] };
}

Deno.test("a ring behaves as a queue of bounded size, whatever the sizes of records and ring", () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant("write" as const), pairs: fc.integer({ min: 1, max: 8 }) }),
    fc.record({ do: fc.constant("read" as const), count: fc.integer({ min: 1, max: 5 }) }),
    fc.record({ do: fc.constant("release" as const) }),
  );
  let wraps = 0;
  let refusals = 0;
  fc.assert(
    fc.property(
      fc.integer({ min: 16, max: 40 }),
      fc.array(step, { maxLength: 200, size: "max" }),
      (pairs, steps) => {
        const place = region(pairs * 8, 64);
        const writer = new RingWriter(place), reader = new RingReader(place);
        const model: { words: number; mark: number }[] = [];
        let mark = 0;
        for (const s of steps) {
          if (s.do === "write") {
            const words = Math.min(s.pairs * 2, writer.maxRecordWords);
            const before = writer.position;
            if (write(writer, words, ++mark)) {
              model.push({ words, mark });
              if (writer.position < before) wraps++;
            } else {
              refusals++;
              reader.release();
              assert(
                model.length > 0 || write(writer, words, mark) && read(reader),
                "an empty ring refused a record",
              );
            }
          } else if (s.do === "read") {
            for (let i = 0; i < s.count; i++) {
              assertEquals(reader.hasRecords(), model.length > 0);
              assertEquals(read(reader), model.shift());
            }
          } else reader.release();
        }
      },
    ),
  );
  assert(wraps > 100 && refusals > 100, `the property met ${wraps} wraps and ${refusals} refusals only`);
});

Deno.test("an empty ring has room for a record of maxRecordWords wherever its tail is", () => {
  for (let offset = 2; offset < 32; offset += 2) {
    const place = region(128);
    const writer = new RingWriter(place), reader = new RingReader(place);
    for (let moved = 0; moved < offset; moved += 2) {
      assert(write(writer, 2, 1));
      read(reader);
    }
    reader.release();
    assert(write(writer, writer.maxRecordWords, 7), `no room when the tail is at ${offset}`);
    assertEquals(read(reader), { words: writer.maxRecordWords, mark: 7 });
  }
});

Deno.test("what is written and not published is not seen", () => {
  const place = region(128);
  const writer = new RingWriter(place), reader = new RingReader(place);
  writer.area.i32.fill(9, writer.position, writer.position + 8);
  assertEquals(reader.next(), -1);
  assertEquals(reader.hasRecords(), false);
  assertEquals(
    new RingWriter(place).position,
    writer.position,
    "a successor starts where the last record ended",
  );
});

Deno.test("a writer that waits is woken by exactly one release", () => {
  const place = region(128);
  const writer = new RingWriter(place), reader = new RingReader(place);
  let written = 0;
  while (write(writer, 6, 1)) written++;
  read(reader);
  assertEquals(reader.release(), false, "nobody waits yet");
  while (write(writer, 6, 1)) written++;
  writer.announceWaiting();
  assertEquals(writer.reserve(6), -1);
  assertEquals(reader.release(), false, "nothing was consumed since");
  read(reader);
  assertEquals(reader.release(), true);
  read(reader);
  assertEquals(reader.release(), false, "the reader cleared the flag");
  assert(written > 4 && writer.reserve(6) >= 0);
});

Deno.test("a reader is asked to release before it has consumed the whole ring", () => {
  const place = region(256);
  const writer = new RingWriter(place), reader = new RingReader(place);
  let asked = 0;
  for (let i = 0; i < 7; i++) assert(write(writer, 8, i + 1));
  reader.look();
  while (reader.next() >= 0) if (reader.consume()) asked += Number(reader.release() === false);
  assertEquals(asked, 3, "a quarter of 64 words is 16, which is two records");
});

Deno.test("a reader is offered what its last look has seen, and no more", () => {
  const place = region(256);
  const writer = new RingWriter(place), reader = new RingReader(place);
  write(writer, 6, 1);
  assertEquals(reader.next(), -1);
  assertEquals(reader.look(), true);
  write(writer, 6, 2);
  assertEquals(reader.next() >= 0, true);
  reader.consume();
  assertEquals(reader.next(), -1);
  assertEquals(reader.hasRecords(), true);
});

Deno.test("a reset ring is empty and of the next generation", () => {
  const place = region(128);
  const writer = new RingWriter(place);
  write(writer, 6, 1);
  assertEquals(new RingReader(place).hasRecords(), true);
  assertEquals(resetRing(place), writer.generation + 1);
  const next = new RingWriter(place), reader = new RingReader(place);
  assertEquals([next.generation, reader.generation], [1, 1]);
  assertEquals(reader.next(), -1);
  write(next, 6, 2);
  assertEquals(read(reader), { words: 6, mark: 2 });
});

Deno.test("a region that is too small or not aligned is refused with what would do", () => {
  const buffer = new SharedArrayBuffer(4096);
  const smallest = { buffer, byteOffset: 0, byteLength: SMALLEST_RING_BYTES };
  new RingWriter(smallest);
  assertThrows(
    () => new RingWriter({ ...smallest, byteLength: SMALLEST_RING_BYTES - 8 }),
    RangeError,
    `Give it at least ${SMALLEST_RING_BYTES} bytes`,
  );
  assertThrows(() => new RingReader({ ...smallest, byteOffset: 4 }), RangeError, "multiples of 8");
});
