/**
 * Counts what the threads of a run post to the control thread, so that this can tell silence from what it has not heard
 * yet: reports of 100,000 panics take seconds to write, and a slow reader of stderr takes as long as it likes.
 *
 * @module
 */
import type { FromWorker } from "./protocol.ts";
import { PEER_WORDS, POSTED } from "./layout.ts";

type Post = (message: FromWorker, transfer?: Transferable[]) => void;

/** The thread's end. It counts what was posted, not what will be: who dies in between has nobody wait for more. */
export function countPosts(words: Int32Array, peer: number, post: Post): Post {
  return (message, transfer) => {
    post(message, transfer);
    Atomics.add(words, peer * PEER_WORDS + POSTED, 1); // pairs with the load in LastWords.said()
  };
}

/**
 * Of a thread that has said its last words, in a process that is about to end: it is left as it is. Heaps that are taken
 * down at once, only to give back what the process gives back anyway, held up its end: of 64 schedulers for 0.6 to 2 s, of 8
 * for 25 ms (hello on 2 cores, Deno 2.9.6). Nothing of the program runs here any more.
 */
export function awaitProcessEnd(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

/** The control thread's end, for all threads. */
export class LastWords {
  readonly #words: Int32Array;
  readonly #heard: number[] = [];

  constructor(words: Int32Array) {
    this.#words = words;
  }

  /** A thread is there, or another one in its place: what the dead one had said is heard, or lost. */
  begins(peer: number): void {
    this.#heard[peer] = this.said(peer);
  }

  heard(peer: number): void {
    this.#heard[peer] = (this.#heard[peer] + 1) | 0;
  }

  /** How much it has said by now, modulo 2^32. */
  said(peer: number): number {
    return Atomics.load(this.#words, peer * PEER_WORDS + POSTED);
  }

  /** Whether all that it had said by then is heard. */
  isHeard(peer: number, said: number): boolean {
    return ((said - this.#heard[peer]) | 0) <= 0;
  }
}
