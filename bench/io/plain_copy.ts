/** The same in plain Deno: `deno run -A bench/io/plain_copy.ts FROM TO BYTES_A_PIECE`, or `streams` for its web streams. */
const [from, to, pieceText] = Deno.args;
const startMs = performance.now();
const source = await Deno.open(from);
const target = await Deno.open(to, { write: true, create: true, truncate: true });
let bytes = 0;
if (pieceText === "streams") {
  bytes = (await source.stat()).size;
  await source.readable.pipeTo(target.writable);
} else {
  const buffer = new Uint8Array(Number(pieceText));
  for (let count = await source.read(buffer); count !== null; count = await source.read(buffer)) {
    for (let at = 0; at < count;) at += await target.write(buffer.subarray(at, count));
    bytes += count;
  }
}
console.log(`${bytes} ${performance.now() - startMs}`);

export {};
