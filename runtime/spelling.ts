/**
 * Which of the names that there are was probably meant by one that there is not.
 *
 * @module
 */

/** The one that differs least, if it is near enough to be a slip. */
export function closestName(name: string, known: readonly string[]): string | undefined {
  let closest: string | undefined;
  // A third of the letters may be wrong; of a short name, one.
  let closestDistance = Math.max(1, Math.floor(name.length / 3)) + 1;
  for (const one of known) {
    const distance = editDistance(name, one);
    if (distance < closestDistance) [closest, closestDistance] = [one, distance];
  }
  return closest;
}

/** @throws TypeError for an option that there is not, as `spawn_opt` does: a slip would start an actor that is not linked. */
export function checkNames(options: object, known: readonly string[], what: string): void {
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    const closest = closestName(name, known);
    const hint = closest === undefined ? `There are ${known.join(", ")}` : `Did you mean ${closest}?`;
    throw new TypeError(`${what} has no option ${JSON.stringify(name)}. ${hint}`);
  }
}

/** How many letters must be put in, taken out, changed or swapped with their neighbour to make `a` into `b`. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1];
      row[j] = Math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (isSame ? 0 : 1));
      const isSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (isSwapped) row[j] = Math.min(row[j], beforeLast[j - 2] + 1);
    }
    [beforeLast, last] = [last, row];
  }
  return last[b.length];
}
