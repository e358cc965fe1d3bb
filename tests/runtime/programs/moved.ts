/** Actors that have not begun and are given to the other scheduler, one function a program. */
import type { Actor, Call, Handle, Pid } from "smarm";

const given = (self: Actor<string>) => self.stats().schedulers.reduce((sum, one) => sum + one.donated, 0);

/** The schedulers where this actor is not. */
function others(self: Actor<string>): { scheduler: number }[] {
  const here = Number(/\d+/.exec(self.format(self.pid))![0]); // main lives where it was born
  return self.stats().schedulers.filter(({ id }) => id !== here).map(({ id }) => ({ scheduler: id }));
}

/** Keeps this scheduler busy until the other one, which has nothing to do, was given something. */
function untilGiven(self: Actor<string>, before = 0): void {
  while (given(self) === before) self.check();
}

export async function receives(self: Actor<number>, count: number): Promise<number> {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += await self.receive();
  return sum;
}

/** Sends to actors before they are given away, and after. Gives how many messages that were. */
export async function counted(self: Actor<string>): Promise<number> {
  let sent = 0;
  for (let round = 0; round < 20; round++) {
    const before = given(self);
    const handles: Handle<number, number>[] = [];
    for (let i = 0; i < 4; i++) handles.push(self.spawnWith({ link: true }, receives, 6));
    const sendAll = () => {
      for (const handle of handles) {
        for (let i = 0; i < 3; i++, sent++) self.send(handle, 1);
      }
    };
    sendAll();
    untilGiven(self, before);
    sendAll();
    for (const handle of handles) await handle.join();
  }
  return sent;
}

export async function neverReceives(self: Actor<number>): Promise<void> {
  await self.sleep(1e9);
}

export function blocks(self: Actor<never>, isOver: Int32Array, to: Pid<string>): void {
  self.send(to, "begun");
  Atomics.wait(isOver, 0, 0);
}

/** One mailbox is full, and has dropped messages, before the other scheduler is idle and its actor is given there. */
export async function full(self: Actor<string>): Promise<void> {
  const isOver = new Int32Array(new SharedArrayBuffer(4));
  self.spawnWith(others(self)[0], blocks, isOver, self.pid);
  await self.receive();
  const handle = self.spawnWith({ mailbox: { capacity: 1 } }, neverReceives);
  for (let i = 0; i < 8; i++) self.send(handle, i);
  Atomics.store(isOver, 0, 1);
  Atomics.notify(isOver, 0);
  untilGiven(self);
  await handle.join();
}

/** The name of what is thrown where the message is set, and how the actor ends to which it would have gone. */
export async function timed(self: Actor<string>): Promise<[string, string]> {
  const handle = self.spawnWith({ link: true }, receives, 1);
  let thrown = "nothing";
  try {
    self.after(1, handle, (() => 1) as unknown as number);
  } catch (error) {
    thrown = (error as Error).message;
  }
  untilGiven(self);
  self.send(handle, 1);
  return [thrown, (await handle.join()).kind];
}

export async function sink(self: Actor<{ readonly filling: string }>): Promise<void> {
  for await (const { filling } of self) {
    if (filling === "") { for (const until = performance.now() + 5; performance.now() < until;); }
  }
}

export async function asks(self: Actor<Pid<Call<number, void>>>): Promise<string> {
  try {
    return String(await self.call(await self.receive(), 1, { timeout: 1 }));
  } catch (error) {
    return (error as Error).message;
  }
}

export async function waits(self: Actor<Call<number, void> | string>): Promise<void> {
  while (await self.receive() !== "end");
}

/** Whoever is called here from a third scheduler is still on its way to its own, behind much else. */
export async function called(self: Actor<string>): Promise<string[]> {
  const [there, third] = others(self);
  const full = self.spawnWith(there, sink);
  const told: string[] = [];
  for (let i = 0; i < 10; i++) {
    const asker = self.spawnWith(third, asks);
    self.send(full, { filling: "" });
    await self.sleep(1);
    for (let n = 0; n < 300; n++) self.send(full, { filling: "x".repeat(20_000) });
    const late = self.spawnWith(there, waits);
    self.send(asker, late.pid);
    const outcome = await asker.join();
    if (outcome.kind === "exit") told.push(outcome.value);
    self.send(late, "end");
    await late.join();
  }
  self.exit(full, "shutdown");
  return told;
}

const PROGRAMS = { counted, full, timed, called };

export function main(self: Actor<string>, name: keyof typeof PROGRAMS): Promise<unknown> {
  return PROGRAMS[name](self);
}
