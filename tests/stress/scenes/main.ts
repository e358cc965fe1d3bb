/**
 * The program that smarm runs: random scenes, some of them at a time, and then an end of one kind or another. It exports
 * the actors of all scenes, so that they may be spawned on any scheduler.
 *
 *     deno task smarm [options] tests/stress/scenes/main.ts SEED COUNT [SCENES] [END]
 *
 * @module
 */
import type { Handle } from "../../../smarm.ts";
import { Random } from "../plan.ts";
import { type AnyActor, FOREVER_MS, PLANNED, type Scene, start, times, valueOf } from "./support.ts";
import { valueScenes } from "./values.ts";
import { messageScenes } from "./messages.ts";
import { callScenes } from "./calls.ts";
import { channelScenes } from "./channels.ts";
import { timerScenes } from "./timers.ts";
import { endScenes } from "./ends.ts";
import { exitScenes } from "./exits.ts";
import { supervisionScenes } from "./supervision.ts";
import { serverScenes } from "./servers.ts";
import { nameScenes } from "./names.ts";
import { socketScenes } from "./sockets.ts";
import { holderScenes } from "./holders.ts";
import { crowdScenes } from "./crowds.ts";
import { fileScenes } from "./files.ts";
import { commandScenes } from "./commands.ts";
import { blockingScenes } from "./blocking.ts";

export { returner, treeNode } from "./values.ts";
export { flood, leaf, producer } from "./messages.ts";
export { answerer, caller, front, mortal, persistentCaller } from "./calls.ts";
export { channelSender } from "./channels.ts";
export { forwarder } from "./timers.ts";
export { chained, joiner, victim, watcher } from "./ends.ts";
export { sleeper, waiter } from "./exits.ts";
export { service, temporaryChild } from "./supervision.ts";
export { customer, ledger, pusher, squarer, squarers, squares, turnstile } from "./servers.ts";
export { claimer, member } from "./names.ts";
export { client, echo, echoesWhatIsSent, holder, serves, sharer, writer } from "./sockets.ts";
export { answersAll, keeper, passing } from "./holders.ts";
export { asks, stayer } from "./crowds.ts";
export { writesLines } from "./files.ts";
export { awaits, drains, feeds } from "./commands.ts";
export { givesBack, hash, nap } from "./blocking.ts";

export const SCENES: Readonly<Record<string, Scene>> = {
  ...valueScenes,
  ...messageScenes,
  ...callScenes,
  ...channelScenes,
  ...timerScenes,
  ...endScenes,
  ...exitScenes,
  ...supervisionScenes,
  ...serverScenes,
  ...nameScenes,
  ...socketScenes,
  ...holderScenes,
  ...crowdScenes,
  ...fileScenes,
  ...commandScenes,
  ...blockingScenes,
};

/** How a run ends when its scenes are over. Scenes are under way in all but the first, the second and the last. */
export const ENDS = ["returns", "idles", "halts", "kills", "panics", "exits", "deadlocks"] as const;
export type End = typeof ENDS[number];

/** The exit code of `self.halt` and of `Deno.exit`. */
export const haltCode = (seed: number) => seed % 200;
export const IDLERS = 3;
export const SCENES_OVER = "all scenes are over";
export const IDLER_ENDS = "an idler ends";

const titleOf = (name: string, seed: number) => `scene ${name} ${seed}`;

/** Plays one scene. It has its title for its name, so that a dump says who hangs. */
export async function plays(self: AnyActor, name: string, seed: number): Promise<void> {
  self.register(titleOf(name, seed));
  await SCENES[name](self, new Random(seed));
}

export async function playsForever(self: AnyActor, name: string, seed: number): Promise<void> {
  for (let next = seed;; next++) await valueOf(self.spawn(plays, name, next), titleOf(name, next));
}

export async function idler(self: AnyActor): Promise<void> {
  try {
    await self.receive();
  } finally {
    console.log(IDLER_ENDS);
  }
}

/** Each scene equally often, in random order. */
function* program(random: Random, names: readonly string[], count: number): Generator<[string, number]> {
  let left: string[] = [];
  for (; count > 0; count--) {
    if (left.length === 0) left = [...names];
    const [name] = left.splice(random.below(left.length), 1);
    yield [name, random.next()];
  }
}

export async function main(
  self: AnyActor,
  seedText: string,
  countText: string,
  only = "all",
  end: End = "returns",
): Promise<void> {
  const seed = Number(seedText);
  const random = new Random(seed);
  const names = only === "all" ? Object.keys(SCENES) : only.split(",");
  const open: [scene: Handle<void>, title: string][] = [];
  const doomed: Handle<void>[] = [];
  const atOnce = 1 + random.below(12);
  const takeAny = <T>(from: T[]) => from.splice(random.below(from.length), 1)[0];
  for (const [name, seed] of program(random, names, Number(countText))) {
    const scene = start(self, random, plays, name, seed);
    if (end === "kills" && random.below(3) === 0) doomed.push(scene);
    else open.push([scene, titleOf(name, seed)]);
    if (open.length >= atOnce) await valueOf(...takeAny(open));
    if (doomed.length > 2) self.kill(takeAny(doomed));
  }
  for (const scene of open) await valueOf(...scene);
  for (const scene of doomed) self.kill(scene);
  console.log(SCENES_OVER);
  switch (end) {
    case "returns":
      return;
    case "idles":
      return void times(IDLERS, () => self.spawn(idler));
    case "deadlocks":
      return void await self.spawn(idler).join();
  }
  times(3, () => self.spawn(playsForever, random.pick(names), random.next()));
  await self.sleep(random.below(30));
  if (end === "panics") throw new Error(`${PLANNED}: the end`);
  if (end === "exits") Deno.exit(haltCode(seed));
  self.halt(haltCode(seed));
  await self.sleep(FOREVER_MS);
}
