/**
 * Shows containment: an actor that never gives way, in several manners, beside two siblings on the same scheduler, under a
 * supervisor on another one. Told of each: how it was ended, who was restarted, and what the process's CPU is afterwards.
 *
 *     deno run -A bench/containment.ts
 *
 * @module
 */
import { fileURLToPath } from "node:url";
import process from "node:process";
import type { Actor, Pid } from "smarm";

const WATCHDOG_MS = 500;
/** Long enough for a heap to be full first. */
const WATCHDOG_OF_HOG_MS = 20_000;
const MAX_HEAP_MB = 64;
const CPU_MS = 2000;
const DEADLINE_MS = 60_000;

const HOG = "a memory hog";
const WAYS: Record<string, () => unknown> = {
  "a regex that backtracks for ever": () => /^(a+)+$/.test("a".repeat(60) + "b"),
  "for (;;);": () => {
    for (;;);
  },
  "for (;;) { try … catch }": () => {
    for (;;) {
      try {
        JSON.parse("{");
      } catch {
        // as a program would that swallows what ends it
      }
    }
  },
  "Atomics.wait without end": () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0),
  "for (;;); behind a foreign promise": async () => {
    await new Promise((resolve) => setTimeout(resolve, 1));
    for (;;);
  },
  [HOG]: () => {
    const hoard: unknown[] = [];
    for (;;) hoard.push({ x: [1, 2, hoard.length] });
  },
};

/** Says who it is when asked, and gets stuck when told to. */
export async function child(self: Actor<{ from: Pid<string> } | { way: string }>, name: string) {
  self.register(name);
  for await (const message of self) {
    if ("way" in message) await WAYS[message.way]();
    else self.send(message.from, self.format(self.pid));
  }
}

const NAMES = ["victim", "sibling a", "sibling b"];

export async function main(self: Actor<never>, way: string): Promise<void> {
  const here = self.stats().schedulers.find(({ currentPid }) => currentPid === self.pid)!.id;
  const supervisor = self.supervise({
    strategy: "one_for_one",
    children: NAMES.map((name) => ({ id: name, start: [child, name], scheduler: 1 - here })),
  });
  const before = await ask(self);
  const startMs = performance.now();
  self.monitor("victim");
  self.send("victim", { way } as never);
  const down = await self.receive((message: unknown) => (message as { type?: string }).type === "DOWN") as {
    outcome: { error: Error & { reason: unknown } };
  };
  const endedMs = performance.now() - startMs;
  const after = await ask(self);
  const restartedMs = performance.now() - startMs;
  const cpu = process.cpuUsage();
  const sinceMs = performance.now();
  await self.sleep(CPU_MS);
  const { user, system } = process.cpuUsage(cpu);
  const percent = (user + system) / 10 / (performance.now() - sinceMs);
  const restarted = NAMES.filter((_, i) => before[i] !== after[i]);
  const untouched = NAMES.filter((_, i) => before[i] === after[i]);
  console.log(
    `${way}: ended by "${down.outcome.error.reason}" after ${endedMs.toFixed()} ms; restarted after ` +
      `${restartedMs.toFixed()} ms: ${restarted.join(", ")}; untouched: ${untouched.join(", ") || "none"}; ` +
      `CPU afterwards ${percent.toFixed(1)} % of a core`,
  );
  self.exit(supervisor, "shutdown");
  self.unlink(supervisor);
  await supervisor.join();
}

/** The pids of all children, as text; waits for those that are being restarted. */
async function ask(self: Actor<never>): Promise<string[]> {
  const pids: string[] = [];
  for (const name of NAMES) {
    while (self.whereis(name) === undefined) await self.sleep(1);
    self.send(name, { from: self.pid } as never);
    pids.push(await self.receive((message: unknown) => typeof message === "string"));
  }
  return pids;
}

if (import.meta.main) {
  const root = new URL("../", import.meta.url);
  let failed = 0;
  for (const way of Object.keys(WAYS)) {
    const watchdogMs = way === HOG ? WATCHDOG_OF_HOG_MS : WATCHDOG_MS;
    const options = ["--threads=2", "--contain", `--watchdog=${watchdogMs}`, `--max-heap=${MAX_HEAP_MB}`];
    const { code } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "smarm.ts", ...options, fileURLToPath(import.meta.url), way],
      cwd: fileURLToPath(root),
      signal: AbortSignal.timeout(DEADLINE_MS),
      stdout: "inherit",
      stderr: "inherit",
    }).spawn().status;
    if (code !== 0) failed++;
  }
  Deno.exit(failed === 0 ? 0 : 1);
}
