/**
 * The records of a run as they are, on disk: what the control thread writes while the program runs, because that is
 * cheap, and what is converted when nobody needs the CPU any more.
 *
 * The file: four words, the title, then chunks of a track's number, a length, and so many words of its stream. A track is
 * a scheduler; the one after the last is the control thread's own. A chunk ends with a stamp, except a track's last.
 * Whoever finds the file after the process was killed reads it up to where it ends.
 *
 * @module
 */
import { nodeBuiltin } from "../runtime/node_builtin.ts";
import { PUBLISHED, STAGE_AT, STAGED, TAKEN, type TraceRing } from "./format.ts";

const MAGIC = 0x736d_7472;
const VERSION = 2;
const HEAD_WORDS = 4;
const CHUNK_HEAD_WORDS = 2;
/** Chunks that another process could not have written. */
const CHUNK_WORDS_MAX = 2 ** 28;

export class RawTrace {
  readonly path: string;
  readonly schedulers: number;
  readonly title: string;
  /** The program may have changed its folder when this is removed. */
  readonly #place: string;
  readonly #file: Deno.FsFile;
  /** Offset and length of each chunk, by track. */
  readonly #chunks: { readonly offsets: number[]; readonly words: number[] }[] = [];
  #buffer = new Int32Array(2 ** 16);
  #end: number;
  /** Words of all chunks. */
  words = 0;

  private constructor(path: string, file: Deno.FsFile, schedulers: number, title: string, end: number) {
    this.path = path;
    this.#place = nodeBuiltin("node:path").resolve(path);
    this.#file = file;
    this.schedulers = schedulers;
    this.title = title;
    this.#end = end;
    for (let track = 0; track <= schedulers; track++) this.#chunks.push({ offsets: [], words: [] });
  }

  /** @throws whatever `Deno.openSync` does */
  static create(path: string, schedulers: number, title: string): RawTrace {
    const file = Deno.openSync(path, { read: true, write: true, create: true, truncate: true });
    const text = new TextEncoder().encode(title);
    const titleWords = (text.length + 3) >> 2;
    const head = new Int32Array(HEAD_WORDS + titleWords);
    head.set([MAGIC, VERSION, schedulers, text.length]);
    new Uint8Array(head.buffer).set(text, HEAD_WORDS * 4);
    writeAll(file, new Uint8Array(head.buffer));
    return new RawTrace(path, file, schedulers, title, head.byteLength);
  }

  /** What an earlier process has left. @throws whatever `Deno.openSync` does, and SyntaxError for another kind of file */
  static open(path: string): RawTrace {
    const file = Deno.openSync(path, { read: true });
    try {
      const head = new Int32Array(HEAD_WORDS);
      readAt(file, 0, head);
      const [magic, version, schedulers, textBytes] = head;
      if (magic !== MAGIC || version !== VERSION || schedulers < 1 || textBytes < 0) {
        throw new SyntaxError("it holds no raw records of this version");
      }
      const text = new Int32Array((textBytes + 3) >> 2);
      readAt(file, head.byteLength, text);
      const title = new TextDecoder().decode(new Uint8Array(text.buffer, 0, textBytes));
      const raw = new RawTrace(path, file, schedulers, title, head.byteLength + text.byteLength);
      raw.#index();
      return raw;
    } catch (error) {
      file.close();
      throw error;
    }
  }

  #index(): void {
    const size = this.#file.statSync().size;
    const head = new Int32Array(CHUNK_HEAD_WORDS);
    while (this.#end + head.byteLength <= size) {
      readAt(this.#file, this.#end, head);
      const [track, words] = head;
      const from = this.#end + head.byteLength;
      if (track < 0 || track > this.schedulers || words < 1 || words > CHUNK_WORDS_MAX) return;
      if (from + words * 4 > size) return; // cut off
      this.#add(track, from, words);
      this.#end = from + words * 4;
    }
  }

  #add(track: number, offset: number, words: number): void {
    this.#chunks[track].offsets.push(offset);
    this.#chunks[track].words.push(words);
    this.words += words;
  }

  /** Words that wait in a ring. */
  static waiting({ head }: TraceRing): number {
    return (Atomics.load(head, PUBLISHED) - head[TAKEN]) | 0; // pairs with the store in Recorder
  }

  /** Takes what waits in a ring; with `final`, when its scheduler writes no more, also what is on its stage. */
  drain(track: number, ring: TraceRing, final: boolean): void {
    this.#drainRing(track, ring);
    const { head, stage } = ring;
    if (!final || head[STAGED] === 0 || head[STAGE_AT] !== head[PUBLISHED]) return;
    this.#room(head[STAGED]).set(stage.subarray(0, head[STAGED]), CHUNK_HEAD_WORDS);
    this.#write(track, head[STAGED]);
  }

  #drainRing(track: number, ring: TraceRing): void {
    const words = RawTrace.waiting(ring);
    if (words === 0) return;
    const buffer = this.#room(words);
    const mask = ring.data.length - 1;
    const from = ring.head[TAKEN] & mask;
    const first = Math.min(words, ring.data.length - from);
    buffer.set(ring.data.subarray(from, from + first), CHUNK_HEAD_WORDS);
    if (first < words) buffer.set(ring.data.subarray(0, words - first), CHUNK_HEAD_WORDS + first);
    Atomics.store(ring.head, TAKEN, (ring.head[TAKEN] + words) | 0); // pairs with the load in Recorder
    this.#write(track, words);
  }

  append(track: number, words: readonly number[]): void {
    if (words.length === 0) return;
    this.#room(words.length).set(words, CHUNK_HEAD_WORDS);
    this.#write(track, words.length);
  }

  #room(words: number): Int32Array {
    if (this.#buffer.length < words + CHUNK_HEAD_WORDS) {
      this.#buffer = new Int32Array(2 ** Math.ceil(Math.log2(words + CHUNK_HEAD_WORDS)));
    }
    return this.#buffer;
  }

  #write(track: number, words: number): void {
    this.#buffer[0] = track;
    this.#buffer[1] = words;
    const bytes = (CHUNK_HEAD_WORDS + words) * 4;
    writeAll(this.#file, new Uint8Array(this.#buffer.buffer, 0, bytes));
    this.#add(track, this.#end + CHUNK_HEAD_WORDS * 4, words);
    this.#end += bytes;
  }

  /** The n-th chunk of a track, into `buffer` or a bigger one; undefined when there is none. */
  chunk(track: number, n: number, buffer: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> | undefined {
    const { offsets, words } = this.#chunks[track];
    if (n >= offsets.length) return undefined;
    const into = buffer.length >= words[n] ? buffer : new Int32Array(2 ** Math.ceil(Math.log2(words[n])));
    readAt(this.#file, offsets[n], into.subarray(0, words[n]));
    this.#file.seekSync(this.#end, Deno.SeekMode.Start); // where the next chunk is written
    return into;
  }

  wordsOf(track: number, n: number): number {
    return this.#chunks[track].words[n];
  }

  close(): void {
    this.#file.close();
  }

  /** Closes it, and nothing is left of it. */
  remove(): void {
    this.#file.close();
    try {
      Deno.removeSync(this.#place);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error; // somebody else did
    }
  }
}

function writeAll(file: Deno.FsFile, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += file.writeSync(bytes.subarray(at));
}

function readAt(file: Deno.FsFile, offset: number, into: Int32Array): void {
  file.seekSync(offset, Deno.SeekMode.Start);
  const bytes = new Uint8Array(into.buffer, into.byteOffset, into.byteLength);
  for (let at = 0; at < bytes.length;) {
    const read = file.readSync(bytes.subarray(at));
    if (read === null) throw new SyntaxError("it ends within its head");
    at += read;
  }
}
