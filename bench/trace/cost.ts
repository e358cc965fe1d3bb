/**
 * What tracing costs a ping-pong: with the hooks in and tracing off, with `--trace`, and in a copy of the sources from
 * which every hook is taken out. The goals: off at most 1 % slower than the copy, on at most 25 %.
 *
 *     deno run -A bench/trace/cost.ts [pairs=4] [batches=100] [n=50000]
 *
 * The machine's speed drifts by more than the variants differ, so they take turns of some ten milliseconds: one process of
 * each is alive, and each is told by a line on stdin to play `n` round trips while the others wait. What is compared is
 * a batch with the batch of the other variant just beside it; told is the median of those ratios, with the range in which
 * it lies in 95 of 100 cases (order statistics), for several sets of processes, because V8 does not compile a program
 * the same way each time. The trace's file is looked at too: one that lost records was not recorded at the full rate.
 *
 * @module
 */
import { TrackDecoder } from "../../trace/decoder.ts";
import { LOST } from "../../trace/format.ts";
import { RawTrace } from "../../trace/raw_trace.ts";
import { RAW_SUFFIX } from "../../trace/writer.ts";
import { numberOption, parseOptions, round } from "../peers/common.ts";

const ROOT = new URL("../..", import.meta.url).pathname;
const FOLDERS = [
  "runtime",
  "io",
  "timer",
  "supervisor",
  "testing",
  "trace",
  "cli",
  "vendor",
  "bench/peers",
  "bench/trace",
];
const FILES = ["smarm.ts", "main.ts", "deno.json", "deno.lock"];
/** A hook is one line. */
const HOOK = /^ *if \((?:this|s|this\.#s)\.trace !== null.*\) .*;.*\n/gm;
const DECISION = /this\.#s\.trace !== null && peer < this\.#s\.memory\.schedulers;/g;
/** If fewer were found the sources have changed, and this file has not. */
const FEWEST_HOOKS = 25;
/** Batches until the code is compiled. */
const WARM_UP = 10;

/** Copies the sources without hooks. Returns how many there were. */
async function strip(to: string): Promise<number> {
  let hooks = 0;
  const copy = async (path: string) => {
    const info = await Deno.stat(ROOT + path);
    if (info.isDirectory) {
      await Deno.mkdir(`${to}/${path}`, { recursive: true });
      for await (const { name } of Deno.readDir(ROOT + path)) await copy(`${path}/${name}`);
    } else if (!/^(runtime|supervisor|timer|io)\/.*\.ts$/.test(path)) {
      await Deno.copyFile(ROOT + path, `${to}/${path}`);
    } else {
      const text = await Deno.readTextFile(ROOT + path);
      hooks += text.match(HOOK)?.length ?? 0;
      const bare = text.replace(HOOK, "").replace(DECISION, "false;");
      await Deno.writeTextFile(`${to}/${path}`, bare);
    }
  };
  for (const path of [...FOLDERS, ...FILES]) await copy(path);
  return hooks;
}

/** One live process of a variant. */
class Variant {
  readonly #child: Deno.ChildProcess;
  readonly #stdin: WritableStreamDefaultWriter<Uint8Array>;
  readonly #lines: ReadableStreamDefaultReader<string>;
  readonly seconds: number[] = [];
  #rest = "";

  constructor(readonly name: string, root: string, options: string[], n: number) {
    const program = `${root}/bench/trace/batches.ts`;
    this.#child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", `${root}/smarm.ts`, "--threads", "1", ...options, program, String(n)],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    this.#stdin = this.#child.stdin.getWriter();
    this.#lines = this.#child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  async batch(): Promise<number> {
    await this.#stdin.write(new TextEncoder().encode("go\n"));
    while (!this.#rest.includes("\n")) {
      const { value, done } = await this.#lines.read();
      if (done) throw new Error(`${this.name} has ended`);
      this.#rest += value;
    }
    const [line, ...rest] = this.#rest.split("\n");
    this.#rest = rest.join("\n");
    return Number(line);
  }

  async end(): Promise<void> {
    await this.#stdin.close();
    const { code } = await this.#child.status;
    if (code !== 0) throw new Error(`${this.name} ended with ${code}`);
  }

  /** Leaves the raw records as they are: their conversion, of millions of messages, is not what is measured. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.status;
    await this.#stdin.close().catch(() => {}); // nobody reads it any more
    await this.#lines.cancel();
  }
}

/** The median, and between which of the sorted values it lies in 95 of 100 cases. */
function median(values: readonly number[]): { at: number; from: number; to: number } {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  const at = (sorted[Math.floor(middle)] + sorted[Math.ceil(middle)]) / 2;
  const off = 0.98 * Math.sqrt(sorted.length);
  return {
    at,
    from: sorted[Math.max(0, Math.floor(sorted.length / 2 - off))],
    to: sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length / 2 + off))],
  };
}

/** Records that were written, and that found no room, by the raw records that a killed process has left. */
function recorded(path: string): { records: number; lost: number } {
  const raw = RawTrace.open(path);
  let records = 0, lost = 0;
  for (let track = 0; track < raw.schedulers; track++) {
    const decoder = new TrackDecoder(raw, track);
    for (; decoder.nextNs !== Infinity; records++) {
      const { event, key } = decoder.take();
      if (event === LOST) lost += key;
    }
  }
  raw.close();
  return { records, lost };
}

function report(one: Variant, to: Variant, more: Record<string, unknown>): void {
  const { at, from, to: until } = median(one.seconds.map((took, i) => took / to.seconds[i]));
  console.log(JSON.stringify({
    compared: `${one.name} / ${to.name}`,
    best: round(Math.min(...one.seconds) / Math.min(...to.seconds), 4),
    ratio: round(at, 4),
    from: round(from, 4),
    to: round(until, 4),
    batch_ms: round(median(one.seconds).at * 1000, 2),
    ...more,
  }));
}

if (import.meta.main) {
  const options = parseOptions(Deno.args, ["pairs", "batches", "n"]);
  const pairs = numberOption(options, "pairs", 4);
  const batches = numberOption(options, "batches", 100), n = numberOption(options, "n", 50_000);
  const folder = await Deno.makeTempDir();
  try {
    const hooks = await strip(folder);
    if (hooks < FEWEST_HOOKS) {
      throw new Error(`Only ${hooks} hooks were found: do they still look as HOOK says?`);
    }
    const trace = `${folder}/t.json`;
    const here = ROOT.slice(0, -1);
    const all = { off: [] as number[], on: [] as number[] };
    for (let pair = 0; pair < pairs; pair++) {
      const bare = new Variant("bare", folder, [], n);
      const off = new Variant("off", here, [], n);
      const on = new Variant("on", here, [`--trace=${trace}`], n);
      for (let i = -WARM_UP; i < batches; i++) {
        for (const variant of [bare, off, on].toSorted(() => Math.random() - 0.5)) {
          const took = await variant.batch();
          if (i >= 0) variant.seconds.push(took);
        }
      }
      await Promise.all([bare.end(), off.end(), on.kill()]);
      report(off, bare, { hooks });
      report(on, off, recorded(trace + RAW_SUFFIX));
      all.off.push(...off.seconds.map((took, i) => took / bare.seconds[i]));
      all.on.push(...on.seconds.map((took, i) => took / off.seconds[i]));
    }
    for (const [name, ratios] of Object.entries(all)) {
      const { at, from, to } = median(ratios);
      console.log(`${name}: ${round(at, 4)} (${round(from, 4)} to ${round(to, 4)}) over ${pairs} sets`);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
