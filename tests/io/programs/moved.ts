/** What is open goes to actors that have not begun and live elsewhere in the end, one function a program. */
import type { Actor, File, Pid, SignalSubscription } from "smarm";

function burn(ms: number): void {
  for (const until = performance.now() + ms; performance.now() < until;);
}

export function ends(_self: Actor, _given: SignalSubscription): void {}

/** Whoever has given its subscription to an actor that was stolen waits for no signal any more: the run can end. */
export async function subscription(self: Actor<string>): Promise<boolean> {
  const { schedulerCount } = self.stats();
  self.spawnWith({ scheduler: "local" }, async (own: Actor) => void await own.receive());
  for (let i = 0; i < 100; i++) {
    const holder = self.spawn(ends, self.io.signals("SIGHUP", { messages: true }));
    burn(2);
    await holder.join();
  }
  return schedulerCount === 1 || self.stats().stolen > 0;
}

interface Loan {
  readonly file: File;
  readonly to: Pid<string>;
}

export async function reads(self: Actor<Loan>): Promise<void> {
  const { file, to } = await self.receive();
  try {
    self.send(to, new TextDecoder().decode((await file.read(100))!));
  } catch (error) {
    self.send(to, (error as Error).name);
  }
}

export async function sendsOn(self: Actor<{ readonly pid: Pid<Loan>; readonly to: Pid<Pid<Loan>> }>) {
  for await (const { pid, to } of self) self.send(to, pid);
}

/** Opens a file, sends it to the actor that it is told of, and ends. */
export async function lends(self: Actor<Pid<Loan>>, path: string, to: Pid<string>): Promise<void> {
  const file = await self.io.open(path);
  self.send(await self.receive(), { file, to });
}

/** Has a scheduler take its time before it sees what fills its ring. */
export async function sink(self: Actor<{ readonly filling: string }>): Promise<void> {
  for await (const { filling } of self) if (filling === "") burn(5);
}

/** Files that are sent to an actor while it is itself on its way, behind much else: from a third scheduler, and its own. */
export async function early(self: Actor<string>, path: string): Promise<string[]> {
  const here = Number(/\d+/.exec(self.format(self.pid))![0]); // main lives where it was born
  const [there, third] = [0, 1, 2].filter((id) => id !== here).map((scheduler) => ({ scheduler }));
  const full = self.spawnWith(there, sink);
  const relay = self.spawnWith(third, sendsOn);
  const read: string[] = [];
  for (let i = 0; i < 40; i++) {
    const lender = self.spawnWith(i % 2 === 0 ? there : third, lends, path, self.pid);
    self.send(full, { filling: "" });
    await self.sleep(1);
    for (let n = 0; n < 300; n++) self.send(full, { filling: "x".repeat(20_000) });
    const reader = self.spawnWith(there, reads);
    self.send(relay, { pid: reader.pid, to: lender.pid });
    await lender.join();
    read.push(await self.receive());
  }
  self.exit(full, "shutdown");
  self.exit(relay, "shutdown");
  return read;
}

export async function holds(self: Actor<File | null>): Promise<void> {
  await self.receive();
  await self.receive();
}

/** Gives its file away, and has it in its outcome too. */
export async function returns(self: Actor, path: string, to: Pid<File | null>): Promise<File> {
  const file = await self.io.open(path);
  self.send(to, file);
  return file;
}

/** What becomes of a file in an outcome: that of who was given it before, on each pair of schedulers. */
export async function outcomes(self: Actor<string>, path: string): Promise<string[]> {
  const { schedulerCount } = self.stats();
  const told: string[] = [];
  for (let i = 0; i < schedulerCount ** 2; i++) {
    const holder = self.spawnWith({ scheduler: i % schedulerCount }, holds);
    const giver = self.spawnWith({ scheduler: Math.floor(i / schedulerCount) }, returns, path, holder.pid);
    const outcome = await giver.join();
    if (outcome.kind === "panic") throw outcome.error;
    const isOpen = () => outcome.value.stat().then(() => true, (error) => error.name !== "BadResource");
    const before = await isOpen();
    self.send(holder, null);
    await holder.join();
    const until = performance.now() + 5_000;
    while (await isOpen() && performance.now() < until) await self.sleep(1);
    told.push(`${before ? "open" : "closed"}, then ${await isOpen() ? "open" : "closed"}`);
  }
  return told;
}

const PROGRAMS = { subscription, early, outcomes };

export function main(self: Actor<string>, name: keyof typeof PROGRAMS, path: string) {
  return PROGRAMS[name](self, path);
}
