/** Actors that are told to end, killed, linked in chains, and named: one scenario a run. */
import type { Actor, Handle, Outcome, Pid } from "smarm";
import { describe } from "./deaths.ts";

// deno-lint-ignore no-explicit-any
type Any = any;

/** Parks on an operation of each kind, tells that its finally block ran and what it could do there. */
export async function parksIn(self: Actor<Any>, kind: string, parent: Pid<Any>) {
  const idle = self.spawn(async (other: Actor<Any>) => {
    for (;;) await other.receive();
  });
  const listener = kind === "accept" || kind === "read" ? await self.io.listen({ port: 0 }) : null;
  const conn = kind === "read" ? await self.io.connect(listener!.addr as { port: number }) : null;
  self.send(parent, "parks");
  try {
    switch (kind) {
      case "receive":
        await self.receive();
        break;
      case "selective receive":
        await self.receive(() => false, { timeout: 60_000 });
        break;
      case "for await":
        for await (const _ of self) { /* nothing comes */ }
        break;
      case "select":
        await self.select({ mailbox: self });
        break;
      case "sleep":
        await self.sleep(60_000);
        break;
      case "call":
        await self.call(idle, "anything", { timeout: 60_000 });
        break;
      case "join":
        await idle.join();
        break;
      case "channel receive":
        await self.channel().receiver.receive();
        break;
      case "channel send": {
        const { sender } = self.channel<number>(1);
        await sender.send(1);
        await sender.send(2);
        break;
      }
      case "signals":
        await self.signals().receive();
        break;
      case "until":
        await self.until(new Promise(() => {}));
        break;
      case "accept":
        await listener!.accept();
        break;
      case "read":
        await conn!.read(1); // nobody writes
        break;
      case "blocking":
        await self.blocking(blocks);
        break;
      case "foreign promise":
        await new Promise((resolve) => self.signal.addEventListener("abort", resolve));
        await self.receive();
        break;
      case "compute":
        for (;;) await self.check();
      default:
        throw new Error(`no kind ${kind}`);
    }
  } catch (error) {
    const refused = await self.receive().then(() => "received", (error: Error) => error.name);
    const plain = await new Promise((resolve) => setTimeout(() => resolve("plain"), 1));
    self.send(
      parent,
      `${kind}: ${(error as Error).name} ${(error as Any).reason}, then ${refused}, ${plain}`,
    );
    throw error;
  } finally {
    self.kill(idle);
  }
}

/** On a thread of the blocking pool. */
export function blocks() {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60_000);
}

export const KINDS = [
  "receive",
  "selective receive",
  "for await",
  "select",
  "sleep",
  "call",
  "join",
  "channel receive",
  "channel send",
  "signals",
  "until",
  "accept",
  "read",
  "blocking",
  "foreign promise",
  "compute",
];

/** After `kill` everything on self throws or rejects. */
export async function goesOnAfterItsDeath(self: Actor<Any>, killer: Pid<Any>) {
  const { log } = self;
  const timer = self.after(3_600_000, killer, "never");
  const ref = self.monitor(killer);
  self.send(killer, self.pid);
  while (!self.signal.aborted) await new Promise((resolve) => setTimeout(resolve, 1));
  const tries: Record<string, () => unknown> = {
    send: () => self.send(killer, "from the dead"),
    receive: () => self.receive(),
    tryReceive: () => self.tryReceive(),
    sleep: () => self.sleep(1),
    yield: () => self.yield(),
    check: () => self.check(),
    call: () => self.call(killer, "x"),
    spawn: () => self.spawn(() => {}),
    link: () => self.link(killer),
    monitor: () => self.monitor(killer),
    exit: () => self.exit(killer, "x"),
    kill: () => self.kill(killer),
    register: () => self.register("dead"),
    after: () => self.after(0, killer, "late"),
    every: () => self.every(1, killer, "late"),
    cancel: () => self.cancel(timer),
    missedTicks: () => self.missedTicks(timer),
    demonitor: () => self.demonitor(ref),
    channel: () => self.channel(),
    supervise: () => self.supervise({}),
    signals: () => self.signals(),
    group: () => self.group("g"),
    until: () => self.until(Promise.resolve()),
    whereis: () => self.whereis("dead"),
    stats: () => self.stats(),
    halt: () => self.halt(9),
    log: () => self.log,
  };
  void log;
  const results: Record<string, string> = {};
  for (const [name, attempt] of Object.entries(tries)) {
    try {
      const result = attempt();
      results[name] = result instanceof Promise ? await result.then(() => "worked", (e) => e.name) : "worked";
    } catch (error) {
      results[name] = (error as Error).name;
    }
  }
  (globalThis as Any).resultsOfTheDead = results;
}

export async function waits(self: Actor<Any>) {
  for (;;) await self.receive();
}

export async function linksTo(self: Actor<Any>, other: Pid<Any>, parent: Pid<Any>) {
  self.link(other);
  self.send(parent, "linked");
  await self.receive();
}

/** Takes a name if it is the first to ask; the name table is asked from all schedulers at once. */
export async function races(self: Actor<Any>, names: number, parent: Pid<Any>) {
  const won: string[] = [];
  for (let i = 0; i < names; i++) {
    try {
      self.register(`name ${i}`);
      won.push(`name ${i}`);
    } catch (error) {
      if ((error as Error).name !== "NameTakenError") throw error;
    }
    if (i % 50 === 0) await self.yield();
  }
  self.send(parent, won);
  await self.receive();
  return won.every((name) => self.whereis(name) === self.pid);
}

async function outcomeOf(handle: Handle<unknown, Any>): Promise<string> {
  return describe(await handle.join({ timeout: 10_000 }) as Outcome);
}

const SCENARIOS: Record<string, (self: Actor<Any>) => Promise<unknown>> = {
  async parked(self) {
    const seen: string[] = [];
    for (const scheduler of [0, self.stats().schedulerCount - 1]) {
      for (const kind of KINDS) {
        const actor = self.spawnWith({ scheduler }, parksIn, kind, self.pid);
        await self.receive({ timeout: 10_000 });
        self.exit(actor, "now");
        seen.push(await self.receive({ timeout: 10_000 }));
        seen.push(await outcomeOf(actor));
      }
    }
    return seen;
  },

  async dead(self) {
    const actor = self.spawnWith({ scheduler: "local" }, goesOnAfterItsDeath, self.pid);
    self.kill(await self.receive());
    const outcome = await outcomeOf(actor);
    while ((globalThis as Any).resultsOfTheDead === undefined) await self.sleep(5);
    await self.sleep(5);
    return { outcome, results: (globalThis as Any).resultsOfTheDead, mail: self.tryReceive() ?? null };
  },

  async signalAskedLate(self) {
    const seen: string[] = [];
    for (const how of ["returned", "threw", "was told to end"]) {
      let ended: Actor<Any> | undefined;
      const actor = self.spawn((child: Actor<Any>) => {
        ended = child;
        if (how === "threw") throw new Error("boom");
        if (how === "was told to end") child.exit(child.pid, "now");
      });
      await actor.join();
      seen.push(`${how}: ${ended!.signal.aborted}, ${ended!.signal.reason?.name}`);
    }
    return seen;
  },

  async chain(self) {
    const schedulers = self.stats().schedulerCount;
    const actors = [self.spawn(waits)];
    for (let i = 1; i < 50; i++) {
      actors.push(self.spawnWith({ scheduler: i % schedulers }, linksTo, actors[i - 1].pid, self.pid) as Any);
      await self.receive();
    }
    self.exit(actors[0], "first");
    const ends = await Promise.all(actors.map(outcomeOf));
    return [...new Set(ends)];
  },

  async cycle(self) {
    const schedulers = self.stats().schedulerCount;
    const exits: string[] = [];
    const actors = [0, 1, 2].map((i) => self.spawnWith({ scheduler: i % schedulers }, cycles));
    actors.forEach((actor, i) => self.send(actor, { link: actors[(i + 1) % 3].pid, parent: self.pid }));
    for (let i = 0; i < 3; i++) await self.receive();
    self.trapExit(true);
    for (const actor of actors) self.link(actor);
    self.send(actors[1], "throw");
    for (let i = 0; i < 3; i++) {
      const exit = await self.receive();
      exits.push(`${exit.type} ${actors.findIndex(({ pid }) => pid === exit.pid)} ${describe(exit.outcome)}`);
    }
    await self.sleep(10);
    return { exits: exits.sort(), more: self.tryReceive() ?? null };
  },

  async normal(self) {
    const actor = self.spawn(waits);
    self.exit(actor, "normal"); // OTP: does nothing to an actor that does not trap exits
    self.link(actor);
    const linked = self.spawnWith({ link: true }, () => "well");
    await linked.join();
    self.exit(actor, "shutdown"); // not spread by links
    const ends = [await outcomeOf(actor)];
    const own = self.spawn((self: Actor<Any>) => {
      self.exit(self.pid, "normal");
      return self.receive();
    });
    ends.push(await outcomeOf(own));
    const trapping = self.spawn(async (self: Actor<Any>) => {
      self.trapExit(true);
      const [first, second] = [await self.receive(), await self.receive()];
      return [first, second].map(({ type, outcome }) => `${type} ${describe(outcome)}`).join(", ");
    });
    await self.sleep(1);
    self.exit(trapping, "normal");
    self.exit(trapping, "why");
    ends.push(await outcomeOf(trapping));
    const unlinked = self.spawn(async (self: Actor<Any>) => {
      const child = self.spawnWith({ link: true }, waits);
      self.unlink(child);
      self.exit(child, "boom");
      await child.join();
      await self.sleep(5);
      return "lives";
    });
    ends.push(await outcomeOf(unlinked));
    const toDead = self.spawn(async (self: Actor<Any>) => {
      const dead = self.spawn(() => {});
      await dead.join();
      self.link(dead);
      await self.receive();
    });
    const end = await toDead.join();
    ends.push(end.kind === "panic" ? `${(end.error as Any).reason.name}` : "exit");
    return ends;
  },

  async cutOff(self) {
    let ran = false;
    const foreign = self.spawn(async () => {
      try {
        await new Promise(() => setTimeout(() => {}, 60_000));
      } finally {
        ran = true;
      }
    });
    const stuck = self.spawn(async (self: Actor<Any>) => {
      try {
        await self.receive();
      } finally {
        await new Promise(() => {});
      }
    });
    await self.sleep(2);
    self.exit(foreign, "now");
    self.exit(stuck, "now");
    return [await outcomeOf(foreign), await outcomeOf(stuck), ran];
  },

  async demonitor(self) {
    const actor = self.spawn(waits);
    const kept = self.monitor(actor);
    const queued = self.monitor(actor);
    const before = self.monitor(actor);
    const taken = [self.demonitor(before), self.demonitor(before)];
    self.kill(actor);
    taken.push(self.demonitor(queued)); // its DOWN is in the mailbox already, and goes
    const down = await self.receive();
    return { taken, kept: down.ref === kept, more: self.tryReceive() ?? null };
  },

  async names(self) {
    const schedulers = self.stats().schedulerCount;
    const count = 500;
    const racers = Array.from(
      { length: 8 },
      (_, i) => self.spawnWith({ scheduler: i % schedulers }, races, count, self.pid),
    );
    const won: string[] = [];
    for (const _ of racers) won.push(...await self.receive());
    for (const racer of racers) self.send(racer, "done");
    let owned = true;
    for (const racer of racers) {
      const outcome = await racer.join();
      owned &&= outcome.kind === "exit" && outcome.value;
    }
    const left = won.filter((name) => self.whereis(name) !== undefined);
    return { won: won.length, distinct: new Set(won).size, owned, left };
  },

  async naming(self) {
    const tries: string[] = [];
    const attempt = (work: () => unknown) => {
      try {
        tries.push(String(work()));
      } catch (error) {
        tries.push(`${(error as Error).name}: ${(error as Error).message}`.replaceAll(/<[\d.]+>/g, "<pid>"));
      }
    };
    attempt(() => self.register("main"));
    attempt(() => self.register("main")); // its own already
    // Here, or it may be given away, and a kill that has to travel is no "at once".
    const other = self.spawnWith({ name: "other", scheduler: "local" }, waits);
    attempt(() => self.register("other"));
    attempt(() => self.spawnWith({ name: "other" }, waits));
    attempt(() => self.register(""));
    attempt(() => self.register("x".repeat(10_000)));
    attempt(() => self.whereis("other") === other.pid);
    attempt(() => self.unregister("main"));
    attempt(() => self.unregister("main"));
    attempt(() => self.unregister("other"));
    attempt(() => self.whereis("nobody"));
    attempt(() => self.send("nobody", "x"));
    self.send("other", "x");
    self.kill("other");
    attempt(() => self.whereis("other"));
    const late = self.spawnWith({ name: "äöü 名前", scheduler: self.stats().schedulerCount - 1 }, waits);
    attempt(() => self.whereis("äöü 名前") === late.pid);
    self.kill(late);
    self.monitor(late);
    await self.receive();
    attempt(() => self.whereis("äöü 名前"));
    return tries;
  },

  async crossedLinks(self) {
    const turns = new Int32Array(new SharedArrayBuffer(4));
    // One scheduler each, whichever has taken main: they spin.
    const far = self.spawnWith({ scheduler: 1 }, unlinksInTime, turns);
    const near = self.spawnWith({ scheduler: 0 }, relinksInTime, far, turns);
    self.send(far, near.pid);
    return [describe(await near.join()), (await far.join() as Any).value];
  },

  async groups(self) {
    const schedulers = self.stats().schedulerCount;
    const group = self.group("g");
    const members = Array.from(
      { length: 6 },
      (_, i) => self.spawnWith({ scheduler: i % schedulers }, joins, self.pid),
    );
    for (const _ of members) await self.receive();
    const all = group.members().join() === members.map(({ pid }) => pid).sort((a, b) => a - b).join();
    group.join();
    group.join();
    const sent = group.broadcast("hello");
    const heard: string[] = [];
    for (let i = 0; i < 7; i++) heard.push(await self.receive());
    const left = [group.leave(), group.leave()];
    self.send(members[0], "leave");
    await self.receive();
    const afterLeave = group.members().length;
    const ref = self.monitor(members[1]);
    self.kill(members[1]);
    await self.receive((message: Any) => message.ref === ref);
    const afterDeath = group.members().length;
    for (const { pid } of members) self.kill(pid);
    for (const member of members) await member.join();
    return {
      all,
      sent,
      heard: heard.sort(),
      left,
      afterLeave,
      afterDeath,
      end: group.members().length,
      other: self.group("h").members(),
    };
  },
};

/** Neither takes in what the other says before both have said it: they spin until it is their turn. */
function isTurn(turns: Int32Array, turn: number): void {
  while (Atomics.load(turns, 0) < turn) { /* spins */ }
}

export async function unlinksInTime(self: Actor<Any>, turns: Int32Array) {
  self.trapExit(true);
  const near = await self.receive();
  self.link(near);
  self.send(near, "linked");
  await self.receive();
  Atomics.store(turns, 0, 1);
  isTurn(turns, 2);
  self.unlink(near);
  self.send(near, "unlinked");
  await self.receive();
  self.link(near);
  self.send(near, "end");
  return describe((await self.receive()).outcome);
}

export async function relinksInTime(self: Actor<Any>, far: Handle<Any, Any>, turns: Int32Array) {
  await self.receive();
  self.send(far, "now");
  isTurn(turns, 1);
  self.unlink(far);
  self.link(far);
  Atomics.store(turns, 0, 2);
  await self.receive();
  self.send(far, "link again");
  await self.receive();
  throw new RangeError("boom");
}

export async function joins(self: Actor<Any>, parent: Pid<Any>) {
  const group = self.group("g");
  group.join();
  self.send(parent, "joined");
  for await (const message of self) {
    if (message === "leave") {
      group.leave();
      self.send(parent, "left");
    } else self.send(parent, message);
  }
}

export async function cycles(self: Actor<Any>) {
  const { link, parent } = await self.receive();
  self.link(link);
  self.send(parent, "linked");
  await self.receive();
  throw new RangeError("boom");
}

export async function main(self: Actor<Any>, scenario: string): Promise<unknown> {
  return await SCENARIOS[scenario](self);
}
