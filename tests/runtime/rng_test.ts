import { assertEquals } from "@std/assert";
import { Xoroshiro128 } from "../../runtime/rng.ts";

const bits64 = (n: bigint) => BigInt.asUintN(64, n);
const rotl = (n: bigint, by: bigint) => bits64(n << by) | (n >> (64n - by));

/** The reference in 64-bit words, from the same splitmix32 seeds. */
function* reference(seed: number): Generator<number> {
  let state = seed | 0;
  const half = () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return BigInt((mixed ^ (mixed >>> 15)) >>> 0);
  };
  let a = (half() << 32n) | half(), b = (half() << 32n) | half() | 1n;
  for (;;) {
    yield Number(bits64(rotl(bits64(a + b), 17n) + a) >> 32n);
    b ^= a;
    a = rotl(a, 49n) ^ b ^ bits64(b << 21n);
    b = rotl(b, 28n);
  }
}

Deno.test("M9: victims are drawn by xoroshiro128++, as its 64-bit reference has it", () => {
  for (const seed of [0, 1, 2, 511, -1, 2 ** 31 - 1]) {
    const random = new Xoroshiro128(seed);
    const expected = reference(seed);
    for (let i = 0; i < 2000; i++) assertEquals(random.next(), expected.next().value, `${i} of seed ${seed}`);
  }
});

Deno.test("M9: every victim is drawn, about as often as any other", () => {
  const drawn = new Array(7).fill(0);
  const random = new Xoroshiro128(3);
  for (let i = 0; i < 7000; i++) drawn[random.below(7)]++;
  assertEquals(drawn.filter((times) => times < 850 || times > 1150), [], `${drawn}`);
});
