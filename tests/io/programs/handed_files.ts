// deno-lint-ignore-file no-explicit-any -- an owner takes whatever the next handing-over needs
/**
 * Files that change hands, in every way in which a value gets to another actor. Each owner appends, waiting for the last
 * of its writes only when it has handed the file on.
 */
import type { Actor, Call, ChannelSender, File, Pid } from "smarm";
import { random } from "./journey_bytes.ts";

const FILES = 24;
const HOPS = 12;

interface Travelling {
  readonly file: File;
  readonly number: number;
  readonly hop: number;
}

type Told = Pid<number>;

/** Appends, and hands the file on; the last one tells that it is done. */
async function own(self: Actor<any>, { file, number, hop }: Travelling, told: Told): Promise<void> {
  const next = random(number * 100 + hop);
  const writing: Promise<number>[] = [];
  for (let line = next(4); line >= 0; line--) writing.push(file.write(`${number} ${hop} ${line}\n`));
  if (hop === HOPS) {
    await Promise.all(writing);
    self.send(told, number);
    return;
  }
  const travelling = { file, number, hop: hop + 1 };
  const scheduler = next(self.stats().schedulerCount);
  switch (next(6)) {
    case 0: // as an argument, to where the scheduler likes
      self.spawn(bySpawn, travelling, told);
      break;
    case 1: // to a scheduler that is named
      self.spawnWith({ scheduler }, bySpawn, travelling, told);
      break;
    case 2: // in a message to one that may not be there yet
      self.send(self.spawnWith({ scheduler }, byMessage, told), travelling);
      break;
    case 3: { // in a call
      const callee = self.spawnWith({ scheduler }, byCall, told);
      await self.call(callee, travelling, { timeout: 60_000 });
      break;
    }
    case 4: { // in a reply
      const caller = self.spawnWith({ scheduler }, byReply, self.pid as Pid<unknown>, told);
      const call = await (self as Actor<Call<null, Travelling>>).receive();
      call.reply(travelling);
      await caller.join();
      break;
    }
    default: { // through a channel
      const receiver = self.spawnWith({ scheduler }, byChannel, self.pid as Pid<unknown>, told);
      const sender = await (self as Actor<ChannelSender<Travelling>>).receive();
      await sender.send(travelling);
      await receiver.join();
    }
  }
  await Promise.all(writing);
}

export async function bySpawn(self: Actor<any>, travelling: Travelling, told: Told) {
  await own(self, travelling, told);
}

export async function byMessage(self: Actor<Travelling>, told: Told) {
  const travelling = await self.receive();
  await own(self, travelling, told);
}

export async function byCall(self: Actor<Call<Travelling, null>>, told: Told) {
  const call = await self.receive();
  const owning = own(self, call.request, told);
  call.reply(null);
  await owning;
}

export async function byReply(self: Actor<any>, giver: Pid<unknown>, told: Told) {
  const travelling = await self.call(giver as never, null, { timeout: 60_000 }) as Travelling;
  await own(self, travelling, told);
}

export async function byChannel(self: Actor<any>, giver: Pid<unknown>, told: Told) {
  const { sender, receiver } = self.channel<Travelling>(1);
  self.send(giver, sender);
  await own(self, await receiver.receive(), told);
}

/** Gives what must be in each file. */
export async function main(self: Actor<number>, folder: string): Promise<string[]> {
  for (let number = 0; number < FILES; number++) {
    const file = await self.io.open(`${folder}/${number}`, { append: true, create: true });
    self.spawn(bySpawn, { file, number, hop: 0 }, self.pid);
  }
  for (let done = 0; done < FILES; done++) await self.receive({ timeout: 60_000 });
  return Array.from({ length: FILES }, (_, number) => {
    let text = "";
    for (let hop = 0; hop <= HOPS; hop++) {
      for (let line = random(number * 100 + hop)(4); line >= 0; line--) text += `${number} ${hop} ${line}\n`;
    }
    return text;
  });
}
