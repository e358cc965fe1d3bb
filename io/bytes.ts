/**
 * Reading and writing bytes by the number of a resource: shared by files, connections, pipes and the standard streams.
 *
 * @module
 */
import type { WaitOptions } from "../runtime/api.ts";
import type { ActorImpl } from "../runtime/actor.ts";
import type { Answering, IoClient } from "./client.ts";
import type { Writable } from "./api.ts";
import {
  LARGEST_READ,
  MOST_RING_BYTES,
  R_IO_LEND,
  R_IO_READ,
  R_IO_RETURN,
  R_IO_WRITE,
  type WrittenBack,
} from "./protocol.ts";

export const DEFAULT_READ_BYTES = 64 * 1024;

/** UTF-8, with a byte order mark as the text that it is: what is read is what stands there. */
export const AS_IT_IS: TextDecoder = new TextDecoder("utf-8", { ignoreBOM: true });

export const READ: Answering = { comesBack: (bytes: Uint8Array | null) => bytes, blamesAwaiter: true };
/** An actor that ends without having waited for its last write has still written it. */
export const WRITE: Answering = {
  outlives: true,
  blamesAwaiter: true,
  revive: (io, _actor, answer: number | WrittenBack) => {
    if (typeof answer === "number") return answer;
    io.buffers.give(new Uint8Array(answer[1]));
    return answer[0];
  },
};

export function read(
  io: IoClient,
  actor: ActorImpl,
  id: number,
  label: string,
  n: number,
  options: WaitOptions | undefined,
): Promise<Uint8Array | null> {
  return io.ask(actor, label, options, R_IO_READ, id, checkCount(n), READ, id) as Promise<Uint8Array | null>;
}

/** At most how many bytes a read gives. @throws RangeError */
export function checkCount(n: number): number {
  if (!(n >= 1) || n !== Math.floor(n)) {
    throw new RangeError(`read needs a whole number of bytes of at least 1, got ${Deno.inspect(n)}`);
  }
  return Math.min(n, LARGEST_READ);
}

const utf8 = new TextEncoder();

export function write(
  io: IoClient,
  actor: ActorImpl,
  id: number,
  label: string,
  data: Writable,
  options: WaitOptions | undefined,
  isLent = false,
): Promise<number> {
  const kind = isLent ? R_IO_LEND : R_IO_WRITE;
  return io.ask(actor, label, options, kind, id, toBytes(data), WRITE, id) as Promise<number>;
}

/** A plain array, whatever it is given: the `slice` of node's `Buffer` is no copy. */
export function toBytes(data: unknown): Uint8Array {
  if (typeof data === "string") return utf8.encode(data);
  if (data instanceof Uint8Array && data.constructor === Uint8Array) return data;
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  throw new TypeError(`write needs a Uint8Array or a string, got ${Deno.inspect(data, { depth: 0 })}`);
}

/** Small whole arrays are copied into the ring anyway; big ones move, so they are copied first; parts travel alone. */
export function ownBytes(bytes: Uint8Array): Uint8Array {
  if (bytes.length <= MOST_RING_BYTES && bytes.length === bytes.buffer.byteLength) return bytes;
  return bytes.slice();
}

/** Gives bytes back that were read and not needed: the next read gets them first. */
export function unread(io: IoClient, id: number, bytes: Uint8Array): void {
  if (bytes.length > 0) io.post(R_IO_RETURN, id, 0, [bytes.slice(), false]);
}
