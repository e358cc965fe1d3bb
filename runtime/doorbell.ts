/**
 * How a thread that has nothing to do sleeps, and how it is woken.
 *
 * The race: the sleeper finds no work, a peer brings some and finds nobody asleep, the sleeper goes to sleep. So the
 * sleeper sets ASLEEP, reads BELL, looks for work once more, and waits only while BELL is what it read; the peer
 * publishes its work first and reads ASLEEP after. Whichever comes second sees the other. The first peer to clear ASLEEP
 * rings, so a burst of messages to a sleeping thread costs one notify.
 *
 * @module
 */
import { ASLEEP, BELL, PEER_WORDS } from "./layout.ts";

/** Wakes a peer, if it sleeps; to be called after the work for it was published. True when it did. */
export function ring(words: Int32Array, peer: number): boolean {
  const at = peer * PEER_WORDS;
  if (Atomics.load(words, at + ASLEEP) === 0) return false; // pairs with the store in Doorbell.prepare()
  if (Atomics.compareExchange(words, at + ASLEEP, 1, 0) === 0) return false;
  ringAnyway(words, peer);
  return true;
}

/**
 * Wakes a peer whatever its words say. A thread that died in {@link ring} may have taken ASLEEP without ringing: the
 * sleeper would then sleep on, and nobody else would ring.
 */
export function ringAnyway(words: Int32Array, peer: number): void {
  const at = peer * PEER_WORDS;
  Atomics.add(words, at + BELL, 1);
  Atomics.notify(words, at + BELL);
}

/** The sleeper's end. */
export class Doorbell {
  readonly #words: Int32Array;
  readonly #at: number;
  readonly #onRing: () => void;
  #bell = 0;
  /** The one outstanding waitAsync: superseded ones would never be collected. */
  #waiting = false;

  constructor(words: Int32Array, peer: number, onRing: () => void) {
    this.#words = words;
    this.#at = peer * PEER_WORDS;
    this.#onRing = onRing;
  }

  /** From here on peers ring; now look for work once more. */
  prepare(): void {
    Atomics.store(this.#words, this.#at + ASLEEP, 1); // pairs with the load in ring()
    this.#bell = Atomics.load(this.#words, this.#at + BELL);
  }

  /** There was work after all, or the thread was woken by something else. */
  awake(): void {
    Atomics.store(this.#words, this.#at + ASLEEP, 0);
  }

  /**
   * `onRing` is called in a later turn of the event loop, once somebody has rung. False: somebody has rung since
   * {@link prepare}, and `onRing` is not called.
   */
  sleep(): boolean {
    // A ring between prepare()'s two steps changed the bell before it was read, and took ASLEEP: later ones are silent.
    if (Atomics.load(this.#words, this.#at + ASLEEP) === 0) return false;
    if (this.#waiting) return true; // the bell rings through the wait that is outstanding
    // deno-lint-ignore no-explicit-any
    const result = (Atomics as any).waitAsync(this.#words, this.#at + BELL, this.#bell);
    if (!result.async) return false;
    this.#waiting = true;
    result.value.then(() => {
      this.#waiting = false;
      this.#onRing();
    });
    return true;
  }

  /** Blocks the thread, event loop included, until somebody rings or the time is over: for the last milliseconds. */
  block(ms: number): void {
    Atomics.wait(this.#words, this.#at + BELL, this.#bell, ms);
  }
}
