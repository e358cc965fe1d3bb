/**
 * Bounds the log records that are on their way from one worker to the control thread: what comes faster than it can be
 * written is counted, and dropped, so a flood neither blocks a scheduler nor fills the memory.
 *
 * The worker counts what it posts and what it drops, the control thread what it has taken, all in units of about one
 * character. The control thread tells of drops when it has taken all that was posted, or once a second. The race that
 * this closes: the worker finds too much on its way and drops; the control thread takes the last of it and sees no drop
 * yet; nothing follows that would make it look again. The worker counts the drop first and then looks at what was taken,
 * the control thread counts what it takes first and then looks for drops: one of them sees the other, and a worker that
 * finds everything taken knocks.
 *
 * @module
 */
import { LOG_DROPPED, LOG_POSTED, LOG_TAKEN, PEER_WORDS } from "./layout.ts";

/** What may be on its way from one worker. */
export const MOST_UNITS = 2 ** 23; // guessed: 16 MB, half a second of the control thread's writing
/** A record without any text. */
const RECORD_UNITS = 128;

function unitsOf(message: string, fields: string): number {
  return RECORD_UNITS + message.length + fields.length;
}

/** The worker's end. */
export class LogGate {
  readonly #words: Int32Array;
  readonly #base: number;
  readonly #most: number;

  constructor(words: Int32Array, peer: number, most: number = MOST_UNITS) {
    this.#words = words;
    this.#base = peer * PEER_WORDS;
    this.#most = most;
  }

  /** `"post"`: the record may go. `"drop"`: it may not. `"knock"`: nor may it, and the control thread has to be told. */
  offer(message: string, fields: string): "post" | "drop" | "knock" {
    const words = this.#words, base = this.#base;
    const posted = words[base + LOG_POSTED];
    if (((posted - Atomics.load(words, base + LOG_TAKEN)) | 0) < this.#most) {
      Atomics.store(words, base + LOG_POSTED, posted + unitsOf(message, fields));
      return "post";
    }
    Atomics.add(words, base + LOG_DROPPED, 1); // pairs with the load in LogMeter.take()
    return Atomics.load(words, base + LOG_TAKEN) === posted ? "knock" : "drop"; // pairs with the add in LogMeter.take()
  }
}

/** The control thread's end, for all workers. */
export class LogMeter {
  readonly #words: Int32Array;
  readonly #told: number[] = [];
  readonly #toldAtMs: number[] = [];

  constructor(words: Int32Array) {
    this.#words = words;
  }

  /** A record was written. Returns how many were dropped that are to be told of now. */
  take(peer: number, message: string, fields: string, nowMs: number): number {
    const base = peer * PEER_WORDS;
    const taken = Atomics.add(this.#words, base + LOG_TAKEN, unitsOf(message, fields));
    const isLast = ((taken + unitsOf(message, fields)) | 0) === Atomics.load(this.#words, base + LOG_POSTED);
    return isLast || nowMs - (this.#toldAtMs[peer] ?? 0) >= TELL_EVERY_MS ? this.dropped(peer, nowMs) : 0;
  }

  /** How many were dropped that nobody was told of. */
  dropped(peer: number, nowMs: number): number {
    const dropped = Atomics.load(this.#words, peer * PEER_WORDS + LOG_DROPPED);
    const news = (dropped - (this.#told[peer] ?? 0)) | 0;
    this.#told[peer] = dropped;
    if (news > 0) this.#toldAtMs[peer] = nowMs;
    return news;
  }
}

const TELL_EVERY_MS = 1000;
