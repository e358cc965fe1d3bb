/**
 * The control thread's side of `--trace`: takes records out of the schedulers' rings and writes them to disk while the
 * program runs, a little at a time, because signals reach the program through the same thread.
 *
 * However the run ends, {@link TraceWriter.finish} makes the file complete; it needs no answer of any scheduler. A process that
 * ends by `Deno.exit` finishes it too, by the `unload` event.
 *
 * @module
 */
import { Converter, type Names } from "./converter.ts";
import { TraceFile } from "./file.ts";
import { RingReader } from "./ring_reader.ts";
import { TICK, tickWords } from "./format.ts";
import type { Clock } from "../timer/clock.ts";

/** How often the rings are looked at, and TICK is counted up. */
const INTERVAL_MS = 2;
/** How long one look may hold up the control thread. */
const BUDGET_MS = 5;
/**
 * After a look that was cut short the control thread rests so many times as long: it must not take the CPU from the
 * schedulers. A flood of events is cut by this, to a few 100,000 records a second; the rings take short ones in whole.
 */
const REST = 4; // settled by pingpong with and without --trace on two cores
/** Records converted between two looks at the clock. */
const RECORDS_A_STEP = 2048;
/** Text is written when there is so much of it. */
const CHUNK_CHARS = 2 ** 18;
/** How long the end of a run may spend on what the rings still hold; it is at most their size. */
const FINAL_BUDGET_MS = 10_000;

export class TraceWriter {
  readonly path: string;
  readonly #file: TraceFile;
  readonly #readers: RingReader[] = [];
  readonly #converter: Converter;
  readonly #tick: Int32Array;
  readonly #clock: Clock;
  readonly #onError: (text: string) => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #first = 0;
  #isFinished = false;
  #hasFailed = false;
  #wrote = 0;

  constructor(
    file: TraceFile,
    block: SharedArrayBuffer,
    schedulers: number,
    title: string,
    names: Names,
    clock: Clock,
    onError: (text: string) => void,
  ) {
    this.path = file.path;
    this.#file = file;
    this.#clock = clock;
    this.#onError = onError;
    this.#tick = tickWords(block);
    this.#converter = new Converter(schedulers, title, names);
    for (let id = 0; id < schedulers; id++) this.#readers.push(new RingReader(block, id, schedulers));
    globalThis.addEventListener("unload", this.#onUnload);
    this.#timer = setTimeout(this.#look, INTERVAL_MS);
  }

  readonly #onUnload = (): void => this.finish("the process was ended");

  readonly #look = (): void => {
    const isCutShort = this.drain(BUDGET_MS, false);
    this.#timer = setTimeout(this.#look, isCutShort ? REST * BUDGET_MS : INTERVAL_MS);
  };

  /** Converts what is there, for so long at most. True: there is more. */
  drain(budgetMs: number, final: boolean): boolean {
    const until = this.#clock.now() + budgetMs;
    const count = this.#readers.length;
    let idle = 0;
    for (let i = this.#first; idle < count; i = (i + 1) % count) {
      this.#tick[TICK]++;
      const now = this.#clock.now();
      if (now > until) {
        this.#first = i; // its turn comes first next time
        return true;
      }
      const taken = this.#readers[i].take(
        now,
        RECORDS_A_STEP,
        final,
        (record) => this.#converter.convert(i, record, final),
      );
      idle = taken < RECORDS_A_STEP / 2 ? idle + 1 : 0;
      if (this.#converter.textLength > CHUNK_CHARS) this.#write();
    }
    this.#write();
    return false;
  }

  #write(): void {
    const text = this.#converter.takeText();
    if (this.#hasFailed) return;
    try {
      this.#file.write(text);
      this.#wrote += text.length;
    } catch (error) {
      this.#hasFailed = true;
      this.#onError(
        `error: Cannot write the trace to ${JSON.stringify(this.path)}: ${messageOf(error)}. It ends here`,
      );
    }
  }

  /** All that was recorded is written, and the file is closed. Schedulers that still run are not heard any more. */
  finish(why: string): void {
    if (this.#isFinished) return;
    this.#isFinished = true;
    clearTimeout(this.#timer);
    globalThis.removeEventListener("unload", this.#onUnload);
    this.drain(FINAL_BUDGET_MS, true);
    const dropped = this.#readers.reduce((sum, reader) => sum + reader.dropped, 0);
    this.#converter.finish(dropped, why);
    this.#write();
    try {
      this.#file.close();
    } catch (error) {
      if (!this.#hasFailed) {
        this.#onError(`error: Cannot end the trace ${JSON.stringify(this.path)}: ${messageOf(error)}`);
      }
    }
    if (dropped > 0 && !this.#hasFailed) {
      this.#onError(
        `warning: the trace ${
          JSON.stringify(this.path)
        } lacks ${dropped} records: events came faster than they can be written`,
      );
    }
  }

  /** The program was never started: no file is left. */
  discard(): void {
    this.finish("nothing was started");
    try {
      Deno.removeSync(this.path);
    } catch {
      // somebody else did, or it is a device
    }
  }
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

/** Opens the file before anything is started. @throws Error whose message is one line for the user */
export function openTrace(to: string | true, module: string): TraceFile {
  const path = to === true ? defaultTraceName(module, new Date()) : to;
  try {
    return new TraceFile(path);
  } catch (error) {
    const hint = error instanceof Deno.errors.NotCapable
      ? "Run with --allow-write, or with -A"
      : "Give --trace=<path> a file that can be written";
    throw new Error(`Cannot write the trace to ${JSON.stringify(path)}: ${reasonOf(error)}. ${hint}`);
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof Deno.errors.NotCapable) return "Deno's permission to write is missing";
  return messageOf(error).replace(/, open .*$/, "").replace(/ \(os error \d+\).*$/, "");
}
