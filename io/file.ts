/**
 * A file that is open in the poller, as actors see it.
 *
 * @module
 */
import type { WaitOptions } from "../runtime/api.ts";
import type * as api from "./api.ts";
import type { IoClient } from "./client.ts";
import { LARGEST_READ, MOST_RING_BYTES } from "./protocol.ts";
import { ByteToken } from "./byte_token.ts";

export class File extends ByteToken implements api.File {
  readonly path: string;

  constructor(io: IoClient, id: number, path: string, given = 0) {
    super(io, id, given);
    this.path = path;
  }

  get label(): string {
    return `file ${this.id}`;
  }

  override describe(): string {
    return `file ${this.id} ${this.path}${this.io.homes.has(this.id) ? ", at home" : ""}`;
  }

  protected override get pieceBytes(): number {
    return MOST_RING_BYTES;
  }
  protected override get mostPieceBytes(): number {
    return LARGEST_READ; // a stream of pieces of 128 KiB takes twice as long (bench/io/copy.ts)
  }

  async seek(offset: number | bigint, whence: Deno.SeekMode, options?: WaitOptions): Promise<number> {
    return await this.operate("seek", [offset, whence], options) as number;
  }
  async truncate(length?: number, options?: WaitOptions): Promise<void> {
    await this.operate("truncate", [length], options);
  }
  async stat(options?: WaitOptions): Promise<Deno.FileInfo> {
    return await this.operate("stat", [], options) as Deno.FileInfo;
  }
  async sync(options?: WaitOptions): Promise<void> {
    await this.operate("sync", [], options);
  }
  async syncData(options?: WaitOptions): Promise<void> {
    await this.operate("syncData", [], options);
  }
  protected override endWriting(): void {
    this.close();
  }
}
