/**
 * Web streams over what actors read and write, so that the platform's transforms work. They pull only what is asked for.
 *
 * @module
 */
import type { ReadPiece } from "./reading.ts";

/**
 * `read` gives null at the end. A stream that is cancelled gives up the read that it has begun, and gives back what came of
 * it nevertheless: the next reader gets that.
 */
export function readableOf(
  read: ReadPiece,
  unread: (bytes: Uint8Array) => void,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const cancelled = new AbortController();
  const { signal } = cancelled;
  return new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      const bytes = await read({ signal });
      if (signal.aborted) unread(bytes ?? NO_BYTES); // the two met
      else if (bytes === null) controller.close();
      else controller.enqueue(bytes as Uint8Array<ArrayBuffer>);
    },
    cancel: () => cancelled.abort(),
  }, { highWaterMark: 0 });
}

const NO_BYTES = new Uint8Array(0);

/** The next piece is fetched while one is being written. */
export function writableOf(
  write: (bytes: Uint8Array) => Promise<unknown>,
  close: () => Promise<unknown> | void,
  abort: () => void,
): WritableStream<Uint8Array> {
  return new WritableStream<Uint8Array>({
    async write(bytes) {
      await write(bytes);
    },
    async close() {
      await close();
    },
    abort,
  }, { highWaterMark: 2 });
}
