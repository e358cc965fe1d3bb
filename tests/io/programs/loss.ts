/**
 * Actors on two schedulers share what is open in the poller; then the test kills one of the two. `main` tells it when.
 *
 * @module
 */
import type { Actor, ChannelSender, Conn, ExitError, Handle, Listener, Pid } from "smarm";

const decode = (bytes: Uint8Array | null) => bytes === null ? null : new TextDecoder().decode(bytes);

/** Asks, and is not answered before its scheduler is killed. */
export async function asksForConn(_self: Actor, listener: Listener) {
  await listener.accept();
}
export async function asksForBytes(_self: Actor, conn: Conn) {
  await conn.read();
}
export async function blocks(self: Actor, gate: Int32Array) {
  await self.blocking(held, gate);
}
export function held(gate: Int32Array): void {
  Atomics.wait(gate, 0, 0);
}

/** Has a channel from which it never receives, and then a mailbox that it never empties. */
export async function offers(self: Actor, to: Pid<ChannelSender<Conn>>) {
  const { sender } = self.channel<Conn>(4);
  self.send(to, sender);
  await self.receive((message: unknown) => message === "never");
}

/** Its scheduler takes in nothing from here on. */
export function spins(): never {
  for (;;);
}

/** The survivor: the listener and the connection that the others ask are its own. */
export async function accepts(self: Actor<[Listener, Conn]>, to: Pid<string>) {
  const [listener, conn] = await self.receive();
  self.send(to, "has all");
  for (let i = 0; i < 2; i++) {
    const one = await listener.accept();
    self.send(to, `accepted ${decode(await one.read())}`);
    one.close();
  }
  self.send(to, `read ${decode(await conn.read())}`);
}

/** In the place of the dead, with numbers of requests that were theirs. */
export async function beginsAnew(_self: Actor, conns: Conn[]) {
  const texts = await Promise.all(conns.map((conn) => conn.read()));
  return texts.map(decode);
}

export async function main(self: Actor<string | ChannelSender<Conn>>, toTest: string) {
  const test = new BroadcastChannel(toTest);
  const own = self.stats().schedulers.find((one) => one.currentPid === self.pid)!.id;
  const victim = 1 - own;
  const there = { scheduler: victim };
  const doors = await self.io.listen({ hostname: "127.0.0.1", port: 0 });
  const addressOf = ({ addr }: Listener) => ({ hostname: "127.0.0.1", port: (addr as Deno.NetAddr).port });
  /** Both ends of a connection. */
  const pair = async () => [await self.io.connect(addressOf(doors)), await doors.accept()] as const;

  const listener = await self.io.listen({ hostname: "127.0.0.1", port: 0 });
  const [shared, sharedPeer] = await pair();
  const [inMail, inMailPeer] = await pair();
  const [inChannel, inChannelPeer] = await pair();
  const [toActor, toActorPeer] = await pair();
  const [toChannel, toChannelPeer] = await pair();
  const fresh = [await pair(), await pair(), await pair()];

  const gate = new Int32Array(new SharedArrayBuffer(4));
  const dead: Handle<unknown, never>[] = [
    self.spawnWith(there, asksForConn, listener),
    self.spawnWith(there, asksForBytes, shared),
    self.spawnWith(there, asksForConn, listener),
    self.spawnWith(there, asksForBytes, shared),
    self.spawnWith(there, blocks, gate),
  ];
  const isParked = () => self.stats().schedulers[victim].ioParked === dead.length;
  while (!isParked() || self.stats().blocking.running === 0) await self.sleep(1);
  const offering = self.spawnWith(there, offers, self.pid);
  const sender = await self.receive() as ChannelSender<Conn>;
  self.send(offering, inMail);
  await sender.send(inChannel);
  const survivor = self.spawnWith({ scheduler: "local" }, accepts, self.pid);
  self.send(survivor, [listener, shared]);
  await self.receive();
  dead.push(offering as Handle<unknown, never>, self.spawnWith(there, spins));
  while (self.stats().schedulers[victim].currentPid !== dead.at(-1)!.pid) await self.sleep(1);
  self.send(offering, toActor);
  await sender.send(toChannel);

  test.postMessage(victim);
  const outcomes = [];
  for (const one of dead) outcomes.push(await one.join());
  const closed = [];
  for (const peer of [inMailPeer, inChannelPeer, toActorPeer, toChannelPeer]) {
    closed.push(decode(await peer.read()));
  }
  const told = [];
  for (const text of ["one", "two"]) {
    const conn = await self.io.connect(addressOf(listener));
    await conn.write(text);
    told.push(await self.receive());
  }
  const anew = self.spawnWith(there, beginsAnew, fresh.map(([conn]) => conn));
  await sharedPeer.write("shared");
  told.push(await self.receive());
  for (const [i, [, peer]] of fresh.entries()) await peer.write(`fresh ${i}`);
  const texts = await anew.join();
  while (self.stats().blocking.running > 0) await self.sleep(1);
  test.close();
  return {
    outcomes: outcomes.map((one) => one.kind === "panic" ? (one.error as ExitError).reason : one.kind),
    closed,
    told,
    fresh: texts.kind === "exit" ? texts.value : texts.error,
  };
}
