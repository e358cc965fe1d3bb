/**
 * Measures smarm beside its peers, in turn, and says which figures are met.
 *
 *     deno run -A bench/compare.ts [--rounds 5] [--only pingpong,counting] [--peers DIR] [--quick] [--json]
 *
 * One child process at a time. For each row the two sides take turns, and the one that begins changes with the round,
 * so that a machine that gets slower or faster meanwhile does so for both. The table goes to stdout, progress to
 * stderr. Exit code: 0; 1 when a run failed; 2 for bad options. A missed target is no failure: it may be the machine.
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { runChild } from "./compare/child.ts";
import { type Erlang, makeRows, type Row, type Side } from "./compare/rows.ts";
import { judge, type RowSamples, type Samples, toMarkdown } from "./compare/table.ts";

interface CompareOptions {
  readonly rounds: number;
  /** Names of rows, or of benches, of which all rows are meant; empty: all. */
  readonly only: readonly string[];
  /** A folder that holds peers.erl, or holds a folder `erl` that does. */
  readonly peers: string | undefined;
  readonly quick: boolean;
  readonly json: boolean;
}

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const DEFAULT_ROUNDS = 5;
const COMPILE_DEADLINE_MS = 60_000;
const PRETOUCH_DEADLINE_MS = 60_000;

class UsageError extends Error {
  override readonly name = "UsageError";
}

function readOptions(args: string[]): CompareOptions {
  const options = {
    rounds: { type: "string" },
    only: { type: "string" },
    peers: { type: "string" },
    quick: { type: "boolean" },
    json: { type: "boolean" },
  } as const;
  let values;
  try {
    ({ values } = parseArgs({ args, options }));
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  const rounds = Number(values.rounds ?? DEFAULT_ROUNDS);
  if (!Number.isInteger(rounds) || rounds < 1) {
    throw new UsageError(
      `Cannot measure "${values.rounds}" rounds: --rounds takes a whole number of at least 1`,
    );
  }
  return {
    rounds,
    only: (values.only ?? "").split(",").filter((name) => name !== ""),
    peers: values.peers,
    quick: values.quick ?? false,
    json: values.json ?? false,
  };
}

/** Compiles the Erlang side into `folder`; undefined, with a line on stderr, where there is no Erlang. */
async function compileErlang(folder: string, peers: string | undefined): Promise<Erlang | undefined> {
  const source = peers === undefined ? `${ROOT}bench/erlang/rival.erl` : findPeers(peers);
  try {
    const command = { program: "erlc", args: ["-o", folder, source], deadlineMs: COMPILE_DEADLINE_MS };
    const result = await runChild(command, folder);
    if (result.kind === "failed") throw new Error(`Cannot compile ${source}: ${result.reason}`);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    console.error("No Erlang here, smarm is measured alone: apt-get install erlang-base gives erl and erlc");
    return undefined;
  }
  return { folder, module: peers === undefined ? "rival" : "peers" };
}

function findPeers(folder: string): string {
  for (const path of [`${folder}/peers.erl`, `${folder}/erl/peers.erl`]) {
    try {
      if (Deno.statSync(path).isFile) return Deno.realPathSync(path);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  throw new UsageError(
    `Cannot find peers.erl in "${folder}" or its folder erl: --peers takes the folder of it`,
  );
}

function selectRows(all: readonly Row[], only: readonly string[]): Row[] {
  const benchOf = (row: Row) => row.name.replace(/^speedup-|-p\d\d$/g, "");
  for (const name of only) {
    if (!all.some((row) => row.name === name || benchOf(row) === name)) {
      const names = all.map((row) => row.name).join(", ");
      throw new UsageError(`Cannot compare "${name}": there is no such row. There are ${names}`);
    }
  }
  return all.filter((row) => only.length === 0 || only.includes(row.name) || only.includes(benchOf(row)));
}

async function measureRow(row: Row, rounds: number, cwd: string): Promise<RowSamples> {
  const samples: RowSamples = {
    row,
    smarm: { values: [], failures: [] },
    beside: { values: [], failures: [] },
    otherCores: [],
  };
  for (let round = 0; round < rounds; round++) {
    const turns: [Side, Samples][] = [[row.smarm, samples.smarm]];
    if (row.beside) turns.push([row.beside, samples.beside]);
    if (round % 2 === 1) turns.reverse();
    for (const [side, into] of turns) {
      if (row.gibibytes !== undefined) await pretouch(row.gibibytes, cwd);
      await sample(row, side, into, samples.otherCores, cwd);
    }
  }
  return samples;
}

async function pretouch(gibibytes: number, cwd: string): Promise<void> {
  const args = ["run", "-A", `${ROOT}bench/compare/pretouch.ts`, `${gibibytes}`];
  const result = await runChild({ program: Deno.execPath(), args, deadlineMs: PRETOUCH_DEADLINE_MS }, cwd);
  // The row is measured all the same; its order effect is then part of min and max.
  if (result.kind === "failed") console.error(`Memory was not touched beforehand: ${result.reason}`);
}

async function sample(row: Row, side: Side, into: Samples, otherCores: number[], cwd: string): Promise<void> {
  const result = await runChild(side.command, cwd);
  if (result.kind === "failed") {
    into.failures.push(result.reason);
    console.error(`${row.name}: ${side.label}: ${result.reason}`);
    return;
  }
  const value = side.read(result);
  if (value === undefined) {
    into.failures.push("printed no result");
    console.error(`${row.name}: ${side.label} printed no result: ${result.stdout.slice(0, 200)}`);
    return;
  }
  into.values.push(value);
  if (result.otherCores !== undefined) otherCores.push(result.otherCores);
  console.error(`${row.name}: ${side.label}: ${Number(value.toPrecision(4))} ${row.unit}`);
}

async function compare(options: CompareOptions): Promise<number> {
  const folder = await Deno.makeTempDir({ prefix: "smarm-compare-" });
  try {
    const erlang = await compileErlang(folder, options.peers);
    const all = makeRows({ root: ROOT, deno: Deno.execPath(), erlang, quick: options.quick });
    const results = [];
    for (const row of selectRows(all, options.only)) {
      results.push(judge(await measureRow(row, options.rounds, folder)));
    }
    if (options.json) {
      console.log(JSON.stringify({ deno: Deno.version.deno, cores: navigator.hardwareConcurrency, results }));
    } else {
      const beginning =
        `Deno ${Deno.version.deno}, ${navigator.hardwareConcurrency} cores, medians of ${options.rounds}`;
      console.log(`${beginning}${options.quick ? ", a tenth of the work: not for quoting" : ""}\n`);
      console.log(toMarkdown(results));
      for (const { name, failures } of results) {
        for (const failure of failures) console.log(`\n${name}: ${failure}`);
      }
    }
    return results.some(({ verdict }) => verdict === "failed") ? 1 : 0;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

if (import.meta.main) {
  try {
    Deno.exitCode = await compare(readOptions(Deno.args));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(error.message);
    Deno.exitCode = 2;
  }
}
