/** Programs for the command line: what is reported, and how a tree ends with a signal. */
import type { Actor, ChildSpec, Pid } from "smarm";

// deno-lint-ignore no-explicit-any
type Any = any;

export async function fails(self: Actor<Any>, wait = true) {
  if (wait) await self.receive();
  throw new RangeError("boom", { cause: new TypeError("deeper") });
}

export async function stays(self: Actor<Any>, id: string, cleanUpMs = 0) {
  try {
    await self.receive();
  } finally {
    if (cleanUpMs > 1000) console.log(`stopping ${id}`);
    if (cleanUpMs > 0) await new Promise((resolve) => setTimeout(resolve, cleanUpMs));
    console.log(`stop ${id}`);
  }
}

export async function tellsAndStays(self: Actor<Any>, id: string, to: Pid<string>) {
  self.send(to, id);
  await stays(self, id);
}

/** Links itself to the first, and panics at the very moment when that one does. */
export async function panicsWith(self: Actor<Any>, first: Any, both: Int32Array) {
  self.link(first);
  await self.call(first, "linked?");
  panicTogether(both, "second");
}

export async function panicsFirst(self: Actor<Any>, both: Int32Array) {
  (await self.receive()).reply("yes");
  panicTogether(both, "first");
}

/** Neither scheduler can take in what the other one sends between the meeting and the panic. */
function panicTogether(both: Int32Array, who: string): never {
  Atomics.add(both, 0, 1);
  while (Atomics.load(both, 0) < 2);
  throw new RangeError(`${who} of two`);
}

/** Lives and traps: it is told of its partner's panic. */
export async function linkedTo(self: Actor<Any>, partner: Any) {
  self.trapExit(true);
  self.link(partner);
  self.send(partner, "go");
  await self.receive();
}

const PROGRAMS: Record<string, (self: Actor<Any>, arg: string) => Promise<unknown>> = {
  async unobserved(self) {
    self.spawnWith({ name: "the one" }, fails, false);
    await self.sleep(20);
  },
  async twice(self) {
    const linked = self.spawn(async (inner: Actor<Any>) => {
      const child = inner.spawnWith({ link: true }, fails, true);
      inner.send(child, "go");
      await inner.receive();
    });
    self.monitor(linked); // so the middle one is observed, and the first by its link
    await self.receive();
  },
  async bothAtOnce(self) {
    const both = new Int32Array(new SharedArrayBuffer(4));
    const first = self.spawnWith({ scheduler: 0 }, panicsFirst, both);
    self.spawnWith({ scheduler: 1 }, panicsWith, first.pid, both);
    await self.sleep(20);
  },
  async trapped(self) {
    const child = self.spawnWith({ scheduler: 0 }, fails, true);
    await self.spawnWith({ scheduler: self.stats().schedulerCount - 1 }, linkedTo, child.pid).join();
  },
  async joined(self) {
    await self.spawn(fails, false).join();
  },
  async signalled(self) {
    const signals = self.signals();
    self.spawn(fails, false);
    await signals.receive();
  },
  async linkedMain(self) {
    for (let i = 0; i < 3; i++) {
      self.spawnWith(
        { link: true, scheduler: i % self.stats().schedulerCount },
        tellsAndStays,
        `${i}`,
        self.pid,
      );
    }
    for (let i = 0; i < 3; i++) await self.receive();
    throw new RangeError("main's own");
  },
  async afterDeath(self) {
    await self.spawn(() => {
      setTimeout(() => {
        throw new RangeError("late");
      }, 1);
    }).join();
    await self.sleep(50);
  },
  async restarts(self) {
    const supervisor = self.supervise({ children: [{ id: "one", start: [fails], name: "one" }] });
    await supervisor.count();
    for (let i = 0; i < 2; i++) {
      while (self.whereis("one") === undefined) await self.sleep(1);
      const ref = self.monitor("one");
      self.send("one", "go");
      await self.receive((message: Any) => message.ref === ref);
      await supervisor.count();
    }
    self.exit(supervisor, "shutdown");
    await supervisor.join();
  },
  async escalates(self) {
    self.supervise({
      name: "top",
      intensity: 1,
      children: [
        { id: "steady", start: [stays, "steady"] },
        { id: "inner", supervise: { intensity: 0, children: [{ id: "leaf", start: [failsSoon] }] } },
      ],
    });
    await self.receive();
  },
  async leaves(self) {
    const leaf = (id: string) => ({ id, start: [stays, id], scheduler: "spread" }) as ChildSpec;
    await self.supervise({ children: [leaf("a"), leaf("b")] }).count();
  },
  async overdue(self) {
    const one: ChildSpec = { id: "one", start: [stays, "one", 60_000], shutdown: 10 };
    const top = self.supervise({ children: [one, { ...one, id: "at once", shutdown: "kill" }] });
    const many = self.superviseMany({ start: [stays, "alike", 60_000], shutdown: 10 });
    await many.startChild();
    await top.count();
    for (const supervisor of [top, many]) {
      self.exit(supervisor, "shutdown");
      await supervisor.join();
    }
  },
  async tree(self, arg) {
    const leaf = (id: string, more: Partial<ChildSpec> = {}) =>
      ({ id, start: [stays, id], scheduler: "spread", ...more }) as ChildSpec;
    const supervisor = self.supervise({
      children: [
        leaf("a"),
        { id: "inner", supervise: { children: [leaf("x"), leaf("y", { start: [stays, "y", 30] })] } },
        leaf("z", arg === "slow" ? { start: [stays, "z", 60_000], shutdown: "infinity" } : {}),
      ],
    });
    while ((await supervisor.count()).active < 3) await self.sleep(1);
    console.log("ready");
    try {
      await self.sleep(60_000); // waiting for a message that nobody can send would be a deadlock
    } finally {
      console.log("stop main");
    }
  },
};

export async function failsSoon(self: Actor<Any>) {
  await self.sleep(1);
  throw new RangeError("leaf fails");
}

export async function main(self: Actor<Any>, program: string, arg: string) {
  await PROGRAMS[program](self, arg);
}
