/**
 * Touches so many GiB of memory, page by page, and ends. On a virtual machine a page that was never touched costs the
 * first who does, 0.3 to 1.9 s a GiB where this was measured; ../compare.ts runs this before each run of a row that
 * takes much memory, so that the side that comes first does not pay for both. `deno run -A bench/compare/pretouch.ts 4`
 *
 * @module
 */

const PAGE_BYTES = 4096;
const BLOCK_BYTES = 2 ** 28;

const gibibytes = Number(Deno.args[0]);
if (!(gibibytes > 0)) {
  console.error(`Cannot touch "${Deno.args[0]}" GiB: give a number above 0`);
  Deno.exit(2);
}

// Half of what is free at most: the machine may be busy with other things.
const bytes = Math.min(gibibytes * 2 ** 30, Deno.systemMemoryInfo().available / 2);
const blocks: Uint8Array[] = [];
for (let touched = 0; touched < bytes; touched += BLOCK_BYTES) {
  const block = new Uint8Array(BLOCK_BYTES);
  for (let at = 0; at < BLOCK_BYTES; at += PAGE_BYTES) block[at] = 1;
  // All stay reachable until the end, else a block's pages would be used again for the next one.
  blocks.push(block);
}
