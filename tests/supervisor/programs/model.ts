/** The slow oracle of supervisors: what starts and stops, in which order, when a leaf ends. No time, no actors. */

export interface Leaf {
  readonly id: string;
  readonly restart: "permanent" | "transient" | "temporary";
  /** Stopped by kill: it cannot tell that it stops. */
  readonly isKilled: boolean;
}
export interface Branch {
  readonly id: string;
  readonly restart: "permanent" | "transient" | "temporary";
  readonly strategy: "one_for_one" | "one_for_all" | "rest_for_one";
  readonly intensity: number;
  readonly children: readonly Node[];
}
export type Node = Leaf | Branch;
export type Way = "throw" | "return" | "shutdown";

export function isBranch(node: Node): node is Branch {
  return "children" in node;
}

/** A node that was started. */
class Live {
  readonly node: Node;
  readonly above: Live | null;
  isUp = false;
  restarts = 0;
  children: Live[] = [];
  constructor(node: Node, above: Live | null) {
    this.node = node;
    this.above = above;
  }
}

export class Model {
  readonly #root: Live;
  events: string[] = [];

  constructor(root: Branch) {
    this.#root = new Live(root, null);
    this.#start(this.#root);
  }

  get isUp(): boolean {
    return this.#root.isUp;
  }

  /** Ids of the leaves that run, in the order of the tree. */
  leaves(from = this.#root): string[] {
    if (!from.isUp) return [];
    return isBranch(from.node) ? from.children.flatMap((child) => this.leaves(child)) : [from.node.id];
  }

  /** Actors that live: leaves and supervisors. */
  count(from = this.#root): number {
    return from.isUp ? 1 + from.children.reduce((sum, child) => sum + this.count(child), 0) : 0;
  }

  /** A leaf ends by itself. */
  end(id: string, way: Way): void {
    const leaf = this.#find(this.#root, id)!;
    this.events.push(`stop ${id}`);
    leaf.isUp = false;
    this.#ended(leaf, way === "throw");
  }

  stop(): void {
    this.#stop(this.#root);
  }

  #find(from: Live, id: string): Live | undefined {
    if (!isBranch(from.node)) return from.node.id === id ? from : undefined;
    for (const child of from.children) {
      const found = this.#find(child, id);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #start(live: Live): void {
    live.isUp = true;
    if (!isBranch(live.node)) {
      this.events.push(`start ${live.node.id}`);
      return;
    }
    live.restarts = 0;
    live.children = live.node.children.map((node) => new Live(node, live));
    for (const child of live.children) this.#start(child);
  }

  #stop(live: Live): void {
    if (!live.isUp) return;
    for (const child of live.children.toReversed()) this.#stop(child);
    live.isUp = false;
    if (!isBranch(live.node) && !live.node.isKilled) this.events.push(`stop ${live.node.id}`);
  }

  #ended(child: Live, isFault: boolean): void {
    const parent = child.above;
    if (parent === null) return;
    const { restart } = child.node;
    const siblings = parent.children;
    if (restart === "temporary") {
      siblings.splice(siblings.indexOf(child), 1);
      return;
    }
    if (restart === "transient" && !isFault) return;
    const { strategy, intensity } = parent.node as Branch;
    if (++parent.restarts > intensity) {
      this.#stop(parent);
      this.#ended(parent, true);
      return;
    }
    const first = siblings.indexOf(child);
    const several = strategy === "one_for_one"
      ? [child]
      : strategy === "one_for_all"
      ? [...siblings]
      : siblings.slice(first);
    for (const one of several.toReversed()) this.#stop(one);
    for (const one of several) {
      if (one.node.restart === "temporary") siblings.splice(siblings.indexOf(one), 1);
      else this.#start(one);
    }
  }
}
