/**
 * The supervisors of a run and their children, drawn as a tree.
 *
 * @module
 */
import type { Pid } from "./api.ts";
import type { SupervisorReport } from "./protocol.ts";
import { formatPid } from "./pid.ts";

/** Lines of the drawing; none when there is no supervisor. `nameOf`: an actor's function, where it is known. */
export function drawTree(
  supervisors: readonly SupervisorReport[],
  nameOf: (pid: Pid) => string | undefined,
): string[] {
  const byPid = new Map(supervisors.map((one) => [one.pid, one]));
  const children = new Set(supervisors.flatMap((one) => one.children.map(({ pid }) => pid)));
  const roots = supervisors.filter((one) => !children.has(one.pid));
  const lines: string[] = [];

  const describe = (pid: Pid) => {
    const one = byPid.get(pid);
    const name = one?.name === undefined ? "" : ` ${JSON.stringify(one.name)}`;
    return one === undefined
      ? `${formatPid(pid)} ${nameOf(pid) ?? ""}`.trimEnd()
      : `${formatPid(pid)} supervisor${name} ${one.strategy}, restarted ${one.restarted}`;
  };
  const draw = (pid: Pid, indent: string): void => {
    const one = byPid.get(pid);
    if (one === undefined) return;
    byPid.delete(pid); // drawn once, whatever the reports say: they are of several moments
    const last = one.children.length - 1 + (one.more > 0 ? 1 : 0);
    one.children.forEach((child, i) => {
      const [branch, below] = i === last ? ["└─ ", "   "] : ["├─ ", "│  "];
      const what = child.pid === null ? child.state : describe(child.pid);
      const state = child.pid === null || child.state === "running" ? "" : ` (${child.state})`;
      const missing = child.pid !== null && child.isSupervisor && !byPid.has(child.pid)
        ? " (its children are not known: its scheduler did not answer)"
        : "";
      const id = child.id === "" ? "" : `${child.id}: `;
      lines.push(`${indent}${branch}${id}${what}${state}, ${child.restart}${missing}`);
      if (child.pid !== null) draw(child.pid, indent + below);
    });
    if (one.more > 0) lines.push(`${indent}└─ … and ${one.more} more children`);
  };
  for (const root of roots) {
    lines.push(`  ${describe(root.pid)}`);
    draw(root.pid, "  ");
  }
  return lines;
}
