import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { receiveMessageOnPort } from "node:worker_threads";
import { InLink } from "../../runtime/in_link.ts";
import { OutLink } from "../../runtime/out_link.ts";
import { RING_HEADER_BYTES } from "../../runtime/ring.ts";
import { NotSendableError, ObjectClasses } from "../../runtime/sendable.ts";

interface Received {
  kind: number;
  target: number;
  aux: number;
  payload: unknown;
}

/** A link whose two ends are in this thread, on a ring with `dataBytes` for records, and a real port beside it. */
function link(dataBytes: number, classes?: ObjectClasses) {
  const byteLength = RING_HEADER_BYTES + dataBytes;
  const region = { buffer: new SharedArrayBuffer(byteLength), byteOffset: 0, byteLength };
  const side: unknown[][] = [];
  const wakes = { reader: 0, writer: 0 };
  const failed: unknown[] = [];
  const out = new OutLink(region, {
    classes,
    wakeReader: () => wakes.reader++,
    post: (values, transfer) => side.push(structuredClone(values, { transfer })),
  });
  const inward = new InLink(region, {
    classes,
    wakeWriter: () => wakes.writer++,
    takeSide: () => side.shift(),
    undecodable: (_kind, _target, _aux, error) => failed.push(error),
  });
  const got: Received[] = [];
  const take = (max = 1_000_000) =>
    inward.drain((kind, target, aux, payload) => got.push({ kind, target, aux, payload }), max);
  return { region, out, in: inward, side, wakes, failed, got, take };
}

/** Runs both ends until nothing is left. Fails when neither can move. */
function settle({ out, in: inward, take }: ReturnType<typeof link>): void {
  for (let turn = 0; turn < 1_000_000 && (!out.flush() || inward.hasRecords()); turn++) take();
  assertEquals([out.backlogRecords, out.backlogBytes, inward.hasRecords()], [0, 0, false]);
}

Deno.test("kind, target, aux and payload arrive as sent, and the reader is woken for each", () => {
  const l = link(1024);
  l.out.send(255, Number.MAX_SAFE_INTEGER, -(2 ** 31), { a: 1 });
  l.out.send(0, 0, 2 ** 31 - 1, undefined);
  assertEquals([l.wakes.reader, l.out.sent, l.in.hasRecords()], [2, 2, true]);
  assertEquals(l.take(1), 1);
  assertEquals(l.take(5), 1);
  assertEquals(l.got, [
    { kind: 255, target: Number.MAX_SAFE_INTEGER, aux: -(2 ** 31), payload: { a: 1 } },
    { kind: 0, target: 0, aux: 2 ** 31 - 1, payload: undefined },
  ]);
  assertEquals([l.take(5), l.in.hasRecords(), l.in.received], [0, false, 2]);
});

Deno.test("messages of all sizes arrive in order through rings of all sizes, full or not", () => {
  const message = fc.oneof(
    { weight: 5, arbitrary: fc.record({ type: fc.constantFrom("a", "b"), n: fc.integer() }) },
    { weight: 2, arbitrary: fc.string({ size: "large" }) },
    { weight: 2, arbitrary: fc.uint8Array({ maxLength: 3000, size: "max" }) },
    { weight: 1, arbitrary: fc.array(fc.record({ x: fc.double() }), { maxLength: 500, size: "max" }) },
  );
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ send: message }) },
    { weight: 1, arbitrary: fc.record({ take: fc.integer({ min: 1, max: 6 }) }) },
    { weight: 1, arbitrary: fc.constant({ flush: true }) },
  );
  let queued = 0;
  const run = (pairs: number, steps: unknown[]) => {
    const l = link(pairs * 8);
    const sent: unknown[] = [];
    for (const s of steps as { send?: unknown; take?: number }[]) {
      if ("send" in s) {
        l.out.send(1, sent.length, 0, s.send);
        sent.push(s.send);
      } else if ("take" in s) l.take(s.take);
      else l.out.flush();
      if (l.out.backlogRecords > 0) queued++;
      assertEquals(l.out.backlogRecords > 0, l.out.backlogBytes > 0);
    }
    settle(l);
    assertEquals(l.got.map((m) => m.target), sent.map((_, i) => i));
    assertEquals(l.got.map((m) => m.payload), sent);
  };
  fc.assert(
    fc.property(fc.integer({ min: 16, max: 400 }), fc.array(step, { maxLength: 60, size: "max" }), run),
    { numRuns: 100 },
  );
  assert(queued > 1000, `the backlog was in use in ${queued} steps only`);
});

Deno.test("a full ring never blocks the sender, and its backlog goes back to nothing", () => {
  const l = link(128);
  for (let i = 0; i < 50_000; i++) l.out.send(1, i, 0, { n: i });
  assert(l.out.backlogRecords > 49_990 && l.out.backlogBytes > 49_990 * 24);
  assertEquals(l.out.flush(), false);
  settle(l);
  assertEquals(l.out.flush(), true);
  assertEquals(l.got.map((m) => m.target), Array.from({ length: 50_000 }, (_, i) => i));
  const { chunks } = (l.out as unknown as { backlog: { chunks: unknown[] } }).backlog;
  assertEquals(chunks.length, 0);
});

Deno.test("the reader wakes a writer that found the ring full, and only then", () => {
  const l = link(256);
  l.out.send(1, 0, 0, "x");
  l.take();
  assertEquals(l.wakes.writer, 0);
  while (l.out.backlogRecords === 0) l.out.send(1, 0, 0, "x");
  l.out.flush();
  l.take();
  assert(l.wakes.writer >= 1);
  const before = l.wakes.reader;
  assertEquals(l.out.flush(), true);
  assertEquals(l.wakes.reader, before + 1, "what was moved is announced");
});

Deno.test("a send finds room by itself once the reader has moved, without waiting for flush", () => {
  const l = link(256);
  while (l.out.backlogRecords < 3) l.out.send(1, 0, 0, 1);
  l.take();
  l.out.send(1, 0, 0, 2);
  assertEquals(l.out.backlogRecords, 0);
  l.take();
  assertEquals(l.got.at(-1)!.payload, 2);
});

Deno.test("messages by the side channel keep their place among fast ones", () => {
  const l = link(256);
  const kinds = fc.array(fc.constantFrom("fast", "side", "large", "transfer"), {
    maxLength: 60,
    size: "max",
  });
  fc.assert(fc.property(kinds, fc.nat({ max: 5 }), (kinds, every) => {
    l.got.length = 0;
    kinds.forEach((kind, i) => {
      const buffer = new ArrayBuffer(8);
      const payload = kind === "fast"
        ? { i }
        : kind === "side"
        ? { i, shared: new SharedArrayBuffer(8) }
        : kind === "large"
        ? { i, bytes: new Uint8Array(2000).fill(i) }
        : { i, buffer };
      l.out.send(1, i, 0, payload, kind === "transfer" ? [buffer] : undefined);
      if (every > 0 && i % every === 0) l.take(2);
    });
    settle(l);
    assertEquals(l.got.map((m) => (m.payload as { i: number }).i), kinds.map((_, i) => i));
    assertEquals(l.side.length, 0);
    l.got.forEach(({ payload }, i) => {
      const keys = { fast: ["i"], side: ["i", "shared"], large: ["i", "bytes"], transfer: ["i", "buffer"] };
      assertEquals(Object.keys(payload as object), keys[kinds[i]]);
    });
  }));
});

Deno.test("a drain stops at a message whose side array has not arrived, and goes on when it has", () => {
  for (
    const payload of [{ a: new SharedArrayBuffer(8) }, [new SharedArrayBuffer(8), "x".repeat(40).split("")]]
  ) {
    const l = link(256);
    const late: unknown[][] = [];
    l.out.send(1, 0, 0, "before");
    l.out.send(1, 1, 0, payload);
    l.out.send(1, 2, 0, "after");
    late.push(...l.side.splice(0));
    for (let turn = 0; turn < 1000 && !l.in.stalled; turn++) {
      l.take();
      l.out.flush();
    }
    assertEquals([l.got.map((m) => m.target), l.in.stalled, l.in.hasRecords()], [[0], true, true]);
    assertEquals([l.take(), l.in.stalled], [0, true]);
    l.side.push(...late);
    settle(l);
    assertEquals([l.got.map((m) => m.target), l.in.stalled], [[0, 1, 2], false]);
    assertEquals(Object.keys(l.got[1].payload as object), Object.keys(payload));
  }
});

Deno.test("a refused message leaves no trace: ring, backlog, side channel and shapes are as before", () => {
  const l = link(256);
  const gone = new ArrayBuffer(1).transfer();
  gone.transfer();
  const refuse = () => {
    const buffer = new ArrayBuffer(8);
    for (
      const bad of [{ a: 1, f: () => {} }, { s: new SharedArrayBuffer(8), w: new WeakMap() }, [{
        a: 1,
        b: [Symbol()],
      }]]
    ) {
      assertThrows(() => l.out.send(1, 99, 0, bad, [buffer]), NotSendableError);
      assertThrows(() => l.out.send(1, 99, 0, {}, [buffer, buffer]), NotSendableError, "transfer[1]");
      assertThrows(() => l.out.send(1, 99, 0, {}, [buffer, gone]), NotSendableError, "transfer[1]");
      assertThrows(() => l.out.send(1, 99, 0, ["x".repeat(5000).split(""), bad]), NotSendableError);
    }
    assertEquals(buffer.detached, false);
  };
  for (let i = 0; i < 40; i++) {
    refuse();
    l.out.send(1, i, 0, { a: i, b: [i] });
    refuse();
  }
  assert(l.out.backlogRecords > 0);
  settle(l);
  assertEquals(l.got.map((m) => m.payload), Array.from({ length: 40 }, (_, i) => ({ a: i, b: [i] })));
  assertEquals([l.side.length, l.out.sent], [0, 40]);
});

Deno.test("a message that cannot be revived is reported, and those after it arrive with the shapes it defined", () => {
  class Fragile {}
  const classes = new ObjectClasses();
  classes.registerSpecial(Fragile, 1, () => 0, () => {
    throw new Error("gone");
  });
  const l = link(1024, classes);
  l.out.send(1, 0, 0, { x: 1, y: 1 });
  let deep: unknown = [];
  for (let i = 0; i < 500; i++) deep = [deep];
  l.out.send(1, 1, 0, [deep, new Fragile(), { x: 2, y: 2 }]);
  l.out.send(1, 2, 0, { x: 3, y: 3 });
  settle(l);
  assertEquals(l.got.map((m) => m.payload), [{ x: 1, y: 1 }, { x: 3, y: 3 }]);
  assertEquals(l.failed.map(String), ["Error: gone"]);
});

Deno.test("what the handler throws ends the drain and costs no other message", () => {
  const l = link(512);
  for (let i = 0; i < 3; i++) l.out.send(1, i, 0, i);
  assertThrows(
    () =>
      l.in.drain(() => {
        throw new Error("handler");
      }, 10),
    Error,
    "handler",
  );
  l.take();
  assertEquals(l.got.map((m) => m.payload), [1, 2]);
});

Deno.test("two links that are full both ways drain each other from their handlers", () => {
  const a = link(128), b = link(128);
  const total = 2000;
  for (let i = 0; i < total; i++) {
    a.out.send(1, i, 0, { ping: i });
    b.out.send(1, i, 0, { pong: i });
  }
  const echoes: number[] = [];
  let fromB = 0;
  for (let idle = 0; idle < 3; idle++) {
    const moved = a.in.drain((_kind, _target, _aux, payload) => {
      const { ping, echo } = payload as { ping?: number; echo?: number };
      if (ping !== undefined) b.out.send(1, 0, 0, { echo: ping });
      else assertEquals(echo, undefined);
    }, 5) + b.in.drain((_kind, _target, _aux, payload) => {
      const { pong, echo } = payload as { pong?: number; echo?: number };
      if (echo !== undefined) echoes.push(echo);
      else assertEquals(pong, fromB++);
    }, 5);
    a.out.flush();
    b.out.flush();
    if (moved > 0) idle = 0;
  }
  assertEquals(fromB, total);
  assertEquals(echoes, Array.from({ length: total }, (_, i) => i));
});

Deno.test("what a getter sends comes whole and before its message, through rings of all sizes, full or not", () => {
  for (const ringBytes of [128, 512, 4096, 1 << 16]) {
    const l = link(ringBytes);
    const texts = "x".repeat(60);
    const buffer = new ArrayBuffer(1 << 15); // by the side channel in all but the biggest ring
    const message = {
      before: [1, texts, { again: texts }],
      get x() {
        l.out.send(1, 1, 0, {
          get y() {
            l.out.send(1, 2, 0, { n: 2, buffer });
            l.out.sendBytes(1, 3, 0, new Uint8Array([1, 2, 3]));
            l.out.flush();
            return 1;
          },
        });
        return buffer;
      },
    };
    for (let round = 0; round < 4; round++) l.out.send(1, 0, round, message); // the second one defines shapes
    settle(l);
    const got = l.got.map(({ target, payload }) => [target, payload]);
    const innermost = [2, { n: 2, buffer }], bytes = [3, new Uint8Array([1, 2, 3])];
    const whole = [0, { before: [1, texts, { again: texts }], x: buffer }];
    const round = [innermost, bytes, [1, { y: 1 }], whole];
    assertEquals(got, [...round, ...round, ...round, ...round], `a ring of ${ringBytes} bytes`);
  }
});

Deno.test("a message that stands no more when it has been written leaves no trace", () => {
  const l = link(1024);
  const asked: unknown[] = [];
  const message = (read: () => unknown) => ({
    get x() {
      return read();
    },
    shared: new SharedArrayBuffer(8),
  });
  const stands = (answer: boolean) => () => (asked.push(answer), answer);
  assert(!l.out.send(1, 1, 0, message(() => asked.push("read")), undefined, stands(false)));
  assert(l.out.send(1, 2, 0, message(() => asked.push("read")), undefined, stands(true)));
  assertThrows(() => {
    l.out.send(
      1,
      3,
      0,
      message(() => {
        throw new Error("no");
      }),
      undefined,
      stands(true),
    );
  }, NotSendableError);
  settle(l);
  assertEquals(asked, ["read", false, "read", true]);
  assertEquals(l.got.map((m) => m.target), [2]);
  assertEquals(l.out.sent, 1);
});

Deno.test("discard forgets the backlog and says how much it was", () => {
  const l = link(128);
  for (let i = 0; i < 10; i++) l.out.send(1, i, 0, i);
  const waiting = l.out.backlogRecords;
  assert(waiting > 0);
  assertEquals(l.out.discard(), waiting);
  settle(l);
  assertEquals(l.got.length, 10 - waiting);
});

Deno.test("64 MiB arrive as bytes, as text and as a tree", () => {
  const l = link(1 << 16);
  const size = 64 << 20;
  const bytes = new Uint8Array(size).fill(7);
  bytes[size - 1] = 9;
  const row = { id: 1, name: "some name", tags: ["a", "b"], score: 0.5, note: "n".repeat(200) };
  const tree = Array.from({ length: 280_000 }, (_, id) => ({ ...row, id }));
  l.out.send(1, 0, 0, bytes);
  l.out.send(1, 1, 0, "é".repeat(size));
  l.out.send(1, 2, 0, tree);
  l.out.send(1, 3, 0, "after");
  assert(l.out.backlogBytes > 60 << 20, `the tree waits: ${l.out.backlogBytes} bytes`);
  settle(l);
  const [a, b, c, d] = l.got.map((m) => m.payload) as [Uint8Array, string, typeof tree, string];
  assertEquals([a.length, a[0], a[size - 1]], [size, 7, 9]);
  assertEquals([b.length, b.charCodeAt(size - 1)], [size, 0xe9]);
  assertEquals([c.length, c[0], c[279_999]], [280_000, tree[0], tree[279_999]]);
  assertEquals(d, "after");
});

Deno.test("between two workers, messages cross both ways in order with tiny rings and a real side channel", async () => {
  const source = `
    import { InLink } from ${JSON.stringify(new URL("../../runtime/in_link.ts", import.meta.url).href)};
    import { OutLink } from ${JSON.stringify(new URL("../../runtime/out_link.ts", import.meta.url).href)};
    import { receiveMessageOnPort } from "node:worker_threads";
    onmessage = ({ data: { inRegion, outRegion, port } }) => {
      const out = new OutLink(outRegion, {
        wakeReader() {},
        post: (values, transfer) => port.postMessage(values, transfer),
      });
      const inward = new InLink(inRegion, { wakeWriter() {}, takeSide: () => receiveMessageOnPort(port)?.message });
      let open = true;
      while (open || !out.flush()) {
        inward.drain((kind, target, aux, payload) => {
          if (kind === 9) open = false;
          else out.send(kind, target, aux + 1, payload);
        }, 16);
        out.flush();
      }
    };`;
  const region = () => {
    const byteLength = RING_HEADER_BYTES + 256;
    return { buffer: new SharedArrayBuffer(byteLength), byteOffset: 0, byteLength };
  };
  const there = region(), back = region();
  const { port1, port2 } = new MessageChannel();
  const worker = new Worker(`data:application/javascript,${encodeURIComponent(source)}`, { type: "module" });
  try {
    worker.postMessage({ inRegion: there, outRegion: back, port: port2 }, [port2]);
    const out = new OutLink(there, {
      wakeReader() {},
      post: (values, transfer) => port1.postMessage(values, transfer),
    });
    const inward = new InLink(back, {
      wakeWriter() {},
      takeSide: () => receiveMessageOnPort(port1 as never)?.message as unknown[] | undefined,
    });
    const total = 10_000;
    const payloadOf = (i: number) =>
      i % 50 === 3
        ? { i, blob: new Uint8Array(300).fill(i) }
        : i % 7
        ? { i, text: "t" + i }
        : [i, { i }, "x".repeat(i % 300)];
    let sent = 0;
    let received = 0;
    // There to end hangs: two threads that spin on one core pass the ring to and fro a few hundred times a second.
    let [seen, seenAt] = [0, performance.now()];
    while (received < total) {
      if (received > seen) [seen, seenAt] = [received, performance.now()];
      assert(performance.now() < seenAt + 30_000, `only ${received} of ${total} came back`);
      for (let k = 0; k < 20 && sent < total; k++, sent++) out.send(1, sent, 5, payloadOf(sent));
      out.flush();
      inward.drain((kind, target, aux, payload) => {
        assertEquals([kind, target, aux], [1, received, 6]);
        assertEquals(payload, payloadOf(received));
        received++;
      }, 100);
      if (received === 0) await new Promise((resolve) => setTimeout(resolve, 1)); // lets the worker load
    }
    out.send(9, 0, 0, null);
    assertStrictEquals(inward.received, total);
  } finally {
    worker.terminate();
    port1.close();
  }
});

Deno.test("bytes past the codec keep their place among messages, and arrive in arrays of their own", () => {
  const step = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ bytes: fc.uint8Array({ maxLength: 900, size: "max" }), cut: fc.nat(9) }),
    },
    { weight: 2, arbitrary: fc.record({ send: fc.record({ n: fc.integer() }) }) },
    { weight: 2, arbitrary: fc.record({ take: fc.integer({ min: 1, max: 6 }) }) },
    { weight: 1, arbitrary: fc.constant({ flush: true }) },
  );
  const sizes = fc.constantFrom(128, 256, 1024, 4096);
  fc.assert(fc.property(sizes, fc.array(step, { maxLength: 60 }), (size, steps) => {
    const l = link(size);
    const sent: unknown[] = [];
    for (const one of steps) {
      if ("bytes" in one) {
        const length = Math.max(0, one.bytes.length - one.cut);
        l.out.sendBytes(3, 4, sent.length, one.bytes, length);
        sent.push(one.bytes.slice(0, length));
        one.bytes.fill(255); // they are the sender's again
      } else if ("send" in one) {
        l.out.send(3, 4, sent.length, one.send);
        sent.push(one.send);
      } else if ("take" in one) l.take(one.take);
      else l.out.flush();
    }
    settle(l);
    assertEquals(l.got.map((one) => one.payload), sent);
    assertEquals(l.got.map((one) => one.aux), sent.map((_, i) => i));
    for (const { payload } of l.got) {
      if (payload instanceof Uint8Array) assertEquals(payload.buffer.byteLength, payload.length);
    }
  }));
});
