/**
 * Actors that end in every way, and all who hear of it: joins, copies of handles, monitors, links and signals each tell it
 * once, and all tell the same.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { Actor, Down, Exit, Handle, MonitorRef, Outcome, Pid } from "../../../smarm.ts";
import { Random } from "../plan.ts";
import { FOREVER_MS, PATIENT_MS, pause, PLANNED, start, times, valueOf } from "./support.ts";

/** Ends sooner or later, in a way of its own, if nobody ends it before. */
export async function victim(self: Actor, seed: number): Promise<number> {
  const random = new Random(seed);
  for (let left = random.below(3); left > 0; left--) await pause(self, random);
  switch (random.below(6)) {
    case 0:
      return seed;
    case 1:
      throw new Error(`${PLANNED}: victim ${seed}`);
    case 2:
      setTimeout(() => {
        throw new Error(`${PLANNED}: victim ${seed}`);
      });
      await self.sleep(FOREVER_MS);
      break;
    case 3:
      self.kill(self.pid);
      break;
    case 4:
      self.exit(self.pid, "normal");
  }
  await self.receive();
  return seed;
}

function endSomehow(self: Actor, random: Random, handle: Handle<unknown, never>): void {
  if (random.below(2) === 0) self.kill(handle);
  else self.exit(handle, random.pick([PLANNED, "shutdown"]));
}

/** An outcome in a word, for comparison. */
export function told(outcome: Outcome): string {
  return outcome.kind === "exit"
    ? `gave ${outcome.value}`
    : `${outcome.error.name}: ${outcome.error.message}`;
}

/** Whether the actor was dead before anybody watched it, so that how it ended is not told. */
export function tellsOnlyThatDead({ outcome }: Down | Exit): boolean {
  return outcome.kind === "panic" && outcome.error.name === "DeadActorError";
}

/** How a victim ended. */
type Told = [victim: Pid, how: string];

/** Monitors all, takes some of that back, and links to some. */
export async function watcher(
  self: Actor<Down | Exit | "late">,
  victims: Pid[],
  seed: number,
): Promise<Told[]> {
  const random = new Random(seed);
  self.trapExit(true);
  const refs: MonitorRef[] = [], downs = new Set<MonitorRef>(), exits = new Set<Pid>();
  for (const pid of victims) {
    const ref = self.monitor(pid);
    refs.push(ref);
    downs.add(ref);
    if (random.below(3) === 0) {
      self.link(pid);
      exits.add(pid);
    }
    if (random.below(3) === 0) await pause(self, random);
    if (random.below(4) === 0) {
      const off = random.pick(refs);
      assertEquals(self.demonitor(off), downs.delete(off), "demonitor, before any DOWN was received");
    }
  }
  const late = self.after(PATIENT_MS, self.pid, "late");
  const heard: Told[] = [];
  while (downs.size + exits.size > 0) {
    const message = await self.receive();
    assert(message !== "late", `not heard of: ${downs.size} by monitors, ${exits.size} by links`);
    if (message.type === "DOWN") {
      assert(downs.delete(message.ref), "a DOWN twice, or of a monitor that was taken back");
      assertEquals(message.pid, victims[refs.indexOf(message.ref)]);
    } else assert(exits.delete(message.pid), "an EXIT twice, or of nobody linked");
    if (!tellsOnlyThatDead(message)) heard.push([message.pid, told(message.outcome)]);
  }
  self.cancel(late);
  assertEquals(self.tryReceive(), undefined, "more than was asked for");
  return heard;
}

async function watching(self: Actor, random: Random): Promise<void> {
  const victims = times(1 + random.below(8), () => start(self, random, victim, random.next()));
  const pids = victims.map(({ pid }) => pid);
  const watchers = times(1 + random.below(4), () => start(self, random, watcher, pids, random.next()));
  for (const one of victims) {
    if (random.below(2) === 0) await pause(self, random);
    endSomehow(self, random, one);
  }
  const ends = new Map<Pid, string>();
  for (const one of victims) ends.set(one.pid, told(await one.join()));
  for (const one of watchers) {
    for (const [pid, how] of await valueOf(one, "a watcher")) {
      assertEquals(how, ends.get(pid), "what a watcher was told, and what the join gave");
    }
  }
}

/** Tells its pid and waits for nothing: what ends it is the link to the next one, or to the one before. */
export async function chained(self: Actor, length: number, boss: Pid<Pid>, seed: number): Promise<void> {
  const random = new Random(seed);
  self.send(boss, self.pid);
  if (length > 1) self.link(start(self, random, chained, length - 1, boss, random.next()));
  await self.receive();
}

/** A chain of links, of which any one is ended: all others end. */
async function linkedChain(self: Actor<Pid | Down>, random: Random): Promise<void> {
  const length = 1 + random.below(7);
  start(self, random, chained, length, self.pid, random.next());
  const pids = new Set<Pid>();
  while (pids.size < length) pids.add(await self.receive() as Pid);
  const isDown = (message: Pid | Down): message is Down => typeof message === "object";
  for (const pid of pids) self.monitor(pid);
  const ended = random.pick([...pids]);
  if (random.below(2) === 0) self.kill(ended);
  else self.exit(ended, PLANNED);
  while (pids.size > 0) {
    const { pid, outcome } = await self.receive(isDown, { timeout: PATIENT_MS });
    assert(pids.delete(pid), "a DOWN twice");
    assert(outcome.kind === "panic" && outcome.error.name === "ExitError", `a chain ends: ${told(outcome)}`);
  }
}

export async function joiner(self: Actor, handle: Handle, seed: number): Promise<string> {
  await pause(self, new Random(seed));
  return told(await handle.join());
}

/** Copies of handles, wherever they are, tell what the original tells. */
async function copiesOfHandles(self: Actor, random: Random): Promise<void> {
  const victims = times(1 + random.below(5), () => start(self, random, victim, random.next()));
  const joiners = victims.map((one) =>
    times(1 + random.below(3), () => start(self, random, joiner, one, random.next()))
  );
  await pause(self, random);
  for (const one of victims) self.kill(one);
  for (const [i, one] of victims.entries()) {
    const how = told(await one.join());
    for (const copy of joiners[i]) assertEquals(await valueOf(copy, "a joiner"), how);
  }
}

/** One signal for each child that ends. */
async function signals(self: Actor, random: Random): Promise<void> {
  const coming = self.signals();
  const children = new Map<Pid, Handle>();
  for (let left = 1 + random.below(10); left > 0; left--) {
    const child = start(self, random, victim, random.next());
    children.set(child.pid, child);
    if (random.below(3) === 0) await pause(self, random);
  }
  for (const child of children.values()) self.exit(child, "shutdown");
  while (children.size > 0) {
    const signal = await coming.receive({ timeout: PATIENT_MS });
    const child = children.get(signal.pid);
    assert(child !== undefined && children.delete(signal.pid), "a signal twice, or of nobody");
    const outcome: Outcome = signal.kind === "exit" ? signal : { kind: "panic", error: signal.error };
    assertEquals(told(outcome), told(await child.join()), "what the signal told, and what the join gave");
  }
  assertEquals(coming.tryReceive(), undefined);
}

export const endScenes = { watching, linkedChain, copiesOfHandles, signals };
