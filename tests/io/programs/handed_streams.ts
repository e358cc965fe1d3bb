// deno-lint-ignore-file no-explicit-any -- an owner takes whatever the next handing-over needs
/**
 * Pipes of commands, datagram sockets and listeners that change hands, in every way in which a value gets to another actor.
 * Each owner uses its thing, gives some of its requests up, and hands it on while others are still under way.
 */
import type { Actor, ChildInput, ChildOutput, DatagramConn, Listener, Pid } from "smarm";
import { handOn, ownersBy } from "./handing_over.ts";
import { random } from "./journey_bytes.ts";

const THINGS = 4;
const HOPS = 10;
const LOCAL = "127.0.0.1";

/** What changes hands. */
type Thing =
  | { readonly kind: "input"; readonly pipe: ChildInput }
  | { readonly kind: "output"; readonly pipe: ChildOutput }
  | { readonly kind: "socket"; readonly socket: DatagramConn }
  | { readonly kind: "listener"; readonly listener: Listener };

interface Travelling {
  readonly thing: Thing;
  readonly number: number;
  readonly hop: number;
}

/** What an owner has had of its thing. */
interface Told {
  readonly number: number;
  readonly kind: Thing["kind"];
  readonly hop: number;
  readonly got: string[];
}

type Main = Pid<Told>;

const nothing = (error: Error) => {
  if (error.name !== "TimeoutError") throw error;
  return null;
};
const decode = (bytes: Uint8Array | null) => bytes === null ? "" : new TextDecoder().decode(bytes);
const line = (number: number, hop: number, of: number) => `${number} ${hop} ${of}\n`;
const linesOf = (number: number, hop: number) =>
  Array.from({ length: 1 + random(number * 100 + hop)(4) }, (_, of) => line(number, hop, of));

/** Uses the thing for a while. Gives what came, and what is still under way. */
async function use({ thing, number, hop }: Travelling, next: (n: number) => number) {
  const got: string[] = [];
  let under: Promise<unknown> = Promise.resolve();
  switch (thing.kind) {
    case "input": {
      const writing = linesOf(number, hop).map((text) => thing.pipe.write(text));
      if (hop === HOPS) {
        await Promise.all(writing);
        thing.pipe.close();
      } else under = Promise.all(writing);
      break;
    }
    case "output":
      for (let i = next(3); i >= 0 || hop === HOPS; i--) {
        const options = hop === HOPS ? undefined : { timeout: next(3) };
        const bytes = await thing.pipe.read(1 + next(40), options).then((one) => one ?? "end", nothing);
        if (bytes === "end") break;
        got.push(decode(bytes));
      }
      break;
    case "socket":
      for (let i = next(3); i >= 0 || hop === HOPS; i--) {
        const options = hop === HOPS ? undefined : { timeout: next(3) };
        const datagram = await thing.socket.receive(options).catch(nothing);
        if (datagram === null) continue;
        got.push(decode(datagram[0]));
        if (got.at(-1) === "end") break;
      }
      break;
    case "listener":
      for (let i = next(3); i >= 0 || hop === HOPS; i--) {
        const options = hop === HOPS ? undefined : { timeout: next(3) };
        const conn = await thing.listener.accept(options).catch(nothing);
        if (conn === null) continue;
        let text = "";
        for (let bytes = await conn.read(); bytes !== null; bytes = await conn.read()) text += decode(bytes);
        got.push(text);
        if (text === "end") break;
      }
  }
  return { got, under };
}

async function own(self: Actor<any>, travelling: Travelling, main: Main): Promise<void> {
  const { thing, number, hop } = travelling;
  const next = random(number * 100 + hop);
  const { got, under } = await use(travelling, next);
  self.send(main, { number, kind: thing.kind, hop, got });
  if (hop === HOPS) return;
  await handOn(self, { thing, number, hop: hop + 1 }, main, next, owners);
  await under;
}

const owners = ownersBy(own);
export const { bySpawn, byMessage, byCall, byReply, byChannel } = owners;

const MESSAGES = 40;

/** Sends numbered datagrams, now and then one more, until the receiver has had the end. */
export async function sendsDatagrams(self: Actor, port: number) {
  const socket = await self.io.datagram({ hostname: LOCAL, port: 0 });
  for (let i = 0; i < MESSAGES; i++) {
    await socket.send(new TextEncoder().encode(String(i)), { hostname: LOCAL, port });
    if (i % 4 === 0) await self.sleep(1);
  }
  await socket.send(new TextEncoder().encode("end"), { hostname: LOCAL, port });
}

/** Connects one after the other. */
export async function connects(self: Actor, port: number) {
  for (let i = 0; i <= MESSAGES; i++) {
    const conn = await self.io.connect({ hostname: LOCAL, port });
    await conn.write(i === MESSAGES ? "end" : String(i));
    conn.close();
    if (i % 4 === 0) await self.sleep(1);
  }
}

/** What was had of each thing, and what is to be. */
export async function main(self: Actor<Told>): Promise<[got: string[], wanted: string[]]> {
  const portOf = (addr: Deno.Addr) => (addr as Deno.NetAddr).port;
  const start = (thing: Thing, number: number) =>
    void self.spawn(bySpawn, { thing, number, hop: 0 }, self.pid as Main);
  for (let number = 0; number < THINGS; number++) {
    const child = await self.io.command("cat", { stdin: "piped" }).spawn();
    start({ kind: "input", pipe: child.stdin }, number);
    start({ kind: "output", pipe: child.stdout }, number);
    const socket = await self.io.datagram({ hostname: LOCAL, port: 0 });
    self.spawn(sendsDatagrams, socket.addr.port);
    start({ kind: "socket", socket }, number);
    const listener = await self.io.listen({ hostname: LOCAL, port: 0 });
    self.spawn(connects, portOf(listener.addr));
    start({ kind: "listener", listener }, number);
  }
  const told: Told[] = [];
  for (let left = 4 * THINGS * (HOPS + 1); left > 0; left--) {
    told.push(await self.receive({ timeout: 60_000 }));
  }
  const got = (kind: Thing["kind"], number: number) =>
    told.filter((one) => one.kind === kind && one.number === number).sort((a, b) => a.hop - b.hop)
      .flatMap((one) => one.got);
  const numbered = [...Array.from({ length: MESSAGES }, (_, i) => String(i)), "end"].join(" ");
  const had: string[] = [], wanted: string[] = [];
  for (let number = 0; number < THINGS; number++) {
    const lines = Array.from({ length: HOPS + 1 }, (_, hop) => linesOf(number, hop).join("")).join("");
    had.push(
      got("output", number).join(""),
      got("socket", number).join(" "),
      got("listener", number).join(" "),
    );
    wanted.push(lines, numbered, numbered);
  }
  return [had, wanted];
}
