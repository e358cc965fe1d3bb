/** Every way to die, observed in every way, on this scheduler and on another. `main` gives a row for each cell. */
import type { Actor, Handle, Outcome, Pid } from "smarm";

// deno-lint-ignore no-explicit-any
type Any = any;
type Go = "go" | "more";

/** How the victim dies once it is told to go; what its observers are to see. */
export interface Way {
  readonly victim: (self: Actor<Go>) => unknown;
  readonly trigger: (self: Actor<Any>, victim: Handle<unknown, Go>) => void; // a pid does as well
  readonly sees: string;
  /** Linked actors and permanent children alike hear of it as of a fault. */
  readonly isFault: boolean;
}

export async function returns(self: Actor<Go>) {
  await self.receive();
  return 42;
}
export async function throws(self: Actor<Go>) {
  await self.receive();
  throw new RangeError("boom");
}
export async function rejectsLater(self: Actor<Go>) {
  await self.receive();
  await new Promise((_, reject) => setTimeout(() => reject(new RangeError("boom")), 1));
}
export async function leavesAThrowingTimer(self: Actor<Go>) {
  await self.receive();
  setTimeout(() => {
    throw new RangeError("boom");
  }, 1);
  await self.receive();
}
export async function leavesARejection(self: Actor<Go>) {
  await self.receive();
  Promise.reject(new RangeError("boom"));
  await self.receive();
}
export async function waits(self: Actor<Go>) {
  for (;;) await self.receive(() => false);
}
export async function endsItself(self: Actor<Go>) {
  await self.receive();
  self.exit(self.pid, "enough");
  await self.receive();
}
export async function killsItself(self: Actor<Go>) {
  await self.receive();
  self.kill(self.pid);
}
export async function isLinkedToAPanic(self: Actor<Go>) {
  await self.receive();
  self.spawnWith({ link: true }, throwsAtOnce);
  await self.receive();
}
export function throwsAtOnce() {
  throw new RangeError("boom");
}
export async function catchesAndReturns(self: Actor<Go>) {
  try {
    for (;;) await self.receive(() => false);
  } catch {
    return 1;
  }
}
export async function sleepsForeign(self: Actor<Go>) {
  await self.receive();
  await new Promise(() => setTimeout(() => {}, 60_000));
}

const go = (self: Actor<Any>, victim: Handle<unknown, Go>) => self.send(victim, "go");
const fault = (victim: Way["victim"], sees: string, trigger: Way["trigger"] = go): Way => (
  { victim, trigger, sees, isFault: true }
);

export const WAYS: Record<string, Way> = {
  "returns": { victim: returns, trigger: go, sees: "exit 42", isFault: false },
  "throws": fault(throws, "panic RangeError: boom"),
  "rejects after a foreign promise": fault(rejectsLater, "panic RangeError: boom"),
  "leaves a timer behind that throws": fault(leavesAThrowingTimer, "panic RangeError: boom"),
  "leaves a rejection behind": fault(leavesARejection, "panic RangeError: boom"),
  "is told to end for a reason": fault(
    waits,
    "panic ExitError because",
    (self, it) => self.exit(it, "because"),
  ),
  "is told to end by shutdown": {
    victim: waits,
    trigger: (self, it) => self.exit(it, "shutdown"),
    sees: "panic ExitError shutdown",
    isFault: false,
  },
  "is told to end and catches that": fault(
    catchesAndReturns,
    "panic ExitError because",
    (self, it) => self.exit(it, "because"),
  ),
  "is killed": fault(waits, "panic ExitError killed", (self, it) => self.kill(it)),
  "is killed while it awaits a foreign promise": fault(
    sleepsForeign,
    "panic ExitError killed",
    (self, it) => {
      self.send(it, "go");
      self.exit(it, "kill");
    },
  ),
  "ends itself": fault(endsItself, "panic ExitError enough"),
  "kills itself": fault(killsItself, "panic ExitError killed"),
  "is linked to a panic": fault(isLinkedToAPanic, "panic ExitError RangeError: boom"),
  "gets more messages than its mailbox takes": fault(sleepsForeign, "panic MailboxFullError", (self, it) => {
    for (let i = 0; i < 4; i++) self.send(it, "more");
  }),
};

export function describe(outcome: Outcome): string {
  if (outcome.kind === "exit") return `exit ${outcome.value}`;
  const { error } = outcome;
  if (error.name === "ExitError") {
    const { reason } = error as Error & { reason: unknown };
    return `panic ExitError ${reason instanceof Error ? `${reason.name}: ${reason.message}` : reason}`;
  }
  return error.name === "MailboxFullError" ? `panic ${error.name}` : `panic ${error.name}: ${error.message}`;
}

type Observer = (self: Actor<Any>, way: Way, scheduler: number) => Promise<string>;

function start(self: Actor<Any>, way: Way, scheduler: number, options: object = {}): Handle<unknown, Go> {
  return self.spawnWith(
    { scheduler, mailbox: { capacity: 2, onFull: "panic" }, ...options },
    way.victim as (self: Actor<Go>) => unknown,
  );
}

async function untilDead(self: Actor<Any>, victim: Handle<unknown, Go>): Promise<void> {
  const watcher = self.spawn(async (watcher: Actor<Any>, pid: Pid<Go>) => {
    watcher.monitor(pid);
    await watcher.receive();
  }, victim.pid);
  await watcher.join();
}

export const OBSERVERS: Record<string, Observer> = {
  "a join": async (self, way, scheduler) => {
    const victim = start(self, way, scheduler);
    self.after(1, self.pid, "now");
    const joined = victim.join();
    await self.receive();
    way.trigger(self, victim);
    return describe(await joined);
  },
  "a join after its death": async (self, way, scheduler) => {
    const victim = start(self, way, scheduler);
    way.trigger(self, victim);
    await untilDead(self, victim);
    return describe(await victim.join());
  },
  "a monitor": async (self, way, scheduler) => {
    const victim = start(self, way, scheduler);
    const ref = self.monitor(victim);
    way.trigger(self, victim);
    const down = await self.receive();
    return down.type === "DOWN" && down.ref === ref && down.pid === victim.pid
      ? describe(down.outcome)
      : `wrong: ${Deno.inspect(down)}`;
  },
  "a monitor of the spawn": async (self, way, scheduler) => {
    const victim = start(self, way, scheduler, { monitor: true });
    way.trigger(self, victim);
    const down = await self.receive();
    return down.type === "DOWN" && down.pid === victim.pid ? describe(down.outcome) : "wrong";
  },
  "a monitor after its death": async (self, way, scheduler) => {
    const victim = start(self, way, scheduler);
    way.trigger(self, victim);
    await untilDead(self, victim);
    self.monitor(victim);
    const down = await self.receive();
    return down.outcome.error.name;
  },
  "a link": async (self, way, scheduler) => {
    const linked = self.spawn(async (inner: Actor<Any>) => {
      const victim = start(inner, way, scheduler);
      inner.link(victim);
      inner.after(1, inner.pid, "now");
      await inner.receive();
      way.trigger(inner, victim);
      await untilDead(inner, victim);
      await inner.receive({ timeout: 50 }).catch((error) => {
        if (error.name !== "TimeoutError") throw error;
      });
      return "lives";
    });
    return describe(await linked.join());
  },
  "a link of the spawn, trapped": async (self, way, scheduler) => {
    self.trapExit(true);
    const victim = start(self, way, scheduler, { link: true });
    way.trigger(self, victim);
    const exit = await self.receive();
    return exit.type === "EXIT" && exit.pid === victim.pid ? describe(exit.outcome) : "wrong";
  },
  "signals, before those who join": async (self, way, scheduler) => {
    const signals = self.signals();
    const order: string[] = [];
    const victim = start(self, way, scheduler);
    const joiner = self.spawn(async () => {
      await victim.join();
      order.push("joined");
    });
    self.after(1, self.pid, "now");
    await self.receive();
    way.trigger(self, victim);
    const signal = await signals.receive();
    order.push("signal");
    await joiner.join();
    if (signal.pid !== victim.pid || order.join() !== "signal,joined") return `wrong: ${order}`;
    return describe(signal as unknown as Outcome);
  },
  "a pending call": async (self, way, scheduler) => {
    const victim = start(self, way, scheduler);
    const call = self.call(victim as Any, "anything", { timeout: 20_000 }).then(
      () => "answered",
      (error) => `${error.name}${error.pid === victim.pid ? "" : " of another"}`,
    );
    way.trigger(self, victim);
    return await call;
  },
  "its name": async (self, way, scheduler) => {
    const name = `victim of ${self.pid}`;
    const victim = start(self, way, scheduler, { name });
    if (self.whereis(name) !== victim.pid) return "not registered";
    self.monitor(victim);
    way.trigger(self, victim);
    await self.receive();
    if (self.whereis(name) !== undefined) return "still there";
    self.register(name);
    return self.whereis(name) === self.pid ? "free" : "taken";
  },
  "its group": async (self, way, scheduler) => {
    const group = self.group(`group of ${self.pid}`);
    const number = Object.values(WAYS).indexOf(way);
    const member: Handle<unknown, Go> = self.spawnWith(
      { scheduler, mailbox: { capacity: 2, onFull: "panic" } },
      joinsAndDies,
      group.name,
      number,
    );
    while (group.members().join() !== `${member.pid}`) await self.sleep(1);
    self.monitor(member);
    way.trigger(self, member);
    await self.receive();
    while (group.members().length > 0) await self.sleep(1);
    return "left";
  },
  "the supervisor of a permanent child": (self, way, scheduler) =>
    supervised(self, way, scheduler, "permanent"),
  "the supervisor of a transient child": (self, way, scheduler) =>
    supervised(self, way, scheduler, "transient"),
  "the supervisor of a temporary child": (self, way, scheduler) =>
    supervised(self, way, scheduler, "temporary"),
};

export async function joinsAndDies(self: Actor<Go>, group: string, way: number) {
  self.group(group).join();
  return await Object.values(WAYS)[way].victim(self);
}

/** What the supervisor makes of the death of one of its three children; the others are to be as they were. */
async function supervised(
  self: Actor<Any>,
  way: Way,
  scheduler: number,
  restart: "permanent" | "transient" | "temporary",
): Promise<string> {
  const child = (id: string, start: Way["victim"]) => ({
    id,
    start: [start] as Any,
    restart,
    scheduler,
    shutdown: "kill" as const,
    mailbox: { capacity: 2, onFull: "panic" as const },
  });
  const supervisor = self.supervise({
    children: [child("before", waits), child("it", way.victim), child("after", waits)],
  });
  const pids = async () => Object.fromEntries((await supervisor.children()).map(({ id, pid }) => [id, pid]));
  const first = await pids();
  self.monitor(first.it!);
  way.trigger(self, first.it as Any);
  await self.receive((message: Any) => message.type === "DOWN");
  const second = await pids(); // asked after the end was told
  self.unlink(supervisor);
  self.exit(supervisor, "shutdown");
  await supervisor.join();
  if (second.before !== first.before || second.after !== first.after) return "touched others";
  if (second.it === undefined) return "dropped";
  return second.it === null ? "stopped" : second.it === first.it ? "the same" : "restarted";
}

/** What each observer is to see. */
export function expected(observer: string, way: Way): string {
  switch (observer) {
    case "a monitor after its death":
      return "DeadActorError";
    case "a link":
      if (!way.isFault) return "exit lives";
      return way.sees.startsWith("panic ExitError ")
        ? way.sees
        : way.sees.replace("panic ", "panic ExitError ");
    case "a pending call":
      return "DeadActorError";
    case "its name":
      return "free";
    case "its group":
      return "left";
    case "the supervisor of a permanent child":
      return "restarted";
    case "the supervisor of a transient child":
      return way.isFault ? "restarted" : "stopped";
    case "the supervisor of a temporary child":
      return "dropped";
    default:
      return way.sees;
  }
}

export async function main(self: Actor): Promise<Record<string, string>> {
  const rows: Record<string, string> = {};
  const last = self.stats().schedulerCount - 1;
  for (const scheduler of new Set([0, last])) {
    for (const [name, way] of Object.entries(WAYS)) {
      for (const [how, observer] of Object.entries(OBSERVERS)) {
        const cell = self.spawn((inner: Actor<Any>) => observer(inner, way, scheduler));
        let seen: string;
        try {
          const outcome = await cell.join({ timeout: 5000 });
          seen = outcome.kind === "exit" ? outcome.value : `observer: ${outcome.error.stack}`;
        } catch (error) {
          seen = `${error}`;
        }
        rows[`${scheduler === 0 ? "here" : "there"}: ${name}: ${how}`] = seen;
      }
    }
  }
  return rows;
}
