/**
 * Actors that each hold a connection and know each other: they send handles, calls and channel ends to one another and to
 * actors that soon end. What each holds stays its own until its own end, which closes it.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import type { Actor, Call, ChannelSender, Conn, Handle } from "../../../smarm.ts";
import { Random } from "../plan.ts";
import { hands, PATIENT_MS, pause, PLANNED, start, times, valueOf } from "./support.ts";

type Request = "is it open?" | { readonly about: Keeper };

type KeeperMessage =
  | Call<Request, string>
  | { readonly tell: Handle<void, PassingMessage>; readonly about: Keeper }
  | { readonly passTo: Handle<void, PassingMessage> };

type Keeper = Handle<void, KeeperMessage>;

type PassingMessage =
  | { readonly about: Keeper }
  | { readonly call: Call<Request, string> }
  | Call<Request, string>;

/** Holds a connection to somebody who echoes, and sends others what it is told to. The next call after `passTo` is passed on. */
export async function keeper(self: Actor<KeeperMessage>, port: number, seed: number): Promise<void> {
  const random = new Random(seed);
  const conn = await self.io.connect({ port, hostname: "127.0.0.1" });
  let passTo: Handle<void, PassingMessage> | null = null;
  for await (const message of self) {
    if (random.below(4) === 0) await pause(self, random);
    if ("tell" in message) self.send(message.tell, { about: message.about });
    else if ("passTo" in message) ({ passTo } = message);
    else if (message.request !== "is it open?") message.reply("known");
    else if (passTo !== null) {
      self.send(passTo, { call: message });
      passTo = null;
    } else {
      await conn.write("?");
      const answer = await conn.read(1, { timeout: PATIENT_MS });
      message.reply(answer === null ? "closed" : "open");
    }
  }
}

/** Takes one message, and ends in one way or another. */
export async function passing(
  self: Actor<PassingMessage>,
  seed: number,
  ..._known: unknown[]
): Promise<void> {
  const random = new Random(seed);
  const message = await self.receive();
  if ("call" in message) message.call.reply("passed on");
  else if ("reply" in message) message.reply("known");
  if (random.below(3) === 0) await pause(self, random);
  if (random.below(3) === 0) throw new Error(`${PLANNED}: passing`);
}

export async function answersAll(self: Actor, conn: Conn, known: ChannelSender<never>): Promise<boolean> {
  void self;
  for await (const piece of conn) await conn.write(piece);
  return known.isClosed;
}

async function holders(self: Actor<Call<Request, string>>, random: Random): Promise<void> {
  const listener = await self.io.listen({ port: 0, hostname: "127.0.0.1" });
  const { port } = listener.addr as Deno.NetAddr;
  const { sender, receiver } = self.channel<never>();
  const keepers: Keeper[] = [];
  const echoes: Handle<boolean>[] = [];
  for (let left = 2 + random.below(3); left > 0; left--) {
    keepers.push(start(self, random, keeper, port, random.next()));
    echoes.push(hands(self, random, answersAll, await listener.accept(), sender));
  }
  const passings: Handle<void, PassingMessage>[] = [];
  for (let left = random.below(12); left > 0; left--) {
    const about = random.pick(keepers), by = random.pick(keepers);
    const known = times(random.below(3), () => random.pick([about, by, sender, { list: keepers }]));
    const one = start(self, random, passing, random.next(), ...known);
    passings.push(one);
    switch (random.below(5)) {
      case 0:
        self.send(one, { about });
        break;
      case 1:
        self.send(by, { tell: one, about });
        break;
      case 2:
        assertEquals(await self.call(one, { about }, { timeout: PATIENT_MS }), "known");
        break;
      case 3:
        assertEquals(await self.call(by, { about }, { timeout: PATIENT_MS }), "known");
        self.send(one, { about });
        break;
      case 4:
        self.send(by, { passTo: one });
        assertEquals(await self.call(by, "is it open?", { timeout: PATIENT_MS }), "passed on");
    }
    if (random.below(4) === 0) await pause(self, random);
  }
  for (const one of passings) await one.join();
  for (const one of keepers) {
    assertEquals(await self.call(one, "is it open?", { timeout: PATIENT_MS }), "open", "what a keeper holds");
  }
  for (const [i, one] of keepers.entries()) {
    self.exit(one, "shutdown");
    await one.join();
    assertEquals(await valueOf(echoes[i], "an echo"), false, "whether the channel was closed");
  }
  const [again] = await Promise.all([self.io.connect({ port, hostname: "127.0.0.1" }), listener.accept()]);
  again.close();
  receiver.close();
}

export const holderScenes = { holders };
