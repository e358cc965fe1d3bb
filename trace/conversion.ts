/**
 * From raw records on disk to the file that the user asked for: all tracks, in the order of time, a bit at a time.
 *
 * @module
 */
import { Converter, type Words } from "./converter.ts";
import { TrackDecoder } from "./decoder.ts";
import type { TraceFile } from "./file.ts";
import type { RawTrace } from "./raw_trace.ts";

/** Text is written when there is so much of it. */
const CHUNK_CHARS = 2 ** 18;
/** Records converted between two looks at the clock. */
const RECORDS_A_LOOK = 512;
/** How far one track may get ahead of another's time, to find where an arrow began: clocks of two threads differ, and times
 * between stamps are guessed. */
const MOST_AHEAD_NS = 5_000_000;

export class Conversion {
  readonly #file: TraceFile;
  readonly #converter: Converter;
  readonly #tracks: TrackDecoder[] = [];
  /** Records converted. */
  records = 0;

  constructor(raw: RawTrace, file: TraceFile, words: Words) {
    this.#file = file;
    this.#converter = new Converter(raw.schedulers, raw.title, words);
    for (let track = 0; track <= raw.schedulers; track++) this.#tracks.push(new TrackDecoder(raw, track));
    this.#converter.onMissing = (scheduler, id, atNs) => this.#advance(scheduler, id, atNs + MOST_AHEAD_NS);
  }

  /** Converts until `until()` says so, looked at now and then. True: there is more. */
  step(until: () => boolean): boolean {
    const tracks = this.#tracks;
    for (let count = 0;;) {
      // The track whose next record comes first goes on until another one's does.
      let first = -1, firstNs = Infinity, secondNs = Infinity;
      for (let track = 0; track < tracks.length; track++) {
        const { nextNs } = tracks[track];
        if (nextNs < firstNs) {
          secondNs = firstNs;
          firstNs = nextNs;
          first = track;
        } else if (nextNs < secondNs) secondNs = nextNs;
      }
      if (first < 0) return false;
      do {
        this.#convert(first);
        if (this.#converter.textLength > CHUNK_CHARS) this.#file.write(this.#converter.takeText());
        if (++count % RECORDS_A_LOOK === 0 && until()) return true;
      } while (tracks[first].nextNs <= secondNs && tracks[first].nextNs !== Infinity);
    }
  }

  #convert(track: number): void {
    this.records++;
    const record = this.#tracks[track].take();
    if (track === this.#tracks.length - 1) this.#converter.convertOwn(record);
    else this.#converter.convert(track, record);
  }

  #isAhead = false;

  /** An arrow has arrived before it was seen to leave: the other track goes on until there. */
  #advance(track: number, id: string, untilNs: number): void {
    if (this.#isAhead || track >= this.#tracks.length - 1) return;
    this.#isAhead = true;
    const decoder = this.#tracks[track];
    while (decoder.nextNs <= untilNs && !this.#converter.isOnTheWay(id)) this.#convert(track);
    this.#isAhead = false;
  }

  /** The file is complete. */
  finish(dropped: number, why: string): void {
    this.#converter.finish(dropped, why);
    this.#file.write(this.#converter.takeText());
  }
}
