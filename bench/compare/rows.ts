/**
 * The rows of the comparison: what each one runs on either side, which number it reads, and the figure to reach. This
 * is the one place where sizes and targets stand. Read by ../compare.ts.
 *
 * @module
 */
import { type Command, resultLine } from "./child.ts";

/** Finds a row's number in what a child did; undefined when it is not there. */
export type Read = (ended: { readonly stdout: string; readonly seconds: number }) => number | undefined;

/** What either side of a row runs, and where its number is found. */
export interface Side {
  readonly label: string;
  readonly command: Command;
  readonly read: Read;
}

/** When a row is met. Ratios are smarm's median divided by the other's. */
export type Target = {
  readonly kind: "ratio-at-least" | "ratio-at-most" | "at-most";
  readonly limit: number;
};

export interface Row {
  readonly name: string;
  readonly unit: string;
  readonly smarm: Side;
  /** Undefined where a row stands alone, or where there is no Erlang on this machine. */
  readonly beside?: Side;
  readonly target: Target;
  /** What the hungrier side keeps in memory; touched before each run (pretouch.ts). */
  readonly gibibytes?: number;
}

/** A compiled Erlang program that offers the benches. */
export interface Erlang {
  readonly folder: string;
  readonly module: string;
}

export interface RowOptions {
  /** Root of this repository. */
  readonly root: string;
  readonly deno: string;
  readonly erlang: Erlang | undefined;
  /** A tenth of the work, for a first look. */
  readonly quick: boolean;
}

const DEADLINE_MS = 60_000;
const LONG_DEADLINE_MS = 180_000;
/** Two schedulers have the poller beside them. */
const THREADS_OF_TWO_SCHEDULERS = 3;
/** Processes that Erlang allows; the default is too few for a million. */
const ERLANG_PROCESS_LIMIT = 5_000_000;

/** bench, size, schedulers, ratio to Erlang that is to be reached. */
const RATES: readonly (readonly [string, number, 1 | 2, number, ...string[]])[] = [
  ["pingpong", 1_000_000, 1, 2.5],
  ["counting", 2_000_000, 1, 1.5],
  ["fjcreate", 1_000_000, 1, 2],
  ["threadring", 1_000_000, 1, 2],
  ["skynet", 1_000_000, 2, 2.5],
  ["big", 20_000, 2, 1.2],
  ["fjthrput", 20_000, 2, 1.2],
  ["uct", 200_000, 2, 1.2],
  ["nqueens", 12, 2, 1.2],
  ["trapezoid", 1_000_000, 2, 1.2],
  ["xpingpong", 300_000, 2, 1],
  ["xoneway", 3_000_000, 2, 1],
  ["restart", 20_000, 1, 5],
];

/** bench, what does the same in Erlang with a window of credits, size, schedulers. */
const CHANNELS: readonly (readonly [string, string, number, 1 | 2])[] = [
  ["channel", "counting", 2_000_000, 1],
  ["xchannel", "xoneway", 1_000_000, 2],
];
const CAPACITY = 1024;

/** Rows that take more than a GiB. */
const GIBIBYTES: Readonly<Record<string, number>> = { fjcreate: 3, skynet: 4, uct: 1.5, parked: 4 };

/**
 * bench, size: two schedulers beside one. Sizes that take a second or more: each scheduler compiles the program anew, some
 * 50 ms of it within the timed part, and of a run of 0.2 s that is a quarter.
 */
const SPEED_UPS: readonly (readonly [string, number])[] = [
  ["trapezoid", 10_000_000],
  ["nqueens", 14],
  ["uct", 200_000],
];
const SPEED_UP = 1.8;
const PRIMES_LIMIT = 20_000_000;

/** Reads a field of the result line. */
function field(name: string): Read {
  return ({ stdout }) => {
    const value = resultLine(stdout)?.[name];
    return typeof value === "number" ? value : undefined;
  };
}

/** Wall time of the whole process. */
const wallSeconds: Read = ({ seconds }) => seconds;

/** The primes example prints `1.23 s in 64 parts on 2 schedulers`. */
const primesPerSecond: Read = ({ stdout }) => {
  const seconds = Number(/^([\d.]+) s in /m.exec(stdout)?.[1]);
  return seconds > 0 ? 1 / seconds : undefined;
};

export function makeRows(options: RowOptions): Row[] {
  const { root, deno, erlang } = options;

  const smarm = (
    threads: number,
    module: string,
    args: readonly string[],
    read: Read,
    deadlineMs = DEADLINE_MS,
    flags: readonly string[] = [],
  ): Side => ({
    label: `smarm --threads ${threads}`,
    read,
    command: {
      program: deno,
      args: [
        "run",
        "-A",
        ...flags,
        `${root}smarm.ts`,
        "--threads",
        `${threads}`,
        `${root}${module}`,
        ...args,
      ],
      deadlineMs,
    },
  });

  const erl = (
    schedulers: number,
    bench: string,
    args: readonly string[],
    name: string,
    deadlineMs = DEADLINE_MS,
  ): Side | undefined =>
    erlang && {
      label: `Erlang +S ${schedulers}:${schedulers}`,
      read: field(name),
      command: {
        program: "erl",
        args: [
          ...["-noshell", "-noinput", "+S", `${schedulers}:${schedulers}`, "+P", `${ERLANG_PROCESS_LIMIT}`],
          ...["-pa", erlang.folder, "-run", erlang.module, "main", bench, ...args],
        ],
        deadlineMs,
      },
    };

  const size = (bench: string, n: number) =>
    `n=${!options.quick ? n : bench === "nqueens" ? n - 2 : Math.floor(n / 10)}`;

  const gibibytes = (bench: string) => options.quick ? undefined : GIBIBYTES[bench];

  const rows: Row[] = [];
  for (const [bench, n, schedulers, limit] of RATES) {
    const args = [size(bench, n)];
    rows.push({
      name: bench,
      unit: "per_s",
      smarm: smarm(schedulers, `bench/peers/${bench}.ts`, args, field("per_s")),
      beside: erl(schedulers, bench, args, "per_s"),
      target: { kind: "ratio-at-least", limit },
      gibibytes: gibibytes(bench),
    });
  }

  for (const [bench, peer, n, schedulers] of CHANNELS) {
    rows.push({
      name: bench,
      unit: "per_s",
      smarm: smarm(
        schedulers,
        `bench/peers/${bench}.ts`,
        [size(bench, n), `capacity=${CAPACITY}`],
        field("per_s"),
      ),
      beside: erl(schedulers, peer, [size(bench, n), `window=${CAPACITY}`], "per_s"),
      target: { kind: "ratio-at-least", limit: 1 },
    });
  }

  for (const [bench, n] of SPEED_UPS) {
    const module = `bench/peers/${bench}.ts`;
    const args = [size(bench, n)];
    rows.push({
      name: `speedup-${bench}`,
      unit: "per_s",
      smarm: smarm(2, module, args, field("per_s")),
      beside: smarm(1, module, args, field("per_s")),
      target: { kind: "ratio-at-least", limit: SPEED_UP },
      gibibytes: gibibytes(bench),
    });
  }
  const primesArgs = options.quick ? [`${PRIMES_LIMIT / 10}`] : [`${PRIMES_LIMIT}`];
  rows.push({
    name: "speedup-primes",
    unit: "runs a second",
    smarm: smarm(2, "examples/primes.ts", primesArgs, primesPerSecond),
    beside: smarm(1, "examples/primes.ts", primesArgs, primesPerSecond),
    target: { kind: "ratio-at-least", limit: SPEED_UP },
  });

  for (const [quantile, limit] of [["late_us_p50", 300], ["late_us_p99", 2000]] as const) {
    const args = [size("timers", 100_000)];
    rows.push({
      name: `timers-${quantile.slice(-3)}`,
      unit: quantile,
      smarm: smarm(1, "bench/peers/timers.ts", args, field(quantile)),
      beside: erl(1, "timers", args, quantile),
      target: { kind: "at-most", limit },
    });
  }
  for (
    const [name, quantile, limit, ...more] of [
      ["sleep1-p50", "late_us_p50", 200],
      ["sleep1-load-p50", "late_us_p50", 600, "load=1"],
      ["sleep1-load-p99", "late_us_p99", 4000, "load=1"],
    ] as const
  ) {
    const args = [size("sleep", 1000), ...more];
    rows.push({
      name,
      unit: quantile,
      smarm: smarm(1, "bench/peers/sleep.ts", args, field(quantile)),
      target: { kind: "at-most", limit },
    });
  }
  const parkedArgs = [size("parked", 1_000_000)];
  rows.push({
    name: "parked",
    unit: "bytes_each_rss",
    smarm: smarm(1, "bench/peers/parked.ts", parkedArgs, field("bytes_each_rss"), LONG_DEADLINE_MS, [
      "--v8-flags=--expose-gc",
    ]),
    beside: erl(1, "parked", parkedArgs, "bytes_each_rss", LONG_DEADLINE_MS),
    target: { kind: "at-most", limit: 1024 },
    gibibytes: gibibytes("parked"),
  });
  rows.push({
    name: "hello",
    unit: "wall seconds",
    smarm: smarm(2, "examples/hello.ts", [], wallSeconds),
    beside: {
      label: `${THREADS_OF_TWO_SCHEDULERS} bare Workers`,
      read: wallSeconds,
      command: {
        program: deno,
        args: ["run", "-A", `${root}bench/bare_workers.ts`, `${THREADS_OF_TWO_SCHEDULERS}`],
        deadlineMs: DEADLINE_MS,
      },
    },
    target: { kind: "ratio-at-most", limit: 3 },
  });
  for (const [name, timers] of [["idle", 0], ["idle-timers", options.quick ? 100_000 : 1_000_000]] as const) {
    const args = [`timers=${timers}`, ...(options.quick ? ["ms=1000"] : [])];
    rows.push({
      name,
      unit: "cpu_percent",
      smarm: smarm(2, "bench/peers/idle.ts", args, field("cpu_percent")),
      target: { kind: "at-most", limit: 1 },
    });
  }
  return rows;
}
