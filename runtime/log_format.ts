/**
 * One line for each log record: JSON, or for people on a terminal.
 *
 * Records are made where they arise and become text in the control thread, one after the other, in the order in which
 * each scheduler made them.
 *
 * @module
 */
import type { LogRecord } from "./api.ts";
import { formatPid } from "./pid.ts";
import type { FromWorker } from "./protocol.ts";

export type LogMessage = Extract<FromWorker, { type: "log" }>;

/** As it is handed to `onLog`. */
export function toRecord(scheduler: number, epochMs: number, message: LogMessage): LogRecord {
  return {
    level: message.level,
    timeMs: Math.round(epochMs + message.atMs),
    scheduler,
    pid: message.pid === null ? null : formatPid(message.pid),
    name: message.name,
    message: message.message,
    fields: message.fields === "" ? {} : JSON.parse(message.fields),
  };
}

/** `{"level":"info","time":"2026-01-31T12:00:00.000Z","scheduler":0,"pid":"<0.0.1>","name":"main","message":"…","fields":{…}}` */
export function formatJson({ timeMs, level, ...rest }: LogRecord): string {
  return JSON.stringify({ level, time: new Date(timeMs).toISOString(), ...rest });
}

const LEVEL_COLORS: Record<LogRecord["level"], string> = {
  error: "\x1b[1m\x1b[31m",
  warn: "\x1b[33m",
  info: "\x1b[32m",
  debug: "\x1b[90m",
};
const DIM = "\x1b[90m";
const RESET = "\x1b[0m";

/** `12:00:00.000 info scheduler 0 <0.0.1> main: counted n=1 list=["a"]`, in local time. */
export function formatText(record: LogRecord, colors: boolean): string {
  const { level, scheduler, pid, name } = record;
  const at = new Date(record.timeMs);
  const two = (n: number) => String(n).padStart(2, "0");
  const time = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${
    String(at.getMilliseconds()).padStart(3, "0")
  }`;
  const who = pid === null ? `scheduler ${scheduler}` : `scheduler ${scheduler} ${pid} ${name}`;
  const fields = Object.entries(record.fields).map(([key, value]) =>
    ` ${oneLine(key)}=${JSON.stringify(value)}`
  );
  const [shownTime, shownLevel] = colors
    ? [`${DIM}${time}${RESET}`, `${LEVEL_COLORS[level]}${level}${RESET}`]
    : [time, level];
  return `${shownTime} ${shownLevel} ${who}: ${oneLine(record.message)}${fields.join("")}`;
}

/** Nothing that a program logs moves the cursor or begins a line. */
function oneLine(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replace(/[\x00-\x1f\x7f-\x9f]/g, (char) => {
    const shown = JSON.stringify(char).slice(1, -1);
    return shown === char ? `\\u00${char.charCodeAt(0).toString(16)}` : shown;
  });
}
