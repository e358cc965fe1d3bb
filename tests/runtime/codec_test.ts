import { assert, assertEquals, assertThrows } from "@std/assert";
import assertStrict from "node:assert/strict";
import fc from "fast-check";
import { InLink } from "../../runtime/in_link.ts";
import { OutLink } from "../../runtime/out_link.ts";
import { MAX_SHAPES } from "../../runtime/codec.ts";
import { checkSendable, deepFreeze, NotSendableError, ObjectClasses } from "../../runtime/sendable.ts";

/** Both ends of a link in one thread. `posts` counts what took the side channel. */
class Pipe {
  posts = 0;
  /** Bytes of what the side channel has moved. */
  moved = 0;
  readonly out: OutLink;
  private readonly in: InLink;
  private readonly side: unknown[][] = [];

  constructor(
    { bytes = 1 << 20, classes, arrayNames }: {
      bytes?: number;
      classes?: ObjectClasses;
      arrayNames?: boolean;
    } = {},
  ) {
    const region = { buffer: new SharedArrayBuffer(bytes), byteOffset: 0, byteLength: bytes };
    this.out = new OutLink(region, {
      classes,
      arrayNames,
      context: "from",
      wakeReader() {},
      post: (values, transfer) => {
        for (const item of transfer) if (item instanceof ArrayBuffer) this.moved += item.byteLength;
        this.side.push(structuredClone(values, { transfer }));
        this.posts++;
      },
    });
    this.in = new InLink(region, {
      classes,
      context: "to",
      wakeWriter() {},
      takeSide: () => this.side.shift(),
    });
  }

  receive(): unknown[] {
    const got: unknown[] = [];
    do this.in.drain((_kind, _target, _aux, payload) => got.push(payload), 1000); while (!this.out.flush());
    this.in.drain((_kind, _target, _aux, payload) => got.push(payload), 1000);
    return got;
  }

  // deno-lint-ignore no-explicit-any
  trip(value: unknown, transfer?: Transferable[]): any {
    this.out.send(1, 2, 3, value, transfer);
    const got = this.receive();
    assertEquals(got.length, 1);
    return got[0];
  }
}

/** Fails unless objects that are one in `a` are one in `b`, and those that are two, two. */
function assertSameIdentities(a: unknown, b: unknown): void {
  const pairs = new Map<unknown, unknown>(), reverse = new Map<unknown, unknown>();
  const walk = (a: unknown, b: unknown) => {
    if (typeof a !== "object" || a === null) return;
    if (pairs.has(a) || reverse.has(b)) {
      assert(pairs.get(a) === b && reverse.get(b) === a, "two objects became one, or one became two");
      return;
    }
    pairs.set(a, b);
    reverse.set(b, a);
    const [x, y] = [a, b].map((o) =>
      o instanceof Map || o instanceof Set ? [...o].flat(1) : Object.values(o as object)
    );
    x.forEach((value, i) => walk(value, y[i]));
  };
  walk(a, b);
}

function assertClones(pipe: Pipe, value: unknown): void {
  const expected = structuredClone(value);
  const got = pipe.trip(value);
  assertStrict.deepStrictEqual(got, expected);
  assertSameIdentities(expected, got);
}

const anything = fc.anything({
  withBigInt: true,
  withBoxedValues: true,
  withDate: true,
  withMap: true,
  withSet: true,
  withSparseArray: true,
  withTypedArray: true,
  withNullPrototype: true,
  maxDepth: 4,
  size: "medium",
  key: fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom("__proto__", "constructor", "toString", "0", "a", "b"),
  ),
  values: [
    fc.boolean(),
    fc.integer(),
    fc.double(),
    fc.constantFrom(
      null,
      undefined,
      NaN,
      -0,
      Infinity,
      2 ** 31,
      -(2 ** 31),
      2 ** 23,
      -(2 ** 23) - 1,
      2 ** 53,
    ),
    fc.bigInt(),
    fc.string({ unit: "binary", maxLength: 100 }),
    fc.string({ maxLength: 100 }),
    fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)),
  ],
});

Deno.test("any value comes out as structured clone would make it", () => {
  const pipe = new Pipe();
  fc.assert(fc.property(anything, (value) => assertClones(pipe, value)), { numRuns: 500 });
});

Deno.test("any value comes out of a ring with room for a few small records only", () => {
  const pipe = new Pipe({ bytes: 512 });
  fc.assert(fc.property(anything, (value) => assertClones(pipe, value)), { numRuns: 500 });
});

Deno.test("objects met twice and cycles keep their identity", () => {
  const pipe = new Pipe();
  // A graph: each node is of some kind and points at others by number.
  const node = fc.record({
    kind: fc.constantFrom("object", "array", "map", "set", "class"),
    to: fc.array(fc.nat({ max: 30 }), { maxLength: 4 }),
  });
  class Point {
    [key: string]: unknown;
  }
  fc.assert(fc.property(fc.array(node, { minLength: 1, maxLength: 31, size: "max" }), (nodes) => {
    const made: unknown[] = nodes.map(({ kind }) =>
      kind === "object"
        ? {}
        : kind === "array"
        ? []
        : kind === "map"
        ? new Map()
        : kind === "set"
        ? new Set()
        : new Point()
    );
    nodes.forEach(({ to }, i) => {
      const from = made[i];
      to.forEach((target, key) => {
        const value = made[target % made.length];
        if (Array.isArray(from)) from.push(value);
        else if (from instanceof Map) from.set(key % 2 ? value : key, value);
        else if (from instanceof Set) from.add(value);
        else (from as Record<string, unknown>)["k" + key] = value;
      });
    });
    const got = pipe.trip(made);
    assertSameIdentities(structuredClone(made), got);
    assertStrict.equal(got.length, made.length);
  }));
});

Deno.test("arrays of integers, of numbers and of both with anything else arrive as they are", () => {
  const pipe = new Pipe();
  const element = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(0, 1, -1, 2 ** 23 - 1, 2 ** 23, -(2 ** 31), 2 ** 31 - 1) },
    { weight: 3, arbitrary: fc.constantFrom(-0, 0.5, NaN, 2 ** 31, Number.MAX_SAFE_INTEGER) },
    { weight: 1, arbitrary: fc.constantFrom("text", null, undefined, true, 1n, { of: [1, 0.5] }) },
  );
  const shared = [1, 2, 0.5];
  fc.assert(fc.property(fc.array(element, { maxLength: 12 }), (array) => {
    assertClones(pipe, array);
    assertClones(pipe, [array, shared, array]); // met twice
  }));
});

Deno.test("the same keys cost less from the third message on", () => {
  const pipe = new Pipe();
  const sizes: number[] = [];
  for (let i = 0; i < 4; i++) {
    const before = ringPosition(pipe);
    assertEquals(pipe.trip({ aRatherLongName: i, anotherLongName: "x" }), {
      aRatherLongName: i,
      anotherLongName: "x",
    });
    sizes.push(ringPosition(pipe) - before);
  }
  assert(sizes[1] > sizes[0], "the second defines the shape and uses it");
  assert(sizes[2] < sizes[0] && sizes[2] === sizes[3], `sizes were ${sizes}`);
});

function ringPosition(pipe: Pipe): number {
  return (pipe.out as unknown as { ring: { position: number } }).ring.position;
}

Deno.test("a shape defined by a message that was refused is defined again", () => {
  const pipe = new Pipe();
  pipe.trip({ first: 1, second: 2 });
  for (let i = 0; i < 3; i++) {
    assertThrows(() => pipe.out.send(1, 2, 3, [{ first: 1, second: 2 }, () => {}]), NotSendableError);
  }
  assertEquals(pipe.receive(), []);
  for (let i = 0; i < 40; i++) assertEquals(pipe.trip({ first: i, second: 2 }), { first: i, second: 2 });
});

Deno.test("a shape defined inside a part of an error that was given up is defined again", () => {
  const pipe = new Pipe();
  pipe.trip({ first: 1, second: 2 });
  const error = Object.assign(new Error("x"), {
    detail: [{ first: 1, second: 2 }, () => {}],
    after: { first: 3, second: 4 },
  });
  const got = pipe.trip(error);
  assertEquals(got.detail, "(cannot be sent)");
  assertEquals(got.after, { first: 3, second: 4 });
  assertEquals(pipe.trip({ first: 5, second: 6 }), { first: 5, second: 6 });
});

Deno.test("more shapes than there are numbers arrive all the same", () => {
  const pipe = new Pipe();
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < MAX_SHAPES + 50; i++) {
      const value = { ["key" + i]: round };
      assertStrict.deepStrictEqual(pipe.trip(value), value);
    }
  }
});

Deno.test("dictionaries do not use up the numbers of shapes", () => {
  const pipe = new Pipe();
  for (let i = 0; i < 20_000; i++) pipe.trip({ ["id" + i]: 1, other: 2 });
  pipe.trip({ type: "a", n: 1 });
  pipe.trip({ type: "a", n: 1 });
  const before = ringPosition(pipe);
  pipe.trip({ type: "a", n: 1 });
  const words = ringPosition(pipe) - before;
  assert(words > 0 && words <= 12, `a message of a known shape took ${words} words`);
  const { nodes } = (pipe.out as unknown as { encoder: { shapes: { nodes: number } } }).encoder.shapes;
  assert(nodes > 1000 && nodes < 17_000, `the tree of keys has ${nodes} nodes`);
});

Deno.test("an object with thousands of keys, and keys that are numbers or __proto__, arrive as own properties", () => {
  const pipe = new Pipe();
  const wide = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => ["k" + i, i]));
  const odd = JSON.parse('{"2":1,"__proto__":{"x":1},"constructor":3,"a b":4,"\\u2028":5,"\\"":6,"":7}');
  delete odd[2]; // an index key would keep it from having a shape
  for (let i = 0; i < 40; i++) {
    const got = pipe.trip(odd);
    assertEquals(Object.keys(got), Object.keys(odd));
    assertEquals(Object.getPrototypeOf(got), Object.prototype);
    assertStrict.deepStrictEqual(got, odd);
    const [a, b] = pipe.trip([odd, odd]);
    assert(a === b);
    assertStrict.deepStrictEqual(a, odd);
  }
  assertStrict.deepStrictEqual(pipe.trip(wide), wide);
  assertStrict.deepStrictEqual(pipe.trip({ 1: "a", 2: "b" }), { 1: "a", 2: "b" });
});

Deno.test("texts of every length and alphabet arrive", () => {
  const pipe = new Pipe({ bytes: 1 << 16 });
  for (const unit of ["a", "é", "\xff", "\0", "λ", "💧", "\ud800", "\udc00x", "\ufeff"]) {
    for (const length of [0, 1, 3, 4, 5, 31, 32, 33, 47, 48, 49, 1000, 5000, 20_000]) {
      const text = unit.repeat(length);
      assert(pipe.trip({ text, [text]: text })[text] === text, `${JSON.stringify(unit)} ${length} times`);
    }
  }
});

Deno.test("texts that share a slot of the reader's cache are told apart", () => {
  const pipe = new Pipe();
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < 5000; i++) assertEquals(pipe.trip("t" + i), "t" + i);
  }
});

Deno.test("bigints of any size and sign arrive", () => {
  const pipe = new Pipe();
  for (const bits of [0n, 1n, 31n, 32n, 62n, 63n, 64n, 65n, 1000n, 100_000n]) {
    for (const value of [1n << bits, -(1n << bits), (1n << bits) - 1n, -(1n << bits) - 1n]) {
      assert(pipe.trip(value) === value, `2n ** ${bits}`);
    }
  }
});

Deno.test("arrays keep holes and named properties", () => {
  const pipe = new Pipe();
  const match = /(?<year>\d+)-(\d+)/.exec("on 2024-05")!;
  const huge: unknown[] = [];
  huge[4_000_000_000] = "last";
  // deno-lint-ignore no-sparse-arrays
  const oneHoleOneName = Object.assign([1, , 3], { name: "x" });
  // deno-lint-ignore no-sparse-arrays
  for (
    const array of [[1, , 3], [,], [, , undefined], match, huge, oneHoleOneName, Object.assign([], { a: [] })]
  ) {
    assertClones(pipe, array);
  }
});

Deno.test("without arrayNames, arrays lose named properties and nothing else", () => {
  const pipe = new Pipe({ arrayNames: false });
  assertStrict.deepStrictEqual(pipe.trip(Object.assign([1, 2], { name: "x" })), [1, 2]);
  // deno-lint-ignore no-sparse-arrays
  for (const array of [[], [undefined], [1, , 3], Array.from({ length: 100 }, (_, i) => i)]) {
    assertClones(pipe, array);
  }
});

Deno.test("numbers arrive exactly, whatever their property held before", () => {
  const pipe = new Pipe();
  const numbers = [
    0,
    -0,
    1,
    2 ** 23 - 1,
    2 ** 23,
    -(2 ** 23),
    -(2 ** 23) - 1,
    2 ** 31,
    2 ** 32 + 5,
    0.5,
    NaN,
    -Infinity,
  ];
  for (let i = 0; i < 500; i++) {
    const n = numbers[i % numbers.length];
    const got = pipe.trip({ n, text: "x", pair: [n, n] });
    assert(Object.is(got.n, n) && Object.is(got.pair[1], n), `${n} came out as ${got.n}`);
  }
});

Deno.test("dates, regular expressions and boxed primitives arrive", () => {
  const pipe = new Pipe();
  const pattern = /a\/b(?<x>.)/giu;
  pattern.lastIndex = 3;
  assertClones(pipe, [
    new Date(5),
    new Date(NaN),
    Object(1),
    Object(-0),
    Object("é"),
    Object(true),
    Object(7n),
  ]);
  const got = pipe.trip(pattern);
  assertEquals([got.source, got.flags, got.lastIndex], [pattern.source, "giu", 0]);
});

Deno.test("subclass instances arrive as what structured clone makes of them", () => {
  const pipe = new Pipe();
  class Account {
    #secret = 1;
    balance = 5;
    get double() {
      return this.balance * 2 + this.#secret;
    }
  }
  class Registry extends Map<number, number> {
    owner = "x";
  }
  class List extends Array {}
  function Old(this: { a: number }) {
    this.a = 1;
  }
  Old.prototype.method = () => {};
  // deno-lint-ignore no-explicit-any
  const old = new (Old as any)();
  const values = [new Account(), new Registry([[1, 2]]), List.of(1, 2), old, Object.create({ inherited: 1 })];
  for (let i = 0; i < 3; i++) assertClones(pipe, values);
});

Deno.test("what an object inherits stays behind, whatever shapes were met before", () => {
  const pipe = new Pipe();
  const heir = () => Object.assign(Object.create({ inherited: 1 }), { own: { deep: 2 } });
  for (let i = 0; i < 50; i++) { // beyond the use at which the writer of a shape is generated
    assertClones(pipe, { own: { deep: 2 }, inherited: 1 });
    assertClones(pipe, [heir(), { own: { deep: 2 }, inherited: 1 }, heir()]);
    assertClones(pipe, Object.create({ own: 1, inherited: 2 }));
  }
});

Deno.test("a regular expression arrives whatever a subclass makes of its source", () => {
  class Named extends RegExp {
    override get source(): string {
      return "(named " + super.source;
    }
  }
  const got = new Pipe().trip([new Named("a+", "g")]);
  assertEquals([String(got[0]), got[0].constructor], ["/a+/g", RegExp]);
});

Deno.test("typed arrays of every kind arrive, and those of one buffer still share it", () => {
  const pipe = new Pipe();
  const buffer = Uint8Array.from({ length: 64 }, (_, i) => i).buffer;
  for (
    const View of [
      Uint8Array,
      Int8Array,
      Uint8ClampedArray,
      Int16Array,
      Uint16Array,
      Int32Array,
      Uint32Array,
      Float32Array,
      Float64Array,
      BigInt64Array,
      BigUint64Array,
    ]
  ) assertClones(pipe, [new View(buffer, 8, 3), new View(2), new View(0)]);
  const [bytes, words, view, whole] = pipe.trip([
    new Uint8Array(buffer, 4, 8),
    new Int32Array(buffer),
    new DataView(buffer, 1, 7),
    buffer,
  ]);
  assert(bytes.buffer === words.buffer && view.buffer === whole && whole === bytes.buffer);
  bytes[0] = 200;
  assertEquals([words[1] & 0xff, view.getUint8(3), view.byteLength], [200, 200, 7]);
  assertEquals(pipe.posts, 0);
});

Deno.test("a small part of a big buffer travels alone", () => {
  const pipe = new Pipe();
  const part = new Uint16Array(new ArrayBuffer(100_000), 50_000, 4).fill(7);
  const got = pipe.trip(part);
  assertEquals([got.length, got.byteOffset, got.buffer.byteLength], [4, 0, 8]);
  assertEquals([...got], [7, 7, 7, 7]);
});

Deno.test("what was received is a copy", () => {
  const pipe = new Pipe({ bytes: 1 << 12 });
  const got = pipe.trip({
    bytes: Uint8Array.of(1, 2, 3),
    text: "some text that is longer than any cache entry may be",
  });
  for (let i = 0; i < 200; i++) pipe.trip(new Uint8Array(300).fill(0x41));
  assertEquals([...got.bytes], [1, 2, 3]);
  assertEquals(got.text, "some text that is longer than any cache entry may be");
  assert(got.bytes.buffer instanceof ArrayBuffer);
});

Deno.test("errors keep class, name, message, stack, cause, errors and properties", () => {
  const pipe = new Pipe();
  class QuotaError extends RangeError {
    override name = "QuotaError";
    constructor(readonly code: number) {
      super(`quota ${code}`, { cause: { at: new Date(1) } });
    }
  }
  const sent = new QuotaError(7);
  const got = pipe.trip(sent);
  assert(got instanceof RangeError);
  assertEquals([got.name, got.message, got.stack, (got as QuotaError).code], [
    "QuotaError",
    "quota 7",
    sent.stack!,
    7,
  ]);
  assertEquals(got.cause, { at: new Date(1) });
  assertEquals(Object.keys(got), ["code"], "name, message, stack and cause are not enumerable");

  const all = pipe.trip(new AggregateError([new SyntaxError("a"), 2], "both"));
  assert(all instanceof AggregateError && all.errors[0] instanceof SyntaxError);
  assertEquals([all.message, all.errors[0].message, all.errors[1]], ["both", "a", 2]);

  for (const ErrorClass of [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError]) {
    const one = pipe.trip(new ErrorClass("m"));
    assertEquals([one.constructor, one.name, Object.hasOwn(one, "name")], [
      ErrorClass,
      ErrorClass.name,
      false,
    ]);
  }
  assertEquals(Object.hasOwn(pipe.trip(new Error()), "message"), false);
  assertEquals("cause" in pipe.trip(new Error("x")), false);
  assertEquals("cause" in pipe.trip(new Error("x", { cause: undefined })), true);
});

Deno.test("an error arrives whatever it carries", () => {
  const pipe = new Pipe();
  const error = new Error("kept", { cause: () => {} });
  Object.assign(error, { socket: new WeakMap(), inner: { deep: [Symbol("s")] }, self: error, fine: 1 });
  Object.defineProperty(error, "trap", {
    enumerable: true,
    get() {
      throw new TypeError("no");
    },
  });
  const got = pipe.trip(error);
  assertEquals([got.message, got.cause, got.inner, got.fine], [
    "kept",
    "(cannot be sent)",
    "(cannot be sent)",
    1,
  ]);
  assertEquals(got.trap, "(cannot be sent: TypeError: no)");
  assert(got.self === got);
  const hostile = new Error("x");
  for (const key of ["name", "message", "stack"]) {
    Object.defineProperty(hostile, key, {
      get() {
        throw new Error("no");
      },
    });
  }
  assert(pipe.trip(hostile) instanceof Error);
  let chain = new Error("innermost");
  for (let i = 0; i < 20_000; i++) chain = new Error("x", { cause: chain });
  assertEquals(pipe.trip(chain).cause.cause.message, "x");
});

Deno.test("after a property of an error was given up, objects keep their identity", () => {
  const pipe = new Pipe();
  for (const many of [1, 14, 15, 16, 17, 40]) {
    const shared = Array.from({ length: many }, (_, i) => ({ i }));
    let deep: unknown = () => {};
    for (let i = 0; i < 500; i++) deep = [deep];
    const error = Object.assign(new Error("x"), {
      bad: [...shared, () => {}],
      deep,
      good: [...shared, ...shared],
    });
    for (const before of [[], Array.from({ length: 20 }, () => ({}))]) {
      const { bad, deep, good } = pipe.trip([...before, error]).at(-1);
      assertEquals([bad, deep], ["(cannot be sent)", "(cannot be sent: RangeError: nested too deeply)"]);
      assertEquals(good.length, 2 * many);
      shared.forEach((_, i) => assert(good[i].i === i && good[i] === good[many + i]));
    }
  }
});

Deno.test("100,000 levels of nesting arrive, with identities and at any mix of containers", () => {
  const pipe = new Pipe();
  const root: unknown[] = [];
  let inner: unknown = root;
  for (let i = 0; i < 100_000; i++) {
    const next: unknown = [inner];
    inner = i % 5 === 0
      ? { next, root }
      : i % 5 === 1
      ? new Map([[1, next]])
      : i % 5 === 2
      ? new Set([next])
      : next;
  }
  root.push("bottom");
  let got: unknown = pipe.trip(inner);
  let depth = 0;
  let first: unknown;
  while (typeof got === "object") {
    if (Array.isArray(got)) got = got[0];
    else if (got instanceof Map) got = got.get(1);
    else if (got instanceof Set) got = [...got][0];
    else {
      const { next, root } = got as { next: unknown; root: unknown };
      first ??= root;
      assert(root === first);
      got = next;
    }
    depth++;
  }
  assertEquals([got, depth], ["bottom", 160_001]);
  assertEquals(first, ["bottom"]);
});

Deno.test("what cannot be sent is named by its path, and nothing is sent", () => {
  const pipe = new Pipe();
  const detached = new Uint8Array(4);
  structuredClone(detached.buffer, { transfer: [detached.buffer] });
  const { port1, port2 } = new MessageChannel();
  class Client {
    socket = { read: () => {} };
  }
  const cases: [unknown, string][] = [
    [() => {}, "message"],
    [{ user: { save() {} } }, "message.user.save"],
    [{ list: [1, 2, 3, Symbol("x")] }, "message.list[3]"],
    [{ map: new Map([["k", () => {}]]) }, 'message.map.get("k")'],
    [new Map([[() => {}, 1]]), "message.keys()[0]"],
    [new Map([[{}, () => {}]]), "message.values()[0]"],
    [{ set: new Set([1, () => {}]) }, "message.set.values()[1]"],
    [{ "a b": { 0: () => {} } }, 'message["a b"]["0"]'],
    [[new Client()], "message[0].socket.read"],
    [{ p: Promise.resolve() }, "message.p"],
    [[new WeakMap()], "message[0]"],
    [[new WeakRef({})], "message[0]"],
    [{ g: (function* () {})() }, "message.g"],
    [{ i: [1][Symbol.iterator]() }, "message.i"],
    [{ port: port1 }, "message.port"],
    [{ url: new URL("http://x") }, "message.url"],
    [[new Request("http://x")], "message[0]"],
    [[new AbortController().signal], "message[0]"],
    [[new ReadableStream()], "message[0]"],
    [{ b: detached }, "message.b"],
    [{ b: [detached.buffer] }, "message.b[0]"],
    [{ views: [beyond(Uint8Array)] }, "message.views[0]"],
    [{ views: [beyond(DataView)] }, "message.views[0]"],
    [{ d: new Proxy(new Date(), {}) }, "message.d"],
    [{ d: Object.create(Date.prototype) }, "message.d"],
    [{ r: Object.create(RegExp.prototype) }, "message.r"],
    [{
      get bad() {
        throw new Error("boom");
      },
    }, "message.bad"],
  ];
  for (const [value, path] of cases) {
    const position = ringPosition(pipe);
    const error = assertThrows(() => pipe.out.send(1, 2, 3, value), NotSendableError, undefined, path);
    assertEquals(error.path, path);
    assert(error.message.startsWith(`Cannot send ${path}: `), error.message);
    assertEquals(error.name, "NotSendableError");
    assertEquals([ringPosition(pipe), pipe.posts, pipe.out.sent], [position, 0, 0]);
    assertEquals(assertThrows(() => checkSendable(value), NotSendableError).message, error.message);
  }
  assertEquals(pipe.trip("still usable"), "still usable");
  assertEquals(
    assertThrows(() => checkSendable({ user: { save() {} } }), NotSendableError).message,
    "Cannot send message.user.save: a function cannot be sent to another actor. Send data, or spawn a closure that uses it",
  );
  assertEquals(assertThrows(() => checkSendable([() => {}], "request"), NotSendableError).path, "request[0]");
  port1.close();
  port2.close();
});

/** A view whose buffer has become too small for it. */
function beyond(View: new (buffer: ArrayBuffer, offset: number, length: number) => ArrayBufferView) {
  const buffer = new ArrayBuffer(8, { maxByteLength: 16 });
  const view = new View(buffer, 6, 2);
  buffer.resize(4);
  return view;
}

Deno.test("checkSendable accepts what can be sent, cycles and depth included", () => {
  const cycle: unknown[] = [new Blob(["x"]), new SharedArrayBuffer(8), new Error("x", { cause: () => {} })];
  cycle.push(cycle);
  let deep: unknown = cycle;
  for (let i = 0; i < 100_000; i++) deep = { deep };
  checkSendable(deep);
});

Deno.test("structured clone's own goes by the side channel and keeps its place in the message", async () => {
  const pipe = new Pipe();
  const key = await crypto.subtle.importKey("raw", new Uint8Array(16), "AES-GCM", true, ["encrypt"]);
  assertEquals([pipe.trip([key])[0] instanceof CryptoKey, pipe.posts], [true, 1]);
  pipe.posts = 0;
  const shared = new SharedArrayBuffer(16);
  const blob = new Blob(["abc"]);
  const got = pipe.trip({ a: 1, shared, view: new Int32Array(shared, 4, 2), list: [blob, blob], z: "z" });
  assertEquals([got.a, got.z, pipe.posts], [1, "z", 1]);
  assert(got.view.buffer === got.shared && got.list[0] === got.list[1] && got.list[0] instanceof Blob);
  new Int32Array(shared)[1] = 42;
  assertEquals(got.view[0], 42, "shared memory is shared");
  const error = pipe.trip({ e: new DOMException("gone", "AbortError") }).e;
  assertEquals([error instanceof DOMException, error.name, error.message], [true, "AbortError", "gone"]);
});

Deno.test("transferred buffers move: the sender's is detached, views on it arrive on one buffer", () => {
  const pipe = new Pipe();
  const buffer = Uint8Array.of(1, 2, 3, 4).buffer;
  const got = pipe.trip({ whole: buffer, part: new Uint8Array(buffer, 1, 2) }, [buffer]);
  assertEquals([buffer.detached, [...got.part], got.part.buffer === got.whole], [true, [2, 3], true]);
  const { port1, port2 } = new MessageChannel();
  const port = pipe.trip([port1], [port1])[0];
  assert(port instanceof MessagePort);
  port.close();
  port2.close();
  const unmentioned = new ArrayBuffer(8);
  pipe.trip("x", [unmentioned]);
  assertEquals(unmentioned.detached, true);
  assertThrows(() => pipe.out.send(1, 2, 3, "x", [unmentioned]), NotSendableError);
  assertEquals(pipe.trip("fine"), "fine");
});

Deno.test("a transfer list with what cannot be moved is refused by its place, before anything moves", () => {
  const pipe = new Pipe();
  const locked = new ReadableStream();
  locked.getReader();
  const gone = new ArrayBuffer(8);
  structuredClone(gone, { transfer: [gone] });
  const transform = new TransformStream();
  transform.writable.getWriter();
  const cases: [unknown, string][] = [
    [new Uint8Array(8), "a view cannot be moved. List its buffer"],
    [new SharedArrayBuffer(8), "a SharedArrayBuffer is shared, not moved. Do not list it"],
    [{}, "only buffers, ports and streams can be moved. Do not list anything else"],
    [null, "only buffers, ports and streams can be moved. Do not list anything else"],
    [new Blob(["x"]), "only buffers, ports and streams can be moved. Do not list anything else"],
    [locked, "it is locked, somebody reads or writes it. Release the lock first"],
    [transform, "it is locked, somebody reads or writes it. Release the lock first"],
    [gone, "it is detached, it was transferred before. List it once"],
  ];
  for (const [item, reason] of cases) {
    const buffer = new ArrayBuffer(8);
    const send = () => pipe.out.send(1, 2, 3, { buffer }, [buffer, item as Transferable]);
    const error = assertThrows(send, NotSendableError);
    assertEquals([error.path, error.message], ["transfer[1]", `Cannot send transfer[1]: ${reason}`]);
    assertEquals([buffer.detached, pipe.posts, pipe.out.sent], [false, 0, 0]);
  }
});

Deno.test("a big buffer arrives as it was when it was met, and stays the sender's", () => {
  const pipe = new Pipe();
  for (const byteLength of [1 << 15, 1 << 16, 1 << 20]) {
    const big = new Uint8Array(byteLength).fill(7);
    const part = big.subarray(1, (byteLength >> 2) + 1);
    const message = {
      big,
      again: big.subarray(5),
      part,
      get isEmptied() {
        return big.fill(0).length > 0 &&
          structuredClone(big.buffer, { transfer: [big.buffer] }).byteLength > 0;
      },
    };
    const got = pipe.trip(message);
    assertEquals(big.length, 0, "the getter has moved it");
    assertEquals([got.big.length, got.big.every((byte: number) => byte === 7)], [byteLength, true]);
    assertEquals([got.part.length, got.part.every((byte: number) => byte === 7)], [byteLength >> 2, true]);
    assert(got.again.buffer === got.big.buffer, "views of one buffer share it");
    assertEquals([got.again.byteOffset, got.again.length], [5, byteLength - 5]);
    const kept = new Uint8Array(byteLength).fill(1);
    assertEquals(pipe.trip([kept, kept.subarray(2, 4)])[0], kept);
    assertEquals(kept.length, byteLength, "it was copied, not moved");
  }
});

Deno.test("a buffer of a class of the program's own arrives with its own bytes, whatever its constructor takes", () => {
  class Pages extends ArrayBuffer {
    constructor(pages: number) {
      super(pages * 4096);
    }
  }
  class Grid extends ArrayBuffer {
    constructor(cells: { rows: number; columns: number }) {
      super(cells.rows * cells.columns);
    }
  }
  const pipe = new Pipe();
  for (const buffer of [new Pages(1), new Pages(16), new Pages(64), new Grid({ rows: 500, columns: 400 })]) {
    const bytes = new Uint8Array(buffer).fill(7);
    const part = bytes.subarray(1, (bytes.length >> 2) + 1);
    const got = pipe.trip([buffer, bytes, part]);
    assertEquals([got[0].byteLength, got[1].length, got[2].length], [
      bytes.length,
      bytes.length,
      part.length,
    ]);
    assertEquals([got[1].buffer === got[0], got[1], got[2].slice()], [true, bytes.slice(), part.slice()]);
    assertEquals(bytes.length, buffer.byteLength, "it was copied, not moved");
  }
});

Deno.test("big buffers of what a message leaves behind, or writes a second time, do not travel along", () => {
  const pipe = new Pipe();
  const big = new Uint8Array(1 << 16).fill(7);
  const error = Object.assign(new Error("refused"), { request: { body: big, retry() {} } });
  const got = pipe.trip([error, new ArrayBuffer(1 << 17)]);
  assertEquals([got[0].request, got[1].byteLength, pipe.moved], ["(cannot be sent)", 1 << 17, 1 << 17]);
  pipe.moved = 0;
  // deno-lint-ignore no-sparse-arrays
  const array = Object.assign([big, , 1], { named: 2 });
  assertEquals(pipe.trip(array), array);
  assertEquals(pipe.moved, 1 << 16);
});

Deno.test("registered classes survive as live objects wherever they are", () => {
  class Handle {
    constructor(readonly pid: number, readonly where: unknown) {}
  }
  const classes = new ObjectClasses();
  classes.registerSpecial(
    Handle,
    5,
    (handle, context) => ({ pid: handle.pid, via: context }),
    ({ pid, via }, context) => new Handle(pid, `${via} ${context}`),
  );
  const pipe = new Pipe({ classes });
  const handle = new Handle(9, "here");
  const got = pipe.trip({ list: [handle], again: handle, map: new Map([[handle, 1]]) });
  assert(got.list[0] instanceof Handle && got.again === got.list[0] && got.map.get(got.again) === 1);
  assertEquals([got.again.pid, got.again.where], [9, "from to"]);
  assertThrows(() => classes.registerSpecial(Date, 5, () => 1, () => new Date()), RangeError, "under code 5");
});

Deno.test("a special class that cannot be dehydrated is named by its path", () => {
  class Handle {}
  const classes = new ObjectClasses();
  classes.registerSpecial(Handle, 1, () => ({ f: () => {} }), () => null);
  const error = assertThrows(
    () => new Pipe({ classes }).out.send(1, 2, 3, { h: new Handle() }),
    NotSendableError,
  );
  assertEquals(error.path, "message.h.f");
});

Deno.test("an instance of a registered class that holds itself is refused, and named by its path", () => {
  class Call {
    request: { again?: unknown; error?: unknown } = {};
  }
  const classes = new ObjectClasses();
  classes.registerSpecial(Call, 1, (call) => [call.request], ([request]) => ({ request }));
  const pipe = new Pipe({ classes });
  const call = new Call();
  call.request.again = [call];
  for (
    const send of [
      () => pipe.out.send(1, 2, 3, { call }),
      () => checkSendable({ call }, "message", { classes }),
    ]
  ) {
    assertEquals(assertThrows(send, NotSendableError, "holds itself").path, "message.call[0].again[0]");
  }
  assertEquals(pipe.receive(), []);
  call.request = { error: new Error("late", { cause: call }) }; // what an error carries is replaced by a text
  assertEquals(pipe.trip([call, call])[0].request.error.cause, "(cannot be sent)");
  call.request = {};
  assertEquals(pipe.trip([call, { call }])[1].call, { request: {} });
});

Deno.test("deepFreeze freezes all that a message holds and leaves buffers usable", () => {
  const message = {
    list: [{ a: 1 }],
    map: new Map([[{ k: 1 }, { v: 1 }]]),
    bytes: new Uint8Array(2),
    self: null as unknown,
  };
  message.self = message;
  assert(deepFreeze(message) === message);
  const [[key, value]] = message.map;
  for (const frozen of [message, message.list, message.list[0], message.map, key, value]) {
    assert(Object.isFrozen(frozen));
  }
  message.bytes[0] = 1;
  assertEquals(message.bytes[0], 1);
  let deep: unknown = 1;
  for (let i = 0; i < 100_000; i++) deep = [deep];
  deepFreeze(deep);
});
