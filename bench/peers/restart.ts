/**
 * Restarts of crashing children by a supervisor of alike children, as in `peers.erl` (restart): ten children that crash
 * as soon as they run, until there were so many restarts; then all of them stay.
 *
 *     deno run -A smarm.ts bench/peers/restart.ts [restarts] [children]
 *
 * The peer: `erl -noshell -noinput +S 1:1 -pa . -run peers main restart`, OTP's `simple_one_for_one` supervisor.
 *
 * @module
 */
import type { Actor } from "smarm";

export async function main(self: Actor<string>, restartsText = "20000", childrenText = "10"): Promise<void> {
  const restarts = Number(restartsText);
  const children = Number(childrenText);
  for (const n of [Math.max(1, Math.floor(restarts / 10)), restarts]) {
    const ms = await run(self, n, children);
    console.log(`restart\t${n} restarts of ${children} children\t${Math.round(n / ms * 1000)} restarts/s`);
  }
}

async function run(self: Actor<string>, restarts: number, children: number): Promise<number> {
  let starts = 0;
  const crashing = async (child: Actor<string>) => {
    const start = ++starts;
    if (start <= children) await child.receive(); // a child that fails at its very first start is not kept
    if (start <= restarts) throw new Error("boom");
    if (start === restarts + children) child.send(self.pid, "all restarted");
    await child.receive();
  };
  const began = performance.now();
  const supervisor = self.superviseMany({ start: [crashing], intensity: 1e9, period: 1, shutdown: "kill" });
  const pids = [];
  for (let i = 0; i < children; i++) pids.push(await supervisor.startChild());
  for (const pid of pids) self.send(pid, "go");
  await self.receive();
  const { active } = await supervisor.count();
  const ms = performance.now() - began;
  if (active !== children || starts !== restarts + children) {
    throw new Error(
      `${active} children after ${starts} starts, not ${children} after ${restarts + children}`,
    );
  }
  self.unlink(supervisor);
  self.kill(supervisor);
  await supervisor.join();
  return ms;
}
