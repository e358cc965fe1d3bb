import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { Lines } from "../../io/lines.ts";
import { growing } from "../../io/reading.ts";
import { ByteQueue, LARGEST_READ_AHEAD, nextReadSize, SMALLEST_READ } from "../../io/byte_queue.ts";

const encode = (text: string) => new TextEncoder().encode(text);

/** A source that gives a text in pieces of these sizes. */
function sourceOf(bytes: Uint8Array, sizes: number[]) {
  let left = bytes;
  let next = 0;
  return {
    left: () => left,
    read(): Promise<Uint8Array | null> {
      if (left.length === 0) return Promise.resolve(null);
      const size = sizes[next++ % sizes.length];
      const piece = left.slice(0, size);
      left = left.slice(size);
      return Promise.resolve(piece);
    },
    unread(back: Uint8Array): void {
      const all = new Uint8Array(back.length + left.length);
      all.set(back);
      all.set(left, back.length);
      left = all;
    },
  };
}

/** What lines are, told slowly. */
function oracle(text: string): string[] {
  const lines = text.split("\n");
  const last = lines.pop()!;
  const ended = lines.map((line) => line.endsWith("\r") ? line.slice(0, -1) : line);
  return last === "" ? ended : [...ended, last];
}

const texts = fc.array(fc.constantFrom("a", "ä", "🦕", "\n", "\r\n", "\r", "bc"), { maxLength: 40 }).map((
  all,
) => all.join(""));
const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 });

Deno.test("lines are the same however the bytes are cut", async () => {
  await fc.assert(fc.asyncProperty(texts, sizes, async (text, sizes) => {
    const lines: string[] = [];
    for await (const line of new Lines(sourceOf(encode(text), sizes))) lines.push(line);
    assertEquals(lines, oracle(text));
  }));
});

Deno.test("a loop over lines that breaks off anywhere leaves the rest to the next one", async () => {
  await fc.assert(fc.asyncProperty(texts, sizes, fc.nat(8), async (text, sizes, stop) => {
    const source = sourceOf(encode(text), sizes);
    const lines: string[] = [];
    if (stop > 0) {
      for await (const line of new Lines(source)) {
        lines.push(line);
        if (lines.length === stop) break;
      }
    }
    for await (const line of new Lines(source)) lines.push(line);
    assertEquals(lines, oracle(text));
  }));
});

Deno.test("a loop over lines that a read ends leaves the line that it had begun to the next one", async () => {
  await fc.assert(fc.asyncProperty(texts, sizes, fc.nat(8), async (text, sizes, failing) => {
    const source = sourceOf(encode(text), sizes);
    let reads = 0;
    const lines: string[] = [];
    const flaky = {
      ...source,
      read: () => reads++ === failing ? Promise.reject(new Error("too late")) : source.read(),
    };
    for (let begun = 0; begun < 2; begun++) {
      try {
        for await (const line of new Lines(flaky)) lines.push(line);
      } catch (error) {
        assertEquals((error as Error).message, "too late");
      }
    }
    assertEquals(lines, oracle(text));
  }));
});

Deno.test("lines that are asked for at once come all, in the order of asking", async () => {
  await fc.assert(
    fc.asyncProperty(texts, sizes, fc.integer({ min: 2, max: 4 }), async (text, sizes, atOnce) => {
      const lines: string[] = [];
      const source = new Lines(sourceOf(encode(text), sizes));
      for (let ended = false; !ended;) {
        for (
          const { value, done } of await Promise.all(Array.from({ length: atOnce }, () => source.next()))
        ) {
          if (done) ended = true;
          else lines.push(value);
        }
      }
      assertEquals(lines, oracle(text));
    }),
  );
});

Deno.test("a byte order mark is taken off the first line only, however the bytes are cut", async () => {
  const text = "\uFEFFone\n\uFEFFtwo\n\uFEFF\n\uFEFFlast";
  for (let size = 1; size < 30; size++) {
    const lines: string[] = [];
    for await (const line of new Lines(sourceOf(encode(text), [size]))) lines.push(line);
    assertEquals(lines, oracle(text.slice(1)));
  }
});

Deno.test("bytes leave the queue in the order in which they came, whatever is given back", () => {
  const pieces = fc.uint8Array({ maxLength: 8 });
  const steps = fc.array(fc.oneof(
    fc.record({ push: pieces }),
    fc.record({ take: fc.integer({ min: 1, max: 12 }), back: fc.nat(12) }),
  ));
  fc.assert(fc.property(steps, (steps) => {
    const queue = new ByteQueue();
    let oracle: number[] = [];
    for (const step of steps) {
      if ("push" in step) {
        queue.push(step.push);
        oracle.push(...step.push);
      } else if (queue.length > 0) {
        const taken = queue.head(step.take).slice();
        assertEquals([...taken], oracle.slice(0, taken.length));
        const before = queue.length;
        queue.drop(taken.length);
        assertEquals(queue.length, before - taken.length);
        oracle = oracle.slice(taken.length);
        const back = taken.subarray(Math.max(0, taken.length - step.back));
        queue.unshift(back);
        oracle = [...back, ...oracle];
      }
      assertEquals(queue.length, oracle.length);
    }
  }));
});

Deno.test("reads grow while they fill their buffer, to a bound, and shrink again", () => {
  let size = SMALLEST_READ;
  for (let i = 0; i < 10; i++) size = nextReadSize(size, size, size);
  assertEquals(size, LARGEST_READ_AHEAD);
  assertEquals(nextReadSize(size, 10, 10), size); // the reader asked for few
  for (let i = 0; i < 20; i++) size = nextReadSize(size, 1, size);
  assertEquals(size, SMALLEST_READ);
});

Deno.test("pieces grow while they are filled, to a bound", async () => {
  const asked: number[] = [];
  const given = [10, 40, 100, 100, 7, 100];
  const read = growing(10, 100, (n) => {
    asked.push(n);
    const length = given.shift();
    return Promise.resolve(length === undefined ? null : new Uint8Array(length));
  });
  while (await read() !== null);
  assertEquals(asked, [10, 40, 100, 100, 100, 100, 100]);
});
