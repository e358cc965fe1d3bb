/**
 * What all scenes use. A scene is a small world of actors that follows from a seed and knows what must come of it: each
 * message is counted, each value compared, each outcome foretold. Where something else happens it panics.
 *
 * @module
 */
import type { Actor, Handle } from "../../../smarm.ts";
import type { Random } from "../plan.ts";

/** Any actor: each scene has messages of its own. */
// deno-lint-ignore no-explicit-any
export type AnyActor = Actor<any>;

export type Scene = (self: AnyActor, random: Random) => Promise<void>;

/** Begins the message of every panic that a scene means to happen: smarm reports it where nobody hears of it in time. */
export const PLANNED = "planned";

/** Longer than any run: a wait that gives up after it has lost its wake-up, or what it waits for. */
export const PATIENT_MS = 120_000;
export const FOREVER_MS = 1e9;

const THIS_FILE = new URL(import.meta.url);

/** Now and then something that lets others run, or keeps them from it. */
export async function pause(self: AnyActor, random: Random): Promise<void> {
  switch (random.below(12)) {
    case 0:
      return await self.sleep(random.below(3));
    case 1:
      return await self.yield();
    case 2:
      return await self.check();
    case 3:
      return await Promise.resolve();
    case 4:
      return await new Promise<void>((resolve) => setTimeout(resolve, random.below(2)));
    case 5:
      return void await Deno.stat(THIS_FILE);
    case 6: {
      const until = performance.now() + random.below(3);
      while (performance.now() < until);
    }
  }
}

/** Starts an actor in one of the ways there are: as {@link hands} does, or as a closure. */
export function start<A extends unknown[], T, M>(
  self: AnyActor,
  random: Random,
  target: (self: Actor<M>, ...args: A) => T,
  ...args: NoInfer<A>
): Handle<Awaited<T>, M> {
  if (random.below(5) === 0) return self.spawn((actor: Actor<M>) => target(actor, ...args));
  return hands(self, random, target, ...args);
}

/** Starts an actor that is given its arguments, so that what is open among them is its own; anywhere, here, or there. */
export function hands<A extends unknown[], T, M>(
  self: AnyActor,
  random: Random,
  target: (self: Actor<M>, ...args: A) => T,
  ...args: NoInfer<A>
): Handle<Awaited<T>, M> {
  switch (random.below(4)) {
    case 0:
      return self.spawnWith({ scheduler: anyScheduler(self, random) }, target, ...args);
    case 1:
      return self.spawnWith({ scheduler: "local" }, target, ...args);
    default:
      return self.spawn(target, ...args);
  }
}

export function anyScheduler(self: AnyActor, random: Random): number {
  return random.below(self.stats().schedulerCount);
}

/** What an actor gave that must end well. */
export async function valueOf<T>(handle: Handle<T, never>, what: string): Promise<T> {
  const outcome = await handle.join();
  if (outcome.kind === "exit") return outcome.value;
  const { name, message } = outcome.error;
  throw new Error(`${what} panicked: ${name}: ${message}`, { cause: outcome.error });
}

/** So many results of `make`, called one after the other. */
export function times<T>(count: number, make: (i: number) => T): T[] {
  return Array.from({ length: count }, (_, i) => make(i));
}

let names = 0;
/** A name that no other scene of the run has. */
export function newName(self: AnyActor): string {
  return `${self.pid}-${names++}`;
}

/** What became of a wait that was given a timeout: undefined where that was over first. */
export async function unlessTimedOut<T>(wait: Promise<T>): Promise<T | undefined> {
  try {
    return await wait;
  } catch (error) {
    if (!(error instanceof Error) || error.name !== "TimeoutError") throw error;
    return undefined;
  }
}

/** Waits for what is bound to come, but is told to nobody: that others see a change, for example. */
export async function until(
  self: AnyActor,
  condition: () => boolean | Promise<boolean>,
  what: string,
): Promise<void> {
  const deadline = performance.now() + PATIENT_MS;
  while (!await condition()) {
    if (performance.now() > deadline) throw new Error(`never: ${what}`);
    await self.sleep(1);
  }
}
