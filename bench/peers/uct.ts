/**
 * uct: an unbalanced tree of up to `n` nodes grows by asking its root, is then traversed with work at each node, and
 * taken down. Many actors that live long and compute a little.
 *
 * @module
 */
import type { Actor, Pid } from "smarm";
import { busy, check, ensure, lcg, measure, type Measurement, secondsSince } from "./common.ts";

export type RootMessage =
  | { readonly type: "generate" }
  | { readonly type: "should"; readonly from: Pid<NodeMessage>; readonly height: number }
  | { readonly type: "grant" | "visited" | "gone" };

export type NodeMessage =
  | { readonly type: "children"; readonly computation: number; readonly urgent: number }
  | { readonly type: "leaf" | "grant" | "traverse" | "terminate" };

export interface TreeResult {
  readonly type: "tree";
  readonly size: number;
  readonly height: number;
  readonly visited: number;
  readonly gone: number;
}

const CHILDREN = 10;
const SEED = 2;
const NOT_URGENT = -1;

export function main(self: Actor<TreeResult>, ...args: string[]): Promise<void> {
  return measure(self, { name: "uct", unit: "nodes", n: 200_000 }, args, (n) => tree(self, n));
}

async function tree(self: Actor<TreeResult>, n: number): Promise<Measurement> {
  const start = performance.now();
  const top = self.spawn(root, self.pid, n);
  self.send(top, { type: "generate" });
  const { size, height, visited, gone } = await self.receive();
  const seconds = secondsSince(start);
  check("the number of nodes visited", visited, size - 1);
  check("the number of nodes gone", gone, size - 1);
  ensure(
    size > n - CHILDREN && size <= n,
    `the tree has ${size} nodes, expected ${n - CHILDREN + 1} to ${n}`,
  );
  return { n: size, seconds, extra: { height } };
}

export async function root(self: Actor<RootMessage>, driver: Pid<TreeResult>, limit: number): Promise<void> {
  await self.receive();
  let random = SEED;
  const drawComputation = () => {
    let sum = 300;
    for (let i = 0; i < 4; i++) {
      random = lcg(random);
      sum += random % 101;
    }
    return sum;
  };
  const children = spawnNodes(self, self.pid, self.pid, 2, drawComputation(), NOT_URGENT);
  let size = 1 + CHILDREN;
  let height = 2;
  let unanswered = CHILDREN;
  while (unanswered > 0) {
    const message = await self.receive();
    if (message.type !== "should") continue;
    random = lcg(random);
    const grows = size + CHILDREN <= limit && (((random >> 8) & 1) === 1 || unanswered === 1);
    if (!grows) {
      height = Math.max(height, message.height);
      unanswered--;
      self.send(message.from, { type: "leaf" });
      continue;
    }
    const computation = drawComputation();
    random = lcg(random);
    let urgent = NOT_URGENT;
    if (random % 100 <= 50) {
      random = lcg(random);
      urgent = random % CHILDREN;
    }
    size += CHILDREN;
    height = Math.max(height, message.height + 1);
    unanswered += CHILDREN - 1;
    self.send(message.from, { type: "children", computation, urgent });
  }
  for (const child of children) self.send(child, { type: "traverse" });
  const visited = await countOf(self, "visited", size - 1);
  for (const child of children) self.send(child, { type: "terminate" });
  const gone = await countOf(self, "gone", size - 1);
  self.send(driver, { type: "tree", size, height, visited, gone });
}

/** Receives until `type` has come `expected` times; grants that are late are skipped. */
async function countOf(
  self: Actor<RootMessage>,
  type: "visited" | "gone",
  expected: number,
): Promise<number> {
  let count = 0;
  while (count < expected) {
    const message = await self.receive();
    if (message.type === type) count++;
    else check(`a message while counting "${type}"`, message.type, "grant");
  }
  return count;
}

function spawnNodes(
  self: Pick<Actor, "spawn">,
  top: Pid<RootMessage>,
  parent: Pid<{ readonly type: "grant" }>,
  height: number,
  computation: number,
  urgent: number,
): Pid<NodeMessage>[] {
  const nodes: Pid<NodeMessage>[] = [];
  for (let i = 0; i < CHILDREN; i++) {
    nodes.push(self.spawn(node, top, parent, height, computation, i, i === urgent).pid);
  }
  return nodes;
}

export async function node(
  self: Actor<NodeMessage>,
  top: Pid<RootMessage>,
  parent: Pid<{ readonly type: "grant" }>,
  height: number,
  computation: number,
  index: number,
  _isUrgent: boolean,
): Promise<void> {
  let spent = busy(100, index);
  self.send(top, { type: "should", from: self.pid, height });
  let children: Pid<NodeMessage>[] = [];
  for (;;) {
    const message = await self.receive();
    switch (message.type) {
      case "children":
        self.send(parent, { type: "grant" });
        children = spawnNodes(self, top, self.pid, height + 1, message.computation, message.urgent);
        break;
      case "leaf":
      case "grant":
        break;
      case "traverse":
        spent = busy(computation, computation);
        for (const child of children) self.send(child, { type: "traverse" });
        self.send(top, { type: "visited" });
        break;
      case "terminate":
        // Read here, so that no compiler may find the computing useless.
        if (spent < 0) throw new RangeError(`The generator gave ${spent}, which is below 0`);
        for (const child of children) self.send(child, { type: "terminate" });
        self.send(top, { type: "gone" });
        return;
    }
  }
}
