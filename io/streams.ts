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

export function writableOf(
  write: (bytes: Uint8Array) => Promise<unknown>,
  close: () => Promise<unknown> | void,
): WritableStream<Uint8Array> {
  return new WritableStream<Uint8Array>({
    async write(bytes) {
      await write(bytes);
    },
    async close() {
      await close();
    },
  }, { highWaterMark: 1 });
}
