/**
 * One direction between two workers: messages go in here, and come out of the `InLink` (in_link.ts) in the order sent.
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

import { Backlog, type Chunk, USUAL_WORDS } from "./backlog.ts";
import { CausalClock } from "./causal_clock.ts";
import { copyWords } from "./codec_area.ts";
import {
  AUX_WORD,
  BYTES_HEADER_WORDS,
  PART_HEADER_WORDS,
  RECORD_HEADER_WORDS,
  RecordFlag,
  STAMP_DOUBLE,
  TARGET_DOUBLE,
} from "./codec_tags.ts";
import { Encoder, type EncoderOptions } from "./codec_write.ts";
import { type Region, RingWriter } from "./ring.ts";
import { checkSendable, describe, NotSendableError, ObjectClasses } from "./sendable.ts";
import { checkSide, checkTransfer } from "./transfer.ts";

export interface OutLinkOptions extends Partial<EncoderOptions> {
  /** Called after each publication; the implementation looks whether the reader is parked. */
  wakeReader(): void;
  /** The side channel, out: one `postMessage`. */
  post(values: unknown[], transfer: Transferable[]): void;
  /** Classes whose instances stay live objects; the same at both ends. */
  classes?: ObjectClasses;
  /** Bigger buffers and longer texts go by the side channel. Default: a quarter of the ring. */
  inlineBytes?: number;
  /** Of the thread. */
  clock?: CausalClock;
}

/** So many records of the backlog are published at once: a store that others see takes as long as copying a small one. */
const RECORDS_A_PUBLICATION = 16;

export class OutLink {
  readonly generation: number;
  private readonly ring: RingWriter;
  private readonly encoder: Encoder;
  private readonly clock: CausalClock;
  private readonly classes: ObjectClasses;
  private readonly context: unknown;
  private readonly wakeReader: () => void;
  private readonly post: OutLinkOptions["post"];
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
