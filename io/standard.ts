/**
 * The program's stdin, stdout and stderr, as actors see them: all actors share them.
 *
 * @module
 */
import type { WaitOptions } from "../runtime/api.ts";
import type { ActorImpl } from "../runtime/actor.ts";
import { staysWithActor } from "../runtime/sendable.ts";
import type * as api from "./api.ts";
import type { IoClient } from "./client.ts";
import * as bytes from "./bytes.ts";
import { linesOf, piecesOf } from "./reading.ts";
import { readableOf, writableOf } from "./streams.ts";

abstract class Standard {
  static {
    staysWithActor(this, "StandardStream");
  }

  readonly id: number;
  protected readonly actor: ActorImpl;
  protected readonly io: IoClient;

  constructor(actor: ActorImpl, io: IoClient, id: number) {
    this.actor = actor;
    this.io = io;
    this.id = id;
  }

  get label(): string {
    return ["", "stdin", "stdout", "stderr"][this.id];
  }

  get isTerminal(): boolean {
    return [Deno.stdin, Deno.stdout, Deno.stderr][this.id - 1].isTerminal();
  }
}

export class StandardInput extends Standard implements api.Input {
  read(n: number = bytes.DEFAULT_READ_BYTES, options?: WaitOptions): Promise<Uint8Array | null> {
    try {
      return bytes.read(this.io, this.actor, this.id, "read stdin", n, options);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  lines(options?: WaitOptions): AsyncIterableIterator<string> {
    return linesOf(this.io, this.id, () => this.actor, () => this.read(bytes.DEFAULT_READ_BYTES, options));
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return piecesOf(() => this.read());
  }

  get readable(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return readableOf(
      (options) => this.read(bytes.DEFAULT_READ_BYTES, options),
      (rest) => bytes.unread(this.io, this.id, rest),
    );
  }
}

export class StandardOutput extends Standard implements api.Output {
  write(data: api.Writable, options?: WaitOptions): Promise<number> {
    try {
      return bytes.write(this.io, this.actor, this.id, `write ${this.label}`, data, options);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  get writable(): WritableStream<Uint8Array> {
    return writableOf((piece) => this.write(piece), () => {}, () => {});
  }
}
