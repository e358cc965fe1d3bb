// deno-lint-ignore-file no-explicit-any -- an owner takes whatever the next handing-over needs
/** The ways in which a value gets to another actor. */
import type { Actor, Call, ChannelSender, Pid } from "smarm";

type Own<T, Told> = (self: Actor<any>, travelling: T, told: Told) => Promise<void>;
type Owners<T, Told> = ReturnType<typeof ownersBy<T, Told>>;

/** Actors that get what they own in one way each; the program exports them, so that they may start on any scheduler. */
export function ownersBy<T, Told>(own: Own<T, Told>) {
  return {
    bySpawn: own,
    async byMessage(self: Actor<T>, told: Told) {
      const travelling = await self.receive();
      await own(self, travelling, told);
    },
    async byCall(self: Actor<Call<T, null>>, told: Told) {
      const call = await self.receive();
      const owning = own(self, call.request, told);
      call.reply(null);
      await owning;
    },
    async byReply(self: Actor<any>, giver: Pid<unknown>, told: Told) {
      const travelling = await self.call(giver as never, null, { timeout: 60_000 }) as T;
      await own(self, travelling, told);
    },
    async byChannel(self: Actor<any>, giver: Pid<unknown>, told: Told) {
      const { sender, receiver } = self.channel<T>(1);
      self.send(giver, sender);
      await own(self, await receiver.receive(), told);
    },
  };
}

/** Hands it on, to where and in which way `next` says. */
export async function handOn<T, Told>(
  self: Actor<any>,
  onward: T,
  told: Told,
  next: (below: number) => number,
  owners: Owners<T, Told>,
): Promise<void> {
  const scheduler = next(self.stats().schedulerCount);
  switch (next(6)) {
    case 0: // as an argument, to where the scheduler likes
      self.spawn(owners.bySpawn, onward, told);
      break;
    case 1: // to a scheduler that is named
      self.spawnWith({ scheduler }, owners.bySpawn, onward, told);
      break;
    case 2: // in a message to one that may not be there yet
      self.send(self.spawnWith({ scheduler }, owners.byMessage, told) as any, onward);
      break;
    case 3: { // in a call
      const callee = self.spawnWith({ scheduler }, owners.byCall, told);
      await self.call(callee as any, onward, { timeout: 60_000 });
      break;
    }
    case 4: { // in a reply
      const caller = self.spawnWith({ scheduler }, owners.byReply, self.pid as Pid<unknown>, told);
      const call = await (self as Actor<Call<null, T>>).receive();
      call.reply(onward);
      await caller.join();
      break;
    }
    default: { // through a channel
      const receiver = self.spawnWith({ scheduler }, owners.byChannel, self.pid as Pid<unknown>, told);
      const sender = await (self as Actor<ChannelSender<T>>).receive();
      await sender.send(onward);
      await receiver.join();
    }
  }
}
