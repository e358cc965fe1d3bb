/**
 * Small programs for the tests of the runtime, one function each; what it returns is compared by the test.
 *
 * @module
 */
import * as nodeTimers from "node:timers";
import { setTimeout as nodeDelay } from "node:timers/promises";
import { keyOf } from "../../runtime/pid.ts";
import type { Actor, Call, Handle, Outcome, Pid } from "../../smarm.ts";

// deno-lint-ignore no-explicit-any
type Any = any;

// --- Actors ------------------------------------------------------------------------------------------------------

/** Gives back what it is given. */
export function gives(_self: Actor, value: unknown): unknown {
  return value;
}

export function throws(_self: Actor, message: string): never {
  throw new RangeError(message, { cause: new TypeError("why") });
}

/** Returns so many messages that it received. */
export async function collects(self: Actor, count: number): Promise<unknown[]> {
  const messages: unknown[] = [];
  while (messages.length < count) messages.push(await self.receive());
  return messages;
}

/** Ends when it is sent something. */
export async function waits(self: Actor): Promise<unknown> {
  return await self.receive();
}

export async function failsItsCall(self: Actor<Call>): Promise<void> {
  (await self.receive()).fail(new Error("refused"));
}

/** Leaves a wait that fails to nobody, and waits for something that never comes. */
export async function leavesAWaitBehind(
  self: Actor,
  how: string,
  callee: Handle<void, Call>,
  to: Pid,
): Promise<void> {
  if (how === "timeout") self.receive({ timeout: 1 });
  if (how === "call") self.call(callee, "?");
  if (how === "exit") self.receive();
  try {
    if (how === "exit") self.send(to, self.pid);
    await self.until(new Promise(() => {}));
  } finally {
    await new Promise((resolve) => setTimeout(resolve, 1));
    if (how === "exit") self.send(to, "finally ran");
  }
}

/** Keeps its scheduler until it is shown a pid, and sends that something. */
export function sendsWhereItIsShown(self: Actor, to: Pid, shown: Float64Array<SharedArrayBuffer>): void {
  self.send(to, "ready");
  const isShown = new Int32Array(shown.buffer, 8, 1);
  while (Atomics.load(isShown, 0) === 0);
  self.send(shown[0] as Pid, "hello");
}

/** Tells which scheduler it runs on, then ends when it is sent something. */
export function computes(self: Actor, ms: number): number {
  if (ms === 0) return -1;
  const until = performance.now() + ms;
  while (performance.now() < until);
  return self.stats().schedulers.findIndex((one) => one.currentPid === self.pid);
}

export async function saysWhere(self: Actor, to: Pid): Promise<void> {
  self.send(to, self.stats().schedulers.find(({ currentPid }) => currentPid === self.pid)?.id);
  await self.receive();
}

export async function isAskedWhere(self: Actor<Call<"where?", number | undefined>>): Promise<void> {
  for await (const call of self) {
    call.reply(self.stats().schedulers.find(({ currentPid }) => currentPid === self.pid)?.id);
  }
}

/** With an argument that keeps it where it is spawned. */
export async function saysWhereWith(self: Actor, to: Pid, _closure: () => void): Promise<void> {
  await saysWhere(self, to);
}

export async function joins(self: Actor, other: Handle, tell: Pid, as: string): Promise<void> {
  await other.join();
  self.send(tell, as);
}

/** As {@link joins}, but says first that it has asked. */
export async function asksToJoin(self: Actor, other: Handle, tell: Pid): Promise<void> {
  const outcome = other.join();
  self.send(tell, "asks");
  self.send(tell, plain(await outcome));
}

/** Two actors of one scheduler join two copies of a handle whose original is here. */
export async function lendsAHandleTwice(self: Actor): Promise<unknown[]> {
  const child = self.spawnWith({ scheduler: "local" }, waits);
  const elsewhere = { scheduler: self.stats().schedulerCount - 1 };
  for (let i = 0; i < 2; i++) self.spawnWith(elsewhere, asksToJoin, child, self.pid);
  const told = [await self.receive(), await self.receive()];
  self.send(child, "end");
  return [...told, await self.receive(), await self.receive()];
}

/** Sends the numbers below `count` to an actor, resting now and then. */
export async function counts(self: Actor, to: Pid, from: string, count: number): Promise<void> {
  for (let n = 0; n < count; n++) {
    self.send(to, [from, n]);
    if (n % 7 === 0) await self.yield();
  }
}

export async function answers(self: Actor<Call<number, number>>): Promise<void> {
  for await (const call of self) call.reply(call.request * 2);
}

/** Whether the shared words say that it is this actor that runs on that scheduler. */
export function isCurrentOn(self: Actor, scheduler: number): boolean {
  return self.stats().schedulers[scheduler].currentPid === self.pid;
}

/** Its own scheduler's id, and those of all. */
export function seesSchedulers(self: Actor): unknown {
  const { schedulers } = self.stats();
  return [schedulers.find(({ currentPid }) => currentPid === self.pid)?.id, schedulers.map(({ id }) => id)];
}

export function ownModuleState(): number {
  return ++timesCalled;
}
let timesCalled = 0;

/** A non-Error, an unreadable error, a late one: what an actor can end with. */
export async function panics(self: Actor, kind: string): Promise<void> {
  switch (kind) {
    case "throw":
      throw new RangeError("bang", { cause: new TypeError("why") });
    case "reject":
      await self.yield();
      throw new RangeError("bang", { cause: new TypeError("why") });
    case "timer":
      setTimeout(() => {
        throw new RangeError("bang", { cause: new TypeError("why") });
      });
      break;
    case "dangling":
      Promise.reject(new RangeError("bang", { cause: new TypeError("why") }));
      break;
    case "string":
      throw "words";
    case "null":
      throw null;
    case "object":
      throw { code: 5 };
    case "revoked proxy": {
      const { proxy, revoke } = Proxy.revocable({}, {});
      revoke();
      throw proxy;
    }
    case "bad message":
    case "bad name":
    case "bad cause":
    case "bad stack":
      throw Object.defineProperty(new Error("unreadable"), kind.slice("bad ".length), {
        get() {
          throw new Error("not to be read");
        },
      });
    case "aggregate":
      throw new AggregateError([new Error("one"), "two"], "both");
    case "overflow": {
      const deeper = (): number => deeper() + 1;
      deeper();
      break;
    }
    case "function in cause":
      throw new Error("odd cause", { cause: () => {} });
    case "own properties":
      throw Object.assign(new Error("with code"), { code: "E1", path: "/x" });
  }
  await new Promise(() => {}); // a panic ends it all the same
}

function fails(message: string): never {
  throw new Error(message);
}

/** An outcome in plain words. */
export function plain(outcome: Outcome): unknown {
  if (outcome.kind === "exit") return { kind: "exit", value: outcome.value };
  const { name, message, cause } = outcome.error;
  return {
    kind: "panic",
    name,
    message,
    cause: cause instanceof Error ? `${cause.name}: ${cause.message}` : cause,
    isError: outcome.error instanceof Error,
  };
}

async function valueOf(handle: Handle<Any, Any>): Promise<unknown> {
  const outcome = await handle.join();
  return outcome.kind === "exit" ? outcome.value : plain(outcome);
}

export async function waitsForTwo(self: Actor): Promise<void> {
  await self.receive();
  await self.receive();
}

/** Things that are not smarm's and that call `wake` after a while. */
const WAKERS: Record<string, (wake: () => void) => unknown> = {
  setTimeout: (wake) => setTimeout(wake, 60),
  setInterval(wake) {
    const id = setInterval(() => {
      clearInterval(id);
      wake();
    }, 60);
  },
  "a timer that Deno would not wait for": (wake) => Deno.unrefTimer(setTimeout(wake, 60)),
  setImmediate(wake) {
    let left = 500;
    // deno-lint-ignore no-node-globals
    const again = () => left-- > 0 ? setImmediate(again) : wake();
    again();
  },
  "node:timers": (wake) => nodeTimers.setTimeout(wake, 60),
  "node:timers/promises": (wake) => void nodeDelay(60).then(wake),
  "AbortSignal.timeout": (wake) => AbortSignal.timeout(60).addEventListener("abort", wake),
  "AbortSignal.any": (wake) => {
    const { signal } = new AbortController();
    AbortSignal.any([signal, AbortSignal.timeout(60)]).addEventListener("abort", wake);
  },
  "Atomics.waitAsync": (wake) => {
    const words = new Int32Array(new SharedArrayBuffer(4));
    void (Atomics as Any).waitAsync(words, 0, 0, 60).value.then(wake);
  },
  "a file": (wake) => void Deno.readTextFile(new URL(import.meta.url)).then(wake),
  "a command": (wake) => void new Deno.Command("sleep", { args: ["0.06"] }).output().then(wake),
  "a server": (wake) => {
    const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, () => new Response("hello"));
    void fetch(`http://127.0.0.1:${server.addr.port}`).then((response) => response.text())
      .then(() => server.shutdown()).then(wake);
  },
  "a worker": (wake) => {
    const code = "setTimeout(() => postMessage(1), 60)";
    const worker = new Worker(`data:text/javascript,${encodeURIComponent(code)}`, { type: "module" });
    worker.onmessage = () => {
      worker.terminate();
      wake();
    };
  },
  "a message port": (wake) => {
    const { port1, port2 } = new MessageChannel();
    port2.onmessage = () => {
      port2.close();
      wake();
    };
    setTimeout(() => port1.postMessage(1), 60);
  },
};

// --- Cases -------------------------------------------------------------------------------------------------------

const CASES: Record<string, (self: Actor<Any>, ...args: string[]) => unknown> = {
  async joinsLate(self) {
    const child = self.spawn(gives, 42);
    await self.sleep(5);
    return [plain(await child.join()), plain(await child.join())];
  },

  /** The slot's next tenants do not disturb a handle. */
  async joinsAfterTheSlotWasUsedAgain(self) {
    const first = self.spawn((_: Actor) => "first");
    await first.join();
    const again: Handle[] = [];
    for (let i = 0; i < 100; i++) {
      const next = self.spawn((_: Actor) => i);
      await next.join();
      again.push(next);
    }
    const reused = again.some((handle) => keyOf(handle.pid) === keyOf(first.pid));
    return [plain(await first.join()), plain(await again[99].join()), reused];
  },

  async stalePid(self) {
    const first = self.spawn((_: Actor) => "first");
    await first.join();
    const next = self.spawn(async (child: Actor) => [await child.receive(), child.tryReceive()]);
    const sameSlot = keyOf(next.pid) === keyOf(first.pid);
    self.send(first, "for the dead");
    self.send(next, "for the living");
    return [sameSlot, plain(await next.join()), self.stats().deadLetters];
  },

  async joinsWithTimeout(self) {
    const child = self.spawn(waits);
    const error = await child.join({ timeout: 5 }).catch((error) => error.name);
    self.send(child, "go");
    return [error, plain(await child.join())];
  },

  async joinersInOrder(self) {
    const schedulers = self.stats().schedulerCount;
    const child = self.spawnWith({ scheduler: 0 }, waits);
    const joiners: Promise<number>[] = [];
    const order: number[] = [];
    for (let i = 0; i < 5; i++) joiners.push(child.join().then(() => order.push(i)));
    for (let i = 0; i < 3; i++) {
      self.spawnWith({ scheduler: i % schedulers }, joins, child, self.pid, "joined");
    }
    await self.sleep(20);
    self.send(child, "end");
    await Promise.all(joiners);
    const told = [await self.receive(), await self.receive(), await self.receive()];
    return [order, told];
  },

  async joinersOfCopies(self) {
    return plain(await self.spawnWith({ scheduler: 0 }, lendsAHandleTwice).join());
  },

  async unstartedCostsNothing(self) {
    let ran = 0;
    const handles = Array.from({ length: 1000 }, () => self.spawn(() => void ran++));
    const before = [ran, self.stats().live];
    self.kill(handles[0]);
    for (const handle of handles) await handle.join();
    return [before, ran, plain(await handles[0].join()), self.stats().live];
  },

  async resumesInOrder(self) {
    const order: string[] = [];
    const handles = ["a", "b", "c"].map((name) =>
      self.spawn(async (actor: Actor) => {
        for (let i = 0; i < 3; i++) {
          order.push(name);
          await actor.yield();
        }
      })
    );
    for (const handle of handles) await handle.join();
    return order.join("");
  },

  /** Two that compute and only check: neither runs through while the other waits. */
  async checksShareTheScheduler(self) {
    const order: string[] = [];
    const handles = ["a", "b"].map((name) =>
      self.spawn(async (actor: Actor) => {
        for (let turn = 0; turn < 2000; turn++) {
          const until = performance.now() + 0.01;
          while (performance.now() < until);
          if (order.at(-1) !== name) order.push(name);
          if (order.length > 6) return;
          await actor.check();
        }
      })
    );
    for (const handle of handles) await handle.join();
    return order.length > 6;
  },

  async checkOutsideOfAnActorDoesNothing(self) {
    const child = self.spawn(waits);
    self.send(child, 1);
    await child.join();
    let ended: Actor | undefined;
    await self.spawn((actor: Actor) => void (ended = actor)).join();
    return await ended!.check().then(() => "nothing", (error: Error) => error.name);
  },

  async severalPendingReceives(self) {
    const first = self.receive();
    const second = self.receive((message: number) => message > 10);
    const third = self.receive({ timeout: 60_000 });
    const sleeping = self.sleep(1);
    const joining = self.spawn(gives, "child").join();
    for (const n of [1, 2, 30]) self.send(self.pid, n);
    const values = await Promise.all([first, second, third, sleeping, joining.then(plain)]);
    return values;
  },

  async aTimeoutDoesNotWakeALaterWait(self) {
    const fast = self.receive({ timeout: 5 });
    self.send(self.pid, "in time");
    const got = await fast;
    const later = self.receive();
    await self.sleep(20);
    self.send(self.pid, "later");
    return [got, await later];
  },

  async foreignPromiseDoesNotLoseTheActor(self) {
    let others = 0;
    const busy = self.spawn(async (actor: Actor) => {
      for (; others < 1000; others++) await actor.yield();
    });
    await new Promise((resolve) => setTimeout(resolve, 1));
    await Deno.stat(".");
    await self.sleep(1);
    await fetch("data:,x").then((response) => response.text());
    await self.yield();
    self.after(1, self.pid, "timed");
    await new Promise((resolve) => setTimeout(resolve, 3));
    const timed = await self.receive({ timeout: 5000 });
    await busy.join();
    return [timed, others];
  },

  /** An actor that never rests for long does not keep the event loop from its turn. */
  async eventLoopGetsItsTurn(self) {
    let done = false;
    setTimeout(() => Deno.stat(".").then(() => fetch("data:,x")).then(() => done = true), 1);
    let turns = 0;
    while (!done && turns < 50_000_000) {
      turns++;
      await self.yield();
    }
    return done;
  },

  /** The last thing that an actor does comes from outside: the run sees its end all the same. */
  async endsFromAForeignPromise(self) {
    self.spawn(async (_: Actor) => await new Promise((resolve) => setTimeout(resolve, 5)));
    await new Promise((resolve) => setTimeout(resolve, 1));
    return "ended";
  },

  async syncAndAsync(self) {
    const handles = [
      self.spawn(() => "sync"),
      self.spawn(() => Promise.resolve("async")),
      self.spawn(() => ({ then: (resolve: (value: string) => void) => resolve("thenable") })),
    ];
    return await Promise.all(handles.map(async (handle) => plain(await handle.join())));
  },

  async thenablesThatThrow(self) {
    const after: string[] = [];
    const handles = [
      self.spawn(() => ({ then: () => fails("then threw") })),
      self.spawn(() => ({
        get then() {
          return fails("getter threw");
        },
      })),
      self.spawn(() => ({
        then: (_: unknown, reject: (error: Error) => void) => reject(new Error("rejects")),
      })),
      self.spawn(() => ({ then: (resolve: (value: unknown) => void) => resolve(Promise.resolve("nested")) })),
      self.spawn(() => void after.push("the others go on")),
    ];
    const outcomes = await Promise.all(handles.map((handle) => handle.join()));
    return [
      ...outcomes.map((outcome) => outcome.kind === "exit" ? outcome.value : outcome.error.message),
      ...after,
    ];
  },

  async orderAcrossSchedulers(self) {
    const schedulers = self.stats().schedulerCount;
    const count = 3000;
    const senders = [0, 1, 2].map((i) =>
      self.spawnWith({ scheduler: i % schedulers }, counts, self.pid, String(i), count)
    );
    const next: Record<string, number> = { "0": 0, "1": 0, "2": 0 };
    for (let i = 0; i < 3 * count; i++) {
      const [from, n] = await self.receive();
      if (n !== next[from]++) return `${from} sent ${n}, expected ${next[from] - 1}`;
    }
    for (const sender of senders) await sender.join();
    return [next, self.tryReceive()];
  },

  /** What is armed at first, when a timer of each kind is, and when those that were waited with are over. */
  async timersOfAllKinds(self) {
    const armed = [self.stats().timers];
    const become = async (count: number) => {
      while (self.stats().timers !== count) await self.yield(); // the deadline of the test is that of this loop
      armed.push(count);
    };
    self.after(2 ** 40, self.pid, "after");
    self.every(2 ** 40, self.pid, "every");
    const sleeper = self.spawnWith({ scheduler: "local" }, (actor) => actor.sleep(2 ** 40));
    const message = self.receive({ timeout: 2 ** 40 });
    await become(4);
    self.exit(sleeper, "shutdown");
    self.send(self.pid, "now");
    await message;
    await become(2);
    return armed;
  },

  async pinnedRunWhereTheyAreTold(self) {
    const { schedulerCount } = self.stats();
    const seen = [];
    for (let id = 0; id < schedulerCount; id++) {
      const outcome = await self.spawnWith({ scheduler: id }, isCurrentOn, id).join();
      seen.push(outcome.kind === "exit" && outcome.value);
    }
    return seen.every(Boolean) && seen.length === schedulerCount;
  },

  async registryAsSeenByEach(self) {
    const seen = [];
    for (const { id } of self.stats().schedulers) {
      const outcome = await self.spawnWith({ scheduler: id }, seesSchedulers).join();
      seen.push(outcome.kind === "exit" && outcome.value);
    }
    return seen;
  },

  async localFirst(self) {
    const here = self.format(self.pid).split(".")[0];
    const exported = self.spawn(gives, 1), closure = self.spawn(() => 2);
    const born = [exported, closure].map((handle) => self.format(handle.pid).split(".")[0] === here);
    await exported.join();
    await closure.join();
    return born;
  },

  /** It is dead, and the news is in the ring: a monitor comes too late, as it would a moment later. */
  async monitorsBeforeTheNews(self) {
    const there = isCurrentOn(self, 0) ? 1 : 0; // whichever has taken main is kept by the loop below
    const ended = () => self.stats().schedulers[there].ended;
    const before = ended();
    const child = self.spawnWith({ scheduler: there }, gives, 42);
    while (ended() === before);
    self.monitor(child);
    const down = await self.receive();
    return [down.outcome.error?.name, await child.join()];
  },

  /** Teams of two that wait as soon as they have begun: how many of 100 were split between the schedulers. */
  async teamsThatAreSplit(self) {
    let split = 0;
    for (let i = 0; i < 100; i++) {
      const team = [self.spawn(saysWhere, self.pid), self.spawn(saysWhere, self.pid)];
      if (await self.receive() !== await self.receive()) split++;
      for (const member of team) {
        self.send(member, "end");
        await member.join();
      }
    }
    return split;
  },

  /** Teams of two, where the first is asked before the second is spawned: how many of 50 were split. */
  async teamsThatComeOneByOne(self) {
    let split = 0;
    for (let i = 0; i < 50; i++) {
      const team = [], places = [];
      for (let i = 0; i < 2; i++) {
        const member = self.spawn(isAskedWhere);
        places.push(await self.call(member, "where?"));
        team.push(member);
      }
      if (places[0] !== places[1]) split++;
      for (const member of team) {
        self.exit(member, "shutdown");
        await member.join();
      }
    }
    return split;
  },

  /** Actors that stay, each of which has begun before the next is spawned: how many there are on each scheduler. */
  async stayingOnes(self, kind) {
    const places: number[] = self.stats().schedulers.map(() => 0);
    const place = async () => {
      const child = kind === "held"
        ? self.spawn(saysWhereWith, self.pid, () => {})
        : self.spawn(saysWhere, self.pid);
      places[await self.receive() as number]++;
      return child;
    };
    const children = [];
    for (let i = 0; i < 200; i++) {
      children.push(await place());
      await self.sleep(1); // as connections come: a thread that is put aside is not at work at all of these moments
    }
    for (const child of children) self.send(child, "end");
    for (const child of children) await child.join();
    return places;
  },

  /** The same function was over at once a thousand times, and then takes long: on how many schedulers that was. */
  async longAfterShortIsShared(self) {
    for (let i = 0; i < 100; i++) {
      const handles = Array.from({ length: 100 }, () => self.spawn(computes, 0));
      for (const handle of handles) await handle.join();
    }
    const handles = Array.from({ length: 40 }, () => self.spawn(computes, 20));
    const places = new Set();
    for (const handle of handles) {
      const outcome = await handle.join();
      places.add(outcome.kind === "exit" && outcome.value);
    }
    return places.size;
  },

  /** As the next, with actors that are known to be over at once; the spawner goes on to send. */
  async othersRunShortOnesOfABusySpawner(self) {
    for (let i = 0; i < 100; i++) {
      const handles = Array.from({ length: 100 }, () => self.spawn(computes, 0));
      for (const handle of handles) await handle.join();
    }
    const before = self.stats().ended;
    for (let i = 0; i < 200; i++) self.spawn(computes, 0);
    const until = performance.now() + 10_000;
    while (performance.now() < until) {
      self.send(self.pid, "go on");
      self.tryReceive();
      if (self.stats().ended >= before + 200) return true;
    }
    return self.stats();
  },

  /** A spawner that never yields: the other schedulers run what it spawns. */
  othersRunWhatABusySpawnerSpawns(self) {
    for (let i = 0; i < 200; i++) self.spawn(gives, i);
    const until = performance.now() + 10_000;
    while (performance.now() < until) {
      const { schedulers } = self.stats();
      if (schedulers.some((one) => one.currentPid !== self.pid && one.ended > 0)) return true;
    }
    return self.stats();
  },

  /** The same, when another scheduler has sent to the first of them before it could be taken. */
  async othersRunWhatStandsBehindOneThatWasSentTo(self) {
    const other = self.stats().schedulers.findIndex((one) => one.currentPid !== self.pid);
    const shown = new Float64Array(new SharedArrayBuffer(16));
    self.spawnWith({ scheduler: other }, sendsWhereItIsShown, self.pid, shown);
    await self.receive();
    const spawned = Array.from({ length: 21 }, (_, i) => self.spawn(gives, i));
    shown[0] = spawned[0].pid;
    Atomics.store(new Int32Array(shown.buffer, 8, 1), 0, 1);
    const until = performance.now() + 10_000;
    while (performance.now() < until) {
      if (self.stats().schedulers[other].ended >= 1 + 20) return true;
    }
    return self.stats();
  },

  async modulesArePerScheduler(self) {
    const here = self.spawnWith({ scheduler: 0 }, ownModuleState);
    const there = self.spawnWith({ scheduler: 1 }, ownModuleState);
    return [plain(await here.join()), plain(await there.join())];
  },

  async callsAcross(self) {
    const last = self.stats().schedulerCount - 1;
    const server = self.spawnWith({ scheduler: last }, answers);
    const values = await Promise.all([1, 2, 3].map((n) => self.call(server, n)));
    self.kill(server);
    await server.join();
    return values;
  },

  async panicAsSeenByAJoiner(self, kind, scheduler) {
    const others = self.spawnWith({ scheduler: Number(scheduler) }, waits);
    const outcome = await self.spawnWith({ scheduler: Number(scheduler) }, panics, kind).join();
    self.send(others, "still here");
    const stack = outcome.kind === "panic"
      ? String(Object.getOwnPropertyDescriptor(outcome.error, "stack") !== undefined)
      : "";
    return { ...plain(outcome) as Any, hasStack: stack === "true", others: plain(await others.join()) };
  },

  async stackAsSeenByAJoiner(self, scheduler) {
    const outcome = await self.spawnWith({ scheduler: Number(scheduler) }, throws, "bang").join();
    if (outcome.kind === "exit") return outcome;
    return [
      /RangeError: bang\n\s+at .*throws .*cases\.ts:\d+:\d+/.test(outcome.error.stack!),
      /TypeError: why/.test((outcome.error.cause as Error).stack!),
    ];
  },

  async spawnsAModule(self) {
    const child = self.spawn(new URL("./module_actor.ts", import.meta.url), 20);
    const last = self.stats().schedulerCount - 1;
    const away = self.spawnWith({ scheduler: last }, new URL("./module_actor.ts", import.meta.url), 21);
    const gone = self.spawn(new URL("./nowhere.ts", import.meta.url));
    const outcomes = [plain(await child.join()), plain(await away.join())];
    const missing = await gone.join();
    return [...outcomes, missing.kind === "panic" && /nowhere\.ts/.test(missing.error.message)];
  },

  async statsWhileBusy(self) {
    const sleeper = self.spawn((actor: Actor) => actor.sleep(60_000).catch(() => {}));
    const waiter = self.spawn((actor: Actor) => actor.until(new Promise(() => {})).catch(() => {}));
    await self.sleep(5);
    const queued = [self.spawn(() => 1), self.spawn(() => 2)];
    const stats = self.stats();
    self.exit(sleeper, "shutdown");
    self.kill(waiter);
    for (const handle of [sleeper, waiter, ...queued]) await handle.join();
    return {
      live: stats.live,
      queued: stats.runQueueLength >= 2,
      sleeping: stats.sleeping,
      ioParked: stats.ioParked,
      isMain: stats.schedulers.some((one) => one.currentPid === self.pid),
    };
  },

  async waitsForever(self) {
    setInterval(() => {}, 1_000_000);
    self.spawn(waits);
    self.spawnWith({ scheduler: self.stats().schedulerCount - 1 }, waits);
    await self.receive();
  },

  halts(self, code) {
    self.halt(Number(code));
    return self.receive();
  },

  argumentsAsStrings(_self, ...args) {
    return args;
  },

  panicsItself(self) {
    return throws(self, "bang");
  },

  returnsNothingSendable() {
    return { list: [() => {}] };
  },

  returnsAHandle(self) {
    return self.spawn(waits2);
  },

  /** Actors that leave a wait behind which fails, beside one that has nothing to do with it. */
  async leftWaits(self) {
    const on = { scheduler: self.stats().schedulerCount - 1 };
    const bystander = self.spawnWith(on, waits);
    const said = [];
    for (const how of ["timeout", "call", "exit"]) {
      const leaver = self.spawnWith(on, leavesAWaitBehind, how, self.spawnWith(on, failsItsCall), self.pid);
      if (how === "exit") self.exit(await self.receive() as Pid, "because");
      const outcome = await leaver.join();
      said.push(outcome.kind === "exit" ? "returned" : `${outcome.error.name}: ${outcome.error.message}`);
    }
    said.push(await self.receive());
    self.send(bystander, "end");
    said.push((await bystander.join()).kind);
    return said.map((text) => String(text).replace(/waited \d+ ms/, "waited"));
  },

  /** An actor that is told to end by another one on its scheduler, and whose signal has a listener that throws. */
  async throwsInAbort(self) {
    const ended = self.spawn(async (actor: Actor) => {
      actor.signal.addEventListener("abort", () => {
        throw new Error("in a listener");
      });
      self.send(self.pid, "waits");
      await actor.receive();
    });
    await self.receive();
    self.exit(ended, "because");
    await self.sleep(1);
    return (await ended.join()).kind;
  },

  /** Opens what a run must not leave behind. */
  async opensMuch(self) {
    setInterval(() => {}, 1000);
    setTimeout(() => {}, 1_000_000);
    Deno.listen({ port: 0, hostname: "127.0.0.1" });
    await Deno.open(new URL(import.meta.url));
    self.every(1, self.pid, "tick");
    self.after(60_000, self.pid, "late");
    const other = self.spawnWith({ scheduler: self.stats().schedulerCount - 1 }, waits);
    await self.receive();
    self.send(other, "end");
    await other.join();
    return "opened";
  },

  /** Waits for a message that comes from something that is not smarm's. */
  async wokenBy(self, kind) {
    const wake = () => self.send(self.pid, kind);
    await WAKERS[kind](wake);
    return await self.receive();
  },

  /** Waits for nothing but a module. */
  async loads(self, url) {
    return (await self.until(import(url))).sum;
  },

  /** Nothing can ever wake these. */
  async deadlocks(self, kind) {
    const last = self.stats().schedulerCount - 1;
    if (kind === "receive") await self.receive();
    if (kind === "join") await self.spawnWith({ scheduler: last }, waits).join();
    if (kind === "join of a join") {
      const child = self.spawnWith({ scheduler: last }, waits);
      await self.spawn(joins, child, self.pid, "never").join();
    }
    if (kind === "after a timer") {
      await new Promise((resolve) => setTimeout(resolve, 10));
      await self.sleep(5);
      clearTimeout(setTimeout(() => {}, 1_000_000));
      await self.receive();
    }
    if (kind === "timers cleared in other ways") {
      const begin = () => setTimeout(() => {}, 1_000_000);
      clearTimeout(Number(begin()));
      clearTimeout(Number(setInterval(() => {}, 1_000_000)));
      nodeTimers.clearTimeout(begin());
      (begin() as unknown as { close(): void }).close();
      (begin() as unknown as Disposable)[Symbol.dispose]();
      await self.receive();
    }
    if (kind === "call without a limit") {
      await self.call(self.spawnWith({ scheduler: last }, waitsForTwo), "?", { timeout: undefined });
    }
  },

  /** main has ended, and another actor waits in more than a receive. */
  deadlocksAfterMain(self) {
    self.spawn(async (actor: Actor) => await actor.spawn(waits).join());
  },

  /** main has ended, the others only wait for messages. */
  othersOnlyWait(self) {
    const last = self.stats().schedulerCount - 1;
    for (let i = 0; i < 10; i++) self.spawnWith({ scheduler: i % (last + 1) }, waits);
    return "ended";
  },

  /** The same, and what is left would take longer than any test. */
  async othersOnlyWaitBesideTimers(self) {
    self.spawn(waits);
    const unref = (timer: unknown) => (timer as { unref(): void }).unref();
    const longMs = 1_000_000;
    unref(setTimeout(() => {}, longMs));
    Deno.unrefTimer(setInterval(() => {}, longMs));
    const nobodyListens = AbortSignal.timeout(longMs);
    const { signal } = new AbortController();
    await self.sleep(1, { signal: AbortSignal.any([signal, nobodyListens]) });
    await self.sleep(1, { signal: nobodyListens });
    return "ended";
  },

  /** Uses a part of all that is shared: names, slots, rings, offers. Finds nothing of a former run. */
  async namesAndMessages(self) {
    const names = Array.from({ length: 20 }, (_, i) => `name ${i}`);
    const found = names.filter((name) => self.whereis(name) !== undefined);
    const last = self.stats().schedulerCount - 1;
    for (const name of names) self.spawnWith({ name }, waits);
    const collector = self.spawnWith({ scheduler: last }, collects, 2000);
    for (let i = 0; i < 2000; i++) self.send(collector, i);
    const outcome = await collector.join();
    for (const name of names) self.send(name, "end");
    if (found.length > 0 || outcome.kind === "panic") return { found, outcome: plain(outcome) };
    return {
      names: names.length,
      messages: outcome.value.length,
      pid: self.format(self.pid).replace(/^<\d+/, "<0"),
    };
  },

  neverGivesWay(_self, ms) {
    const until = performance.now() + Number(ms);
    while (performance.now() < until); // nobody can end this
    return "ended";
  },

  /** Each tick, and what each member of a group gets, is its receiver's own, wherever that lives. */
  async ownMessages(self) {
    const told: unknown[] = [];
    for (const scheduler of [0, self.stats().schedulerCount - 1]) {
      const counter = self.spawnWith({ scheduler }, changesThree);
      self.every(1, counter, { seen: [] });
      told.push(await valueOf(counter));
      const members = [1, 2].map(() => self.spawnWith({ scheduler }, changesThree, self.pid));
      for (const _ of members) await self.receive();
      for (let i = 0; i < 3; i++) self.group("changed").broadcast({ seen: [] });
      for (const member of members) told.push(await valueOf(member));
    }
    const keeps = self.spawnWith({ scheduler: "local" }, readsLater);
    await self.spawnWith({ scheduler: "local" }, sendsOften, keeps).join();
    self.send(keeps, "go");
    told.push(await valueOf(keeps));
    const local = self.spawnWith({ scheduler: "local" }, takesTwo);
    self.every(1, local, { call: () => "cannot be copied" });
    told.push(await valueOf(local));
    return told;
  },

  /** What belongs to its actor is refused by name, and what was failed with is told as that. */
  async staysHere(self) {
    const file = await self.io.open(new URL(import.meta.url));
    const own = {
      group: self.group("g"),
      signals: self.signals(),
      command: self.io.command("true"),
      io: self.io,
      stdin: self.io.stdin,
      lines: file.lines(),
    };
    const told: string[] = [];
    const elsewhere = self.stats().schedulers.findIndex((one) => one.currentPid !== self.pid); // main may be on any
    const other = self.spawnWith({ scheduler: elsewhere }, failsCall);
    for (const value of Object.values(own)) {
      try {
        self.send(other, { value });
        told.push("sent");
      } catch (error) {
        told.push((error as Error).message);
      }
    }
    told.push(await self.call(other, "x").catch((error) => error.message));
    return told;
  },

  async slotLimit(self) {
    const handles: Handle[] = [];
    let name = "";
    try {
      for (let i = 0; i < 100_000; i++) handles.push(self.spawn(waits));
    } catch (error) {
      name = (error as Error).name;
    }
    const count = handles.length;
    for (const handle of handles) self.send(handle, "end");
    for (const handle of handles) await handle.join();
    const after = await self.spawn(gives, "room again").join();
    return [name, count, plain(after)];
  },
};

export async function changesThree(self: Actor<{ seen: number[] }>, joined?: Pid<string>): Promise<string> {
  if (joined !== undefined) {
    self.group("changed").join();
    self.send(joined, "in");
  }
  const told: number[][] = [];
  for (let i = 0; i < 3; i++) {
    const { seen } = await self.receive();
    seen.push(i);
    told.push(seen);
    await self.yield(); // the other member has the same one, if it has
  }
  return JSON.stringify(told);
}

/** What is open in a message goes to its receiver, and stays open when the sender has ended. */
export async function sendsOften(self: Actor, to: Handle<Any, Any>): Promise<void> {
  const file = await self.io.open(new URL(import.meta.url));
  await file.read(1);
  self.every(1, to, { file });
  await self.sleep(10);
}
export async function readsLater(self: Actor<Any>): Promise<number | string> {
  const { file } = await self.receive();
  await self.receive((message) => message === "go");
  return await file.read(5).then((bytes: Uint8Array) => bytes.length, (error: Error) => error.name);
}

export async function takesTwo(self: Actor<{ call: () => string }>): Promise<string> {
  await self.receive();
  return (await self.receive()).call();
}

export async function failsCall(self: Actor<Any>): Promise<void> {
  (await self.receive()).fail("no");
}

export async function waits2(self: Actor): Promise<void> {
  await self.sleep(1);
}

export const WAKER_NAMES = Object.keys(WAKERS);

export function main(self: Actor<Any>, name: string, ...args: string[]): unknown {
  return CASES[name](self, ...args);
}
