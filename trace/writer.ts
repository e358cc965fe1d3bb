/**
 * The control thread's side of `--trace`: takes records out of the schedulers' rings and puts them on disk as they are
 * while the program runs, which costs next to nothing, and converts them when it has ended: the CPU is the program's.
 *
 * However the run ends, the file becomes complete; no answer of any scheduler is needed. A process that ends by
 * `Deno.exit` in the midst of it finishes what it can in {@link UNLOAD_BUDGET_MS}; if that was not all, and also when the
 * process is killed, the raw records stay beside the file, and `smarm trace` reads those.
 *
 * @module
 */
import { Conversion } from "./conversion.ts";
import type { Words } from "./converter.ts";
import { TraceFile } from "./file.ts";
import { ARGUMENT_RANGE, DROPPED, EVENT_BITS, RING_FILL, STAMP_FULL, TICK, TICKS_PER_MS } from "./format.ts";
import { tickWords, type TraceRing, traceRing } from "./format.ts";
import { RawTrace } from "./raw_trace.ts";
import type { Clock } from "../timer/clock.ts";

/** How often the rings are looked at, and TICK is counted up. */
const INTERVAL_MS = 4; // guessed: 30 µs each; settled by bench/trace_bench.ts
/**
 * The same while all schedulers sleep, reached in steps of twice as long: 250 looks a second took 1.5 % of a core. No
 * longer, because a ring is full after 100 ms of the fastest programs.
 */
export const REST_INTERVAL_MS = 48;
/** A ring with fewer words than this part of it is left alone for the moment. */
const DRAIN_SHARE = 1 / 16;
/** But for so long at most. */
const DRAIN_MS = 100;
/** How long a step of the conversion holds up the control thread, which hears signals. */
const STEP_MS = 20;
/** How long the end of a process by `Deno.exit`, or by a second signal, waits for the conversion. */
const UNLOAD_BUDGET_MS = 2_000;

/** What is appended to the trace's path for the raw records. */
export const RAW_SUFFIX = ".raw";

/** Bytes in the rings between schedulers, by reader. */
export type RingFill = () => readonly number[];

/** Both files of a trace, open. */
export interface TraceFiles {
  readonly file: TraceFile;
  readonly raw: RawTrace;
}

export class TraceWriter {
  readonly path: string;
  readonly #file: TraceFile;
  readonly #raw: RawTrace;
  readonly #rings: TraceRing[] = [];
  readonly #tick: Int32Array;
  readonly #clock: Clock;
  readonly #words: Words;
  readonly #ringFill: RingFill;
  readonly #onError: (text: string) => void;
  readonly #isAtRest: () => boolean;
  #intervalMs = INTERVAL_MS;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #drainedAt = 0;
  #fill: number[] = [];
  #isOver = false;
  #hasFailed = false;
  #isComplete = false;
  #conversion: Conversion | null = null;
  #why = "";

  constructor(
    { file, raw }: TraceFiles,
    block: SharedArrayBuffer,
    words: Words,
    clock: Clock,
    ringFill: RingFill,
    onError: (text: string) => void,
    isAtRest: () => boolean,
  ) {
    this.path = file.path;
    this.#file = file;
    this.#raw = raw;
    this.#clock = clock;
    this.#words = words;
    this.#ringFill = ringFill;
    this.#onError = onError;
    this.#isAtRest = isAtRest;
    this.#tick = tickWords(block);
    for (let id = 0; id < raw.schedulers; id++) this.#rings.push(traceRing(block, id, raw.schedulers));
    globalThis.addEventListener("unload", this.#onUnload);
    this.#timer = setTimeout(this.#look, INTERVAL_MS);
  }

  readonly #look = (): void => {
    this.#tick[TICK]++;
    this.#sample();
    const now = this.#clock.now();
    const isDue = now - this.#drainedAt >= DRAIN_MS;
    if (isDue) this.#drainedAt = now;
    let isAtRest = this.#isAtRest();
    for (let id = 0; id < this.#rings.length; id++) {
      const ring = this.#rings[id];
      const waiting = RawTrace.waiting(ring);
      if (waiting > 0) isAtRest = false; // sockets are served by a scheduler that sleeps
      if (waiting > (isDue ? 0 : ring.data.length * DRAIN_SHARE)) this.#drain(id, false);
    }
    this.#intervalMs = isAtRest ? Math.min(2 * this.#intervalMs, REST_INTERVAL_MS) : INTERVAL_MS;
    this.#timer = setTimeout(this.#look, this.#intervalMs);
  };

  #drain(id: number, final: boolean): void {
    if (this.#hasFailed) return;
    try {
      this.#raw.drain(id, this.#rings[id], final);
    } catch (error) {
      this.#failed(this.#raw.path, error);
    }
  }

  /** How full the rings between the threads are, when that has changed. */
  #sample(): void {
    const fill = this.#ringFill();
    const words: number[] = [];
    for (let peer = 0; peer < fill.length; peer++) {
      if (fill[peer] === (this.#fill[peer] ?? 0)) continue;
      if (words.length === 0) words.push(...stampNow(this.#clock));
      words.push(RING_FILL | (peer << EVENT_BITS), fill[peer]);
    }
    if (words.length === 0 || this.#hasFailed) return;
    this.#fill = [...fill];
    words.push(...stampNow(this.#clock));
    try {
      this.#raw.append(this.#rings.length, words);
    } catch (error) {
      this.#failed(this.#raw.path, error);
    }
  }

  /** A disk that is full, for one: what is there is kept, and the file ends where it does. */
  #failed(path: string, error: unknown): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    this.#onError(
      `error: Cannot write the trace to ${JSON.stringify(path)}: ${messageOf(error)}. It ends here`,
    );
  }

  /**
   * All that was recorded is converted, and the file is closed. Schedulers that still run are not heard any more. In
   * steps: a signal comes through.
   */
  async finish(why: string): Promise<void> {
    if (!this.#begin(why)) return;
    for (;;) {
      if (!this.#step(STEP_MS)) break;
      await new Promise((resolve) => setTimeout(resolve, 0));
      if (this.#isOver) return; // the process was ended
    }
    this.#end(true);
  }

  readonly #onUnload = (): void => {
    if (this.#isOver) return;
    if (this.#conversion === null && !this.#begin("the process was ended")) return;
    this.#end(!this.#step(UNLOAD_BUDGET_MS));
  };

  #begin(why: string): boolean {
    if (this.#isOver || this.#conversion !== null) return false;
    clearTimeout(this.#timer);
    this.#why = why;
    for (let id = 0; id < this.#rings.length; id++) this.#drain(id, true);
    this.#hasFailed = false; // what is on disk is converted all the same
    try {
      this.#conversion = new Conversion(this.#raw, this.#file, this.#words);
    } catch (error) {
      this.#failed(this.path, error);
      this.#close(false);
      return false;
    }
    return true;
  }

  /** True: there is more. */
  #step(budgetMs: number): boolean {
    const until = this.#clock.now() + budgetMs;
    try {
      return this.#conversion!.step(() => this.#clock.now() >= until);
    } catch (error) {
      this.#failed(this.path, error);
      return false;
    }
  }

  #end(isAll: boolean): void {
    const dropped = this.#rings.reduce((sum, { head }) => sum + head[DROPPED], 0);
    try {
      if (!this.#hasFailed) {
        this.#conversion!.finish(dropped, isAll ? this.#why : `${this.#why}, before all was converted`);
      }
    } catch (error) {
      this.#failed(this.path, error);
    }
    this.#close(isAll && !this.#hasFailed);
    if (this.#hasFailed) return;
    const path = JSON.stringify(this.path);
    if (!isAll) {
      this.#onError(
        `warning: the trace ${path} lacks its end: smarm trace ${JSON.stringify(this.#raw.path)} converts it`,
      );
    } else if (dropped > 0) {
      this.#onError(
        `warning: the trace ${path} lacks ${dropped} records: events came faster than they can be written`,
      );
    }
  }

  /** Whether all that was recorded is in the file. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  #close(isComplete: boolean): void {
    this.#isOver = true;
    this.#isComplete = isComplete;
    globalThis.removeEventListener("unload", this.#onUnload);
    try {
      if (isComplete) this.#raw.remove();
      else this.#raw.close();
      this.#file.close();
    } catch (error) {
      this.#failed(this.path, error);
    }
  }

  /** The program was never started: no file is left. */
  discard(): void {
    clearTimeout(this.#timer);
    this.#close(true);
    try {
      this.#file.remove();
    } catch {
      // somebody else did, or it is a device
    }
  }
}

function stampNow(clock: Clock): [number, number] {
  const ticks = Math.floor(clock.now() * TICKS_PER_MS);
  return [STAMP_FULL | ((Math.floor(ticks / 2 ** 32) % ARGUMENT_RANGE) << EVENT_BITS), ticks | 0];
}

/** Converts what a process has left that was killed, to a file that must not exist yet. @throws whatever Deno does */
export function convertLeft(rawPath: string, words: Words): string {
  const path = rawPath.slice(0, -RAW_SUFFIX.length);
  const raw = RawTrace.open(rawPath);
  try {
    const file = new TraceFile(path);
    try {
      const conversion = new Conversion(raw, file, words);
      while (conversion.step(() => false));
      conversion.finish(0, "the process was killed");
    } finally {
      file.close();
    }
  } finally {
    raw.close();
  }
  return path;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message.split("\n")[0] : String(error);
}

/** `smarm-trace-<module>-<time>.json` */
export function defaultTraceName(module: string, at: Date): string {
  const name = module.replace(/[?#].*$/, "").replace(/\/+$/, "").split("/").pop() ?? "";
  const stem = decodeURIComponentSafely(name).replace(/\.\w+$/, "").replace(/[^\w.-]+/g, "_").slice(0, 100) ||
    "module";
  return `smarm-trace-${stem}-${at.toISOString().slice(0, 23).replace(/[:.]/g, "-")}.json`;
}

function decodeURIComponentSafely(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Whether two paths lead to one file, which is there. */
export function isSameFile(one: string | URL, other: string | URL): boolean {
  try {
    return Deno.realPathSync(one) === Deno.realPathSync(other);
  } catch {
    return false;
  }
}

/** Opens the files before anything is started. @throws Error whose message is one line for the user */
export function openTrace(to: string | true, module: string, schedulers: number): TraceFiles {
  const path = to === true ? defaultTraceName(module, new Date()) : to;
  if (module.startsWith("file:") && isSameFile(path, new URL(module))) {
    throw new Error(
      `Cannot write the trace to ${
        JSON.stringify(path)
      }: it is the module itself. Give --trace=<path> another file`,
    );
  }
  const file = opened(path, () => new TraceFile(path));
  try {
    const raw = opened(
      path + RAW_SUFFIX,
      () => RawTrace.create(path + RAW_SUFFIX, schedulers, `smarm ${module}`),
    );
    return { file, raw };
  } catch (error) {
    file.close();
    throw error;
  }
}

function opened<T>(path: string, open: () => T): T {
  try {
    return open();
  } catch (error) {
    const hint = error instanceof Deno.errors.NotCapable
      ? "Run with --allow-read and --allow-write, or with -A"
      : "Give --trace=<path> a file that can be written";
    throw new Error(`Cannot write the trace to ${JSON.stringify(path)}: ${reasonOf(error)}. ${hint}`);
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof Deno.errors.NotCapable) return "Deno's permission to write is missing";
  return messageOf(error).replace(/, open .*$/, "").replace(/ \(os error \d+\).*$/, "");
}
