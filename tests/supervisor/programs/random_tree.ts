/** Runs a tree of supervisors, ends its leaves as asked, and compares what happens with the model. */
import type { Actor, ChildSpec, Pid, SupervisorSpec } from "smarm";
import { type Branch, isBranch, Model, type Node, type Way } from "./model.ts";

// deno-lint-ignore no-explicit-any
type Any = any;

export interface Case {
  readonly root: Branch;
  /** Which of the running leaves ends (modulo their number), and how. */
  readonly ends: readonly { readonly which: number; readonly way: Way }[];
}

export async function leaf(self: Actor<Any>, id: string, log: Pid<Any>) {
  self.send(log, { event: `start ${id}`, id, pid: self.pid });
  let isMuted = false;
  try {
    const way = await self.receive();
    if (way === "throw") throw new Error("told to");
    if (way === "shutdown") {
      self.exit(self.pid, "shutdown");
      await self.receive();
    }
  } finally {
    try {
      void self.log;
    } catch {
      isMuted = true; // killed
    }
    if (!isMuted) self.send(log, { event: `stop ${id}` });
  }
}

function specOf(node: Node, log: Pid<Any>): ChildSpec {
  if (isBranch(node)) return { id: node.id, restart: node.restart, supervise: treeOf(node, log) };
  return {
    id: node.id,
    restart: node.restart,
    start: [leaf, node.id, log],
    scheduler: "spread",
    shutdown: node.isKilled ? "kill" : "infinity",
  };
}

function treeOf(branch: Branch, log: Pid<Any>): SupervisorSpec {
  const { strategy, intensity } = branch;
  return { strategy, intensity, period: 1e9, children: branch.children.map((node) => specOf(node, log)) };
}

/** "" when all went as the model says. */
export async function main(self: Actor<Any>, text: string): Promise<string> {
  const { root, ends } = JSON.parse(text) as Case;
  const model = new Model(root);
  const pids = new Map<string, Pid<Any>>();
  let seen = 0;
  const compare = async (): Promise<string> => {
    for (; seen < model.events.length; seen++) {
      const wanted = model.events[seen];
      const got = await self.receive({ timeout: 5000 }).catch(() => ({ event: "nothing" }));
      if (got.event !== wanted) return `event ${seen}: ${got.event}, not ${wanted} of ${model.events}`;
      if (got.pid !== undefined) pids.set(got.id, got.pid);
    }
    const live = 1 + model.count();
    for (let i = 0; self.stats().live !== live; i++) {
      if (i === 1000) return `${self.stats().live} live actors, not ${live}, after ${model.events}`;
      await self.sleep(1);
    }
    const more = self.tryReceive() as { event: string } | undefined;
    return more === undefined ? "" : `${more.event} too much after ${model.events}`;
  };
  const supervisor = self.supervise(treeOf(root, self.pid));
  self.unlink(supervisor);
  let wrong = await compare();
  for (const { which, way } of ends) {
    const leaves = model.leaves();
    if (wrong !== "" || leaves.length === 0) break;
    const id = leaves[which % leaves.length];
    model.end(id, way);
    self.send(pids.get(id)!, way);
    wrong = await compare();
  }
  if (wrong !== "") return wrong;
  if (model.isUp) {
    model.stop();
    self.exit(supervisor, "shutdown");
    wrong = await compare();
  }
  const outcome = await supervisor.join();
  return wrong !== "" ? wrong : outcome.kind === "panic" ? "" : "the supervisor returned";
}
