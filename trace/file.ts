/**
 * A trace file on disk, written as it comes, plain or gzipped. All of it is synchronous, because the file is to be
 * complete when the process ends by `Deno.exit` in the midst of a run.
 *
 * @module
 */
import { nodeBuiltin } from "../runtime/node_builtin.ts";

/** Of 1 MB JSON 1 ms and an eighth to a fifteenth of the size; the default level takes four times as long. */
const GZIP_LEVEL = 1;
const GZIP_HEADER = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255);

/** One gzip member made of independent deflate blocks: every prefix of it can be unpacked. */
export class TraceFile {
  readonly path: string;
  /** The program may have changed its folder when this is removed. */
  readonly #place: string;
  readonly #file: Deno.FsFile;
  /** Null: plain. */
  readonly #zlib: typeof import("node:zlib") | null;
  readonly #encoder = new TextEncoder();
  #crc = 0;
  #bytes = 0;

  /** @throws whatever `Deno.openSync` does */
  constructor(path: string) {
    this.path = path;
    this.#place = nodeBuiltin("node:path").resolve(path);
    this.#zlib = path.endsWith(".gz") ? nodeBuiltin("node:zlib") : null;
    this.#file = Deno.openSync(path, { write: true, create: true, truncate: true });
    if (this.#zlib !== null) this.#writeAll(GZIP_HEADER);
  }

  write(text: string): void {
    if (text === "") return;
    const bytes = this.#encoder.encode(text);
    if (this.#zlib === null) {
      this.#writeAll(bytes);
      return;
    }
    const { constants, crc32, deflateRawSync } = this.#zlib;
    this.#crc = crc32(Buffer.from(bytes.buffer), this.#crc);
    this.#bytes = (this.#bytes + bytes.length) >>> 0;
    this.#writeAll(deflateRawSync(bytes, { level: GZIP_LEVEL, finishFlush: constants.Z_SYNC_FLUSH }));
  }

  close(): void {
    try {
      if (this.#zlib !== null) {
        const end = new Uint8Array(10);
        end[0] = 3; // an empty block, the last one
        const view = new DataView(end.buffer);
        view.setUint32(2, this.#crc, true);
        view.setUint32(6, this.#bytes, true);
        this.#writeAll(end);
      }
    } finally {
      this.#file.close();
    }
  }

  /** Of what is closed. @throws whatever `Deno.removeSync` does */
  remove(): void {
    Deno.removeSync(this.#place);
  }

  #writeAll(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) at += this.#file.writeSync(bytes.subarray(at));
  }
}
