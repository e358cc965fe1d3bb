/**
 * Records of the schedulers' rings, in; Chrome Trace Event JSON, out: one track a scheduler, a slice a resume.
 *
 * One record stands for several events of the file: a resume is the seed's Dequeue and Resume and opens a slice, a wake
 * is UnparkDirect and Enqueue. Arrows go from the slice that sends to the slice of the receiver's next resume. Within one
 * scheduler the two are known to belong together; across schedulers the n-th message of one scheduler to an actor is the
 * n-th that arrives there, as long as no record of it was lost.
 *
 * @module
 */
import {
  ARRIVED,
  BEGIN,
  COUNTERS,
  DEQUEUE,
  DONE,
  ENQUEUE,
  EVENT_MASK,
  FLAG_MESSAGE,
  GENERATION_SHIFT,
  IO_READY,
  LOST,
  MARK,
  PARK,
  RESTART,
  RESUME,
  SEND,
  SEND_OUT,
  SPAWN,
  STEAL,
  TIMER,
  UNPARK_DEFERRED,
  UNPARK_DIRECT,
  UNPARK_FLAG_CONSUMED,
  YIELD,
} from "./format.ts";
import type { TraceRecord } from "./ring_reader.ts";

/** The one process of the file. */
const PROCESS = 1;
const INDEX_BITS = 22;
const INDEX_MASK = 2 ** INDEX_BITS - 1;
/** Arrows to one resume; more messages than these have none. */
const MOST_ARROWS = 16;
/** Pairs of scheduler and receiver for which arrows across schedulers are drawn. */
const MOST_PAIRS = 100_000;
const REMOTE_IDS = 2 ** 51;
const IDS_A_PAIR = 2 ** 30;

export interface Names {
  /** The name of a function on a scheduler; undefined when it has not been told yet. */
  name(scheduler: number, id: number): string | undefined;
  /** What a wait of this kind is called. */
  wait(kind: number): string | undefined;
}

interface Known {
  /** As JSON strings. */
  readonly pid: string;
  readonly name: string;
}

interface Track {
  readonly tid: number;
  readonly known: Map<number, Known>;
  open: { key: number; known: Known } | null;
  /** Ids of arrows that end at the next resume of an actor. */
  readonly arrows: Map<number, number[]>;
  lastUs: number;
  arrowCount: number;
}

interface Pair {
  readonly first: number;
  sent: number;
  arrived: number;
}

export class Converter {
  readonly #names: Names;
  readonly #tracks: Track[] = [];
  readonly #pairs = new Map<string, Pair>();
  #isLossy = false;
  #text = "";
  /** Events written. */
  events = 0;
  /** Records that found no room in their rings, as far as they were heard of. */
  lost = 0;

  constructor(schedulers: number, title: string, names: Names) {
    this.#names = names;
    this.#text = `{"displayTimeUnit":"ns","traceEvents":[\n`;
    this.#metadata("process_name", 0, `{"name":${JSON.stringify(title)}}`);
    for (let id = 0; id < schedulers; id++) {
      const tid = id + 1; // 0 is no thread to Perfetto
      this.#tracks.push({
        tid,
        known: new Map(),
        open: null,
        arrows: new Map(),
        lastUs: 0,
        arrowCount: 0,
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

  /** False: its function's name has not been told yet, it is to be handed in again; with `final` that is never so. */
  convert(scheduler: number, record: TraceRecord, final: boolean): boolean {
    const track = this.#tracks[scheduler];
    const { word, key, argument } = record;
    const event = word & EVENT_MASK;
    const isNew = event === SPAWN || event === BEGIN;
    let name: string | undefined;
    if (isNew) {
      name = this.#names.name(scheduler, argument);
      if (name === undefined && !final) return false;
    }
    const us = Math.max(track.lastUs, record.atUs);
    track.lastUs = us;
    const ts = us.toFixed(3);
    switch (event) {
      case SPAWN:
      case BEGIN:
        track.known.set(key, {
          pid: `"${formatKey(key, String(word >>> GENERATION_SHIFT))}"`,
          name: JSON.stringify(name ?? "unknown"),
        });
        if (event === SPAWN) {
          this.#instantOf(track, ts, "spawn", key, `,"actor":${this.#known(track, key).name}`);
        }
        break;
      case ENQUEUE:
        this.#instantOf(track, ts, "Enqueue", key);
        break;
      case DEQUEUE:
        this.#instantOf(track, ts, "Dequeue", key);
        break;
      case RESUME:
        this.#resume(track, ts, key);
        break;
      case YIELD:
        this.#close(track, ts, key, "Yield");
        this.#instantOf(track, ts, "Yield", key);
        this.#instantOf(track, ts, "Enqueue", key);
        break;
      case PARK: {
        const wait = this.#names.wait(argument);
        this.#close(track, ts, key, "Park", wait);
        this.#instantOf(track, ts, "Park", key, wait === undefined ? "" : `,"in":"${wait}"`);
        break;
      }
      case UNPARK_FLAG_CONSUMED:
        this.#close(track, ts, key, "UnparkFlagConsumed");
        this.#instantOf(track, ts, "UnparkFlagConsumed", key);
        this.#instantOf(track, ts, "Enqueue", key);
        break;
      case DONE: {
        const panicked = argument === 1;
        this.#close(track, ts, key, panicked ? "Done, panicked" : "Done");
        this.#instantOf(track, ts, "Done", key);
        if (panicked) {
          this.#instantOf(track, ts, "panic", key, `,"actor":${this.#known(track, key).name}`);
        }
        track.known.delete(key);
        track.arrows.delete(key);
        break;
      }
      case UNPARK_DIRECT:
      case UNPARK_DEFERRED: {
        const isMessage = (word & FLAG_MESSAGE) !== 0;
        const isDirect = event === UNPARK_DIRECT;
        if (isMessage && argument >= 0) this.#arrow(track, ts, key);
        const from = isMessage && argument >= 0 ? `,"from":${this.#pid(track, argument)}` : "";
        this.#instantOf(track, ts, isDirect ? "UnparkDirect" : "UnparkDeferred", key, from);
        if (isDirect) this.#instantOf(track, ts, "Enqueue", key);
        break;
      }
      case SEND:
        if (argument >= 0) this.#arrow(track, ts, key);
        this.#instantOf(track, ts, "send", key, `,"from":${this.#pid(track, argument)}`);
        break;
      case SEND_OUT:
        this.#sendOut(track, scheduler, ts, key, argument);
        break;
      case ARRIVED:
        this.#arrived(track, argument, key);
        break;
      case STEAL:
        this.#instant(track, ts, "steal", `{"from":"scheduler ${key}","actors":${argument}}`);
        break;
      case TIMER:
        this.#instantOf(track, ts, "timer", key);
        break;
      case IO_READY:
        this.#instantOf(track, ts, "IO ready", key);
        break;
      case RESTART:
        this.#instant(track, ts, "restart", `{"supervisor":${this.#pid(track, key)}}`);
        break;
      case COUNTERS:
        this.#counter(ts, `run queue ${scheduler}`, "length", key);
        this.#counter(ts, `live actors ${scheduler}`, "live", argument);
        break;
      case MARK:
        break;
      case LOST:
        this.lost += argument;
        this.#isLossy = true;
        if (track.open !== null) this.#close(track, ts, track.open.key, "unknown: records were lost");
        track.arrows.clear();
        this.#instant(track, ts, "records lost", `{"count":${argument}}`);
        break;
    }
    return true;
  }

  /** The end of the file. `dropped`: all records that found no room, also those after the last that did. */
  finish(dropped: number, why: string): void {
    for (const track of this.#tracks) {
      if (track.open === null) continue;
      this.#close(track, track.lastUs.toFixed(3), track.open.key, "the end of the trace");
    }
    // The last event has a comma behind it, so another follows: metadata, which has no time.
    this.#text +=
      `{"name":"process_labels","ph":"M","pid":${PROCESS},"tid":0,"ts":0,"args":{"labels":"smarm"}}\n],` +
      `"otherData":{"generator":"smarm","recordsDropped":"${dropped}","end":${JSON.stringify(why)}}}\n`;
  }

  #resume(track: Track, ts: string, key: number): void {
    if (track.open !== null) this.#close(track, ts, track.open.key, "unknown");
    const known = this.#known(track, key);
    this.#instantOf(track, ts, "Dequeue", key);
    this.#put(
      `{"name":${known.name},"cat":"actor","ph":"B","ts":${ts},"pid":${PROCESS},"tid":${track.tid},"args":{"pid":${known.pid}}},\n`,
    );
    track.open = { key, known };
    const arrows = track.arrows.get(key);
    if (arrows !== undefined) {
      track.arrows.delete(key);
      for (const id of arrows) {
        this.#put(
          `{"name":"message","cat":"message","ph":"f","bp":"e","id":${id},"ts":${ts},"pid":${PROCESS},"tid":${track.tid}},\n`,
        );
      }
    }
    this.#instantOf(track, ts, "Resume", key);
  }

  #close(track: Track, ts: string, key: number, stop: string, wait?: string): void {
    if (track.open === null || track.open.key !== key) return;
    track.open = null;
    const detail = wait === undefined ? "" : `,"in":"${wait}"`;
    this.#put(
      `{"ph":"E","ts":${ts},"pid":${PROCESS},"tid":${track.tid},"args":{"stopped":"${stop}"${detail}}},\n`,
    );
  }

  /** From the slice that is open to the next resume of an actor here. */
  #arrow(track: Track, ts: string, key: number): void {
    if (track.open === null) return;
    const id = ++track.arrowCount * 1024 + track.tid;
    if (this.#pending(track, key, id)) this.#arrowStart(track, ts, id);
  }

  #pending(track: Track, key: number, id: number): boolean {
    const pending = track.arrows.get(key);
    if (pending === undefined) track.arrows.set(key, [id]);
    else if (pending.length < MOST_ARROWS) pending.push(id);
    else return false;
    return true;
  }

  #arrowStart(track: Track, ts: string, id: number): void {
    this.#put(
      `{"name":"message","cat":"message","ph":"s","id":${id},"ts":${ts},"pid":${PROCESS},"tid":${track.tid}},\n`,
    );
  }

  #sendOut(track: Track, scheduler: number, ts: string, key: number, sender: number): void {
    const pair = this.#pair(scheduler, key);
    if (pair !== null && pair.sent < IDS_A_PAIR) {
      const id = pair.first + pair.sent++;
      if (track.open !== null && !this.#isLossy) this.#arrowStart(track, ts, id);
    }
    this.#instantOf(track, ts, "send", key, `,"from":${this.#pid(track, sender)}`);
  }

  #arrived(track: Track, from: number, key: number): void {
    const pair = this.#pair(from, key);
    if (pair === null || pair.arrived >= IDS_A_PAIR) return;
    const id = pair.first + pair.arrived++;
    if (!this.#isLossy) this.#pending(track, key, id);
  }

  #pair(from: number, key: number): Pair | null {
    const name = `${from}>${key}`;
    let pair = this.#pairs.get(name);
    if (pair === undefined) {
      if (this.#pairs.size >= MOST_PAIRS) return null;
      pair = { first: REMOTE_IDS + this.#pairs.size * IDS_A_PAIR, sent: 0, arrived: 0 };
      this.#pairs.set(name, pair);
    }
    return pair;
  }

  #known(track: Track, key: number): Known {
    const here = track.known.get(key);
    if (here !== undefined) return here;
    for (const other of this.#tracks) {
      const known = other.known.get(key);
      if (known !== undefined) return known;
    }
    return { pid: `"${key < 0 ? "<root>" : formatKey(key, "?")}"`, name: `"unknown"` };
  }

  #pid(track: Track, key: number): string {
    return this.#known(track, key).pid;
  }

  #instantOf(track: Track, ts: string, name: string, key: number, more = ""): void {
    const known = this.#known(track, key);
    this.#instant(track, ts, name, `{"pid":${known.pid}${more}}`);
  }

  #instant(track: Track, ts: string, name: string, args: string): void {
    this.#put(
      `{"name":"${name}","ph":"i","s":"t","ts":${ts},"pid":${PROCESS},"tid":${track.tid},"args":${args}},\n`,
    );
  }

  #counter(ts: string, name: string, series: string, value: number): void {
    this.#put(
      `{"name":"${name}","ph":"C","ts":${ts},"pid":${PROCESS},"tid":0,"args":{"${series}":${value}}},\n`,
    );
  }

  #metadata(name: string, tid: number, args: string): void {
    this.#put(`{"name":"${name}","ph":"M","ts":0,"pid":${PROCESS},"tid":${tid},"args":${args}},\n`);
  }

  #put(event: string): void {
    this.#text += event;
    this.events++;
  }
}

/** As formatPid() writes it. */
function formatKey(key: number, generation: string): string {
  return `<${key >>> INDEX_BITS}.${key & INDEX_MASK}.${generation}>`;
}
