/**
 * A big file copied piece by piece: smarm beside plain Deno, by reads and writes and by web streams. Runs alternate; the
 * best of each is told, since the disk's cache decides the others.
 *
 *     deno run -A bench/io/copy.ts [MiB] [rounds] [folder]
 *
 * @module
 */
const [sizeText = "256", roundsText = "3", folder = "/dev/shm"] = Deno.args;
const MIB = 2 ** 20;
const ROOT = new URL("../../", import.meta.url).pathname;
const from = await Deno.makeTempFile({ dir: folder });
const to = await Deno.makeTempFile({ dir: folder });

async function run(args: string[]): Promise<number> {
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", ...args],
    cwd: ROOT,
  }).output();
  const text = new TextDecoder().decode(stdout);
  const [bytes, ms] = text.split(" ").map(Number);
  if (bytes !== Number(sizeText) * MIB) throw new Error(text + new TextDecoder().decode(stderr));
  return bytes / MIB / (ms / 1000);
}

try {
  const file = await Deno.open(from, { write: true });
  const piece = crypto.getRandomValues(new Uint8Array(65_536));
  for (let i = 0; i < Number(sizeText) * 16; i++) await file.write(piece);
  file.close();
  const best = new Map<string, number>();
  for (let round = 0; round < Number(roundsText); round++) {
    const note = (name: string, rate: number) => best.set(name, Math.max(best.get(name) ?? 0, rate));
    for (const size of ["65536", "262144", "1048576"]) {
      const kib = `${Number(size) / 1024} KiB a piece`;
      note(`plain Deno, ${kib}`, await run(["bench/io/plain_copy.ts", from, to, size]));
      const smarm = ["smarm.ts", "--threads", "1", "bench/io/copy_server.ts", from, to, size];
      note(`smarm, ${kib}`, await run(smarm));
    }
    note("plain Deno, web streams", await run(["bench/io/plain_copy.ts", from, to, "streams"]));
    const smarm = ["smarm.ts", "--threads", "1", "bench/io/copy_server.ts", from, to, "streams"];
    note("smarm, web streams", await run(smarm));
  }
  for (const [name, rate] of best) console.log(`${name.padEnd(28)} ${Math.round(rate)} MiB/s`);
} finally {
  await Deno.remove(from);
  await Deno.remove(to);
}
