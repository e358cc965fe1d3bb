/**
 * Copies a file piece by piece on smarm, or by web streams, for bench/io/copy.ts.
 *
 *     deno run -A smarm.ts bench/io/copy_server.ts FROM TO BYTES_A_PIECE|streams
 *
 * @module
 */
import type { Actor } from "smarm";

export async function main(self: Actor, from: string, to: string, pieceText: string): Promise<void> {
  const piece = Number(pieceText);
  const startMs = performance.now();
  using source = await self.io.open(from);
  using target = await self.io.create(to);
  if (pieceText === "streams") {
    const { size } = await source.stat();
    await source.readable.pipeTo(target.writable);
    console.log(`${size} ${performance.now() - startMs}`);
    return;
  }
  let bytes = 0;
  // One write is on its way while the next piece is read.
  let writing: Promise<number> = Promise.resolve(0);
  for (let read = await source.read(piece); read !== null; read = await source.read(piece)) {
    await writing;
    bytes += read.length;
    writing = target.write(read);
  }
  await writing;
  console.log(`${bytes} ${performance.now() - startMs}`);
}
