/**
 * What V8 takes arrays for that were written for another scheduler; needs `--v8-flags=--allow-natives-syntax`. No
 * actors: with these, what V8 compiles when would decide which kinds the writer has seen.
 *
 * @module
 */
import { WordArea } from "../../../runtime/codec_area.ts";
import { Encoder } from "../../../runtime/codec_write.ts";

const kindOf = new Function(
  "array",
  "return %HasSmiElements(array) ? 'small integers' : %HasDoubleElements(array) ? 'numbers' : 'anything'",
) as (array: unknown[]) => string;

/** Of each kind enough for whatever V8 does to code that runs often. */
const WRITTEN = 30_000;
const AREA_WORDS = 1 << 10;

/** One place for all of a kind: what becomes of those that were written is what it makes from then on. */
const MAKERS: (() => unknown[])[] = [() => ["a", {}], () => [1, 2, 3], () => [0.5, 1.5]];

const encoder = new Encoder({ inlineBytes: AREA_WORDS });
const area = WordArea.ofWords(AREA_WORDS);

function write(array: unknown[]): void {
  encoder.begin(area, 0, AREA_WORDS, 0);
  encoder.payload(array);
  encoder.settle();
}

for (let i = 0; i < WRITTEN; i++) for (const make of MAKERS) write(make());
for (const make of MAKERS) {
  const array = make();
  const before = kindOf(array);
  write(array);
  console.log(`${before}, then ${kindOf(array)}`);
}
