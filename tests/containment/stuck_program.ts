/**
 * Actors that do not give way, each in its own manner, beside siblings whose supervisor is elsewhere.
 *
 * @module
 */
import type { Actor, Outcome, Pid } from "../../smarm.ts";

const WAYS: Record<string, (self: Actor<string>) => unknown> = {
  loop: () => {
    for (;;);
  },
  catches: () => {
    for (;;) {
      try {
        JSON.parse("{");
      } catch {
        // and on
      }
    }
  },
  regex: () => /^(a+)+$/.test("a".repeat(60) + "b"),
  wait: () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0),
  // No actor's turn: behind a promise that is not smarm's.
  foreign: async () => {
    await new Promise((resolve) => setTimeout(resolve, 1));
    for (;;);
  },
  // The runtime's own code on top of the actor's.
  matching: (self) =>
    self.receive(() => {
      for (;;);
    }),
  // In the supervisor's turn, and while the end of its child is told.
  "in a listener": async (self) => {
    const supervisor = self.supervise({ children: [{ id: "listens", start: [listens], shutdown: "kill" }] });
    await supervisor.terminateChild("listens");
  },
  hog: () => {
    const hoard: unknown[] = [];
    for (;;) hoard.push({ x: [1, 2, hoard.length] });
  },
};

async function listens(self: Actor) {
  self.signal.addEventListener("abort", () => {
    for (;;);
  });
  await self.receive();
}

/** Gets stuck once it is told to. */
export async function stuck(self: Actor<string>) {
  const way = await self.receive((message: unknown) => typeof message === "string");
  if (way === "matching") self.send(self.pid, "something to match");
  await WAYS[way](self);
}

/** Registers its name and says which incarnation it is. */
export async function sibling(self: Actor<Pid<string>>, name: string) {
  self.register(name);
  for await (const from of self) self.send(from, self.format(self.pid));
}

/** Of main: on which scheduler it is. */
function otherThan(self: Actor<never>): number {
  const mine = self.stats().schedulers.find((one) => one.currentPid === self.pid)!;
  return 1 - mine.id;
}

export interface Told {
  join: string;
  monitor: string;
  link: string;
  name: string;
  /** Whether the siblings are the same actors as before. */
  same: boolean;
  called: string;
}

/** The way, and whether main is to be on the same scheduler. */
export async function main(self: Actor<never>, way: string, where = "elsewhere"): Promise<Told> {
  self.trapExit(true);
  const scheduler = where === "elsewhere" ? otherThan(self) : "local";
  self.supervise({
    strategy: "one_for_one",
    children: ["a", "b"].map((name) => ({
      id: name,
      start: [sibling, name],
      restart: "permanent" as const,
      shutdown: 1000,
      scheduler,
    })),
  });
  const before = await siblings(self);
  const victim = self.spawnWith({ scheduler, link: true, monitor: true, name: "victim" }, stuck);
  const caller = self.call(victim as never, "never answered", { timeout: 60_000 }).then(
    () => "answered",
    (error) => error.name,
  );
  self.send(victim, way);
  const outcome = await victim.join();
  const down = await self.receive((m: unknown) => (m as { type: string }).type === "DOWN") as {
    outcome: Outcome;
  };
  const exit = await self.receive((m: unknown) => (m as { type: string }).type === "EXIT") as {
    outcome: Outcome;
  };
  const after = await siblings(self);
  return {
    join: told(outcome),
    monitor: told(down.outcome),
    link: told(exit.outcome),
    name: String(self.whereis("victim")),
    same: before.join() === after.join(),
    called: await caller,
  };
}

function told(outcome: Outcome): string {
  if (outcome.kind === "exit") return "exit";
  return String((outcome.error as Error & { reason?: unknown }).reason ?? outcome.error);
}

async function siblings(self: Actor<never>): Promise<string[]> {
  const formatted: string[] = [];
  for (const name of ["a", "b"]) {
    while (self.whereis(name) === undefined) await self.sleep(1);
    self.send(name, self.pid as never);
    formatted.push(await self.receive((m: unknown) => typeof m === "string"));
  }
  return formatted;
}
