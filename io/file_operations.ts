/**
 * Operations on whole files and folders, which open nothing that stays: in the poller, or on the scheduler whose actor asks
 * (home_operations.ts).
 *
 * @module
 */
import type { Request, ResourceHost } from "./resource.ts";
import { plainInfo } from "./file_info.ts";
import { MOST_RING_BYTES } from "./protocol.ts";

/** What an operation gives: the answer, and what of it moves instead of being copied. */
export interface Result {
  readonly value: unknown;
  readonly transfer?: Transferable[];
  /** Closes what was opened, when the request was given up meanwhile. */
  readonly undo?: () => void;
}

export type FileOperation = (
  host: Pick<ResourceHost, "finishing">,
  request: Request,
  // deno-lint-ignore no-explicit-any
  ...args: any[]
) => Promise<Result | void>;

/** Entries of a folder between two looks whether anybody still waits for them. */
const DIR_ENTRIES_A_PIECE = 1024;

export const FILE_OPERATIONS: Record<string, FileOperation> = {
  async readFile(_host, request, path: string) {
    const abort = abortOf(request);
    return bytesResult(await Deno.readFile(path, { signal: abort.signal }));
  },
  async writeFile(host, request, path: string, data: Uint8Array, options: Deno.WriteFileOptions) {
    const abort = abortOf(request);
    host.finishing.add(request);
    try {
      await Deno.writeFile(path, data, { ...options, signal: abort.signal });
    } finally {
      host.finishing.delete(request);
    }
  },
  async readDir(_host, request, path: string) {
    const entries: [string, number][] = [];
    for await (const { name, isFile, isDirectory, isSymlink } of Deno.readDir(path)) {
      entries.push([name, (isFile ? 1 : 0) | (isDirectory ? 2 : 0) | (isSymlink ? 4 : 0)]);
      if (entries.length % DIR_ENTRIES_A_PIECE === 0 && !request.isOpen) break;
    }
    return { value: entries };
  },
  async stat(_host, _request, path: string) {
    return { value: plainInfo(await Deno.stat(path)) };
  },
  async lstat(_host, _request, path: string) {
    return { value: plainInfo(await Deno.lstat(path)) };
  },
  remove: (_host, _request, path: string, options) => Deno.remove(path, options),
  rename: (_host, _request, from: string, to: string) => Deno.rename(from, to),
  mkdir: (_host, _request, path: string, options) => Deno.mkdir(path, options),
  copyFile: (_host, _request, from: string, to: string) => Deno.copyFile(from, to),
  async realPath(_host, _request, path: string) {
    return { value: await Deno.realPath(path) };
  },
  async makeTempDir(_host, _request, options) {
    return { value: await Deno.makeTempDir(options) };
  },
  async makeTempFile(_host, _request, options) {
    return { value: await Deno.makeTempFile(options) };
  },
};

/** Aborts when the request is given up; it may be already. */
export function abortOf(request: Request): AbortController {
  const abort = new AbortController();
  if (!request.isOpen) abort.abort();
  request.onCancel = () => abort.abort();
  return abort;
}

function bytesResult(bytes: Uint8Array<ArrayBuffer>): Result {
  return { value: bytes, transfer: bytes.length <= MOST_RING_BYTES ? undefined : [bytes.buffer] };
}
