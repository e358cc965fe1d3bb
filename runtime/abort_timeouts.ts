/**
 * The program's pending `AbortSignal.timeout`s, and whether Deno would wait for a timer. A timeout is in no list of pending
 * work, and a listener that would take it off one of ours is a listener that Deno waits for: so the signals are kept, and
 * asked.
 *
 * @module
 */

/** Whether Deno would wait for it. Where that cannot be known, it would. */
export function isReferenced(timer: unknown): boolean {
  return (timer as { hasRef?(): boolean }).hasRef?.() ?? true;
}

const FIRST_SWEEP = 1024;

export class AbortTimeouts {
  readonly #signals = new Set<AbortSignal>();
  /** With more of them, those that are over are let go: so each is looked at a few times at most. */
  #mostSignals = FIRST_SWEEP;

  add(signal: AbortSignal): void {
    this.#signals.add(signal);
    if (this.#signals.size <= this.#mostSignals) return;
    this.#mostSignals = Math.max(FIRST_SWEEP, 2 * this.pending().length);
  }

  pending(): { hasRef(): boolean }[] {
    for (const signal of this.#signals) if (signal.aborted) this.#signals.delete(signal);
    return [...this.#signals].map((signal) => ({ hasRef: () => isListenedTo(signal) }));
  }
}

/** Deno refers to a timeout's timer while somebody listens to its signal, or to one that `AbortSignal.any` made of it. */
function isListenedTo(signal: AbortSignal): boolean {
  const timer = valueOf(signal, "[[timerId]]");
  return timer === undefined || valueOf(timer, "refed") !== false;
}

/** What Deno keeps under a symbol of its own (measured on Deno 2.9.6). */
function valueOf(object: unknown, description: string): unknown {
  if (typeof object !== "object" || object === null) return undefined;
  const key = Object.getOwnPropertySymbols(object).find((symbol) => symbol.description === description);
  return key === undefined ? undefined : (object as Record<symbol, unknown>)[key];
}
