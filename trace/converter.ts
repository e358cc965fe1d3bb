/**
 * Records of the schedulers, in; Chrome Trace Event JSON, out: one track a scheduler, a slice a resume.
 *
 * One record stands for several events of the file: a resume is the seed's Dequeue and Resume and opens a slice, a wake
 * is UnparkDirect and Enqueue. Arrows go from the slice that sends, answers or starts an operation to the slice that the
 * receiver's next resume opens. Within one scheduler the two are known to belong together; across schedulers the n-th
 * record that one put into the ring to another is the n-th that came out of it.
 *
 * @module
 */
import {
  BEGIN,
  BOOT,
  CAUSE_MESSAGE,
  CAUSE_SHIFT,
  CAUSE_WAIT,
  COUNTERS,
  DEQUEUE,
  DONE,
  ENQUEUE,
  FROM_CURRENT,
  FROM_MASK,
  FROM_OTHER,
  IN,
  IO_READY,
  LOST,
  NAME,
  OUT,
  PARK,
  PEER_BITS,
  PEER_MASK,
  RESTART,
  RING_FILL,
  SEND,
  SPAWN,
  STEAL,
  STOPPED_AT,
  TIMER,
  type TracedFunction,
  UNPARK_DEFERRED,
  UNPARK_DIRECT,
  UNPARK_FLAG_CONSUMED,
  YIELD,
} from "./format.ts";
import { RESUME, type TraceRecord } from "./decoder.ts";

/** The one process of the file. */
const PROCESS = 1;
const INDEX_BITS = 22;
const INDEX_MASK = 2 ** INDEX_BITS - 1;
/** Arrows to one resume; more messages than these have none. */
const MOST_ARROWS = 16;
/** Arrows on their way to another scheduler. */
const MOST_ON_THE_WAY = 100_000;

/** What the numbers of the runtime are called. */
export interface Words {
  /** What a wait of this kind is called. */
  wait(kind: number): string | undefined;
  /** Whether a wait of this kind is for IO. */
  isIo(kind: number): boolean;
  /** What a record between schedulers of this kind is called, as an arrow. */
  record(kind: number): string;
  /** Whether it is a message to an actor. */
  isMessage(kind: number): boolean;
  /** Where a function is, `url:line`. */
  locate(fn: TracedFunction): string | undefined;
}

interface Known {
  /** As JSON strings. */
  readonly pid: string;
  readonly name: string;
  /** `,"at":"…"` or nothing. */
  readonly at: string;
  /** A slice of it has told {@link Known.at}. */
  isPlaced: boolean;
}

interface Named {
  readonly name: string;
  readonly at: string;
}

interface Arrow {
  readonly id: number;
  readonly name: string;
}

interface Open {
  key: number;
  known: Known;
}

interface Track {
  /** What all its events end with, behind their time. */
  readonly where: string;
  /** Functions, by their ids here. */
  names: Map<number, Named>;
  readonly known: Map<number, Known>;
  /** The slice that is open; the same object each time. */
  open: Open | null;
  readonly slice: Open;
  /** Arrows that end at the next resume of an actor. */
  readonly arrows: Map<number, Arrow[]>;
  /** Arrows of IO that an actor waits for. */
  readonly io: Map<number, Arrow>;
  /** The arrow that came with an IN, until something else happens. */
  arrived: Arrow | null;
  /** Where the slice stopped that ends next. */
  stoppedAt: string;
  lastNs: number;
  hasBooted: boolean;
  counters: [number, number, number];
}

const UNKNOWN: Known = { pid: `""`, name: `"unknown"`, at: "", isPlaced: true };
const NO_NAME: Named = { name: `"unknown"`, at: "" };

export class Converter {
  readonly #words: Words;
  readonly #tracks: Track[] = [];
  /** Arrows on their way between schedulers, with when they left, by from, to and count. */
  readonly #onTheWay = new Map<string, Arrow & { atNs: number }>();
  #text = "";
  #arrowCount = 0;
  /** Events written. */
  events = 0;
  /** Asked for an arrow that has not left yet, as far as records were converted: brings that about, or not. */
  onMissing: (scheduler: number, id: string, atNs: number) => void = () => {};

  constructor(schedulers: number, title: string, words: Words) {
    this.#words = words;
    this.#text = `{"traceEvents":[\n`; // no displayTimeUnit: some versions of Perfetto then take ts for nanoseconds
    this.#metadata("process_name", 0, `{"name":${JSON.stringify(title)}}`);
    for (let id = 0; id < schedulers; id++) {
      const tid = id + 1; // 0 is no thread to Perfetto
      this.#tracks.push({
        where: `,"pid":${PROCESS},"tid":${tid}`,
        names: new Map(),
        known: new Map(),
        open: null,
        slice: { key: 0, known: UNKNOWN },
        arrows: new Map(),
        io: new Map(),
        arrived: null,
        stoppedAt: "",
        lastNs: 0,
        hasBooted: false,
        counters: [-1, -1, 0],
      });
      this.#metadata("thread_name", tid, `{"name":"scheduler ${id}"}`);
      this.#metadata("thread_sort_index", tid, `{"sort_index":${id}}`);
    }
  }

  /** What was converted since the last call. */
  takeText(): string {
    const text = this.#text;
    this.#text = "";
    return text;
  }

  get textLength(): number {
    return this.#text.length;
  }

  /** Whether an arrow has left and not arrived. */
  isOnTheWay(id: string): boolean {
    return this.#onTheWay.has(id);
  }

  /** A record of the control thread's own track. */
  convertOwn(record: TraceRecord): void {
    if (record.event !== RING_FILL) return;
    this.#counter(
      micros(record.atNs),
      record.argument === this.#tracks.length ? "ring to the poller" : `ring to ${record.argument}`,
      "bytes",
      record.key,
    );
  }

  convert(scheduler: number, record: TraceRecord): void {
    const track = this.#tracks[scheduler];
    const { event, key, argument } = record;
    const ns = Math.max(track.lastNs, record.atNs);
    track.lastNs = ns;
    const at = `,"ts":${micros(ns)}${track.where}`;
    switch (event) {
      case RESUME:
        this.#resume(track, at, key);
        break;
      case PARK: {
        const wait = this.#words.wait(argument);
        const open = track.open;
        if (open !== null) {
          this.#instant(at, "Park");
          if (this.#words.isIo(argument)) this.#ioStarts(track, at, open.key, wait!);
          this.#close(track, at, "Park", wait);
        }
        break;
      }
      case YIELD:
      case UNPARK_FLAG_CONSUMED: {
        const name = event === YIELD ? "Yield" : "UnparkFlagConsumed";
        const open = track.open;
        if (open !== null) {
          this.#instant(at, name);
          this.#close(track, at, name);
          this.#instant(at, "Enqueue", `{"pid":${open.known.pid}}`);
        }
        break;
      }
      case DONE:
        this.#done(track, at, key, argument === 1);
        break;
      case ENQUEUE:
        this.#arriveAt(track, key);
        this.#instantOf(track, at, "Enqueue", key);
        return; // what came with an IN may wake more than one
      case DEQUEUE:
        this.#instantOf(track, at, "Dequeue", key);
        break;
      case UNPARK_DIRECT:
      case UNPARK_DEFERRED:
      case SEND:
        this.#woken(track, at, record);
        return; // as above
      case SPAWN:
      case BEGIN:
        this.#introduce(track, at, event === SPAWN, argument, key, record.third);
        break;
      case OUT:
        this.#out(track, scheduler, ns, at, argument, key, record.third);
        break;
      case IN:
        this.#in(track, scheduler, ns, argument, key);
        return;
      case STEAL:
        this.#instant(at, "steal", `{"from":"scheduler ${argument}","actors":${key}}`);
        break;
      case TIMER:
        this.#instantOf(track, at, "timer", key);
        break;
      case IO_READY: {
        this.#instantOf(track, at, "IO ready", key, `,"in":"${this.#words.wait(argument)}"`);
        const arrow = track.io.get(key);
        track.io.delete(key);
        if (arrow !== undefined) this.#pending(track, key, arrow);
        break;
      }
      case RESTART:
        this.#instant(at, "restart", `{"supervisor":${this.#known(track, key).pid}}`);
        break;
      case COUNTERS:
        this.#counters(track, scheduler, micros(ns), [key, record.third, record.fourth]);
        break;
      case LOST:
        if (track.open !== null) this.#close(track, at, "unknown: records were lost");
        track.arrows.clear();
        this.#instant(at, "records lost", `{"count":${key}}`);
        break;
      case NAME:
        this.#name(track, argument, record.text);
        break;
      case STOPPED_AT:
        track.stoppedAt = record.text;
        break;
      case BOOT:
        this.#boot(track, at);
        break;
    }
    track.arrived = null;
  }

  /** The end of the file. `dropped`: records that found no room or were not converted. */
  finish(dropped: number, why: string): void {
    for (const track of this.#tracks) {
      if (track.open !== null) {
        this.#close(track, `,"ts":${micros(track.lastNs)}${track.where}`, "the end of the trace");
      }
    }
    // The last event has a comma behind it, so another follows: metadata, which has no time.
    this.#text +=
      `{"name":"process_labels","ph":"M","pid":${PROCESS},"tid":0,"ts":0,"args":{"labels":"smarm"}}\n],` +
      `"otherData":{"generator":"smarm","recordsDropped":"${dropped}","end":${JSON.stringify(why)}}}\n`;
  }

  // --- Slices -----------------------------------------------------------------------------------------------------

  #resume(track: Track, at: string, key: number): void {
    if (track.open !== null) this.#close(track, at, "unknown");
    const known = this.#known(track, key);
    let place = "";
    if (!known.isPlaced) {
      known.isPlaced = true;
      place = known.at;
    }
    this.#put(
      `{"name":"Dequeue","ph":"i"${at}},\n{"name":${known.name},"ph":"B"${at},"args":{"pid":${known.pid}${place}}},\n`,
      2,
    );
    track.slice.key = key;
    track.slice.known = known;
    track.open = track.slice;
    const arrows = track.arrows.get(key);
    if (arrows !== undefined) {
      track.arrows.delete(key);
      for (const { id, name } of arrows) {
        this.#put(`{"name":"${name}","cat":"arrow","ph":"f","bp":"e","id":${id}${at}},\n`);
      }
    }
    this.#instant(at, "Resume");
  }

  #close(track: Track, at: string, stop: string, wait?: string): void {
    const { known } = track.open!;
    track.open = null;
    const detail = wait === undefined ? "" : `,"in":"${wait}"`;
    let places = "";
    if (track.stoppedAt !== "") { // it was long
      places = `${known.at},"stoppedAt":${JSON.stringify(track.stoppedAt)}`;
      track.stoppedAt = "";
    }
    this.#put(`{"ph":"E"${at},"args":{"stopped":"${stop}"${detail}${places}}},\n`);
  }

  #done(track: Track, at: string, key: number, panicked: boolean): void {
    if (track.open !== null && track.open.key === key) {
      this.#close(track, at, panicked ? "Done, panicked" : "Done");
    }
    this.#instantOf(track, at, "Done", key);
    if (panicked) this.#instantOf(track, at, "panic", key, `,"actor":${this.#known(track, key).name}`);
    track.known.delete(key);
    track.arrows.delete(key);
    track.io.delete(key);
  }

  #boot(track: Track, at: string): void {
    if (!track.hasBooted) {
      track.hasBooted = true;
      return;
    }
    if (track.open !== null) this.#close(track, at, "unknown: its scheduler ended");
    track.names = new Map();
    track.known.clear();
    track.arrows.clear();
    track.io.clear();
    this.#onTheWay.clear(); // its counts begin anew
    this.#instant(at, "scheduler replaced");
  }

  // --- Names ------------------------------------------------------------------------------------------------------

  #name(track: Track, id: number, text: string): void {
    let fn: TracedFunction;
    try {
      fn = JSON.parse(text);
    } catch {
      fn = { name: text.slice(0, 60) }; // cut in the midst of it
    }
    const at = this.#words.locate(fn);
    track.names.set(id, {
      name: JSON.stringify(fn.name),
      at: at === undefined ? "" : `,"at":${JSON.stringify(at)}`,
    });
  }

  #introduce(track: Track, at: string, isSpawn: boolean, id: number, key: number, generation: number): void {
    const { name, at: place } = track.names.get(id) ?? NO_NAME;
    const pid = `"${formatKey(key, String(generation))}"`;
    track.known.set(key, { pid, name, at: place, isPlaced: place === "" });
    if (!isSpawn) return;
    const by = track.open === null ? "" : `,"by":${track.open.known.pid}`;
    this.#instant(at, "spawn", `{"pid":${pid},"actor":${name}${by}${place}}`);
  }

  #known(track: Track, key: number): Known {
    const here = track.known.get(key);
    if (here !== undefined) return here;
    for (const other of this.#tracks) {
      const known = other.known.get(key);
      if (known !== undefined) return known;
    }
    return { pid: `"${formatKey(key, "?")}"`, name: `"unknown"`, at: "", isPlaced: true };
  }

  // --- Wakes and arrows -------------------------------------------------------------------------------------------

  #woken(track: Track, at: string, { event, argument, key, third }: TraceRecord): void {
    const cause = argument >> CAUSE_SHIFT;
    const source = argument & FROM_MASK;
    const why = cause === CAUSE_MESSAGE
      ? "message"
      : cause >= CAUSE_WAIT
      ? this.#words.wait(cause - CAUSE_WAIT) ?? "wake"
      : "wake";
    let args = cause === 0 ? "" : `,"why":"${why}"`;
    let arrow: Arrow | null = null;
    if (source === FROM_CURRENT && track.open !== null) {
      args += `,"from":${track.open.known.pid}`;
      if (track.open.key !== key) arrow = this.#arrowTo(track, key, why);
    } else if (source === FROM_OTHER) args += `,"from":${this.#known(track, third).pid}`;
    else this.#arriveAt(track, key);
    const name = event === UNPARK_DIRECT
      ? "UnparkDirect"
      : event === UNPARK_DEFERRED
      ? "UnparkDeferred"
      : "send";
    const { pid } = this.#known(track, key);
    this.#instant(at, name, `{"pid":${pid}${args}}`);
    if (arrow !== null) this.#arrowStart(at, arrow);
    if (event === UNPARK_DIRECT) this.#instant(at, "Enqueue", `{"pid":${pid}}`);
  }

  /** From the slice that is open to the next resume of an actor here. */
  #arrowTo(track: Track, key: number, name: string): Arrow | null {
    const arrow = { id: ++this.#arrowCount, name };
    return this.#pending(track, key, arrow) ? arrow : null;
  }

  #pending(track: Track, key: number, arrow: Arrow): boolean {
    const pending = track.arrows.get(key);
    if (pending === undefined) track.arrows.set(key, [arrow]);
    else if (pending.length < MOST_ARROWS) pending.push(arrow);
    else return false;
    return true;
  }

  /**
   * Perfetto ties an arrow to what stands last on the track, an instant too: so an instant of the same time, which says
   * what happened, always comes just before.
   */
  #arrowStart(at: string, { id, name }: Arrow): void {
    this.#put(`{"name":"${name}","cat":"arrow","ph":"s","id":${id}${at}},\n`);
  }

  /** To what the actor waits for when it parks, from there on. */
  #ioStarts(track: Track, at: string, key: number, name: string): void {
    const arrow = { id: ++this.#arrowCount, name };
    track.io.set(key, arrow);
    this.#arrowStart(at, arrow);
  }

  #out(
    track: Track,
    from: number,
    ns: number,
    at: string,
    argument: number,
    key: number,
    count: number,
  ): void {
    const to = argument & PEER_MASK, kind = argument >> PEER_BITS;
    const name = this.#words.record(kind);
    const leaves = track.open !== null && this.#onTheWay.size < MOST_ON_THE_WAY;
    if (this.#words.isMessage(kind)) {
      const by = track.open === null ? "" : `,"from":${track.open.known.pid}`;
      this.#instantOf(track, at, "send", key, `,"why":"message"${by}`);
    } else if (leaves) this.#instant(at, name);
    if (!leaves) return;
    const arrow = { id: ++this.#arrowCount, name, atNs: ns };
    this.#onTheWay.set(`${from}>${to}#${count}`, arrow);
    this.#arrowStart(at, arrow);
  }

  #in(track: Track, to: number, ns: number, argument: number, count: number): void {
    const id = `${argument & PEER_MASK}>${to}#${count}`;
    if (!this.#onTheWay.has(id)) this.onMissing(argument & PEER_MASK, id, ns);
    const arrow = this.#onTheWay.get(id);
    track.arrived = arrow ?? null;
    if (arrow === undefined) return;
    this.#onTheWay.delete(id);
    // Times between two stamps are guessed: what came has left before.
    track.lastNs = Math.max(track.lastNs, arrow.atNs + 1);
  }

  #arriveAt(track: Track, key: number): void {
    if (track.arrived === null) return;
    this.#pending(track, key, track.arrived);
    track.arrived = null; // an arrow has one end
  }

  // --- The rest ---------------------------------------------------------------------------------------------------

  #counters(track: Track, scheduler: number, ts: string, values: [number, number, number]): void {
    const before = track.counters;
    track.counters = values;
    if (values[0] !== before[0]) this.#counter(ts, `run queue ${scheduler}`, "length", values[0]);
    if (values[1] !== before[1]) this.#counter(ts, `live actors ${scheduler}`, "live", values[1]);
    if (values[2] !== before[2]) this.#counter(ts, `longest mailbox ${scheduler}`, "messages", values[2]);
  }

  #instantOf(track: Track, at: string, name: string, key: number, more = ""): void {
    this.#instant(at, name, `{"pid":${this.#known(track, key).pid}${more}}`);
  }

  /** Without arguments where the slice around it, or the one that begins with it, tells them. */
  #instant(at: string, name: string, args?: string): void {
    this.#put(`{"name":"${name}","ph":"i"${at}${args === undefined ? "" : `,"args":${args}`}},\n`);
  }

  #counter(ts: string, name: string, series: string, value: number): void {
    this.#put(
      `{"name":"${name}","ph":"C","ts":${ts},"pid":${PROCESS},"tid":0,"args":{"${series}":${value}}},\n`,
    );
  }

  #metadata(name: string, tid: number, args: string): void {
    this.#put(`{"name":"${name}","ph":"M","ts":0,"pid":${PROCESS},"tid":${tid},"args":${args}},\n`);
  }

  #put(text: string, events = 1): void {
    this.#text += text;
    this.events += events;
  }
}

const FRACTIONS = Array.from({ length: 1000 }, (_, ns) => `.${String(ns).padStart(3, "0")}`);

/** Microseconds with three digits behind the point; a fifth of the time that toFixed() takes. */
function micros(ns: number): string {
  const whole = Math.floor(ns / 1000);
  return whole + FRACTIONS[Math.floor(ns - whole * 1000)];
}

/** As formatPid() writes it. */
function formatKey(key: number, generation: string): string {
  return `<${key >>> INDEX_BITS}.${key & INDEX_MASK}.${generation}>`;
}
