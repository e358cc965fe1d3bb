/**
 * Random trees of actors that spawn, send, call, sleep, yield, await promises that are not smarm's, join and crash, and
 * check each other: what is lost, comes twice or comes out of order is a panic of main.
 *
 * @module
 */
import type { Actor, Call, Handle, Pid } from "../../smarm.ts";
import { type ChildPlan, type Pause, type Plan, planOf, totalsOf } from "./plan.ts";

/** From a parent, or from the child with that number: the n-th of them. */
interface Message {
  readonly from: number;
  readonly n: number;
}
const PARENT = -1;

/** Where an actor of the tree stands in it. */
interface Place {
  readonly seed: number;
  readonly depth: number;
  readonly parent: Pid<Message>;
  /** Its number among its parent's children. */
  readonly number: number;
  readonly joined: boolean;
  readonly down: number;
  readonly echo: Pid<Call<number, number>>;
  readonly collector: Pid<number>;
  readonly schedulers: number;
}

const FILE = new URL("./plan.ts", import.meta.url);
const FOREVER_MS = 1e9;

/** An actor of the tree: gives how many actors ended below it, itself included, as far as they were joined. */
export async function node(self: Actor<Message>, place: Place): Promise<number> {
  const plan = planOf(place.seed, place.depth);
  const children = plan.children.map((child, number) => start(self, place, child, number));
  for (let n = 0; n < plan.up; n++) {
    await pause(self, plan.pauses[n], place);
    self.send(place.parent, { from: place.number, n });
  }
  await pause(self, plan.pauses[plan.up], place);
  await receiveAll(self, place, plan);
  let ended = 1;
  for (let i = 0; i < children.length; i++) {
    if (plan.children[i].joined) {
      ended += await joined(children[i], planOf(plan.children[i].seed, place.depth - 1));
    }
  }
  if (!place.joined) self.send(place.collector, ended);
  return await end(self, plan, ended);
}

/** Ends an actor as its plan says. A panic carries the number that a return would have given. */
async function end(self: Actor<Message>, plan: Plan, ended: number): Promise<number> {
  switch (plan.end) {
    case "returns":
      return ended;
    case "throws":
      throw new Error(`crashed with ${ended}`);
    case "in a timer":
      setTimeout(() => {
        throw new Error(`crashed with ${ended}`);
      });
      break;
    case "dangling":
      Promise.reject(new Error(`crashed with ${ended}`));
  }
  await self.sleep(FOREVER_MS);
  throw new Error("an actor outlived its panic");
}

function start(
  self: Actor<Message>,
  place: Place,
  child: ChildPlan,
  number: number,
): Handle<number, Message> {
  const below: Place = {
    ...place,
    seed: child.seed,
    depth: place.depth - 1,
    parent: self.pid,
    number,
    joined: child.joined,
    down: child.down,
  };
  const handle = child.spawned === "exported"
    ? self.spawn(node, below)
    : child.spawned === "pinned"
    ? self.spawnWith({ scheduler: child.where % place.schedulers }, node, below)
    : self.spawn((actor: Actor<Message>) => node(actor, below));
  for (let n = 0; n < child.down; n++) self.send(handle, { from: PARENT, n });
  return handle;
}

/** Everything that parent and children send, in the order in which each of them sent it. */
async function receiveAll(self: Actor<Message>, place: Place, plan: Plan): Promise<void> {
  const seen = new Map<number, number>();
  let missing = place.down;
  for (const child of plan.children) missing += planOf(child.seed, place.depth - 1).up;
  for (; missing > 0; missing--) {
    const { from, n } = await self.receive();
    const wanted = seen.get(from) ?? 0;
    if (n !== wanted) throw new Error(`lost or out of order: ${from} sent ${n}, expected ${wanted}`);
    seen.set(from, wanted + 1);
  }
  const extra = self.tryReceive();
  if (extra !== undefined) throw new Error(`came twice: ${JSON.stringify(extra)}`);
}

async function joined(handle: Handle<number, Message>, plan: Plan): Promise<number> {
  const outcome = await handle.join();
  if (plan.end === "returns") {
    if (outcome.kind === "exit") return outcome.value;
    throw new Error("an actor panicked that should not", { cause: outcome.error });
  }
  const found = outcome.kind === "panic" ? /^crashed with (\d+)$/.exec(outcome.error.message) : null;
  if (found === null) throw new Error(`an actor ended otherwise than by ${plan.end}`, { cause: outcome });
  return Number(found[1]);
}

async function pause(self: Actor<Message>, pause: Pause, place: Place): Promise<void> {
  switch (pause) {
    case "sleep":
      return await self.sleep(place.seed % 2);
    case "yield":
      return await self.yield();
    case "check":
      return await self.check();
    case "foreign":
      return await Promise.resolve();
    case "macrotask":
      return await new Promise((resolve) => setTimeout(resolve));
    case "file":
      await Deno.stat(FILE);
      return;
    case "call": {
      const answer = await self.call(place.echo, place.seed % 1000, { timeout: 60_000 });
      if (answer !== place.seed % 1000 + 1) throw new Error(`a wrong answer: ${answer}`);
    }
  }
}

export async function echo(self: Actor<Call<number, number>>): Promise<void> {
  for await (const call of self) call.reply(call.request + 1);
}

/** One random program: gives how many actors it had. */
export async function program(self: Actor<Message | number>, seed: number, depth: number): Promise<number> {
  const schedulers = self.stats().schedulerCount;
  const answers = self.spawn(echo);
  const root = self.spawn(node, {
    seed,
    depth,
    parent: self.pid as Pid<Message>,
    number: 0,
    joined: true,
    down: 0,
    echo: answers.pid,
    collector: self.pid as Pid<number>,
    schedulers,
  });
  const wanted = totalsOf(seed, depth, true, 0);
  const plan = planOf(seed, depth);
  let actors = 0;
  for (let missing = plan.up + wanted.detached; missing > 0; missing--) {
    const message = await self.receive();
    if (typeof message === "number") actors += message;
  }
  actors += await joined(root, plan);
  if (actors !== wanted.actors) throw new Error(`seed ${seed}: ${actors} actors, expected ${wanted.actors}`);
  self.kill(answers);
  await answers.join();
  return actors;
}

/** Runs programs with the seeds `first` to `first + count - 1`, so many at a time. */
export async function main(
  self: Actor,
  first: string,
  count: string,
  atOnce: string,
  depth: string,
): Promise<void> {
  const end = Number(first) + Number(count);
  for (let seed = Number(first); seed < end;) {
    const batch = [];
    for (; batch.length < Number(atOnce) && seed < end; seed++) {
      batch.push(
        self.spawnWith({ scheduler: seed % self.stats().schedulerCount }, program, seed, Number(depth)),
      );
    }
    for (const one of batch) {
      const outcome = await one.join();
      if (outcome.kind === "panic") throw outcome.error;
    }
  }
}
