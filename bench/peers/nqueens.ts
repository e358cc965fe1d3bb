/**
 * nqueens: a master deals boards to two workers; a worker places one queen more and hands the boards back, from depth
 * 4 on it searches on by itself and sends one message for each solution.
 *
 * @module
 */
import type { Actor, Pid } from "smarm";
import { check, measure, type Measurement, numberOption, type Options, secondsSince } from "./common.ts";

/** The column of the queen in each row that is taken, the newest row first. */
type Board = readonly number[];

interface Work {
  readonly type: "work";
  readonly board: Board;
  readonly depth: number;
}

export type WorkerMessage = Work | { readonly type: "stop" };

export type MasterMessage = Work | { readonly type: "result" | "done" | "stopped" };

export interface QueensResult {
  readonly type: "queens";
  readonly solutions: number;
  readonly tasks: number;
}

/** How many solutions there are for 1, 2, 3 … queens. */
const SOLUTIONS = [1, 0, 0, 2, 10, 4, 40, 92, 352, 724, 2_680, 14_200, 73_712, 365_596];

export function main(self: Actor<QueensResult>, ...args: string[]): Promise<void> {
  return measure(
    self,
    { name: "nqueens", unit: "solutions", n: 12, options: ["workers", "threshold"], warmUp: (n) => n - 2 },
    args,
    (n, options) => queens(self, n, options),
  );
}

async function queens(self: Actor<QueensResult>, n: number, options: Options): Promise<Measurement> {
  const workers = numberOption(options, "workers", 2);
  const threshold = numberOption(options, "threshold", 4);
  const start = performance.now();
  self.spawn(master, self.pid, workers, n, threshold);
  const { solutions, tasks } = await self.receive();
  const seconds = secondsSince(start);
  check("the number of solutions", solutions, SOLUTIONS[n - 1]);
  return { n: solutions, seconds, extra: { size: n, tasks } };
}

export async function master(
  self: Actor<MasterMessage>,
  driver: Pid<QueensResult>,
  workerCount: number,
  n: number,
  threshold: number,
): Promise<void> {
  const workers: Pid<WorkerMessage>[] = [];
  for (let i = 0; i < workerCount; i++) workers.push(self.spawn(worker, self.pid, n, threshold).pid);
  self.send(workers[0], { type: "work", board: [], depth: 0 });
  let next = 1 % workerCount;
  let tasks = 1;
  let done = 0;
  let solutions = 0;
  while (done < tasks) {
    const message = await self.receive();
    switch (message.type) {
      case "work":
        self.send(workers[next], message);
        next = (next + 1) % workerCount;
        tasks++;
        break;
      case "result":
        solutions++;
        break;
      case "done":
        done++;
        break;
    }
  }
  for (const one of workers) self.send(one, { type: "stop" });
  for (let i = 0; i < workerCount; i++) await self.receive();
  self.send(driver, { type: "queens", solutions, tasks });
}

export async function worker(
  self: Actor<WorkerMessage>,
  head: Pid<MasterMessage>,
  n: number,
  threshold: number,
): Promise<void> {
  for (;;) {
    const message = await self.receive();
    if (message.type === "stop") {
      self.send(head, { type: "stopped" });
      return;
    }
    if (message.depth < threshold) {
      for (let column = 0; column < n; column++) {
        if (!isSafe(column, message.board)) continue;
        self.send(head, { type: "work", board: [column, ...message.board], depth: message.depth + 1 });
      }
    } else {
      search(self, head, message.board.toReversed(), n);
    }
    self.send(head, { type: "done" });
  }
}

/** Whether a queen in the next row is out of reach of those on the board. */
function isSafe(column: number, board: Board): boolean {
  for (let i = 0; i < board.length; i++) {
    const away = i + 1;
    const other = board[i];
    if (other === column || other === column - away || other === column + away) return false;
  }
  return true;
}

/** Depth first. `rows` is the board with its oldest row first, so that rows are added and taken at its end. */
function search(self: Pick<Actor, "send">, head: Pid<MasterMessage>, rows: number[], n: number): void {
  if (rows.length === n) {
    self.send(head, { type: "result" });
    return;
  }
  for (let column = 0; column < n; column++) {
    if (!isSafeInNextRow(column, rows)) continue;
    rows.push(column);
    search(self, head, rows, n);
    rows.pop();
  }
}

function isSafeInNextRow(column: number, rows: readonly number[]): boolean {
  for (let i = rows.length - 1, away = 1; i >= 0; i--, away++) {
    const other = rows[i];
    if (other === column || other === column - away || other === column + away) return false;
  }
  return true;
}
