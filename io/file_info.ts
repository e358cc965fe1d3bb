/**
 * What `stat` says, as plain data that travels, and back. Deno's own FileInfo is a class with getters of its own.
 *
 * @module
 */

const FIELDS = [
  "isFile",
  "isDirectory",
  "isSymlink",
  "size",
  "mtime",
  "atime",
  "birthtime",
  "ctime",
  "dev",
  "ino",
  "mode",
  "nlink",
  "uid",
  "gid",
  "rdev",
  "blksize",
  "blocks",
  "isBlockDevice",
  "isCharDevice",
  "isFifo",
  "isSocket",
] as const satisfies (keyof Deno.FileInfo)[];

export function plainInfo(info: Deno.FileInfo): Deno.FileInfo {
  const plain: Record<string, unknown> = {};
  for (const field of FIELDS) plain[field] = info[field];
  return plain as unknown as Deno.FileInfo;
}
