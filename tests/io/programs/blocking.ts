/** Programs that use the blocking pool. */
import type { Actor } from "smarm";

export function sum(n: number): number {
  let total = 0;
  for (let i = 1; i <= n; i++) total += i;
  return total;
}
export async function later(text: string): Promise<string> {
  await new Promise((resolve) => setTimeout(resolve, 1));
  return text.toUpperCase();
}
export function fails(what: string): never {
  throw new RangeError(`cannot ${what}`);
}
export function forever(): never {
  for (;;);
}
export function exits(): void {
  Deno.exit(3);
}
export function bytes(given: Uint8Array): Uint8Array {
  return given.map((byte) => byte + 1);
}
export function returnsFunction(): { call: () => void } {
  return { call: () => {} };
}
function hidden(): void {}
/** Leaves something behind that throws while the thread has nothing to do, or the next function runs. */
export function leavesBehind(what: "a throw" | "a rejection"): void {
  if (what === "a rejection") Promise.reject(new Error(`left behind: ${what}`));
  else {
    setTimeout(() => {
      throw new Error(`left behind: ${what}`);
    });
  }
}

let closed = -1;
/** How many ports this thread has closed since it was asked first. */
export function closedPorts(): number {
  if (closed < 0) {
    closed = 0;
    const { close } = MessagePort.prototype;
    MessagePort.prototype.close = function () {
      closed++;
      close.call(this);
    };
  }
  return closed;
}

/** The largest count of any thread. */
export async function portsOfCalls(self: Actor) {
  let most = 0;
  for (let i = 0; i < 100; i++) most = Math.max(most, await self.blocking(closedPorts));
  return most;
}

export async function results(self: Actor) {
  const told = (promise: Promise<unknown>): Promise<Error> =>
    promise.then(() => new Error("it did not fail"), (error) => error);
  const error = await told(self.blocking(fails, "do it"));
  const moved = new Uint8Array([1, 2, 3]), kept = new Uint8Array([4, 5]);
  const notMoved = async (transfer: unknown[], ...args: unknown[]) =>
    (await told(self.blockingWith({ transfer: transfer as never }, bytes as never, ...args))).message;
  return {
    sum: await self.blocking(sum, 100_000),
    later: await self.blocking(later, "text"),
    many: (await Promise.all(Array.from({ length: 20 }, (_, i) => self.blocking(sum, i)))).at(-1),
    bytes: [...await self.blockingWith({ transfer: [moved.buffer] }, bytes, moved)],
    moved: moved.length,
    refusals: [
      await notMoved([kept.buffer, kept], kept),
      (await notMoved([kept.buffer], kept, () => {})).split(":")[0],
      await notMoved(kept.buffer as never, kept),
    ].join("\n"),
    kept: kept.length,
    error: [error instanceof RangeError, error.name, error.message, /blocking\.ts:\d+/.test(error.stack!)],
    hidden: (await told(self.blocking(hidden))).name,
    notSendable: (await told(self.blocking(sum, (() => {}) as unknown as number))).message,
    forActors: await Promise.all(
      [await self.io.open("/dev/null"), self.channel().sender, self].map(async (arg) =>
        (await told(self.blocking(sum, arg as never))).message.split(". ")[0]
      ),
    ),
    returnsFunction: (await told(self.blocking(returnsFunction))).message.split(". ")[0],
    alive: await self.blocking(sum, 3),
  };
}

/** What one function has left behind is not the fault of those that the same thread runs after it. */
export async function notItsFault(self: Actor) {
  const told: unknown[] = [];
  for (const what of ["a throw", "a rejection"] as const) {
    await self.blocking(leavesBehind, what);
    for (let i = 0; i < 3; i++) {
      told.push(await self.blocking(later, "went well").catch((error) => error.message));
    }
  }
  console.log(told.join(", "));
}

/** Functions that never return: their threads are replaced, and the pool goes on. */
export async function neverReturns(self: Actor) {
  const names: string[] = [];
  for (let i = 0; i < 3; i++) {
    await self.blockingWith({ timeout: 30 }, forever).catch((error) => names.push(error.name));
  }
  const child = self.spawn(waitsForever);
  while (self.stats().ioParked === 0) await self.sleep(1);
  const parked = self.stats().ioParked;
  self.kill(child);
  await child.join();
  const died = await self.blocking(exits).then(() => "exited", (error) => error.message);
  return { names, parked: parked >= 1, sum: await self.blocking(sum, 4), died };
}
export async function waitsForever(self: Actor) {
  await self.blocking(forever);
}

/** The run ends although a function of the pool does not. */
export function leftBehind(self: Actor) {
  self.spawnWith({ scheduler: "local" }, waitsForever);
  self.after(50, self.spawn(halts), "now");
  return self.sleep(10_000);
}
export async function halts(self: Actor) {
  await self.receive();
  self.halt(7);
}

/** Waits until it is told to go on. */
export function held(gate: Int32Array): number {
  Atomics.wait(gate, 0, 0);
  return 1;
}

/** A pool of one thread: the others wait, which stats show. */
export async function queues(self: Actor) {
  const gate = new Int32Array(new SharedArrayBuffer(4));
  const calls = Array.from({ length: 3 }, () => self.blocking(held, gate));
  const seen = () => self.stats().blocking;
  while (seen().running !== 1 || seen().queued !== 2) await self.sleep(1);
  const first = seen();
  Atomics.store(gate, 0, 1);
  Atomics.notify(gate, 0);
  const later = (await Promise.all(calls)).reduce((a, b) => a + b);
  while (seen().running > 0) await self.sleep(1);
  return { first, later, after: seen() };
}

/** Main returns while the pool's threads are at this. */
export async function endsWhile(self: Actor, state: string) {
  const gate = new Int32Array(new SharedArrayBuffer(4));
  const call = self.blocking(held, gate);
  call.catch(() => {}); // it is given up with its actor
  if (state === "starting") return;
  while (self.stats().blocking.running === 0) await self.sleep(1);
  if (state === "running") return;
  Atomics.store(gate, 0, 1);
  Atomics.notify(gate, 0);
  await call;
}

const PROGRAMS = {
  portsOfCalls,
  endsWhile,
  queues,
  notItsFault,
  results,
  neverReturns,
  leftBehind,
};

export function main(self: Actor, name: keyof typeof PROGRAMS, ...args: string[]) {
  return (PROGRAMS[name] as (self: Actor, ...args: string[]) => unknown)(self, ...args);
}
