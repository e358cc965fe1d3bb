/**
 * Supervisors whose children are killed, told to end and crash all the time: their servers come back under their names, and
 * nothing is left when a supervisor is stopped.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { Actor, Call, Pid, Strategy, SupervisorHandle } from "../../../smarm.ts";
import { Random } from "../plan.ts";
import { newName, PATIENT_MS, pause, PLANNED, times, until } from "./support.ts";

type Served = Call<number, [name: string, n: number]> | { readonly type: "crash" };

export async function service(self: Actor<Served>, name: string, seed: number): Promise<void> {
  const random = new Random(seed + self.pid);
  for await (const message of self) {
    if (message.type === "crash") throw new Error(`${PLANNED}: ${name}`);
    message.reply([name, message.request]);
    if (random.below(3) === 0) await pause(self, random);
  }
}

async function supervised(self: Actor, random: Random): Promise<void> {
  const base = newName(self);
  const names = times(1 + random.below(5), (i) => `${base}-${i}`);
  const strategy = random.pick(["one_for_one", "one_for_all", "rest_for_one"] as const);
  const supervisor = self.supervise({
    strategy,
    intensity: 1e6,
    period: 1,
    children: names.map((name) => ({
      id: name,
      name,
      start: [service, name, random.next()],
      scheduler: random.pick(["spread", "local", "spread"]),
      restart: random.pick(["permanent", "permanent", "transient"]),
      shutdown: random.pick([1000, "kill", "infinity"]),
    })),
  });
  const allActive = async () => (await supervisor.count()).active === names.length;
  await until(self, allActive, "all children have started");
  for (let round = 0; round < 12; round++) {
    endSomehow(self, random, random.pick(names));
    const name = random.pick(names);
    await answers(self, name, round);
  }
  for (const name of names) await answers(self, name, 0); // behind all that was sent to it
  await until(self, allActive, "all children are back");
  await restartsAs(self, strategy, supervisor, random);
  if (random.below(2) === 0) {
    await supervisor.terminateChild(names[0]);
    assertEquals(self.whereis(names[0]), undefined, "who has the name of a child that was terminated");
    const pid = await supervisor.restartChild(names[0]);
    assertEquals(self.whereis(names[0]), pid, "who has the name of a child that was started again");
  }
  const children = await supervisor.children();
  self.exit(supervisor, "shutdown");
  const outcome = await supervisor.join();
  assert(outcome.kind === "panic" && outcome.error.name === "ExitError", Deno.inspect(outcome));
  for (const { pid } of children) {
    if (pid !== null) {
      assertEquals(await askIfThere(self, pid, 0), undefined, "a child outlived its supervisor");
    }
  }
  for (const name of names) assertEquals(self.whereis(name), undefined, "a name is left");
}

async function answers(self: Actor, name: string, n: number): Promise<void> {
  await until(self, async () => {
    const answer = await askIfThere(self, name, n);
    if (answer !== undefined) assertEquals(answer, [name, n]);
    return answer !== undefined;
  }, "a service is back");
}

/** Kills one child: of the others, only those are new afterwards that the strategy names. */
async function restartsAs(
  self: Actor,
  strategy: Strategy,
  supervisor: SupervisorHandle,
  random: Random,
): Promise<void> {
  const pids = async () => (await supervisor.children()).map(({ pid }) => pid);
  const before = await pids();
  const killed = random.below(before.length);
  self.kill(before[killed]!);
  let after = before;
  await until(self, async () => {
    after = await pids();
    return after[killed] !== before[killed] && !after.includes(null);
  }, "a killed child is back");
  const isNew = (i: number) =>
    strategy === "one_for_all" || (strategy === "rest_for_one" ? i >= killed : i === killed);
  assertEquals(after.map((pid, i) => pid !== before[i]), before.map((_, i) => isNew(i)), strategy);
}

function endSomehow(self: Actor, random: Random, name: string): void {
  const how = random.below(4);
  const pid = self.whereis(name);
  if (pid === undefined || how === 0) return;
  if (how === 1) self.kill(pid);
  else if (how === 2) self.exit(pid, PLANNED);
  else self.send(name, { type: "crash" });
}

/** Undefined: it is dead, or dies meanwhile. */
async function askIfThere(self: Actor, to: Pid | string, n: number): Promise<unknown> {
  try {
    return await self.call(to as Pid<Served>, n, { timeout: PATIENT_MS });
  } catch (error) {
    if (!(error instanceof Error) || error.name !== "DeadActorError") throw error;
    return undefined;
  }
}

export async function temporaryChild(self: Actor, boss: Pid<number>, n: number, seed: number): Promise<void> {
  const random = new Random(seed);
  await pause(self, random);
  self.send(boss, n);
  if (random.below(4) === 0) await self.receive();
}

async function manyChildren(self: Actor<number>, random: Random): Promise<void> {
  const supervisor = self.superviseMany({
    start: [temporaryChild, self.pid],
    restart: "temporary",
    scheduler: random.pick(["spread", "local"]),
  });
  const count = random.below(25);
  const starting: Promise<Pid>[] = [];
  for (let n = 0; n < count; n++) {
    starting.push(supervisor.startChild(n, random.next()));
    if (random.below(4) === 0) await pause(self, random);
  }
  const pids = await Promise.all(starting);
  assertEquals(new Set(pids).size, count, "each child has a pid of its own");
  const heard = times(count, () => 0);
  for (let left = count; left > 0; left--) heard[await self.receive()]++;
  assert(heard.every((n) => n === 1), `each child is heard once, not ${heard} times`);
  for (const pid of pids) {
    if (random.below(2) === 0) await supervisor.terminateChild(pid);
    else self.kill(pid);
  }
  await until(self, async () => (await supervisor.count()).active === 0, "all children have ended");
  self.exit(supervisor, "shutdown");
  await supervisor.join();
}

export const supervisionScenes = { supervised, manyChildren };
