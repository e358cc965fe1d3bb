/**
 * What every bench program in this folder shares: the arithmetic that stands for work, the frame that runs a bench
 * (warm-up, one timed run, result line) and the checks. Called by the `main` of each program; nothing here is an
 * actor, except {@link collectGarbage}, which a program exports when it wants to run it on a scheduler.
 *
 * The frame promises: one warm-up with a tenth of the work, then one timed run; one line of JSON on stdout; a throw,
 * and so a panic of `main` and exit code 1, as soon as a result is not the expected one.
 *
 * @module
 */
import process from "node:process";
import type { Actor } from "smarm";

/** What the programs are told as `name=value` arguments. */
export type Options = Readonly<Record<string, number | string>>;

/** What one run of a bench gives. */
export interface Measurement {
  /** Units of work done, in the bench's own unit. */
  readonly n: number;
  readonly seconds: number;
  /** Further figures for the result line. */
  readonly extra?: Readonly<Record<string, number | string>>;
}

export interface Bench {
  readonly name: string;
  /** What `n` and `per_s` of the result line count. */
  readonly unit: string;
  /** The size when no `n=` is given. */
  readonly n: number;
  /** The `name=value` arguments that it takes besides `n` and `warm`. */
  readonly options?: readonly string[];
  /** The size of the warm-up run; null for none. Default: a tenth, at least 1. */
  warmUp?(n: number): number | null;
}

/** How long actors of the warm-up get to end before the timed run starts all the same. */
const SETTLE_LIMIT_MS = 1000;
const SETTLE_STEP_MS = 50;
/** The exit code for a bad argument, as smarm's own. */
const BAD_ARGUMENT = 2;

/** Runs a bench as the peers do, and prints its result line. */
export async function measure(
  self: Pick<Actor, "sleep" | "stats">,
  bench: Bench,
  args: readonly string[],
  run: (n: number, options: Options) => Promise<Measurement>,
): Promise<void> {
  const options = parseOptions(args, ["n", "warm", ...bench.options ?? []]);
  const n = numberOption(options, "n", bench.n);
  const warmUp = bench.warmUp ? bench.warmUp(n) : Math.max(1, Math.floor(n / 10));
  if (warmUp !== null && numberOption(options, "warm", 1) !== 0) {
    await run(warmUp, options);
    await settle(self);
  }
  const cpuBefore = process.cpuUsage();
  const measured = await run(n, options);
  const cpu = process.cpuUsage(cpuBefore);
  const { n: _n, warm: _warm, ...given } = options;
  console.log(JSON.stringify({
    peer: "smarm",
    sched: self.stats().schedulerCount,
    bench: bench.name,
    n: measured.n,
    unit: bench.unit,
    seconds: round(measured.seconds, 6),
    per_s: round(measured.n / measured.seconds, 1),
    cpu_s: round((cpu.user + cpu.system) / 1e6, 3),
    ...given,
    ...measured.extra,
  }));
}

/** Waits until the warm-up's actors have ended, so that none of them runs inside the timed part. */
async function settle(self: Pick<Actor, "sleep" | "stats">): Promise<void> {
  collectGarbage();
  const deadline = performance.now() + SETTLE_LIMIT_MS;
  do await self.sleep(SETTLE_STEP_MS); while (self.stats().live > 1 && performance.now() < deadline);
}

/** Reads `name=value` arguments; one that is not `known` would else be measured as if it had not been given. */
export function parseOptions(args: readonly string[], known: readonly string[]): Options {
  const options: Record<string, number | string> = {};
  for (const arg of args) {
    const cut = arg.indexOf("=");
    if (cut < 1) refuse(`Cannot read the option "${arg}": write it as name=value, such as n=1000`);
    const name = arg.slice(0, cut), value = arg.slice(cut + 1);
    if (!known.includes(name)) refuse(`There is no option "${name}" here: there is ${known.join(", ")}`);
    options[name] = /^-?\d+$/.test(value) ? Number(value) : value;
  }
  return options;
}

export function numberOption(options: Options, name: string, fallback: number): number {
  const value = options[name] ?? fallback;
  return typeof value === "number"
    ? value
    : refuse(`Cannot use ${name}=${value}: ${name} takes a whole number`);
}

/** Ends the program with one line: an argument is no fault of the program, whose stack would say nothing. */
export function refuse(why: string): never {
  console.error(`error: ${why}`);
  Deno.exit(BAD_ARGUMENT);
}

/** Throws when a result of the bench is not the one that its definition asks for. */
export function check(what: string, actual: unknown, expected: unknown): void {
  if (!Object.is(actual, expected)) {
    throw new Error(`The bench's result is wrong: ${what} is ${actual}, expected ${expected}`);
  }
}

/** As {@link check}, for a result of which only a property is known. */
export function ensure(holds: boolean, what: string): void {
  if (!holds) throw new Error(`The bench's result is wrong: ${what}`);
}

/** Seconds since `start`, a reading of `performance.now()`. */
export function secondsSince(start: number): number {
  return (performance.now() - start) / 1000;
}

export function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

/** Savina's pseudo-random generator: 16 bits, full period. The new state is also the value drawn. */
export function lcg(state: number): number {
  return (state * 1309 + 13849) & 65535;
}

/** Computes for `steps` steps of {@link lcg}. */
export function busy(steps: number, state: number): number {
  for (let i = 0; i < steps; i++) state = lcg(state);
  return state;
}

/** The angle that the fork-join benches send in each message. */
export const THETA = 37.2;

/** The piece of work of the fork-join benches. */
export function work(theta: number): void {
  const sine = Math.sin(theta);
  if (sine * sine <= 0) throw new RangeError(`Cannot work with the angle ${theta}: its sine is 0`);
}

/** Naive on purpose: the pool benches burn time with it. */
export function fib(n: number): number {
  return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

/** A full collection where the flag `--v8-flags=--expose-gc` allows it. Can be spawned as an actor. */
export function collectGarbage(): boolean {
  const { gc } = globalThis as { gc?: () => void };
  if (gc === undefined) return false;
  // A second pass frees what finalizers of the first let go.
  gc();
  gc();
  return true;
}

/** The scheduler that runs `self` at this moment, -1 when none says so. */
export function currentScheduler(self: Pick<Actor<never>, "pid" | "stats">): number {
  const pid: number = self.pid;
  return self.stats().schedulers.find((scheduler) => scheduler.currentPid === pid)?.id ?? -1;
}

/** First in, first out, for actors that put messages by. */
export class Fifo<T> {
  #items: (T | undefined)[] = [];
  #head = 0;

  get length(): number {
    return this.#items.length - this.#head;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  shift(): T | undefined {
    if (this.#head === this.#items.length) return undefined;
    const item = this.#items[this.#head];
    this.#items[this.#head++] = undefined;
    if (this.#head === this.#items.length) {
      this.#items = [];
      this.#head = 0;
    }
    return item;
  }
}
