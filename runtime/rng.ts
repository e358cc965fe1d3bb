/**
 * xoroshiro128++ (Blackman and Vigna), as Mycelium's cores use to choose whom to steal from (M9): small, fast, and good
 * enough that idle schedulers do not all fall upon the same victim. 64-bit words as pairs of 32.
 *
 * @module
 */
export class Xoroshiro128 {
  #aHigh: number;
  #aLow: number;
  #bHigh: number;
  #bLow: number;

  /** Two schedulers of one run need different seeds. */
  constructor(seed: number) {
    let state = seed | 0;
    const next = () => { // splitmix32: the state must not be all zero
      state = (state + 0x9e3779b9) | 0;
      let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
      mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
      return mixed ^ (mixed >>> 15);
    };
    this.#aHigh = next();
    this.#aLow = next();
    this.#bHigh = next();
    this.#bLow = next() | 1;
  }

  /** 0 to `bound` - 1. */
  below(bound: number): number {
    return this.next() % bound;
  }

  /** The high 32 bits of the next output. */
  next(): number {
    const aH = this.#aHigh, aL = this.#aLow;
    let bH = this.#bHigh, bL = this.#bLow;
    // result = rotl(a + b, 17) + a
    const low = (aL >>> 0) + (bL >>> 0);
    const sumLow = low | 0, sumHigh = (aH + bH + (low > 0xffffffff ? 1 : 0)) | 0;
    const turnedLow = (sumLow << 17) | (sumHigh >>> 15), turnedHigh = (sumHigh << 17) | (sumLow >>> 15);
    const resultLow = (turnedLow >>> 0) + (aL >>> 0);
    const result = (turnedHigh + aH + (resultLow > 0xffffffff ? 1 : 0)) >>> 0;
    // b ^= a; a = rotl(a, 49) ^ b ^ (b << 21); b = rotl(b, 28)
    bH ^= aH;
    bL ^= aL;
    this.#aHigh = ((aL << 17) | (aH >>> 15)) ^ bH ^ ((bH << 21) | (bL >>> 11));
    this.#aLow = ((aH << 17) | (aL >>> 15)) ^ bL ^ (bL << 21);
    this.#bHigh = (bH << 28) | (bL >>> 4);
    this.#bLow = (bL << 28) | (bH >>> 4);
    return result;
  }
}
