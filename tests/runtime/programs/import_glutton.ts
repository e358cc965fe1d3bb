/** Fills its heap while it is loaded. */
const kept: unknown[] = [];
for (let n = 0;; n++) kept.push({ n, text: `number ${n}`, list: [n, n + 1, n + 2, n + 3] });

export function main(): void {}
