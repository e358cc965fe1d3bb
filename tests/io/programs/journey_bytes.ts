/** What both ends of a journey know: what the n-th byte is. */
export function byteAt(seed: number, n: number): number {
  return (Math.imul(n + seed, 2654435761) >>> 13) & 255;
}

/** Whole numbers below what is asked for, always the same for a seed. */
export function random(seed: number): (below: number) => number {
  let state = (seed + 1) | 0;
  return (below) => {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9 | 0;
    return ((state ^ (state >>> 13)) >>> 0) % below;
  };
}
