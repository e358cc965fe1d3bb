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

/** What has come: messages are not looked into, for at home that would read their getters again. */
export async function collects(self: Actor<unknown>): Promise<string[]> {
  const got: unknown[] = [];
  do got.push(await self.receive()); while (got.at(-1) !== "end");
  for (let more = self.tryReceive(); more !== undefined; more = self.tryReceive()) got.push(more); // sent when it was given
  return got.filter((one) => one !== "end").map((one) => typeof one);
}

/** Does something when it is read for the n-th time, once. */
function meddler(n: number, act: () => void): { readonly x: number } {
  let reads = 0;
  return {
    get x() {
      if (++reads === n) act();
      return reads;
    },
  };
}

type Collector = Handle<string[], unknown>;

/** What getters can do of a message that waits for an actor while that is written down, to be given away. */
const MEDDLING: Record<string, (self: Actor<string>, to: Collector, other: Collector) => void> = {
  throws: () => {
    throw new Error("not this time");
  },
  sends: (self, to) => self.send(to, "from a getter"),
  monitors: (self, to) => void self.monitor(to),
  kills: (self, to) => self.kill(to),
  sendsToWhereItGoes: (self, _to, other) => {
    for (let i = 0; i < SENT_BY_GETTER; i++) self.send(other, "from a getter"); // some of them look at the clock
  },
};

const SENT_BY_GETTER = 300;

/** What is not as it should be after getters have meddled when read for the n-th time. */
async function meddledBy(self: Actor<string>, kind: string, n: number): Promise<string[]> {
  const other: Collector = self.spawnWith(others(self)[0], collects);
  const before = given(self);
  const acted: boolean[] = [], refused: boolean[] = [];
  const collectors = Array.from({ length: 6 }, (_, i) => {
    const to: Collector = self.spawnWith({ mailbox: { capacity: 1000 } }, collects);
    const act = () => {
      acted[i] = true;
      MEDDLING[kind](self, to, other);
    };
    self.send(to, 1);
    try {
      self.send(to, meddler(n, act));
    } catch { // it has been given away already, and what its getter throws is told to the sender
      refused[i] = true;
    }
    self.send(to, true);
    return to;
  });
  collectors.push(self.spawnWith({ link: true }, collects)); // one that can be given in any case
  if (given(self) === before) untilGiven(self, before);
  for (const one of collectors) self.send(one, "end");

  const wrong: string[] = [];
  const expect = (found: unknown, wanted: unknown) => {
    if (String(found) !== String(wanted)) wrong.push(`${kind} ${n}: got ${found}, not ${wanted}`);
  };
  for (const [i, one] of collectors.slice(0, 6).entries()) {
    const outcome = await one.join();
    const all = refused[i] ? ["number", "boolean"] : ["number", "object", "boolean"];
    if (acted[i] && kind === "sends") all.push("string");
    if (acted[i] && kind === "kills") expect(outcome.kind, "panic");
    else expect(outcome.kind === "exit" ? outcome.value.toSorted() : outcome.error, all.toSorted());
  }
  const count = acted.filter((one) => one).length;
  self.send(other, "end");
  const elsewhere = await other.join();
  if (elsewhere.kind === "exit") {
    expect(elsewhere.value.length, kind === "sendsToWhereItGoes" ? count * SENT_BY_GETTER : 0);
  }
  for (let i = 0; kind === "monitors" && i < count; i++) {
    await self.receive({ timeout: 10_000 }).catch(() => expect(i, `${count} notices`));
  }
  return wrong;
}

export async function meddled(self: Actor<string>): Promise<string[]> {
  const wrong: string[] = [];
  for (const kind in MEDDLING) for (const n of [1, 2, 3]) wrong.push(...await meddledBy(self, kind, n));
  return wrong;
}

/** What actors got to which something was sent whose transfer list was refused, before it was sent in earnest. */
export async function refused(self: Actor<string>): Promise<string[]> {
  const moved = () => self.stats().stolen + given(self);
  const told: string[] = [];
  for (let round = 0; round < 10; round++) {
    const before = moved();
    const collectors: Collector[] = [];
    for (let i = 0; i < 4; i++) {
      const to: Collector = self.spawn(collects);
      const buffer = new ArrayBuffer(8);
      try {
        self.send(to, buffer, { transfer: [buffer, buffer] });
      } catch (error) {
        told.push((error as Error).message);
      }
      self.send(to, "for sure", { transfer: [buffer] });
      collectors.push(to);
    }
    while (moved() === before) self.check();
    for (const one of collectors) {
      self.send(one, "end");
      const outcome = await one.join();
      told.push(outcome.kind === "exit" ? outcome.value.join() : String(outcome.error));
    }
  }
  return [...new Set(told)];
}

const PROGRAMS = { counted, full, timed, called, meddled, refused };

export function main(self: Actor<string>, name: keyof typeof PROGRAMS): Promise<unknown> {
  return PROGRAMS[name](self);
}
