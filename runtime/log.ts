/**
 * What an actor logs, on its way to the control thread: records are posted, never waited for.
 *
 * @module
 */
import type { Log } from "./api.ts";
import type { ActorImpl } from "./actor.ts";
import type { LogLevel } from "./config.ts";
import type { FromWorker, LogLevelName } from "./protocol.ts";
import type { LogGate } from "./log_gate.ts";
import { fieldsToJson, shorten } from "./log_fields.ts";

const LEVELS: Record<LogLevel, number> = { silent: 0, error: 1, warn: 2, info: 3, debug: 4 };

/** A level that is not written costs a call of this. */
function nothing(): void {}
const SILENT: Log = { error: nothing, warn: nothing, info: nothing, debug: nothing };

/** The log of one worker. */
export class WorkerLog {
  readonly #least: number;
  readonly #gate: LogGate;
  readonly #now: () => number;
  readonly #post: (message: FromWorker) => void;

  constructor(level: LogLevel, gate: LogGate, now: () => number, post: (message: FromWorker) => void) {
    this.#least = LEVELS[level];
    this.#gate = gate;
    this.#now = now;
    this.#post = post;
  }

  /** `self.log`; without an actor, what the scheduler itself has to say (M12). Its functions may be taken apart. */
  of(actor: ActorImpl | null): Log {
    const least = this.#least;
    if (least === 0) return SILENT;
    const at = (level: LogLevelName) => (message: string, fields?: Record<string, unknown>) =>
      this.#write(level, actor, message, fields);
    return {
      error: at("error"),
      warn: least >= LEVELS.warn ? at("warn") : nothing,
      info: least >= LEVELS.info ? at("info") : nothing,
      debug: least >= LEVELS.debug ? at("debug") : nothing,
    };
  }

  #write(
    level: LogLevelName,
    actor: ActorImpl | null,
    text: string,
    given: Record<string, unknown> | undefined,
  ): void {
    const message = shorten(typeof text === "string" ? text : inspect(text));
    const fields = fieldsToJson(given);
    switch (this.#gate.offer(message, fields)) {
      case "post":
        this.#post({
          type: "log",
          level,
          pid: actor === null ? null : actor.pid,
          name: actor === null ? null : nameOf(actor),
          atMs: this.#now(),
          message,
          fields,
        });
        return;
      case "knock":
        this.#post({ type: "logs-dropped" });
        return;
      case "drop":
        return;
    }
  }
}

/** The name that it is registered under, else that of its function. */
function nameOf(actor: ActorImpl): string {
  for (const name of actor.extras?.names ?? []) return name;
  return actor.target.name;
}

/** For callers without types: what is no text is shown, and never throws. */
function inspect(value: unknown): string {
  try {
    return Deno.inspect(value, { depth: 4, breakLength: Infinity, compact: true });
  } catch {
    return "a value that cannot be shown";
  }
}
