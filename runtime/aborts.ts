/**
 * The abort signals of waits. There is one listener for each signal, however many waits it is to give up: Deno looks
 * through all listeners of a signal to add or to remove one, and 20,000 calls with one signal took seven seconds.
 *
 * @module
 */
import type { Wait } from "./wait.ts";
import { fail } from "./waiting.ts";

/** As they are before guard.ts has them look for whose listener it is, which would be 3 µs a wait. */
const { addEventListener, removeEventListener } = AbortSignal.prototype;

interface Watched {
  /** In the order in which they began. */
  readonly waits: Set<Wait>;
  readonly listener: () => void;
}

export class Aborts {
  readonly #watched: WeakMap<AbortSignal, Watched> = new WeakMap();

  /** The wait is given up as soon as the signal is aborted, and never in this stack. */
  watch(wait: Wait, signal: AbortSignal): void {
    wait.signal = signal;
    if (signal.aborted) return queueMicrotask(() => giveUp(wait));
    let watched = this.#watched.get(signal);
    if (watched === undefined) {
      const waits = new Set<Wait>();
      watched = { waits, listener: () => waits.forEach(giveUp) };
      this.#watched.set(signal, watched);
      addEventListener.call(signal, "abort", watched.listener, { once: true });
    }
    watched.waits.add(wait);
  }

  /** The wait is over. */
  forget(wait: Wait): void {
    const signal = wait.signal!;
    const watched = this.#watched.get(signal);
    if (watched === undefined) return;
    watched.waits.delete(wait);
    if (watched.waits.size > 0) return;
    this.#watched.delete(signal);
    removeEventListener.call(signal, "abort", watched.listener);
  }
}

/** Calls the function once when the signal is aborted, or now if it is. Gives what takes that back. */
export function whenAborted(signal: AbortSignal, then: () => void): () => void {
  if (signal.aborted) then();
  else addEventListener.call(signal, "abort", then, { once: true });
  return () => removeEventListener.call(signal, "abort", then);
}

function giveUp(wait: Wait): void {
  if (!wait.isOpen) return;
  wait.onGiveUp?.(wait);
  fail(wait, wait.signal!.reason);
}
