/**
 * From samples to the table: medians, ratio, verdict, Markdown. Pure functions, called by ../compare.ts.
 *
 * @module
 */
import type { Row, Target } from "./rows.ts";

/** What the rounds gave for one side of a row. */
export interface Samples {
  readonly values: number[];
  /** One line for each run that gave no number. */
  readonly failures: string[];
}

export interface RowSamples {
  readonly row: Row;
  readonly smarm: Samples;
  readonly beside: Samples;
  /** Cores that others used during each run, where known. */
  readonly otherCores: number[];
}

export interface Summary {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly runs: number;
}

export type Verdict = "met" | "missed" | "failed" | "not compared";

/** One row of the result, as `--json` prints it. */
export interface RowResult {
  readonly name: string;
  readonly unit: string;
  readonly smarm: Summary & { readonly label: string };
  readonly beside: (Summary & { readonly label: string }) | null;
  readonly ratio: number | null;
  readonly target: Target;
  readonly verdict: Verdict;
  readonly otherCores: number | null;
  readonly failures: readonly string[];
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** All NaN when there are no values. */
export function summarize(values: readonly number[]): Summary {
  if (values.length === 0) return { median: NaN, min: NaN, max: NaN, runs: 0 };
  return { median: median(values), min: Math.min(...values), max: Math.max(...values), runs: values.length };
}

export function judge(samples: RowSamples): RowResult {
  const { row } = samples;
  const smarm = summarize(samples.smarm.values);
  const beside = row.beside && summarize(samples.beside.values);
  const ratio = beside ? smarm.median / beside.median : NaN;
  const failures = [
    ...samples.smarm.failures.map((reason) => `${row.smarm.label}: ${reason}`),
    ...samples.beside.failures.map((reason) => `${row.beside?.label}: ${reason}`),
  ];
  return {
    name: row.name,
    unit: row.unit,
    smarm: { label: row.smarm.label, ...smarm },
    beside: row.beside && beside ? { label: row.beside.label, ...beside } : null,
    ratio: Number.isNaN(ratio) ? null : ratio,
    target: row.target,
    verdict: failures.length > 0 ? "failed" : verdictOf(row.target, smarm.median, ratio),
    otherCores: samples.otherCores.length > 0 ? median(samples.otherCores) : null,
    failures,
  };
}

function verdictOf(target: Target, value: number, ratio: number): Verdict {
  switch (target.kind) {
    case "at-most":
      return value <= target.limit ? "met" : "missed";
    case "ratio-at-least":
      return Number.isNaN(ratio) ? "not compared" : ratio >= target.limit ? "met" : "missed";
    case "ratio-at-most":
      return Number.isNaN(ratio) ? "not compared" : ratio <= target.limit ? "met" : "missed";
  }
}

export function toMarkdown(results: readonly RowResult[]): string {
  const lines = [
    "| row | unit | smarm | min – max | beside it | median | min – max | ratio | target | verdict | others' cores |",
    "|---|---|--:|---|---|--:|---|--:|---|---|--:|",
  ];
  for (const { name, unit, smarm, beside, ratio, target, verdict, otherCores } of results) {
    const cells = [
      name,
      unit,
      short(smarm.median),
      range(smarm),
      beside?.label ?? "",
      beside ? short(beside.median) : "",
      beside ? range(beside) : "",
      ratio === null ? "" : `${ratio.toFixed(2)} ×`,
      describe(target),
      verdict,
      otherCores === null ? "" : otherCores.toFixed(2),
    ];
    lines.push(`| ${cells.join(" | ")} |`);
  }
  return lines.join("\n");
}

function range({ min, max, runs }: Summary): string {
  return runs === 0 ? "" : `${short(min)} – ${short(max)}`;
}

function describe({ kind, limit }: Target): string {
  switch (kind) {
    case "at-most":
      return `≤ ${short(limit)}`;
    case "ratio-at-least":
      return `≥ ${Number(limit.toFixed(2))} ×`;
    case "ratio-at-most":
      return `≤ ${Number(limit.toFixed(2))} ×`;
  }
}

/** Three digits, with k or M behind them. */
function short(value: number): string {
  if (Number.isNaN(value)) return "–";
  if (value >= 1e6) return `${(value / 1e6).toPrecision(3)}M`;
  if (value >= 1e4) return `${(value / 1e3).toPrecision(3)}k`;
  return value >= 100 ? value.toFixed(0) : `${Number(value.toPrecision(3))}`;
}
