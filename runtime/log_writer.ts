/**
 * The control thread's end of the log: each record becomes a line on stderr, or goes to the program's own `onLog`.
 *
 * @module
 */
import type { LogRecord } from "./api.ts";
import { formatJson, formatText, type LogMessage, toRecord } from "./log_format.ts";
import { LogMeter } from "./log_gate.ts";

export interface LogSink {
  write(text: string): void;
  readonly colors: boolean;
  readonly isTerminal?: boolean;
}

export class LogWriter {
  readonly #sink: LogSink;
  readonly #onLog: ((record: LogRecord) => void) | undefined;
  readonly #epochMs: number;
  readonly #now: () => number;
  readonly #meter: LogMeter;
  #hasFailed = false;

  /** `now`: ms since the run began at `epochMs`. */
  constructor(
    words: Int32Array,
    sink: LogSink,
    epochMs: number,
    now: () => number,
    onLog: ((record: LogRecord) => void) | undefined,
  ) {
    this.#meter = new LogMeter(words);
    this.#sink = sink;
    this.#epochMs = epochMs;
    this.#now = now;
    this.#onLog = onLog;
  }

  hear(peer: number, message: LogMessage): void {
    this.#put(toRecord(peer, this.#epochMs, message));
    this.#tell(peer, this.#meter.take(peer, message.message, message.fields, this.#now()));
  }

  /** Whatever of this worker's was dropped and not told. */
  tellDropped(peer: number): void {
    this.#tell(peer, this.#meter.dropped(peer, this.#now()));
  }

  #tell(peer: number, dropped: number): void {
    if (dropped === 0) return;
    this.#put({
      level: "error", // those that were dropped may have been
      timeMs: Math.round(this.#epochMs + this.#now()),
      scheduler: peer,
      pid: null,
      name: null,
      message: `${dropped} log records were dropped: they came faster than they can be written`,
      fields: { dropped },
    });
  }

  #put(record: LogRecord): void {
    if (this.#onLog !== undefined) {
      try {
        this.#onLog(record);
        return;
      } catch (error) { // the record is written all the same, and the run goes on
        if (!this.#hasFailed) this.#sink.write(`error: onLog threw ${error}. The record follows`);
        this.#hasFailed = true;
      }
    }
    const { write, colors, isTerminal } = this.#sink;
    write(isTerminal ? formatText(record, colors) : formatJson(record));
  }
}
