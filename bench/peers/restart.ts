/**
 * Restarts of crashing children by a supervisor of alike children, as in `peers.erl` (restart): ten children that crash
 * as soon as they run, until there were so many restarts; then all of them stay. Here a crash is a thrown Error, whose
 * stack trace is near half of the time.
 *
 *     deno run -A smarm.ts --threads 1 bench/peers/restart.ts [n=20000] [children=10]
 *
 * The peer: `erl -noshell -noinput +S 1:1 -pa . -run peers main restart`, OTP's `simple_one_for_one` supervisor.
 *
 * @module
 */
import type { Actor } from "smarm";
import { check, measure, type Measurement, numberOption, type Options } from "./common.ts";

export async function main(self: Actor<string>, ...args: string[]): Promise<void> {
  await measure(
    self,
    { name: "restart", unit: "restarts", n: 20_000, options: ["children"] },
    args,
    (n, options) => run(self, n, options),
  );
}

async function run(self: Actor<string>, restarts: number, options: Options): Promise<Measurement> {
  const children = numberOption(options, "children", 10);
  let starts = 0;
  const crashing = async (child: Actor<string>) => {
    const start = ++starts;
    if (start <= children) await child.receive(); // a child that fails at its very first start is not kept
    if (start <= restarts) throw new Error("boom");
    if (start === restarts + children) child.send(self.pid, "all restarted");
    await child.receive();
  };
  const startMs = performance.now();
  const supervisor = self.superviseMany({ start: [crashing], intensity: 1e9, period: 1, shutdown: "kill" });
  const pids = [];
  for (let i = 0; i < children; i++) pids.push(await supervisor.startChild());
  for (const pid of pids) self.send(pid, "go");
  await self.receive();
  const { active } = await supervisor.count();
  const seconds = (performance.now() - startMs) / 1000;
  check("the children that live", active, children);
  check("the number of starts", starts, restarts + children);
  self.exit(supervisor, "shutdown");
  self.unlink(supervisor);
  await supervisor.join();
  return { n: restarts, seconds, extra: { children } };
}
