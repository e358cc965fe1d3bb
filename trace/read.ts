/**
 * The events of a trace file, one after the other: files of smarm's own are read line by line, whatever their size, others
 * as a whole.
 *
 * @module
 */

/** An event, as far as it is looked at here. */
export interface TraceEvent {
  readonly ph: string;
  readonly name?: string;
  readonly cat?: string;
  readonly ts: number;
  readonly dur?: number;
  readonly pid: number;
  readonly tid: number;
  readonly id?: number | string;
  readonly args?: Record<string, unknown>;
}

/** What stands beside the events. */
export interface TraceFooter {
  readonly recordsDropped?: string;
  readonly end?: string;
}

/** How smarm's files begin. */
const HEADER = `{"traceEvents":[`;

/** The lines of a text file, unpacked when its name ends in .gz. */
async function* lines(path: string): AsyncGenerator<string> {
  const file = await Deno.open(path);
  let stream: ReadableStream<Uint8Array<ArrayBuffer>> = file.readable;
  if (path.endsWith(".gz")) stream = stream.pipeThrough(new DecompressionStream("gzip"));
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const parts = (rest + text).split("\n");
    rest = parts.pop()!;
    yield* parts;
  }
  if (rest !== "") yield rest;
}

/**
 * Hands out the events and returns what stands beside them; null when the file ends before its end.
 *
 * @throws {SyntaxError} for a file that is no trace
 */
export async function* readTrace(path: string): AsyncGenerator<TraceEvent, TraceFooter | null> {
  let isOwn: boolean | null = null;
  const whole: string[] = [];
  let footer: TraceFooter | null = null;
  for await (const line of lines(path)) {
    isOwn ??= line === HEADER;
    if (!isOwn) whole.push(line);
    else if (line === HEADER) continue;
    else if (line.startsWith(`],"otherData":`)) {
      footer = (JSON.parse(`{"a":[${line}`) as { otherData: TraceFooter }).otherData;
    } else {
      let event: TraceEvent;
      try {
        event = JSON.parse(line.endsWith(",") ? line.slice(0, -1) : line);
      } catch {
        return null; // cut off in the midst of an event
      }
      yield event;
    }
  }
  if (isOwn === true) return footer;
  const parsed = JSON.parse(whole.join("\n"));
  const events = Array.isArray(parsed) ? parsed : parsed?.traceEvents;
  if (!Array.isArray(events)) throw new SyntaxError("it holds no traceEvents");
  yield* events;
  return parsed.otherData ?? {};
}
