/**
 * Bytes to lines. A line ends with `\n` or `\r\n`; what is left at the end is a line too, unless it is empty.
 *
 * @module
 */

import { staysWithActor } from "../runtime/sendable.ts";
import { AS_IT_IS } from "./bytes.ts";

const NEWLINE = 10;
const RETURN = 13;

export interface LineSource {
  read(): Promise<Uint8Array | null>;
  /** Gives back what was read and not needed; over when every reader, wherever it is, gets that first. */
  unread(bytes: Uint8Array): Promise<void> | void;
}

/** Splits what a source gives into lines; a loop that breaks off gives the rest back. */
export class Lines implements AsyncIterableIterator<string> {
  static {
    staysWithActor(this, "Lines");
  }

  readonly #source: LineSource;
  /** Of the first line it takes a byte order mark off; all that follow are text. */
  #decoder = new TextDecoder();
  /** Complete lines, and where in `#block` the one after each begins. */
  #lines: string[] = [];
  #next = 0;
  #block: Uint8Array = EMPTY;
  #consumed = 0;
  /** The beginning of a line that is not complete. */
  #rest: Uint8Array[] = [];
  #ended = false;
  /** Several may wait for the next line: one read serves them all, in the order of asking. */
  #filling: Promise<void> | null = null;

  constructor(source: LineSource) {
    this.#source = source;
  }

  async next(): Promise<IteratorResult<string>> {
    while (this.#next === this.#lines.length) {
      if (this.#ended) return { value: undefined, done: true };
      await (this.#filling ??= this.#fill().finally(() => this.#filling = null));
    }
    return { value: this.#lines[this.#next++], done: false };
  }

  async #fill(): Promise<void> {
    const bytes = await this.#read();
    if (bytes === null) {
      this.#ended = true;
      const rest = join(this.#rest);
      this.#rest = [];
      this.#take(rest, rest.length > 0 ? [this.#decode(rest)] : []);
      return;
    }
    const last = bytes.lastIndexOf(NEWLINE);
    if (last < 0) {
      this.#rest.push(bytes);
      return;
    }
    const block = join([...this.#rest, bytes.subarray(0, last + 1)]);
    this.#rest = last + 1 < bytes.length ? [bytes.subarray(last + 1)] : [];
    const lines = this.#decode(block).split("\n");
    lines.pop(); // after the last newline
    for (let i = 0; i < lines.length; i++) {
      if (lines[i].charCodeAt(lines[i].length - 1) === RETURN) lines[i] = lines[i].slice(0, -1);
    }
    this.#take(block, lines);
  }

  /** A loop that a read ends never says so: the line that it had begun is given back for the next one. */
  async #read(): Promise<Uint8Array | null> {
    try {
      return await this.#source.read();
    } catch (error) {
      const begun = join(this.#rest);
      this.#rest = [];
      await this.#source.unread(begun);
      throw error;
    }
  }

  #take(block: Uint8Array, lines: string[]): void {
    this.#block = block;
    this.#lines = lines;
    this.#next = 0;
  }

  #decode(bytes: Uint8Array): string {
    const text = this.#decoder.decode(bytes);
    this.#decoder = AS_IT_IS;
    return text;
  }

  /** The loop broke off. */
  async return(): Promise<IteratorResult<string>> {
    this.#consumed = 0;
    for (let i = 0; i < this.#next && this.#consumed < this.#block.length; i++) {
      const end = this.#block.indexOf(NEWLINE, this.#consumed);
      this.#consumed = end < 0 ? this.#block.length : end + 1;
    }
    const left = join([this.#block.subarray(this.#consumed), ...this.#rest]);
    const givenBack = !this.#ended || left.length > 0 ? this.#source.unread(left) : undefined;
    this.#take(EMPTY, []);
    this.#rest = [];
    this.#ended = true;
    await givenBack;
    return { value: undefined, done: true };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

const EMPTY = new Uint8Array(0);

function join(pieces: Uint8Array[]): Uint8Array {
  if (pieces.length === 1) return pieces[0];
  let length = 0;
  for (const piece of pieces) length += piece.length;
  const all = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}
