/**
 * What must compile, with the type that must come out: `deno check` runs this file, nothing else does.
 *
 * @module
 */
import type {
  Actor,
  Call,
  ChannelReceiver,
  ChannelSender,
  Down,
  Exit,
  Handle,
  ManyHandle,
  MonitorRef,
  Outcome,
  Pid,
  TimerRef,
} from "smarm";

/** True when A and B are the same type, not only assignable. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false;
/** Compiles only for `true`. */
function expect<_T extends true>(): void {}

type Add = { readonly type: "add"; readonly n: number };
type Stop = { readonly type: "stop" };
type Get = Call<"get", number>;
type Rename = Call<{ readonly rename: string }, boolean>;

export async function counter(self: Actor<Add | Get | Rename | Stop>, start: number): Promise<string> {
  let n = start;
  for await (const message of self) {
    switch (message.type) {
      case "add":
        n += message.n;
        break;
      case "CALL":
        if (message.request === "get") (message as Get).reply(n);
        break;
      case "stop":
        return `ended at ${n}`;
      default:
        message satisfies never;
    }
  }
  return "";
}

type Tree = { readonly kids: Tree[] };
type Asked =
  | Call<{ readonly ids: number[]; readonly replyTo: Pid<string> }, string>
  | Call<{ readonly at: Date; readonly tags?: string[] }, Date>
  | Call<[string, number], boolean>
  | Call<Tree, number>;

/** Requests may hold arrays: each has its own reply. */
export async function asks<R>(
  self: Actor<string>,
  to: Pid<Asked>,
  other: Pid<Call<number[], R>>,
): Promise<R> {
  const ids = await self.call(to, { ids: [1, 2], replyTo: self.pid });
  expect<Same<typeof ids, string>>();
  const given: number[] = [];
  const same = await self.call(to, { ids: given, replyTo: self.pid });
  expect<Same<typeof same, string>>();
  const tags = await self.call(to, { at: new Date(), tags: ["a"] });
  expect<Same<typeof tags, Date>>();
  const pair = await self.call(to, ["a", 1]);
  expect<Same<typeof pair, boolean>>();
  const tree = await self.call(to, { kids: [{ kids: [] }] });
  expect<Same<typeof tree, number>>();
  const request = given.length > 0 ? { ids: given, replyTo: self.pid } : { kids: [] };
  const either = await self.call(to, request);
  expect<Same<typeof either, string | number>>();
  await self.call("a name", { whatever: [1] });
  return await self.call(other, [1]);
}

export function pureSender(self: Actor<never>, to: Pid<Add>): number {
  self.send(to, { type: "add", n: 1 });
  return 1;
}

export async function main(self: Actor<Down | Exit>, ...args: string[]): Promise<void> {
  expect<Same<typeof self.pid, Pid<Down | Exit>>>();
  const handle = self.spawn(counter, args.length);
  expect<Same<typeof handle, Handle<string, Add | Get | Rename | Stop>>>();
  expect<Same<typeof handle.pid, Pid<Add | Get | Rename | Stop>>>();
  const outcome = await handle.join({ timeout: 10 });
  expect<Same<typeof outcome, Outcome<string>>>();
  if (outcome.kind === "exit") expect<Same<typeof outcome.value, string>>();
  else expect<Same<typeof outcome.error, Error>>();

  self.send(handle, { type: "add", n: 1 });
  self.send(handle.pid, { type: "stop" });
  self.send("a name", { whatever: true });
  const narrower: Pid<Stop> = handle.pid; // an address that takes more may stand where one that takes less is asked for
  self.send(narrower, { type: "stop" });
  expect<Same<ReturnType<typeof self.format>, string>>();
  self.format(handle.pid); // any pid, whatever its actor takes
  const asKey = new Map<number, string>([[handle.pid, "counter"]]);
  void asKey;

  const n = await self.call(handle, "get");
  expect<Same<typeof n, number>>();
  const renamed = await self.call(handle, { rename: "x" }, { timeout: 100 });
  expect<Same<typeof renamed, boolean>>();

  expect<Same<ReturnType<typeof spawnClosure>, Handle<number, unknown>>>();
  const loose = self.spawn(async (s) => await s.yield());
  // deno-lint-ignore no-explicit-any
  expect<Same<typeof loose, Handle<void, any>>>();
  const sync = self.spawn(pureSender, handle.pid);
  expect<Same<typeof sync, Handle<number, never>>>();
  const named = self.spawnWith({ name: "c", link: true, scheduler: "local" }, counter, 1);
  expect<Same<typeof named, typeof handle>>();

  const message = await self.receive();
  expect<Same<typeof message, Down | Exit>>();
  const down = await self.receive((m) => m.type === "DOWN");
  expect<Same<typeof down, Down>>();
  const either = await self.receive((m) => m.pid === handle.pid);
  expect<Same<typeof either, Down | Exit>>();
  const maybe = self.tryReceive();
  expect<Same<typeof maybe, Down | Exit | undefined>>();

  expect<Same<ReturnType<typeof self.monitor>, MonitorRef>>();
  expect<Same<ReturnType<typeof self.after>, TimerRef>>();
  self.after(10, handle, { type: "stop" });
  self.every(10, handle.pid, { type: "add", n: 1 });

  const { sender, receiver } = self.channel<number>(3);
  expect<Same<typeof sender, ChannelSender<number>>>();
  expect<Same<typeof receiver, ChannelReceiver<number>>>();
  await sender.send(1);
  for await (const value of receiver) expect<Same<typeof value, number>>();

  const event = await self.select({ numbers: receiver, mail: self, downs: isDown }, { timeout: 5 });
  switch (event.source) {
    case "numbers":
      if (!event.closed) expect<Same<typeof event.value, number>>();
      else expect<Same<typeof event.value, undefined>>();
      break;
    case "mail":
      expect<Same<typeof event.value, Down | Exit>>();
      break;
    case "downs":
      expect<Same<typeof event.value, Down>>();
      break;
    default:
      event satisfies never;
  }

  function spawnClosure() {
    return self.spawn(async (s: Actor) => {
      await s.yield();
      return 1;
    });
  }
}

export async function leavesOut(self: Actor<string>, over: boolean): Promise<void> {
  const { receiver } = self.channel<number>();
  const event = await self.select({ numbers: over ? undefined : receiver, mail: self });
  if (event.source === "mail") expect<Same<typeof event.value, string>>();
  else if (!event.closed) expect<Same<typeof event.value, number>>();
}

/** Sources that come and go, as a loop over several channels keeps them. */
export async function someClosed(self: Actor<string>, open: { a?: ChannelReceiver<number> }): Promise<void> {
  const event = await self.select({ ...open, mail: self });
  if (event.source === "mail") expect<Same<typeof event.value, string>>();
  else if (!event.closed) expect<Same<typeof event.value, number>>();
  else open[event.source] = undefined;
}

export async function session(_self: Actor, _kind: string, _id: number, _tries = 1): Promise<void> {
  await 0;
}

/** Children are started with the arguments that follow those of the spec. */
export async function manyAlike(self: Actor): Promise<void> {
  await self.superviseMany({ start: [session] }).startChild("chat", 1);
  const chats = self.superviseMany({ start: [session, "chat"], restart: "temporary" });
  await chats.startChild(1);
  await chats.startChild(1, 3);
  await self.superviseMany({ start: [session, "chat", 1, 3] }).startChild();
  await self.superviseMany({ start: [new URL(import.meta.url)] }).startChild("any", "thing");
  await chats.terminateChild(await chats.startChild(1));
  const told: Pid<string> = self.spawn(takesTexts).pid; // a child that has told its address, whatever it takes
  await chats.terminateChild(told);
  const kept: ManyHandle<typeof session> = chats;
  await kept.startChild(1);
}

export async function takesTexts(self: Actor<string>): Promise<void> {
  await self.receive();
}

/** As the README says it: helpers for whatever takes whatever. */
export async function helper(
  // deno-lint-ignore no-explicit-any
  self: Actor<any>,
  who: Pid<never>,
  child: Handle<unknown, never>,
): Promise<string> {
  self.monitor(who);
  self.link(child);
  await child.join();
  return self.format(who);
}

export async function isHelped(self: Actor<string>): Promise<void> {
  const child = self.spawn(session, "chat", 1);
  await helper(self, self.pid, child);
}

function isDown(message: Down | Exit): message is Down {
  return message.type === "DOWN";
}

/** An actor that does not say what it receives takes anything. */
export async function untyped(self: Actor): Promise<unknown> {
  const message = await self.receive();
  expect<Same<typeof message, unknown>>();
  self.send(self.pid, 1);
  self.send(self.pid, { any: "thing" });
  return message;
}
