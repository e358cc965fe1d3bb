/**
 * Work of all kinds on all schedulers, while schedulers are killed: main, on one that is not, checks that everything that
 * it started ends, that each end is told once, and that names come free.
 *
 * @module
 */
import type { Actor, Call, ChannelSender, Handle, Outcome, Pid } from "../../smarm.ts";
import { POINTS } from "./points.ts";

type Echo = Call<number, number>;

/** A child of main's supervisor, restarted wherever it was lost. */
export async function server(self: Actor<Echo>, name: string) {
  self.group("servers").join();
  for await (const call of self) {
    if (call.request === 13) throw new Error(`${name} does not like 13`);
    call.reply(call.request + 1);
  }
}

/** Words that the test and main share. A BroadcastChannel lost a message once in some dozens of runs. */
export const BEGUN = 0;
export const OVER = 1;
/** Where the next scheduler is to be killed: what the usual load does not reach there in time is done on purpose. */
export const WANTED_POINT = 2;
export const WANTED_VICTIM = 3;
export const SHARED_WORDS = 4;

/** Does a little of everything, and ends well or not. */
export async function worker(self: Actor, n: number, servers: number, results: ChannelSender<number> | null) {
  self.register(`worker-${self.pid}`);
  self.group("workers").join();
  const child = n % 3 === 0 ? self.spawn(leaf, n) : null;
  const away = n % 4 === 0 ? self.spawnWith({ scheduler: n % servers, monitor: true }, leaf, n) : null;
  const link = n % 5 === 0 ? self.spawnWith({ scheduler: (n + 1) % servers, link: true }, leaf, 1) : null;
  const reader = n % 8 === 2 ? self.spawnWith({ scheduler: (n + 1) % servers }, reads, TEXTS) : null;
  for (let i = 0; i < TEXTS && reader !== null; i++) self.send(reader, TEXT);
  if (n % 6 === 1) await self.io.stat(import.meta.filename!);
  if (n % 9 === 4) self.log.info("works", { n });
  self.after(1, self.pid, "tick");
  const to = self.whereis(`server-${n % servers}`);
  if (to !== undefined) await self.call(to as Pid<Echo>, n, { timeout: 2000 }).catch(() => {});
  self.send(`server-${(n + 1) % servers}`, "noise" as never);
  await self.sleep(n % 3);
  if (results !== null) await results.send(n, { timeout: 2000 }).catch(() => {});
  if (child !== null) await child.join();
  if (away !== null) await away.join();
  if (reader !== null) await reader.join();
  void link;
  if (n % 7 === 0) throw new Error("as planned");
}

export async function leaf(self: Actor, n: number): Promise<number> {
  await self.yield();
  if (n % 2 === 0) await self.sleep(1);
  return n;
}

/** More than a ring takes in the tests of kills: their writer waits for room. */
const TEXTS = 20;
const TEXT = "text".repeat(300);

export async function reads(self: Actor<string>, count: number) {
  for (let i = 0; i < count; i++) await self.receive();
}

/** Fills the place for offers and stays on its scheduler, so that others steal; then its own scheduler steals back. */
export async function offers(self: Actor, count: number, ms: number) {
  const leaves = Array.from({ length: count }, () => self.spawn(leaf, 1));
  spin(ms);
  for (const one of leaves) await one.join();
}

/** Logs faster than the records can be written. */
export function floods(self: Actor) {
  const text = "flood".repeat(700);
  for (let i = 0; i < 3000; i++) self.log.info(text);
}

/** What it spawns is the last to compute anywhere, and nobody but its own scheduler is told of its end. */
export function sleepsLast(self: Actor) {
  self.spawn(() => spin(4));
}

function spin(ms: number) {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

const OFFERS_MANY = 700;
const OFFERS_FEW = 60;

/** What writes at the point that is wanted. */
function startWhatWrites(
  self: Actor<never>,
  point: string,
  victim: number,
  n: number,
): Handle<unknown, never> | null {
  const on = (scheduler: number) => ({ scheduler });
  switch (point) {
    case "offers HEAD":
      return self.spawnWith(on(victim), offers, OFFERS_MANY, 0) as never;
    case "peer MISSED":
    case "offer PID":
    case "offer TARGET":
      return self.spawnWith(on(victim), offers, OFFERS_FEW, 3) as never;
    case "peer TAKEN_AWAY":
      return self.spawnWith(on((victim + 1) % n), offers, OFFERS_FEW, 3) as never;
    case "peer LOG_DROPPED":
      return self.spawnWith(on(victim), floods) as never;
  }
  return null;
}

const WAVE = 24;
/** Panics that nobody observed have timers for a second. */
const UNOBSERVED_MS = 1100;
/** Longer than what `sleepsLast` started; nothing of smarm's is to wake anybody meanwhile. */
const QUIET_MS = 20;

export async function main(self: Actor<never>, schedulers: string, shared: Int32Array) {
  const n = Number(schedulers);
  self.trapExit(true);
  const children = Array.from({ length: n }, (_, i) => ({
    id: `server-${i}`,
    start: [server, `server-${i}`] as [typeof server, string],
    restart: "permanent" as const,
    shutdown: 2000,
    scheduler: i,
    name: `server-${i}`,
  }));
  const supervisor = self.supervise({
    strategy: "one_for_one",
    intensity: 1_000_000,
    period: 60_000,
    children,
  });
  let gaveUp: Outcome | null = null;
  supervisor.join().then((outcome) => gaveUp = outcome);
  await allAnswer(self, n); // a child that is lost before its first wait has failed to start, and its supervisor with it
  Atomics.store(shared, BEGUN, 1);
  let waves = 0, ended = 0, downs = 0, lost = 0;
  while (Atomics.load(shared, OVER) === 0) {
    if (gaveUp !== null) throw new Error(`the supervisor ended: ${Deno.inspect(gaveUp)}`);
    const { sender, receiver } = self.channel();
    const handles: Handle<unknown, never>[] = [];
    const refs = new Map<number, Pid>();
    for (let i = 0; i < WAVE; i++) {
      const k = waves * WAVE + i;
      const handle = i % 2 === 0
        ? self.spawn(worker, k, n, i % 4 === 0 ? sender : null)
        : self.spawnWith({ scheduler: k % n }, worker, k, n, sender);
      handles.push(handle as never);
      refs.set(self.monitor(handle as never) as unknown as number, handle.pid as Pid);
    }
    const point = POINTS[Atomics.load(shared, WANTED_POINT)] ?? "any";
    const odd = startWhatWrites(self, point, Atomics.load(shared, WANTED_VICTIM), n);
    for (const handle of handles) {
      const outcome: Outcome = await handle.join();
      ended++;
      if (outcome.kind === "panic" && outcome.error.message.includes("was lost")) lost++;
    }
    while (refs.size > 0) {
      const message = await self.receive((m: unknown) =>
        (m as { type?: string })?.type === "DOWN"
      ) as unknown as {
        ref: number;
        pid: Pid;
      };
      if (!refs.delete(message.ref)) throw new Error("a death was told twice");
      if (self.whereis(`worker-${message.pid}`) !== undefined) throw new Error("a dead actor has a name");
      downs++;
    }
    if (odd !== null) await odd.join();
    if (point === "run NOTICE_PENDING") { // nothing of smarm's wakes anybody, and the others sleep when the victim does
      await new Promise((resolve) => setTimeout(resolve, UNOBSERVED_MS));
      await self.spawnWith({ scheduler: Atomics.load(shared, WANTED_VICTIM) }, sleepsLast).join();
      await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
    }
    receiver.close();
    waves++;
  }
  await allAnswer(self, n);
  const { active } = await supervisor.count();
  return { waves, ended, downs, lost, active };
}

/** All servers are there, or will be: each was restarted. */
async function allAnswer(self: Actor<never>, n: number): Promise<void> {
  for (let i = 0; i < n; i++) {
    for (;;) {
      const to = self.whereis(`server-${i}`);
      if (to !== undefined && await self.call(to as Pid<Echo>, 1, { timeout: 2000 }).catch(() => 0) === 2) {
        break;
      }
      await self.sleep(1);
    }
  }
}
