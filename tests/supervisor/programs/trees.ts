/** Trees of supervisors, one scenario a run: `main` gives what the test compares. */
import type { Actor, ChildSpec, Outcome, Pid, SupervisorHandle, SupervisorSpec } from "smarm";

// deno-lint-ignore no-explicit-any
type Any = any;

/** A child that tells the actor "log" what becomes of it, and dies as it is told to. */
export async function child(self: Actor<Any>, id: string): Promise<string> {
  self.send("log", { id, event: "start", pid: self.pid });
  try {
    for await (const message of self) {
      if (message === "throw") throw new RangeError(`boom of ${id}`);
      if (message === "return") return "done";
      if (message === "exit") self.exit(self.pid, "because");
      if (message === "shutdown") self.exit(self.pid, "shutdown");
      if (message === "kill") self.kill(self.pid);
    }
    return "never";
  } finally {
    if (!(await isKilled(self))) self.send("log", { id, event: "stop", pid: self.pid });
  }
}

function isKilled(self: Actor<Any>): boolean {
  try {
    self.log;
    return false;
  } catch {
    return true;
  }
}

export function failsToStart(self: Actor<Any>, id: string): void {
  self.send("log", { id, event: "start", pid: self.pid });
  throw new RangeError(`${id} cannot start`);
}

/** Fails to start from its second start on. */
let starts = 0;
export async function startsOnce(self: Actor<Any>, id: string) {
  self.send("log", { id, event: "start", pid: self.pid });
  if (starts++ > 0) throw new RangeError(`${id} cannot start again`);
  await self.receive();
  throw new RangeError(`${id} ends`);
}

export async function slowToStart(self: Actor<Any>, id: string) {
  for (let i = 0; i < 20; i++) await self.yield(); // no wait yet
  self.send("log", { id, event: "slow" });
  await child(self, id);
}

export async function stubborn(self: Actor<Any>, id: string) {
  self.trapExit(true);
  self.send("log", { id, event: "start", pid: self.pid });
  for (;;) await self.receive();
}

export async function waitsForForeign(self: Actor<Any>, id: string) {
  self.send("log", { id, event: "start", pid: self.pid });
  await new Promise(() => setTimeout(() => {}, 60_000));
}

export async function slowToStop(self: Actor<Any>, id: string) {
  self.send("log", { id, event: "start", pid: self.pid });
  try {
    await self.receive();
  } finally {
    await new Promise((resolve) => setTimeout(resolve, 30));
    self.send("log", { id, event: "stop", pid: self.pid });
  }
}

export async function subtree(self: Actor<Any>, spec: SupervisorSpec) {
  const handle = self.supervise(spec);
  try {
    await handle.join();
  } finally {
    self.send("log", { id: "subtree", event: "stop" });
  }
}

type Entry = { id: string; event: string; pid?: Pid<Any> };

/** What children have told, in the order in which it came. */
class Journal {
  readonly self: Actor<Any>;
  readonly entries: Entry[] = [];
  constructor(self: Actor<Any>) {
    this.self = self;
    self.register("log");
  }
  /** Reads until there are as many entries. */
  async until(count: number): Promise<string> {
    while (this.entries.length < count) this.entries.push(await this.self.receive({ timeout: 10_000 }));
    return this.text();
  }
  text(from = 0): string {
    return this.entries.slice(from).map(({ id, event }) => `${event} ${id}`).join(", ");
  }
  /** Whatever has come. */
  rest(): string {
    for (let next = this.self.tryReceive(); next !== undefined; next = this.self.tryReceive()) {
      this.entries.push(next);
    }
    return this.text();
  }
  pid(id: string): Pid<Any> {
    return this.entries.findLast((entry) => entry.id === id && entry.event === "start")!.pid!;
  }
}

const spec = (id: string, more: Partial<ChildSpec> = {}): ChildSpec =>
  ({ id, start: [child, id], scheduler: "spread", ...more }) as ChildSpec;
const abc = (more: Partial<ChildSpec> = {}) => ["a", "b", "c"].map((id) => spec(id, more));

function causes(error: Error): string[] {
  const texts = [];
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    texts.push(`${at.name}: ${at.message.replaceAll(/<[\d.]+>/g, "<pid>")}`);
  }
  return texts;
}

/** Runs a supervisor whose end does not end us. */
function under(self: Actor<Any>, tree: SupervisorSpec): SupervisorHandle {
  const handle = self.supervise(tree);
  self.unlink(handle);
  return handle;
}

async function stop(self: Actor<Any>, handle: SupervisorHandle): Promise<Outcome> {
  self.exit(handle, "shutdown");
  return await handle.join();
}

const SCENARIOS: Record<string, (self: Actor<Any>, journal: Journal, ...args: string[]) => Promise<unknown>> =
  {
    async order(self, journal) {
      const handle = under(self, {
        children: [spec("a"), spec("b", { start: [slowToStart, "b"] }), spec("c")],
      });
      await journal.until(4);
      const ids = (await handle.children()).map(({ id, type, restart }) => `${id} ${type} ${restart}`);
      const outcome = await stop(self, handle);
      journal.rest();
      return { log: journal.text(), ids, reason: (outcome as Any).error?.reason };
    },

    async restarts(self, journal) {
      const table: Record<string, string> = {};
      for (const way of ["throw", "exit", "kill", "return", "shutdown"]) {
        for (const restart of ["permanent", "transient", "temporary"] as const) {
          journal.entries.length = 0;
          const handle = under(self, { children: [spec("a"), spec("b", { restart }), spec("c")] });
          await journal.until(3);
          const before = journal.pid("b");
          const ref = self.monitor(before);
          self.send(before, way);
          await self.receive((message: Any) => message.ref === ref);
          const { pid } = (await handle.children()).find(({ id }) => id === "b") ?? { pid: undefined }; // asked after the end
          table[`${restart} after ${way}`] = pid === undefined
            ? "dropped"
            : pid === null
            ? "stopped"
            : pid === before
            ? "the same"
            : "restarted";
          await stop(self, handle);
          journal.rest();
        }
      }
      return table;
    },

    async strategy(self, journal, strategy, which, events) {
      const handle = under(self, {
        strategy: strategy as "one_for_all",
        children: [...abc(), spec("t", { restart: "temporary" }), spec("d")],
      });
      await journal.until(5);
      self.send(journal.pid(which), "throw");
      await journal.until(5 + Number(events));
      const ids = (await handle.children()).filter(({ pid }) => pid !== null).map(({ id }) => id).join();
      journal.rest();
      const log = journal.text(5);
      await stop(self, handle);
      return { log, ids };
    },

    async intensity(self, journal, intensityText, endsText) {
      const intensity = Number(intensityText);
      const handle = under(self, { intensity, period: 60_000, children: abc() });
      await journal.until(3);
      for (let i = 0; i < Number(endsText); i++) {
        const before = journal.entries.length;
        self.send(journal.pid("b"), "throw");
        if (i < intensity) await journal.until(before + 2);
      }
      const active = Number(endsText) > intensity ? 0 : (await handle.count()).active;
      const outcome = active === 0 ? await handle.join() : await stop(self, handle);
      journal.rest();
      return {
        active,
        starts: journal.entries.filter(({ id, event }) => id === "b" && event === "start").length,
        causes: outcome.kind === "panic" ? causes(outcome.error) : [],
      };
    },

    async period(self, journal) {
      const handle = under(self, { intensity: 1, period: 20, children: [spec("a")] });
      await journal.until(1);
      for (let i = 0; i < 4; i++) {
        const before = journal.entries.length;
        self.send(journal.pid("a"), "throw");
        await journal.until(before + 2);
        await self.sleep(40);
      }
      const count = await handle.count();
      await stop(self, handle);
      return count;
    },

    async firstStartFails(self, journal) {
      const handle = under(self, {
        children: [spec("a"), spec("b", { start: [failsToStart, "b"] }), spec("c")],
      });
      const outcome = await handle.join();
      journal.rest();
      return { log: journal.text(), causes: causes((outcome as Any).error) };
    },

    async restartFails(self, journal) {
      const handle = under(self, {
        intensity: 3,
        children: [spec("a"), spec("b", { start: [startsOnce, "b"], scheduler: "local" })],
      });
      await journal.until(2);
      self.send(journal.pid("b"), "go");
      const outcome = await handle.join();
      journal.rest();
      return { log: journal.text(), causes: causes((outcome as Any).error) };
    },

    async shutdowns(self, journal) {
      const handle = under(self, {
        children: [
          spec("infinity", { start: [slowToStop, "infinity"], shutdown: "infinity" }),
          spec("kill", { shutdown: "kill" }),
          spec("stubborn", { start: [stubborn, "stubborn"], shutdown: 10 }),
          spec("foreign", { start: [waitsForForeign, "foreign"], shutdown: 10 }),
          spec("well", { shutdown: 5000 }),
        ],
      });
      await journal.until(5);
      const ends: Record<string, string> = {};
      const refs = new Map<unknown, string>();
      for (const { id } of journal.entries) refs.set(self.monitor(journal.pid(id)), id);
      self.exit(handle, "shutdown");
      const order: string[] = [];
      while (refs.size > 0) {
        const message = await self.receive();
        if (message.type !== "DOWN") {
          journal.entries.push(message);
          continue;
        }
        const id = refs.get(message.ref)!;
        refs.delete(message.ref);
        order.push(id);
        ends[id] = message.outcome.error.reason;
      }
      await handle.join();
      journal.rest();
      return { ends, order: order.join(), log: journal.text(5) };
    },

    async requests(self, journal) {
      const handle = under(self, { children: [spec("a")] });
      const fails = async (promise: Promise<unknown>) =>
        await promise.then(
          () => "no error",
          (error) => `${error.name}: ${error.message}`.replaceAll(/<[\d.]+>/g, "<pid>"),
        );
      const seen: unknown[] = [];
      await journal.until(1);
      const b = await handle.startChild(spec("b"));
      await journal.until(2);
      seen.push(b === journal.pid("b"));
      seen.push(await fails(handle.startChild(spec("b"))));
      seen.push(await fails(handle.startChild(spec("x", { start: [failsToStart, "x"] }))));
      seen.push(await fails(handle.startChild({ id: "y" } as Any)));
      seen.push(await fails(handle.restartChild("b")));
      seen.push(await fails(handle.deleteChild("b")));
      await handle.terminateChild("b");
      seen.push(await handle.count());
      seen.push(await fails(handle.startChild(spec("b"))));
      seen.push(b !== await handle.restartChild("b"));
      await handle.terminateChild("b");
      await handle.deleteChild("b");
      seen.push(await fails(handle.deleteChild("b")));
      await handle.startChild(spec("t", { restart: "temporary" }));
      await handle.terminateChild("t");
      seen.push((await handle.children()).map(({ id }) => id).join());
      await stop(self, handle);
      seen.push(await fails(handle.count()));
      return seen;
    },

    async nested(self, journal) {
      const handle = under(self, {
        children: [spec("a"), { id: "inner", supervise: { intensity: 1, children: abcd("x") } }, spec("z")],
      });
      await journal.until(4);
      const started = journal.text();
      self.send(journal.pid("x2"), "throw");
      await journal.until(6);
      self.send(journal.pid("x2"), "throw"); // more than the inner one makes: it gives up, the outer restarts it whole
      await journal.until(10);
      const log = journal.text(4);
      const count = await handle.count();
      await stop(self, handle);
      journal.rest();
      return { started, log, count, stopped: journal.text(10) };
    },

    async function(self, journal) {
      const inner = {
        children: [{ id: "x", start: [child, "x"] as const }, { id: "y", start: [child, "y"] as const }],
      };
      const handle = under(self, {
        children: [spec("a"), { id: "inner", start: [subtree, inner], type: "supervisor" }, spec("z")],
      });
      await journal.until(4);
      await stop(self, handle);
      journal.rest();
      return journal.text(4);
    },

    async killed(self, journal) {
      const handle = under(self, {
        children: [...abc(), { id: "inner", supervise: { children: abcd("x") } }],
      });
      await journal.until(5);
      const refs = new Set(journal.entries.map(({ pid }) => self.monitor(pid!)));
      self.kill(handle);
      while (refs.size > 0) {
        const message = await self.receive();
        if (message.type === "DOWN") refs.delete(message.ref);
      }
      return "no orphan";
    },

    async callerPanics(self, journal) {
      const caller = self.spawn(async (inner: Actor<Any>) => {
        inner.supervise({ children: abc() });
        await inner.receive();
        throw new Error("the caller's own");
      });
      await journal.until(3);
      self.send(caller, "now");
      await journal.until(6);
      await caller.join();
      return journal.text(3);
    },

    async callerIsToldToEnd(self, journal) {
      const caller = self.spawn(async (inner: Actor<Any>) => {
        inner.supervise({ children: abc() });
        try {
          await inner.receive();
        } finally {
          inner.send("log", { id: "caller", event: "stop" });
        }
      });
      await journal.until(3);
      self.exit(caller, "shutdown");
      await journal.until(7);
      return journal.text(3);
    },

    async callerReturns(self, journal) {
      const caller = self.spawn((inner: Actor<Any>) => inner.supervise({ children: abc() }));
      const outcome = await caller.join() as Any;
      await journal.until(3);
      const count = await outcome.value.count();
      await stop(self, outcome.value);
      return count;
    },

    async names(self, journal) {
      const handle = under(self, { name: "top", children: [spec("a", { name: "the a" })] });
      await journal.until(1);
      const first = self.whereis("the a");
      self.send("the a", "throw");
      await journal.until(3);
      const second = self.whereis("the a");
      const top = self.whereis("top") === handle.pid;
      await stop(self, handle);
      return {
        restarted: first !== second && second === journal.pid("a"),
        top,
        left: self.whereis("the a") ?? null,
      };
    },

    async abroad(self, journal) {
      const handle = under(self, { children: [spec("a")] });
      await journal.until(1);
      const scheduler = self.stats().schedulerCount - 1;
      const outcome = await self.spawnWith({ scheduler }, manages, handle).join();
      if (outcome.kind === "panic") throw outcome.error;
      await stop(self, handle);
      return outcome.value;
    },

    async many(self, journal, countText) {
      const count = Number(countText);
      const handle = self.superviseMany({
        start: [worker],
        scheduler: "spread",
        restart: "transient",
        intensity: 10,
      });
      const pids = await Promise.all(Array.from({ length: count }, (_, i) => handle.startChild(i)));
      await journal.until(1);
      const counted = await handle.count();
      self.send(pids[1] as Any, "throw");
      const again = await journal.until(2);
      self.send(pids[2] as Any, "return");
      await handle.terminateChild(pids[3]);
      while ((await handle.count()).active !== count - 2) await self.sleep(1);
      const left = await handle.children();
      const failed = await handle.startChild(-1).catch((error: Error) => causes(error));
      self.unlink(handle);
      self.exit(handle, "shutdown");
      await handle.join();
      for (let i = 0; self.stats().live > 1 && i < 1000; i++) await self.sleep(1); // an end is counted last of all
      return { counted, again, left: left.length, alive: self.stats().live, failed };
    },

    async justEnded(self) {
      const scheduler = self.stats().schedulers.findIndex(({ currentPid }) => currentPid !== self.pid); // another
      const handle = self.superviseMany({ start: [endsSlowly], scheduler, restart: "temporary" });
      const mayEnd = new Int32Array(new SharedArrayBuffer(4));
      const pid = await handle.startChild(mayEnd);
      self.kill(pid);
      while ((await handle.count()).active > 0);
      const told = await handle.terminateChild(pid).then(() => "terminated", (error: Error) => error.message);
      Atomics.store(mayEnd, 0, 1);
      Atomics.notify(mayEnd, 0);
      self.unlink(handle);
      self.exit(handle, "shutdown");
      return told;
    },

    async refusals(self) {
      const handle = self.supervise({});
      const told: unknown[] = [];
      for (let scheduler = 0; scheduler < self.stats().schedulerCount; scheduler++) {
        const asker = self.spawnWith({ scheduler }, isRefused, handle);
        const outcome = await asker.join();
        told.push(outcome.kind === "exit" ? outcome.value : outcome.error.name);
      }
      self.exit(handle, "shutdown");
      return told;
    },
  };

export async function isRefused(_self: Actor<Any>, handle: SupervisorHandle) {
  const refused = [
    () => handle.deleteChild("none"),
    () => handle.startChild({ id: "a", start: [worker, -1], scheduler: "spread" }),
    () => handle.startChild({ id: "b", start: [worker, 1], restrat: "permanent" } as ChildSpec),
    () => handle.startChild({ id: "b", start: [worker, 1], shutdown: -1 }),
  ];
  const told: string[] = [];
  for (const ask of refused) {
    const error = await ask().then(() => new Error("it was not"), (error: Error) => error);
    told.push(`${causes(error).join(" ← ")}, ${error.stack!.includes("isRefused") ? "here" : error.stack}`);
  }
  return told;
}

/** Whoever supervises it knows of its end before its scheduler is done with that. */
export async function endsSlowly(self: Actor<Any>, mayEnd: Int32Array) {
  self.signal.addEventListener("abort", () => Atomics.wait(mayEnd, 0, 0, 10_000));
  await self.receive();
}

export async function worker(self: Actor<Any>, number: number) {
  if (number < 0) throw new RangeError(`no worker is number ${number}`);
  if (number === 1) self.send("log", { id: `${number}`, event: "start" });
  for await (const message of self) {
    if (message === "throw") throw new Error("boom");
    if (message === "return") return;
  }
}

export async function manages(self: Actor<Any>, handle: SupervisorHandle) {
  const seen: unknown[] = [];
  const pid = await handle.startChild({ id: "far", start: [child, "far"] });
  seen.push((await handle.children()).map(({ id }) => id).join());
  const ref = self.monitor(pid);
  await handle.terminateChild("far");
  const down = await self.receive();
  seen.push(down.ref === ref && down.outcome.error.reason);
  await handle.deleteChild("far");
  seen.push(await handle.count());
  return seen;
}

const abcd = (id: string): ChildSpec[] => [spec(`${id}1`), spec(`${id}2`)];

export async function main(self: Actor<Any>, scenario: string, ...args: string[]): Promise<unknown> {
  return await SCENARIOS[scenario](self, new Journal(self), ...args);
}
