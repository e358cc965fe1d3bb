/**
 * Web streams over what actors read and write, so that the platform's transforms work. They pull only what is asked for.
 *
 * @module
 */

/** `read` gives null at the end. */
export function readableOf(
  read: () => Promise<Uint8Array | null>,
  onEnd: () => void = () => {},
): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      const bytes = await read();
      if (bytes === null) {
        controller.close();
        onEnd();
      } else controller.enqueue(bytes as Uint8Array<ArrayBuffer>);
    },
    cancel: onEnd,
  }, { highWaterMark: 0 });
}

/**
 * One piece is written behind: `write` must have copied what it is given when it returns. So the next piece is fetched
 * while one is being written; why a write failed is told to the next one, or to `close`.
 */
export function writableOf(
  write: (bytes: Uint8Array) => Promise<unknown>,
  close: () => Promise<unknown> | void,
): WritableStream<Uint8Array> {
  let before: Promise<unknown> = Promise.resolve();
  return new WritableStream<Uint8Array>({
    async write(bytes) {
      const writing = write(bytes);
      writing.catch(() => {}); // told when it is awaited, which an aborted stream never does
      const last = before;
      before = writing;
      await last;
    },
    async close() {
      await before;
      await close();
    },
  }, { highWaterMark: 1 });
}
