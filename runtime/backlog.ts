/** Records that a ring has no room for yet, in the order sent. */

import { copyWords, WordArea } from "./codec_area.ts";
import type { Encoder } from "./codec_write.ts";

/** Room asked for before a record is begun; most fit, the others move to the encoder's scratch. */
export const USUAL_WORDS = 64;

/** Guess: some hundred small messages a chunk. */
const CHUNK_WORDS = 1 << 13;

/** No area bigger than this is kept for later. */
const KEPT_WORDS = 1 << 16;

/** Records that wait, each in one piece. `begin` to `end` are the words of a chunk that are in use. */
export interface Chunk {
  area: WordArea;
  begin: number;
  end: number;
}

/** A queue of records outside the ring. Memory follows what waits: chunks that are read are let go, but for two. */
export class Backlog {
  records = 0;
  words = 0;
  private chunks: Chunk[] = [];
  private first = 0;
  private spare: WordArea | null = null;
  /** What was once the encoder's scratch, to be it again. */
  private bigSpare: WordArea | null = null;

  /** The chunk to which the next record may be written in place, and then reported by `grew`. */
  writable(): Chunk {
    const last = this.chunks[this.chunks.length - 1];
    if (last !== undefined && last.area.words - last.end >= USUAL_WORDS) return last;
    return this.add(this.spare ?? WordArea.ofWords(CHUNK_WORDS), 0);
  }

  grew(words: number): void {
    this.chunks[this.chunks.length - 1].end += words;
    this.records++;
    this.words += words;
  }

  /** Takes the record from the encoder's scratch, the scratch with it when that saves a big copy. */
  append(encoder: Encoder, words: number): void {
    if (words >= CHUNK_WORDS) {
      this.add(encoder.takeScratch(this.bigSpare ?? undefined), 0);
      this.bigSpare = null;
    } else {
      let chunk = this.chunks[this.chunks.length - 1];
      if (chunk === undefined || chunk.area.words - chunk.end < words) {
        chunk = this.add(this.spare ?? WordArea.ofWords(CHUNK_WORDS), 0);
      }
      copyWords(encoder.area, 0, words, chunk.area, chunk.end);
    }
    this.grew(words);
  }

  /** The chunk whose `begin` is the oldest record. */
  oldest(): Chunk | undefined {
    while (this.first < this.chunks.length) {
      const chunk = this.chunks[this.first];
      if (chunk.begin < chunk.end) return chunk;
      this.release(chunk);
    }
    return undefined;
  }

  /** The oldest record, of so many words, has moved on. */
  drop(words: number): void {
    this.chunks[this.first].begin += words;
    this.records--;
    this.words -= words;
    if (this.records === 0) this.clear();
  }

  clear(): number {
    const dropped = this.records;
    for (const chunk of this.chunks.slice(this.first)) this.keepSpare(chunk.area);
    this.chunks = [];
    this.first = this.records = this.words = 0;
    return dropped;
  }

  private add(area: WordArea, end: number): Chunk {
    if (area === this.spare) this.spare = null;
    const chunk = { area, begin: 0, end };
    this.chunks.push(chunk);
    return chunk;
  }

  private release(chunk: Chunk): void {
    this.keepSpare(chunk.area);
    this.chunks[this.first++] = undefined as unknown as Chunk;
    if (this.first >= 32 && this.first * 2 >= this.chunks.length) {
      this.chunks = this.chunks.slice(this.first);
      this.first = 0;
    }
  }

  private keepSpare(area: WordArea): void {
    if (area.words === CHUNK_WORDS) this.spare = area;
    else if (area.words <= KEPT_WORDS) this.bigSpare = area;
  }
}
