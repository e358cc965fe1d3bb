/**
 * Tokens that carry bytes: what files, connections and pipes have in common.
 *
 * @module
 */
import type { WaitOptions } from "../runtime/api.ts";
import type { ActorImpl } from "../runtime/actor.ts";
import type { Writable } from "./api.ts";
import * as bytes from "./bytes.ts";
import { blame } from "./errors.ts";
import { growing, linesOf, piecesOf } from "./reading.ts";
import { readableOf, writableOf } from "./streams.ts";
import { Token } from "./token.ts";

export abstract class ByteToken extends Token {
  #reading = "";
  #writing = "";

  // The promise is that of the wait itself: an async function around it would cost a promise and a turn of microtasks.
  read(n: number = bytes.DEFAULT_READ_BYTES, options?: WaitOptions): Promise<Uint8Array | null> {
    try {
      return this.readAs(this.actor, n, options);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  write(data: Writable, options?: WaitOptions): Promise<number> {
    try {
      return this.writeAs(this.actor, data, options);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  protected readAs(actor: ActorImpl, n: number, options?: WaitOptions): Promise<Uint8Array | null> {
    return bytes.read(this.io, actor, this.id, this.reading, n, options);
  }

  protected get reading(): string {
    return this.#reading === "" ? this.#reading = `read ${this.label}` : this.#reading;
  }

  /** `isLent`: what is written is left alone until that is over. */
  protected writeAs(
    actor: ActorImpl,
    data: Writable,
    options?: WaitOptions,
    isLent = false,
  ): Promise<number> {
    if (this.#writing === "") this.#writing = `write ${this.label}`;
    return bytes.write(this.io, actor, this.id, this.#writing, data, options, isLent);
  }

  /** How much is read at once where nobody says. */
  protected get pieceBytes(): number {
    return bytes.DEFAULT_READ_BYTES;
  }

  lines(options?: WaitOptions): AsyncIterableIterator<string> {
    return linesOf(this.io, this.id, () => this.actor, () => this.read(this.pieceBytes, options));
  }

  /** Up to how much, once the pieces before were as large as they could be. */
  protected get mostPieceBytes(): number {
    return this.pieceBytes;
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return piecesOf(growing(this.pieceBytes, this.mostPieceBytes, (n) => this.read(n)));
  }

  get readable(): ReadableStream<Uint8Array<ArrayBuffer>> {
    const actor = this.actor;
    const read = (n: number, options?: WaitOptions) => this.readAs(actor, n, options);
    return readableOf(
      growing(this.pieceBytes, this.mostPieceBytes, read),
      (rest) => bytes.unread(this.io, this.id, rest),
    );
  }

  get writable(): WritableStream<Uint8Array> {
    const actor = this.actor;
    return writableOf(
      (piece) => this.writeAs(actor, piece, undefined, true),
      () => this.endWriting(actor),
      () => this.close(),
    );
  }

  /** What the end of `writable` means here. */
  protected endWriting(_actor: ActorImpl): Promise<unknown> | void {}

  /** An operation by its name, whose errors are told in the user's line. */
  protected async operate(
    operation: string,
    args: unknown[],
    options: WaitOptions | undefined,
  ): Promise<unknown> {
    try {
      return await this.io.operate(
        this.actor,
        `${operation} ${this.label}`,
        options,
        operation,
        this.id,
        args,
      );
    } catch (error) {
      throw blame(error);
    }
  }
}
