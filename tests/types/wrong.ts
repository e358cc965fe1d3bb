/**
 * What must not compile: each line below an expected error would make `deno check` fail if it were accepted.
 *
 * @module
 */
import type { Actor, Call, ChannelSender, Handle, Pid } from "smarm";

type Add = { readonly type: "add"; readonly n: number };
type Stop = { readonly type: "stop" };
type Get = Call<"get", number>;

export async function counter(self: Actor<Add | Get | Stop>, start: number): Promise<string> {
  for await (const message of self) {
    switch (message.type) {
      case "add":
        break;
      case "CALL":
        // @ts-expect-error the reply is a number
        message.reply("1");
        // @ts-expect-error no such request
        if (message.request === "put") break;
        break;
      default:
        // @ts-expect-error "stop" is not handled
        message satisfies never;
    }
  }
  return String(start);
}

export async function main(self: Actor<Add>): Promise<void> {
  const handle: Handle<string, Add | Get | Stop> = self.spawn(counter, 1);

  // @ts-expect-error an argument of the wrong type
  self.spawn(counter, "1");
  // @ts-expect-error an argument is missing
  self.spawn(counter);
  // @ts-expect-error one argument too many
  self.spawn(counter, 1, 2);
  // @ts-expect-error the same with options
  self.spawnWith({ name: "x" }, counter, "1");
  // @ts-expect-error there is no such option
  self.spawnWith({ nmae: "x" }, counter, 1);
  // @ts-expect-error not a policy
  self.spawnWith({ mailbox: { capacity: 1, onFull: "block" } }, counter, 1);
  // @ts-expect-error its first parameter is no actor
  self.spawn((n: number) => n);

  // @ts-expect-error no such message
  self.send(handle, { type: "sub", n: 1 });
  // @ts-expect-error a field is missing
  self.send(handle.pid, { type: "add" });
  // @ts-expect-error a number is not an address
  self.send(5, { type: "stop" });
  // @ts-expect-error its own mailbox takes Add only
  self.send(self.pid, { type: "stop" });
  // @ts-expect-error after checks the message as send does
  self.after(1, handle, { type: "sub" });
  // @ts-expect-error and so does every
  self.every(1, handle.pid, "tick");

  // @ts-expect-error an address that takes less may not stand where one that takes more is asked for
  const wider: Pid<Add | Stop> = self.pid;
  void wider;
  // @ts-expect-error a pid is no plain number
  const made: Pid<Add> = 17;
  void made;

  // @ts-expect-error not a request that it answers
  await self.call(handle, "put");
  // @ts-expect-error the reply is a number
  const text: string = await self.call(handle, "get");
  void text;

  const asked: Pid<Call<{ ids: number[] }, string> | Get> = self.spawn(counts).pid;
  // @ts-expect-error the elements are numbers
  await self.call(asked, { ids: ["1"] });
  const ids: readonly number[] = [1];
  // @ts-expect-error the request's array may be written to by its receiver
  await self.call(asked, { ids });

  const outcome = await handle.join();
  // @ts-expect-error it returns a text
  const returns: Handle<number, Stop> = handle;
  void returns;
  // @ts-expect-error a handle of an actor that takes less
  const takes: Handle<string, Add | Get | Stop | string> = handle;
  void takes;
  // @ts-expect-error a panic has no value
  void outcome.value;

  // @ts-expect-error a predicate for other messages
  await self.receive((message: Stop) => message.type === "stop");
  // @ts-expect-error there is no such option
  await self.receive({ timout: 5 });
  // @ts-expect-error milliseconds are a number
  await self.receive({ timeout: "5" });

  const { sender, receiver } = self.channel<number>(1);
  // @ts-expect-error the channel carries numbers
  await sender.send("1");
  // @ts-expect-error a sender of numbers takes no texts
  const texts: ChannelSender<string> = sender;
  void texts;
  // @ts-expect-error only the sending end sends
  await receiver.send(1);
  // @ts-expect-error not a source
  await self.select({ sender });
  const event = await self.select({ numbers: receiver });
  // @ts-expect-error there is no such source
  if (event.source === "texts") return;
  // @ts-expect-error undefined when the channel is closed
  event.value.toFixed();
}

export async function counts(self: Actor<Call<{ ids: number[] }, string> | Get>): Promise<void> {
  await self.receive();
}

export async function session(_self: Actor, _kind: string, _id: number): Promise<void> {
  await 0;
}

export async function manyAlike(self: Actor): Promise<void> {
  // @ts-expect-error the number is not given
  await self.superviseMany({ start: [session, "chat"] }).startChild();
  // @ts-expect-error the text is given by the spec
  await self.superviseMany({ start: [session, "chat"] }).startChild("chat", 1);
}
