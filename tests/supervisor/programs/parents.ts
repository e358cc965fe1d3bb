/** What parents hear of their children; one scenario a run. */
import type { Actor, Pid } from "smarm";

// deno-lint-ignore no-explicit-any
type Any = any;

export async function child(self: Actor<Any>) {
  const message = await self.receive();
  if (message === "throw") throw new RangeError("boom");
  return message;
}

const SCENARIOS: Record<string, (self: Actor<Any>) => Promise<unknown>> = {
  async signals(self) {
    const schedulers = self.stats().schedulerCount;
    const children = Array.from(
      { length: 6 },
      (_, i) => self.spawnWith({ scheduler: i % schedulers }, child),
    );
    const signals = self.signals();
    const seen: string[] = [];
    const told = (signal: Any) =>
      `${children.findIndex(({ pid }) => pid === signal.pid)} ${signal.kind} ${
        signal.value ?? signal.error?.message
      }`;
    for (const [i, one] of children.entries()) { // one after the other: their order is that of their ends
      self.send(one, i % 2 === 0 ? `done ${i}` : "throw");
      seen.push(told(await signals.receive()));
    }
    const same = signals === self.signals();
    const none = signals.tryReceive() ?? null;
    const timeout = await signals.receive({ timeout: 1 }).catch((error) => error.name);
    const next = self.spawn(child);
    self.send(next, "last");
    for await (const signal of signals) {
      if (signal.pid === next.pid) break;
    }
    return { seen, same, none, timeout };
  },

  /** Children of a supervisor are its own business, and so are grandchildren. */
  async others(self) {
    const signals = self.signals();
    const supervisor = self.supervise({
      children: [{ id: "a", start: [child] }, { id: "b", start: [child] }],
    });
    const [{ pid }] = await supervisor.children();
    self.send(pid as Pid<Any>, "throw");
    const parent = self.spawn(async (inner: Actor<Any>) => {
      const grandchild = inner.spawn(child);
      inner.send(grandchild, "throw");
      await grandchild.join();
    });
    const first = await signals.receive();
    self.exit(supervisor, "shutdown");
    const second = await signals.receive() as Any;
    return [
      first.pid === parent.pid,
      second.pid === supervisor.pid,
      second.error.reason,
      signals.tryReceive() ?? null,
    ];
  },

  /** Joiners on every scheduler hear of a death after the parent. */
  async order(self) {
    const schedulers = self.stats().schedulerCount;
    const wrong: string[] = [];
    const signals = self.signals();
    for (let i = 0; i < 20; i++) {
      const victim = self.spawnWith({ scheduler: i % schedulers }, child);
      const joiners = [0, 1, 2].map((n) =>
        self.spawnWith({ scheduler: "local" }, joins, victim, n, self.pid)
      );
      for (const _ of joiners) await self.receive();
      self.send(victim, i % 2 === 0 ? "return" : "throw");
      for (let heard = 0; heard < 3; heard++) {
        const event = await self.receive();
        // The parent's signal was queued before any joiner went on.
        if (heard === 0 && signals.tryReceive()?.pid !== victim.pid) {
          wrong.push("a joiner was told before the parent");
        }
        if (event !== heard) wrong.push(`joiner ${event} is number ${heard}`);
      }
      for (let i = 0; i < 3; i++) await signals.receive(); // of the joiners
    }
    return wrong;
  },
};

export async function joins(self: Actor<Any>, victim: Any, n: number, parent: Pid<Any>) {
  const joined = victim.join();
  self.send(parent, "joins");
  await joined;
  self.send(parent, n);
}

export async function main(self: Actor<Any>, scenario: string): Promise<unknown> {
  return await SCENARIOS[scenario](self);
}
