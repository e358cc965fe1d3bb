/**
 * One direction between two workers: messages go in at the `OutLink`, come out of the `InLink` in the order sent.
 *
 * A message is written straight into the shared ring, published, and the reader is woken. Two things go another way, and
 * keep their place in the order:
 *
 * - What the codec leaves to structured clone (a SharedArrayBuffer, a Blob, transferred buffers, copies of big ones) is
 *   posted as one array by a message port, before the record that refers to it is published. So whoever finds the record
 *   finds the array.
 * - What finds the ring full waits in a private backlog: `send` never blocks, since two workers that wait for room in each
 *   other's rings would wait for ever. While anything waits, everything queues behind it. The reader wakes the writer
 *   when it has made room (the race is told in ring.ts), and `flush` moves the backlog on, records bigger than the
 *   ring in parts.
 *
 * A link whose writer died is of no further use; its ring is reset (ring.ts) and gets a new port, as an array may have been
 * posted for a record that was never published.
 */

import { copyWords, WordArea } from "./codec_area.ts";
import { Decoder } from "./codec_read.ts";
import {
  AUX_WORD,
  PART_HEADER_WORDS,
  RECORD_HEADER_WORDS,
  RecordFlag,
  STAMP_DOUBLE,
  TARGET_DOUBLE,
} from "./codec_tags.ts";
import { CausalClock } from "./causal_clock.ts";
import { Encoder, type EncoderOptions } from "./codec_write.ts";
import { type Region, RingReader, RingWriter } from "./ring.ts";
import { checkSendable, describe, NotSendableError, ObjectClasses } from "./sendable.ts";
import { checkSide, checkTransfer } from "./transfer.ts";

export interface LinkEvents {
  /** Called by the writer after each publication; the implementation looks whether the reader is parked. */
  wakeReader(): void;
  /** Called by the reader when it made room that the writer waits for. */
  wakeWriter(): void;
  /** The side channel, out: one `postMessage`. */
  post(values: unknown[], transfer: Transferable[]): void;
}

export interface OutLinkOptions extends Pick<LinkEvents, "wakeReader" | "post">, Partial<EncoderOptions> {
  /** Classes whose instances stay live objects; the same at both ends. */
  classes?: ObjectClasses;
  /** Bigger buffers and longer texts go by the side channel. Default: a quarter of the ring. */
  inlineBytes?: number;
  /** Of the thread. */
  clock?: CausalClock;
}

export interface InLinkOptions extends Pick<LinkEvents, "wakeWriter"> {
  /** The side channel, in: the oldest array that was posted, if one has arrived. */
  takeSide(): unknown[] | undefined;
  classes?: ObjectClasses;
  /** Handed to their `hydrate`. */
  context?: unknown;
  /** Of the thread. */
  clock?: CausalClock;
  /** Where the bytes of a {@link OutLink.sendBytes} are put. Default: an array of their own. */
  bytesFor?(length: number): Uint8Array;
  /** A message that could not be revived. Without it, `drain` throws the error; the messages after it are not lost. */
  undecodable?(kind: number, target: number, aux: number, error: unknown): void;
}

/** Room asked for before a record is begun; most fit, the others move to the encoder's scratch. */
const USUAL_WORDS = 64;

/** Guess: some hundred small messages a chunk. */
const CHUNK_WORDS = 1 << 13;

/** So many records of the backlog are published at once: a store that others see takes as long as copying a small one. */
const RECORDS_A_PUBLICATION = 16;

/** No area bigger than this is kept for later. */
const KEPT_WORDS = 1 << 16;

const NO_VALUES: unknown[] = [];

/** The number of bytes comes before them. */
const BYTES_HEADER_WORDS = RECORD_HEADER_WORDS + 1;

export class OutLink {
  readonly generation: number;
  private readonly ring: RingWriter;
  private readonly encoder: Encoder;
  private readonly clock: CausalClock;
  private readonly classes: ObjectClasses;
  private readonly context: unknown;
  private readonly wakeReader: () => void;
  private readonly post: LinkEvents["post"];
  private readonly backlog = new Backlog();
  private readonly partWords: number;
  /** Words of the oldest record in the backlog that went as parts. */
  private partsSent = 0;
  /** Writes the message at hand. */
  private writing: Encoder | null = null;
  private readonly encoderOptions: EncoderOptions;
  private count = 0;

  constructor(region: Region, options: OutLinkOptions) {
    this.ring = new RingWriter(region);
    this.generation = this.ring.generation;
    this.clock = options.clock ?? new CausalClock();
    this.classes = options.classes ?? new ObjectClasses();
    this.context = options.context;
    this.encoderOptions = {
      inlineBytes: options.inlineBytes ?? region.byteLength >> 2,
      classes: this.classes,
      context: options.context,
      arrayNames: options.arrayNames,
    };
    this.encoder = new Encoder(this.encoderOptions);
    this.wakeReader = options.wakeReader;
    this.post = options.post;
    this.partWords = Math.min(
      this.ring.maxRecordWords,
      Math.max(this.ring.area.words >> 2, PART_HEADER_WORDS + 2) & ~1,
    );
  }

  /** Messages sent, whether they are in the ring yet or not. */
  get sent(): number {
    return this.count;
  }

  get backlogRecords(): number {
    return this.backlog.records;
  }

  get backlogBytes(): number {
    return this.backlog.words * 4;
  }

  /**
   * Sends and never blocks. `kind` is 0 to 255, `target` a safe integer, `aux` an int32. What a getter of the payload
   * sends comes before it. `stands` is asked when nothing can go wrong any more: nothing is sent if it says no.
   *
   * @throws NotSendableError for a payload with something in it that cannot be sent: nothing was sent then.
   */
  send(
    kind: number,
    target: number,
    aux: number,
    payload: unknown,
    transfer?: Transferable[],
    stands?: () => boolean,
  ): boolean {
    const { ring, backlog } = this;
    const outer = this.writing;
    const encoder = outer === null ? this.encoder : this.encoderWithin(outer);
    if (backlog.records > 0 && ring.seemsMoved()) this.flush();
    if (backlog.records === 0) {
      encoder.begin(ring.area, ring.position, ring.room(USUAL_WORDS), RECORD_HEADER_WORDS);
    } else {
      const chunk = backlog.writable();
      encoder.begin(chunk.area, chunk.end, chunk.area.words - chunk.end, RECORD_HEADER_WORDS);
    }
    const transferred = transfer !== undefined && transfer.length > 0;
    this.writing = encoder;
    try {
      encoder.payload(payload, transferred ? new Set(transfer) : undefined);
      if (transferred) checkTransfer(transfer);
      if (transferred || stands !== undefined) checkSide(encoder.side, transfer);
      if (stands !== undefined && !stands()) {
        encoder.abandon();
        return false;
      }
      if (encoder.side.length > 0 || transferred) {
        const { copies } = encoder;
        this.post(encoder.side, transfer === undefined ? copies : [...transfer, ...copies]);
        encoder.flags |= RecordFlag.Side;
      }
    } catch (error) {
      encoder.abandon();
      throw this.refusal(error, payload, transfer);
    } finally {
      this.writing = outer;
    }
    const { area, start, words } = encoder;
    area.i32[start] = words;
    area.i32[start + 1] = kind | encoder.flags;
    area.f64[(start >> 1) + TARGET_DOUBLE] = target;
    area.f64[(start >> 1) + STAMP_DOUBLE] = this.clock.next();
    area.i32[start + AUX_WORD] = aux;
    this.count++;
    this.place(encoder, words);
    encoder.settle();
    this.wakeReader();
    return true;
  }

  /**
   * For what a getter of the message at hand sends: that message makes room, and is published after it. The shapes that
   * it has defined are not known to the reader yet, so there are none.
   */
  private encoderWithin(outer: Encoder): Encoder {
    outer.makeRoom();
    return new Encoder({ ...this.encoderOptions, shapes: 0 });
  }

  /**
   * As {@link send} with the first `length` bytes of `bytes` as payload, past the codec: what arrives is a Uint8Array with a
   * buffer of its own, whatever the bytes are part of.
   */
  sendBytes(kind: number, target: number, aux: number, bytes: Uint8Array, length = bytes.length): void {
    const { ring } = this;
    if (this.writing !== null) return void this.send(kind, target, aux, bytes.slice(0, length));
    const words = (BYTES_HEADER_WORDS + ((length + 3) >> 2) + 1) & ~1;
    const at = this.backlog.records > 0 || words > ring.maxRecordWords ? -1 : ring.reserve(words);
    if (at < 0) return void this.send(kind, target, aux, bytes.slice(0, length));
    const { i32, f64, u8 } = ring.area;
    i32[at] = words;
    i32[at + 1] = kind | RecordFlag.Bytes;
    f64[(at >> 1) + TARGET_DOUBLE] = target;
    f64[(at >> 1) + STAMP_DOUBLE] = this.clock.next();
    i32[at + AUX_WORD] = aux;
    i32[at + RECORD_HEADER_WORDS] = length;
    u8.set(length === bytes.length ? bytes : bytes.subarray(0, length), (at + BYTES_HEADER_WORDS) << 2);
    this.count++;
    ring.publish(words);
    this.wakeReader();
  }

  /** Moves the backlog into the ring as far as there is room; true when nothing is left over. */
  flush(): boolean {
    const moved = this.writing === null && this.moveBacklog();
    if (moved) this.wakeReader();
    return this.backlog.records === 0;
  }

  /** Forgets the backlog, when the reader is gone. Returns how many messages it held. */
  discard(): number {
    this.partsSent = 0;
    return this.backlog.clear();
  }

  /** The encoder has a record of so many words: publishes it, or lets it wait. */
  private place(encoder: Encoder, words: number): void {
    const { ring, backlog } = this;
    if (backlog.records > 0) {
      if (encoder.inScratch) backlog.append(encoder, words);
      else backlog.grew(words);
      return;
    }
    if (!encoder.inScratch) return ring.publish(words);
    if (words <= ring.maxRecordWords) {
      const at = ring.reserve(words);
      if (at >= 0) {
        copyWords(encoder.area, 0, words, ring.area, at);
        return ring.publish(words);
      }
    }
    backlog.append(encoder, words);
    this.moveBacklog();
  }

  /** True when something was published. Whatever is left over, the reader has been asked to tell of room. */
  private moveBacklog(): boolean {
    const { ring, backlog } = this;
    let moved = 0;
    for (let chunk = backlog.oldest(); chunk !== undefined; chunk = backlog.oldest()) {
      const words = chunk.area.i32[chunk.begin];
      if (words <= ring.maxRecordWords) {
        const at = this.reserveOrWait(words);
        if (at < 0) return moved > 0;
        copyWords(chunk.area, chunk.begin, words, ring.area, at);
        ring.advance(words);
      } else if (!this.moveParts(chunk, words)) {
        return moved > 0 || this.partsSent > 0;
      }
      if (++moved % RECORDS_A_PUBLICATION === 0) ring.publishAll();
      backlog.drop(words);
    }
    ring.publishAll();
    return moved > 0;
  }

  private moveParts(chunk: Chunk, words: number): boolean {
    const { ring } = this;
    while (this.partsSent < words) {
      const body = Math.min(words - this.partsSent, this.partWords - PART_HEADER_WORDS);
      const at = this.reserveOrWait(body + PART_HEADER_WORDS);
      if (at < 0) return false;
      const { i32 } = ring.area;
      i32[at] = body + PART_HEADER_WORDS;
      i32[at + 1] = RecordFlag.Part | (this.partsSent + body === words ? RecordFlag.LastPart : 0);
      i32[at + 2] = words;
      copyWords(chunk.area, chunk.begin + this.partsSent, body, ring.area, at + PART_HEADER_WORDS);
      ring.publish(body + PART_HEADER_WORDS);
      this.partsSent += body;
    }
    this.partsSent = 0;
    return true;
  }

  private reserveOrWait(words: number): number {
    const at = this.ring.reserve(words);
    if (at >= 0) return at;
    this.ring.publishAll(); // what the reader does not see, it makes no room of
    this.ring.announceWaiting();
    return this.ring.reserve(words);
  }

  private refusal(error: unknown, payload: unknown, transfer: Transferable[] | undefined): NotSendableError {
    if (error instanceof NotSendableError) return error;
    try {
      checkSendable(payload, "message", {
        classes: this.classes,
        context: this.context,
        transfer: new Set(transfer),
      });
    } catch (refusal) {
      if (refusal instanceof NotSendableError) return refusal;
    }
    const mend = transfer?.length ? "List only what is still open" : "Send plain data";
    return new NotSendableError("message", `${describe(error)}. ${mend}`, { cause: error });
  }
}

/** Records that wait, each in one piece. `begin` to `end` are the words of a chunk that are in use. */
interface Chunk {
  area: WordArea;
  begin: number;
  end: number;
}

/** A queue of records outside the ring. Memory follows what waits: chunks that are read are let go, but for two. */
class Backlog {
  records = 0;
  words = 0;
  private chunks: Chunk[] = [];
  private first = 0;
  private spare: WordArea | null = null;
  /** What was once the encoder's scratch, to be it again. */
  private bigSpare: WordArea | null = null;

  /** The chunk to which the next record may be written in place, and then reported by `grew`. */
  writable(): Chunk {
    const last = this.chunks[this.chunks.length - 1];
    if (last !== undefined && last.area.words - last.end >= USUAL_WORDS) return last;
    return this.add(this.spare ?? WordArea.ofWords(CHUNK_WORDS), 0);
  }

  grew(words: number): void {
    this.chunks[this.chunks.length - 1].end += words;
    this.records++;
    this.words += words;
  }

  /** Takes the record from the encoder's scratch, the scratch with it when that saves a big copy. */
  append(encoder: Encoder, words: number): void {
    if (words >= CHUNK_WORDS) {
      this.add(encoder.takeScratch(this.bigSpare ?? undefined), 0);
      this.bigSpare = null;
    } else {
      let chunk = this.chunks[this.chunks.length - 1];
      if (chunk === undefined || chunk.area.words - chunk.end < words) {
        chunk = this.add(this.spare ?? WordArea.ofWords(CHUNK_WORDS), 0);
      }
      copyWords(encoder.area, 0, words, chunk.area, chunk.end);
    }
    this.grew(words);
  }

  /** The chunk whose `begin` is the oldest record. */
  oldest(): Chunk | undefined {
    while (this.first < this.chunks.length) {
      const chunk = this.chunks[this.first];
      if (chunk.begin < chunk.end) return chunk;
      this.release(chunk);
    }
    return undefined;
  }

  /** The oldest record, of so many words, has moved on. */
  drop(words: number): void {
    this.chunks[this.first].begin += words;
    this.records--;
    this.words -= words;
    if (this.records === 0) this.clear();
  }

  clear(): number {
    const dropped = this.records;
    for (const chunk of this.chunks.slice(this.first)) this.keepSpare(chunk.area);
    this.chunks = [];
    this.first = this.records = this.words = 0;
    return dropped;
  }

  private add(area: WordArea, end: number): Chunk {
    if (area === this.spare) this.spare = null;
    const chunk = { area, begin: 0, end };
    this.chunks.push(chunk);
    return chunk;
  }

  private release(chunk: Chunk): void {
    this.keepSpare(chunk.area);
    this.chunks[this.first++] = undefined as unknown as Chunk;
    if (this.first >= 32 && this.first * 2 >= this.chunks.length) {
      this.chunks = this.chunks.slice(this.first);
      this.first = 0;
    }
  }

  private keepSpare(area: WordArea): void {
    if (area.words === CHUNK_WORDS) this.spare = area;
    else if (area.words <= KEPT_WORDS) this.bigSpare = area;
  }
}

export type MessageHandler = (kind: number, target: number, aux: number, payload: unknown) => void;

export class InLink {
  readonly generation: number;
  /** Whether the last `drain` stopped at a message whose side array had not arrived. */
  stalled = false;
  private readonly ring: RingReader;
  private readonly decoder: Decoder;
  private readonly clock: CausalClock;
  private readonly options: InLinkOptions;
  /** A record that comes in parts, and how many words of it are here. */
  private parts: WordArea | null = null;
  private partsRead = 0;
  private count = 0;

  constructor(region: Region, options: InLinkOptions) {
    this.ring = new RingReader(region);
    this.generation = this.ring.generation;
    this.decoder = new Decoder(options.classes, options.context);
    this.clock = options.clock ?? new CausalClock();
    this.options = options;
  }

  /** Messages handed out. */
  get received(): number {
    return this.count;
  }

  /** One load from shared memory. */
  hasRecords(): boolean {
    return this.ring.hasRecords();
  }

  /** Looks what has been published. Whether anything is there. */
  look(): boolean {
    return this.ring.look();
  }

  /** Whether the last {@link look} saw nothing, or all of that is taken. */
  get isEmpty(): boolean {
    return this.ring.next() < 0;
  }

  /** How much was taken, of all that went through the ring; what this will be when what is published now is taken. */
  get consumed(): number {
    return this.ring.consumed;
  }
  published(): number {
    return this.ring.published();
  }

  /** The stamp of the oldest message that the last {@link look} saw; Infinity when there is none. */
  get oldestStamp(): number {
    const { ring } = this;
    const at = ring.next();
    return at < 0 ? Infinity : this.stampAt(at);
  }

  private stampAt(at: number): number {
    const { i32, f64 } = this.ring.area;
    if ((i32[at + 1] & RecordFlag.Part) === 0) return f64[(at >> 1) + STAMP_DOUBLE];
    const first = 2 * STAMP_DOUBLE + 2; // so many words of a record have its stamp in them
    if (this.partsRead >= first) return this.parts!.f64[STAMP_DOUBLE];
    if (this.partsRead > 0 || i32[at] - PART_HEADER_WORDS < first) return 0; // of a tiny ring: the next parts tell
    return f64[((at + PART_HEADER_WORDS) >> 1) + STAMP_DOUBLE];
  }

  /** Looks, and takes what is there: at most `maxRecords` messages. As {@link drainSeen}. */
  drain(handler: MessageHandler, maxRecords: number): number {
    return this.look() ? this.drainSeen(handler, maxRecords, Infinity) : 0;
  }

  /**
   * Calls `handler` for at most `maxRecords` of the messages that the last {@link look} saw, in order and up to the stamp
   * `until`, and returns how many it took. What the handler throws ends the drain and is thrown on; the message that it was
   * given is not offered again.
   */
  drainSeen(handler: MessageHandler, maxRecords: number, until: number): number {
    const { ring } = this;
    let taken = 0;
    this.stalled = false;
    try {
      while (taken < maxRecords) {
        const at = ring.next();
        if (at < 0 || (until !== Infinity && this.stampAt(at) > until)) break;
        const flags = ring.area.i32[at + 1];
        if ((flags & RecordFlag.Part) === 0) {
          if (!this.take(ring.area, at, handler)) break;
          taken++;
        } else if (this.readPart(at, (flags & RecordFlag.LastPart) !== 0)) {
          if (!this.take(this.parts!, 0, handler)) break;
          taken++;
        }
      }
    } finally {
      this.release();
    }
    return taken;
  }

  /** Collects a part. The last one is left in the ring, for `take` to step over; true when all are here. */
  private readPart(at: number, last: boolean): boolean {
    const { area } = this.ring;
    const words = area.i32[at] - PART_HEADER_WORDS;
    this.parts ??= WordArea.ofWords(area.i32[at + 2]);
    if (this.partsRead < this.parts.words) {
      copyWords(area, at + PART_HEADER_WORDS, words, this.parts, this.partsRead);
      this.partsRead += words;
    }
    if (last) return true;
    this.step();
    return false;
  }

  /** Reads a whole record, whose end is what the ring offers next. False when its side array has not arrived. */
  private take(area: WordArea, at: number, handler: MessageHandler): boolean {
    const word = area.i32[at + 1];
    const kind = word & 0xff;
    const target = area.f64[(at >> 1) + TARGET_DOUBLE];
    const stamp = area.f64[(at >> 1) + STAMP_DOUBLE];
    const aux = area.i32[at + AUX_WORD];
    let payload: unknown;
    let failure: { error: unknown } | null = null;
    try {
      let side: unknown[] | undefined = NO_VALUES;
      if ((word & RecordFlag.Bytes) !== 0) payload = this.bytes(area, at);
      else if ((word & RecordFlag.Side) !== 0) {
        side = this.options.takeSide();
        if (side === undefined) {
          this.stalled = true;
          return false;
        }
      }
      if ((word & RecordFlag.Bytes) === 0) payload = this.decoder.payload(area, at, word, side);
    } catch (error) {
      failure = { error };
    }
    this.step();
    this.parts = null;
    this.partsRead = 0;
    this.count++;
    this.clock.saw(stamp);
    if (failure === null) handler(kind, target, aux, payload);
    else if (this.options.undecodable === undefined) throw failure.error;
    else this.options.undecodable(kind, target, aux, failure.error);
    return true;
  }

  private bytes(area: WordArea, at: number): Uint8Array {
    const length = area.i32[at + RECORD_HEADER_WORDS];
    const start = (at + BYTES_HEADER_WORDS) << 2;
    if (this.options.bytesFor === undefined) return area.u8.slice(start, start + length);
    const bytes = this.options.bytesFor(length);
    bytes.set(area.u8.subarray(start, start + length));
    return bytes;
  }

  private step(): void {
    if (this.ring.consume()) this.release();
  }

  private release(): void {
    if (this.ring.release()) this.options.wakeWriter();
  }
}
