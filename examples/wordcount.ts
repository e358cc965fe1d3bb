/**
 * Counts the words of every text file below a folder and prints the twenty most frequent, most frequent first
 * and words of one count in the order of the alphabet. How fast it went is told on stderr.
 *
 *     deno run -A smarm.ts examples/wordcount.ts FOLDER
 *
 * Each file is an actor, wherever a scheduler has time for it; one collector adds up what they found.
 *
 * A text file is one without a NUL byte, whatever its name. A word is a run of the letters A to Z, and capital
 * letters count as small ones: any other byte, those of é or ß included, parts words. Symbolic links are not
 * followed. This is what the shell counts with
 *
 *     export LC_ALL=C; grep -rLaPZ '\x00' FOLDER | xargs -0r grep -ahoE '[A-Za-z]+' | tr A-Z a-z |
 *       sort | uniq -c | sort -k1,1nr -k2 | head -20
 *
 * and the two print the same lines.
 *
 * @module
 */

import type { Actor, Pid } from "smarm";

/** How many files may be open, or counted and not yet collected, at once: far below what systems allow. */
const MAX_OPEN_FILES = 64;

/** How much of a file is counted between two checks of the timeslice. */
const BLOCK_BYTES = 16 * 1024;

/** How many words are printed. */
const TOP_WORDS = 20;

/** What the collector takes: the find of one file, or that no more will come. */
type Find =
  | { type: "text"; bytes: number; words: Map<string, number> }
  | { type: "binary" }
  | { type: "unreadable"; path: string; reason: string }
  | { type: "end" };

/** What the collector ends with. */
interface Totals {
  files: number;
  bytes: number;
  words: number;
  unreadable: number;
  top: Array<[word: string, count: number]>;
}

/** Counts one file and tells the collector. */
export async function countFile(self: Actor, path: string, collector: Pid<Find>): Promise<void> {
  let bytes: Uint8Array;
  try {
    bytes = await self.io.readFile(path);
  } catch (error) {
    self.send(collector, { type: "unreadable", path, reason: (error as Error).message });
    return;
  }
  if (bytes.includes(0)) {
    self.send(collector, { type: "binary" });
    return;
  }
  const words = new Map<string, number>();
  // One byte, one character: no two bytes ever make a letter that neither of them is.
  const decoder = new TextDecoder("latin1");
  for (let start = 0, end; start < bytes.length; start = end) {
    end = Math.min(start + BLOCK_BYTES, bytes.length);
    while (end < bytes.length && isLetter(bytes[end])) end++; // a word is never cut in two
    const text = decoder.decode(bytes.subarray(start, end)).toLowerCase();
    for (const word of text.match(/[a-z]+/g) ?? []) words.set(word, (words.get(word) ?? 0) + 1);
    await self.check();
  }
  self.send(collector, { type: "text", bytes: bytes.length, words });
}

/** Adds up what is found in each file, and tells `main` each time that another may be opened. */
export async function collect(self: Actor<Find>, main: Pid<"next">): Promise<Totals> {
  const counts = new Map<string, number>();
  const totals: Totals = { files: 0, bytes: 0, words: 0, unreadable: 0, top: [] };
  for await (const find of self) {
    if (find.type === "end") break;
    if (find.type === "text") {
      totals.files++;
      totals.bytes += find.bytes;
      for (const [word, count] of find.words) {
        totals.words += count;
        const before = counts.get(word);
        // A word that was cut out of a text may keep all of that text in memory; its clone does not.
        if (before === undefined) counts.set(structuredClone(word), count);
        else counts.set(word, before + count);
      }
    } else if (find.type === "unreadable") {
      totals.unreadable++;
      console.error(`Not counted: ${find.path}: ${find.reason}`);
    }
    self.send(main, "next");
  }
  totals.top = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).slice(0, TOP_WORDS);
  return totals;
}

export async function main(self: Actor<"next">, folder?: string): Promise<void> {
  if (folder === undefined) {
    throw new TypeError("No folder given. Name the one whose files are to be counted");
  }
  const startMs = performance.now();
  const collector = self.spawn(collect, self.pid);

  let open = 0;
  for await (const path of filesBelow(folder)) {
    if (open === MAX_OPEN_FILES) await self.receive();
    else open++;
    self.spawn(countFile, path, collector.pid);
  }
  for (; open > 0; open--) await self.receive();

  self.send(collector, { type: "end" });
  const outcome = await collector.join();
  if (outcome.kind === "panic") throw outcome.error;
  const { files, bytes, words, unreadable, top } = outcome.value;
  for (const [word, count] of top) console.log(`${String(count).padStart(7)} ${word}`);

  const seconds = (performance.now() - startMs) / 1000;
  const megabytes = bytes / 1e6;
  console.error(
    `${files} text files, ${words} words, ${megabytes.toFixed(1)} MB in ${seconds.toFixed(2)} s: ` +
      `${(megabytes / seconds).toFixed(1)} MB/s, ${Math.round(files / seconds)} files/s` +
      (unreadable > 0 ? `; ${unreadable} could not be read` : ""),
  );
}

/** The paths of all regular files below a folder. A folder below it that cannot be read is told and passed over. */
async function* filesBelow(root: string): AsyncGenerator<string> {
  const folders = [root];
  for (let folder; (folder = folders.pop()) !== undefined;) {
    try {
      for await (const entry of Deno.readDir(folder)) {
        const path = `${folder}/${entry.name}`;
        if (entry.isDirectory) folders.push(path);
        else if (entry.isFile) yield path;
      }
    } catch (error) {
      if (folder === root) throw error;
      console.error(`Not counted: ${folder}: ${(error as Error).message}`);
    }
  }
}

function isLetter(byte: number): boolean {
  return (byte >= 65 && byte <= 90) || (byte >= 97 && byte <= 122);
}
