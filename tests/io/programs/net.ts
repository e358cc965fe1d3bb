/** Programs that use sockets, one function each; `main` runs the one that it is told. */
import type { Actor, Call, ChannelSender, Handle, Pid } from "smarm";
import type { Conn, Listener } from "smarm";

const decode = (bytes: Uint8Array | null) => bytes === null ? null : new TextDecoder().decode(bytes);
const portOf = (listener: Listener) => (listener.addr as Deno.NetAddr).port;

/** Reads to the end. */
async function readAll(conn: Conn): Promise<string> {
  let text = "";
  for await (const piece of conn) text += new TextDecoder().decode(piece);
  return text;
}

export async function echoConn(self: Actor, conn: Conn) {
  void self;
  for await (const piece of conn) await conn.write(piece);
  await conn.closeWrite();
}

export async function acceptLoop(self: Actor, listener: Listener) {
  for await (const conn of listener) self.spawn(echoConn, conn);
}

/** Connections are accepted by one actor, served by one each, wherever that lives, and used by 20 others. */
export async function echo(self: Actor) {
  const listener = await self.io.listen({ port: 0, hostname: "127.0.0.1" });
  const server = self.spawn(acceptLoop, listener);
  const clients = Array.from({ length: 20 }, (_, i) => self.spawn(client, portOf(listener), i));
  const outcomes = await Promise.all(clients.map((one) => one.join()));
  self.exit(server, "shutdown");
  await server.join();
  return outcomes.map((one) => one.kind === "exit" ? one.value : String(one.error));
}

export async function client(self: Actor, port: number, i: number) {
  using conn = await self.io.connect({ hostname: "127.0.0.1", port });
  let text = "";
  for (let n = 0; n < 20; n++) {
    await conn.write(`${i}:${n};`);
    text += decode(await conn.read(100));
  }
  await conn.closeWrite();
  text += await readAll(conn);
  return text === Array.from({ length: 20 }, (_, n) => `${i}:${n};`).join("");
}

/** Gives its connection back after using it on another scheduler. */
export async function borrower(self: Actor<Conn>, owner: Pid<Conn>) {
  const conn = await self.receive();
  await conn.write("from the borrower\n");
  self.send(owner, conn);
  await self.receive().catch(() => {});
}

export async function handOver(self: Actor<Conn>) {
  const { threads } = { threads: self.stats().schedulerCount };
  const listener = await self.io.listen({ port: 0, hostname: "127.0.0.1" });
  const peer = await self.io.connect({ hostname: "127.0.0.1", port: portOf(listener) });
  let conn = await listener.accept();
  const other = self.spawnWith({ scheduler: threads - 1 }, borrower, self.pid);
  self.send(other, conn);
  conn = await self.receive();
  self.kill(other);
  await other.join();
  await conn.write("from the owner\n"); // the borrower's end has not closed it
  const lines: string[] = [];
  for await (const line of peer.lines()) {
    lines.push(line);
    if (lines.length === 2) break;
  }
  return lines;
}

export async function keeper(self: Actor<Conn>) {
  await self.receive();
  await self.receive();
}

export async function keeperOfArguments(self: Actor, conn: Conn) {
  void conn;
  await self.receive();
}

export async function panics(self: Actor<Conn>) {
  await self.receive();
  throw new ExpectedError("expected");
}
class ExpectedError extends Error {}

/** Whoever got a connection closes it by its end, however it ends; the peer reads an end. */
export async function closedAtEnd(self: Actor) {
  const last = self.stats().schedulerCount - 1;
  const listener = await self.io.listen({ port: 0, hostname: "127.0.0.1" });
  const pair = async () => {
    const peer = await self.io.connect({ hostname: "127.0.0.1", port: portOf(listener) });
    return { peer, conn: await listener.accept() };
  };
  const seen: (string | null)[] = [];
  const ends = async (peer: Conn) => seen.push(decode(await peer.read().catch((error) => error.name)));
  for (const scheduler of ["local", last] as const) {
    { // killed while it holds it
      const { peer, conn } = await pair();
      const holder = self.spawnWith({ scheduler }, keeper);
      self.send(holder, conn);
      await self.call(holder.pid as Pid, "have you got it?", { timeout: 20 }).catch(() => {});
      self.kill(holder);
      await ends(peer);
    }
    { // killed before it took it out of its mailbox, or before it even began
      const { peer, conn } = await pair();
      const holder = self.spawnWith({ scheduler }, keeper);
      self.send(holder, conn);
      self.kill(holder);
      await ends(peer);
    }
    { // told to end
      const { peer, conn } = await pair();
      const holder = self.spawnWith({ scheduler }, keeperOfArguments, conn);
      self.exit(holder, "shutdown");
      await ends(peer);
    }
    { // panics
      const { peer, conn } = await pair();
      const holder = self.spawnWith({ scheduler }, panics);
      self.send(holder, conn);
      await ends(peer);
      await holder.join();
    }
    { // was dead before
      const { peer, conn } = await pair();
      const holder = self.spawnWith({ scheduler }, keeper);
      self.kill(holder);
      await holder.join();
      self.send(holder, conn);
      await ends(peer);
    }
    { // nested in a message
      const { peer, conn } = await pair();
      // deno-lint-ignore no-explicit-any
      const holder = self.spawnWith({ scheduler }, keeper as any);
      self.send(holder, { deep: [new Map([["conn", conn]])] });
      self.exit(holder, "shutdown");
      await ends(peer);
    }
  }
  return seen;
}

/** A sender ends after the connection was sent: it stays open. */
export async function opener(self: Actor, port: number, to: Pid<Conn>) {
  const conn = await self.io.connect({ hostname: "127.0.0.1", port });
  self.send(to, conn);
}

/** An actor that is over at once, here or with a thief, is sent a connection: nobody has it, and its peer reads an end. */
export async function sentToTheDead(self: Actor, count: string) {
  const listener = await self.io.listen({ port: 0, hostname: "127.0.0.1" });
  let ends = 0;
  for (let i = 0; i < Number(count); i++) {
    const peer = await self.io.connect({ hostname: "127.0.0.1", port: portOf(listener) });
    const conn = await listener.accept();
    const isOver = self.spawn(overAtOnce);
    self.send(isOver, conn);
    if (await peer.read() === null) ends++;
    peer.close();
    await isOver.join();
  }
  listener.close();
  return ends;
}
export function overAtOnce(_self: Actor) {}

/** Says whether what it has opened is open still. */
export async function opens(self: Actor<Call<string, string>>, port: number) {
  using conn = await self.io.connect({ hostname: "127.0.0.1", port });
  for await (const call of self) {
    const written = await conn.write("x").then(() => "open", (error: Error) => error.name);
    call.reply(written);
  }
}

type Opener = Handle<void, Call<string, string>>;
type Taken = { readonly other: Opener } | { readonly passedOn: Call<string, string> } | Call<unknown, string>;

/** Takes one message, answers if it is a call, and ends. */
export async function takesOne(self: Actor<Taken>, ..._others: Opener[]) {
  const message = await self.receive();
  if ("reply" in message) message.reply("taken");
  else if ("passedOn" in message) message.passedOn.reply("taken");
}

export async function asks(self: Actor, whom: Pid<Call<string, string>>) {
  return await self.call(whom, "anything");
}

/** Whoever holds something sends handles and calls: these lead to actors that hold something themselves. */
export async function sendsNothingOpen(self: Actor<Call<string, string>>) {
  const listener = await self.io.listen({ port: 0, hostname: "127.0.0.1" });
  const here = { scheduler: "local" } as const;
  const other = self.spawnWith(here, opens, portOf(listener));
  using conn = await listener.accept();
  const takes = async (send: (taker: Handle<void, Taken>) => unknown, ...args: Opener[]) => {
    const taker = self.spawnWith(here, takesOne, ...args);
    await send(taker);
    await taker.join();
    return await self.call(other, "are you open?");
  };
  const told = [
    await takes((taker) => self.send(taker, { other })),
    await takes((taker) => self.send(taker, { other }), other),
    await takes((taker) => self.call(taker, { other })),
    await takes(async (taker) => {
      self.spawnWith(here, asks, self.pid);
      self.send(taker, { passedOn: await self.receive() });
    }),
  ];
  self.exit(other, "shutdown");
  told.push(await readAll(conn));
  using again = await self.io.connect({ hostname: "127.0.0.1", port: portOf(listener) });
  await again.closeWrite();
  return told;
}

export async function senderEnds(self: Actor<Conn>) {
  const last = self.stats().schedulerCount - 1;
  const listener = await self.io.listen({ port: 0, hostname: "127.0.0.1" });
  const results: (string | null)[] = [];
  for (const scheduler of ["local", last] as const) {
    const sender = self.spawnWith({ scheduler }, opener, portOf(listener), self.pid);
    const accepted = await listener.accept();
    const conn = await self.receive();
    await sender.join();
    await conn.write("still open");
    results.push(decode(await accepted.read()));
  }
  return results;
}

/** A read that timed out, was aborted, or whose actor was killed loses nothing. */
export async function nothingLost(self: Actor) {
  const listener = await self.io.listen({ port: 0, hostname: "127.0.0.1" });
  const peer = await self.io.connect({ hostname: "127.0.0.1", port: portOf(listener) });
  const conn = await listener.accept();
  const names: string[] = [];
  const name = (error: Error) => names.push(error.name);
  await conn.read(10, { timeout: 5 }).catch(name);
  await conn.read(10, { signal: AbortSignal.timeout(5) }).catch(name);
  let got = "";
  let sent = "";
  let timeouts = 0;
  for (let i = 0; i < 300; i++) {
    const piece = `${i},`;
    sent += piece;
    await peer.write(piece);
    // Timeouts that fall together with the arrival: each byte comes once, in order, whoever wins.
    const back = await conn.read(2, { timeout: i % 3 === 0 ? 0 : 1 }).catch(() => null);
    if (back === null) timeouts++;
    else got += decode(back);
  }
  await peer.closeWrite();
  got += await readAll(conn);
  return { names, equal: got === sent, sent: sent.length, got: got.length, timeouts };
}

/** A stream that is cancelled while it reads, and the same by the signal of a pipe, leaves what comes then to the next reader. */
export async function cancelledStreams(self: Actor) {
  const listener = await self.io.listen({ port: 0, hostname: "127.0.0.1" });
  const peer = await self.io.connect({ hostname: "127.0.0.1", port: portOf(listener) });
  const conn = await listener.accept();
  let [sent, got] = ["", ""];
  for (let i = 0; i < 100; i++) {
    const piece = `${i},`;
    sent += piece;
    const now = i % 4 >= 2; // else the cancel and the bytes meet anywhere on the way
    if (i % 2 === 0) {
      const reader = conn.readable.getReader();
      const reading = reader.read();
      if (!now) await peer.write(piece);
      if (i % 3 === 0) await self.yield();
      await reader.cancel();
      const { value } = await reading;
      if (value !== undefined) got += decode(value);
    } else {
      const over = new AbortController();
      const sink = new WritableStream<Uint8Array>({ write: (bytes) => void (got += decode(bytes)) });
      const piping = conn.readable.pipeTo(sink, { signal: over.signal }).catch((error) => error.name);
      await self.yield();
      if (!now) await peer.write(piece);
      over.abort();
      await piping;
    }
    if (now) await peer.write(piece);
    while (got.length < sent.length) got += decode(await conn.read(100));
  }
  return got === sent;
}

/** Whoever has given a connection away is told, too, that it is closed. */
export async function givenAndClosed(self: Actor) {
  const listener = await self.io.listen({ port: 0, hostname: "127.0.0.1" });
  const conn = await self.io.connect({ hostname: "127.0.0.1", port: portOf(listener) });
  const peer = await listener.accept();
  const taker = self.spawnWith({ scheduler: self.stats().schedulerCount - 1 }, closesIt);
  await conn.write("a");
  self.send(taker, conn);
  await taker.join();
  const read = await readAll(peer); // it is closed
  return [read, await conn.write("b").then(() => "written", (error) => error.name)];
}
export async function closesIt(self: Actor<Conn>) {
  (await self.receive()).close();
}

/** Without a certificate there is no TLS, and no listener that speaks none. */
export async function noCertificate(self: Actor) {
  const tell = (error: Error) => [error.name, /certificate|cert/.test(error.message)];
  // deno-lint-ignore no-explicit-any
  const listen = (how: "listen" | "listenTls", options: any) => self.io[how](options).catch(tell);
  return [await listen("listenTls", { port: 0 }), await listen("listen", { port: 0, key: "a key" })];
}

/** What is refused is named. */
export async function readyForNothing(self: Actor) {
  const { io } = self;
  // deno-lint-ignore no-explicit-any
  const refused = (resource: any, interest: any) =>
    io.ready(resource, interest).catch(({ message }) => message);
  return [await refused({ no: "resource" }, "read"), await refused(io.stdin, "reading")];
}

/** An accept that was given up loses no connection. */
export async function noConnectionLost(self: Actor) {
  const listener = await self.io.listen({ port: 0, hostname: "127.0.0.1" });
  let accepted = 0;
  const hello = new Set<string>();
  const conns: Conn[] = [];
  for (let i = 0; i < 40; i++) {
    const conn = await self.io.connect({ hostname: "127.0.0.1", port: portOf(listener) });
    conns.push(conn);
    await conn.write(`n${i}`);
    const one = await listener.accept({ timeout: i % 2 }).catch(() => null);
    if (one !== null) {
      accepted++;
      hello.add(decode(await one.read())!);
      one.close();
    }
  }
  while (accepted < 40) {
    const one = await listener.accept({ timeout: 5000 });
    accepted++;
    hello.add(decode(await one.read())!);
    one.close();
  }
  return { accepted, different: hello.size };
}

export async function halfClose(self: Actor) {
  const listener = await self.io.listen({ port: 0, hostname: "127.0.0.1" });
  const peer = await self.io.connect({ hostname: "127.0.0.1", port: portOf(listener) });
  const conn = await listener.accept();
  await peer.write("question");
  await peer.closeWrite();
  const question = await readAll(conn);
  const refused = await peer.write("more").then(() => "", (error) => error.name);
  await conn.write("answer");
  conn.close();
  const closed = await conn.write("x").catch((error) => error.name);
  return { question, refused, answer: await readAll(peer), closed };
}

/** Its writing half is ended by a stream, and then once more. */
export async function halfClosedTwice(self: Actor) {
  const listener = await self.io.listen({ port: 0, hostname: "127.0.0.1" });
  const peer = await self.io.connect({ hostname: "127.0.0.1", port: portOf(listener) });
  const conn = await listener.accept();
  await new Blob(["question"]).stream().pipeTo(peer.writable);
  await peer.closeWrite();
  const question = await readAll(conn);
  await conn.write("answer");
  await Promise.all([conn.closeWrite(), conn.closeWrite()]);
  await conn.closeWrite();
  return [question, await readAll(peer)];
}

export async function failures(self: Actor) {
  const listener = await self.io.listen({ port: 0, hostname: "127.0.0.1" });
  const port = portOf(listener);
  const inUse = await self.io.listen({ port, hostname: "127.0.0.1" }).catch((error) => error);
  listener.close();
  const accepting = await listener.accept().catch((error) => error);
  const refused = await self.io.connect({ port, hostname: "127.0.0.1" }).catch((error) => error);
  return {
    inUse: inUse instanceof Deno.errors.AddrInUse,
    accepting: accepting instanceof Deno.errors.BadResource,
    refused: refused instanceof Deno.errors.ConnectionRefused,
    line: /programs\/net\.ts:\d+/.test(refused.stack),
  };
}

/** What is parked, and what actors hold, can be seen. */
export async function observed(self: Actor) {
  const listener = await self.io.listen({ port: 0, hostname: "127.0.0.1" });
  const waiting = Array.from({ length: 3 }, () => self.spawnWith({ scheduler: "local" }, accepts, listener));
  while (self.stats().ioParked < 3) await self.sleep(1);
  const parked = self.stats().ioParked;
  for (const one of waiting) self.exit(one, "shutdown");
  await Promise.all(waiting.map((one) => one.join()));
  return { parked, after: self.stats().ioParked };
}
export async function accepts(_self: Actor, listener: Listener) {
  await listener.accept();
}

/** `ready` tells that a read would not wait, and takes nothing. */
export async function readiness(self: Actor) {
  const listener = await self.io.listen({ port: 0, hostname: "127.0.0.1" });
  const early = await self.io.ready(listener, "read", { timeout: 5 }).then(
    () => "ready",
    (error) => error.name,
  );
  const peer = await self.io.connect({ hostname: "127.0.0.1", port: portOf(listener) });
  await self.io.ready(listener, "read");
  const conn = await listener.accept();
  const silent = await self.io.ready(conn, "read", { timeout: 5 }).then(() => "ready", (error) => error.name);
  await peer.write("here");
  await self.io.ready(conn, "read");
  await self.io.ready(conn, "read");
  const text = decode(await conn.read());
  await self.io.ready(conn, "write");
  peer.close();
  await self.io.ready(conn, "read");
  return { early, silent, text, end: await conn.read() };
}

/** A connection in a channel is the receiver's: it outlives its sender, and ends with the channel's owner. */
export async function sendsByChannel(self: Actor, port: number, sender: ChannelSender<Conn>) {
  const conns = [];
  for (let i = 0; i < 3; i++) conns.push(await self.io.connect({ hostname: "127.0.0.1", port }));
  for (const conn of conns) await sender.send(conn); // the last ones wait for room
}
export async function ownsChannel(self: Actor, port: number, where: number | "local", to: Pid<string>) {
  const { sender, receiver } = self.channel<Conn>(1);
  const other = self.spawnWith({ scheduler: where }, sendsByChannel, port, sender);
  const first = await receiver.receive();
  const second = await receiver.receive();
  await other.join(); // the third waits in the channel
  await first.write("1");
  await second.write("2");
  self.send(to, "wrote");
  await self.receive();
}
export async function byChannel(self: Actor<string>) {
  const last = self.stats().schedulerCount - 1;
  const seen: (string | null)[] = [];
  for (const where of ["local", last] as const) {
    const listener = await self.io.listen({ port: 0, hostname: "127.0.0.1" });
    const owner = self.spawnWith({ scheduler: "local" }, ownsChannel, portOf(listener), where, self.pid);
    const peers = [await listener.accept(), await listener.accept(), await listener.accept()];
    await self.receive();
    seen.push(decode(await peers[0].read()), decode(await peers[1].read()));
    self.kill(owner);
    for (const peer of peers) seen.push(decode(await peer.read()));
  }
  return seen;
}

/** Two actors wait for IO on two schedulers; when that is over, main waits for one that nothing can wake. */
export async function behindIo(self: Actor) {
  const stuck = self.spawnWith({ scheduler: 0 }, receivesNothing);
  const busy = self.spawnWith({ scheduler: self.stats().schedulerCount - 1 }, givesUp);
  await busy.join();
  await self.io.stat(".");
  await stuck.join();
}
export async function receivesNothing(self: Actor) {
  await self.receive();
}
export async function givesUp(self: Actor) {
  const listener = await self.io.listen({ port: 0, hostname: "127.0.0.1" });
  await listener.accept({ timeout: 20 }).catch(() => {});
}

/** Holds two things, and waits for one of them. */
export async function holdsTwo(self: Actor) {
  const listener = await self.io.listen({ port: 0, hostname: "127.0.0.1" });
  const conn = await self.io.connect({ hostname: "127.0.0.1", port: portOf(listener) });
  await conn.read();
}

/** Writes until no more is taken, says how much it was, and ends. */
export async function writesItsLast(self: Actor, port: string, toldPort: string) {
  const conn = await self.io.connect({ port: Number(port) });
  const told = await self.io.connect({ port: Number(toldPort) });
  const piece = new Uint8Array(1000);
  let written = 0;
  for (let isTaken = true; isTaken;) {
    isTaken = await Promise.race([conn.write(piece).then(() => true), self.sleep(100).then(() => false)]);
    if (isTaken) written += piece.length;
  }
  await told.write(`${written}\n`, {});
}

const PROGRAMS = {
  writesItsLast,
  behindIo,
  holdsTwo,
  byChannel,
  echo,
  handOver,
  closedAtEnd,
  sentToTheDead,
  sendsNothingOpen,
  senderEnds,
  nothingLost,
  noConnectionLost,
  cancelledStreams,
  givenAndClosed,
  noCertificate,
  halfClose,
  halfClosedTwice,
  failures,
  observed,
  readiness,
  readyForNothing,
};

export function main(self: Actor, name: keyof typeof PROGRAMS, ...args: string[]) {
  // deno-lint-ignore no-explicit-any
  return (PROGRAMS[name] as any)(self, ...args);
}
