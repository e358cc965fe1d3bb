/**
 * Many actors that stay, spawned one by one, each with things of its own among its arguments: a connection, a channel's
 * sender, a call to answer. Wherever each comes to live, it has what it was given, and its end closes that.
 *
 * @module
 */
import { assertEquals, assertRejects } from "@std/assert";
import type { Actor, Call, ChannelSender, Conn, Handle, Outcome, Pid } from "../../../smarm.ts";
import { Random } from "../plan.ts";
import { newName, PATIENT_MS, pause, PLANNED, start, times, until, valueOf } from "./support.ts";

interface Gifts {
  readonly conn: Conn | null;
  readonly sender: ChannelSender<number> | null;
  readonly call: Call<"who?", number> | null;
  readonly bytes: Uint8Array;
}

type StayerMessage = "return" | "panic" | Call<"speak", number>;

type Down = { readonly type: "DOWN"; readonly pid: Pid; readonly ref: number; readonly outcome: Outcome };
type CrowdMessage = { readonly here: number } | Down | Call<"who?", number>;

/** Says that it is here, then does what it is told to. What it says when it is called are its bytes, summed up. */
export async function stayer(
  self: Actor<StayerMessage>,
  boss: Pid<CrowdMessage>,
  id: number,
  { conn, sender, call, bytes }: Gifts,
): Promise<number> {
  self.send(boss, { here: id });
  call?.reply(id);
  for await (const message of self) {
    if (message === "return") return id;
    if (message === "panic") throw new Error(`${PLANNED}: stayer ${id}`);
    await conn?.write(bytes);
    await sender?.send(id);
    message.reply(bytes.reduce((sum, byte) => sum + byte, 0));
  }
  return -1;
}

export async function asks(self: Actor, boss: Pid<CrowdMessage>): Promise<number> {
  return await self.call(boss, "who?", { timeout: PATIENT_MS });
}

interface Member {
  readonly handle: Handle<number, StayerMessage>;
  readonly id: number;
  readonly gifts: Gifts;
  readonly peer: Conn | null;
  readonly name: string | null;
  readonly isMonitored: boolean;
  readonly asker: Handle<number> | null;
}

async function crowds(self: Actor<CrowdMessage>, random: Random): Promise<void> {
  const listener = await self.io.listen({ port: 0, hostname: "127.0.0.1" });
  const { port } = listener.addr as Deno.NetAddr;
  const { sender, receiver } = self.channel<number>();
  const maybe = () => random.below(3) === 0;

  const join = async (id: number): Promise<Member> => {
    const [peer, conn] = maybe()
      ? await Promise.all([self.io.connect({ port, hostname: "127.0.0.1" }), listener.accept()])
      : [null, null];
    const asker = maybe() ? start(self, random, asks, self.pid) : null;
    const call = asker === null ? null : await self.receive(isCall) as Call<"who?", number>;
    const bytes = Uint8Array.from(
      { length: maybe() ? 40_000 : 1 + random.below(40) },
      () => random.below(256),
    );
    const gifts: Gifts = { conn, sender: maybe() ? sender : null, call, bytes };
    const name = maybe() ? newName(self) : null, isMonitored = maybe();
    const handle = name === null && !isMonitored
      ? self.spawn(stayer, self.pid, id, gifts)
      : self.spawnWith({ name: name ?? undefined, monitor: isMonitored }, stayer, self.pid, id, gifts);
    if (random.below(4) > 0) assertEquals((await self.receive(isHere) as { here: number }).here, id);
    else await until(self, () => self.tryReceive() !== undefined, `stayer ${id} says that it is here`);
    return { handle, id, gifts, peer, name, isMonitored, asker };
  };

  const speaks = async ({ handle, id, gifts: { bytes, sender }, peer }: Member): Promise<void> => {
    const sum = await self.call(handle, "speak", { timeout: PATIENT_MS });
    assertEquals(sum, bytes.reduce((sum, byte) => sum + byte, 0), "what a stayer says");
    if (sender !== null) assertEquals(await receiver.receive({ timeout: PATIENT_MS }), id);
    for (let left = bytes.length; peer !== null && left > 0;) {
      const piece = await peer.read(left, { timeout: PATIENT_MS });
      if (piece === null) throw new Error(`stayer ${id}: ${left} bytes did not come`);
      assertEquals(piece, bytes.slice(bytes.length - left, bytes.length - left + piece.length));
      left -= piece.length;
    }
  };

  const ends = async ({ handle, id, peer, name, isMonitored, asker }: Member): Promise<void> => {
    const how = random.pick(["return", "panic", "exit", "kill"] as const);
    if (how === "exit") self.exit(handle, "enough");
    else if (how === "kill") self.kill(handle);
    else self.send(handle, how);
    const outcome = await handle.join({ timeout: PATIENT_MS });
    if (outcome.kind === "exit") assertEquals([how, outcome.value], ["return", id]);
    else assertEquals(outcome.error.name, how === "panic" ? "Error" : "ExitError", how);
    if (isMonitored) {
      const down = await self.receive((message) => "pid" in message && message.pid === handle.pid) as Down;
      assertEquals(down.outcome.kind, outcome.kind, how);
    }
    if (name !== null) assertEquals(self.whereis(name), undefined, "the name of a dead stayer");
    if (peer !== null) {
      assertEquals(await peer.read(1, { timeout: PATIENT_MS }), null, "from the connection of a dead stayer");
      peer.close();
    }
    if (asker !== null) assertEquals(await valueOf(asker, "an asker"), id);
    await assertRejects(() => self.call(handle, "speak"), Error, "dead");
  };

  const crowd: Member[] = [];
  let ids = 0;
  for (let left = 20 + random.below(60); left > 0; left--) {
    crowd.push(await join(ids++));
    if (random.below(6) === 0) await pause(self, random);
    if (random.below(5) === 0) await speaks(random.pick(crowd));
    if (random.below(12) === 0) await ends(...crowd.splice(random.below(crowd.length), 1) as [Member]);
  }
  for (const member of times(10, () => random.pick(crowd))) await speaks(member);
  for (const member of crowd) await ends(member);
  listener.close();
  receiver.close();
  assertEquals(self.tryReceive(), undefined, "a message that nobody has sent");
}

const isHere = (message: CrowdMessage) => "here" in message;
const isCall = (message: CrowdMessage) => "reply" in message;

export const crowdScenes = { crowds };
