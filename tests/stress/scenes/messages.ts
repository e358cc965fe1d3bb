/**
 * Messages of many senders, taken by every kind of receive, given up ones among them: none is lost, none comes twice, and
 * those of one sender come in the order sent.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { Actor, Pid } from "../../../smarm.ts";
import { Random } from "../plan.ts";
import { pause, start, times, unlessTimedOut, valueOf } from "./support.ts";
import { assertIsFrom, valueFrom } from "./values.ts";

interface Numbered {
  readonly type: "numbered";
  readonly from: number;
  readonly n: number;
  /** Of the value; 0: there is none. */
  readonly seed: number;
  readonly value: unknown;
}
/** Timed, so that it stands in no order; it may also come too late to be seen. */
interface Tick {
  readonly type: "tick";
}
type Message = Numbered | Tick;

export async function producer(
  self: Actor,
  to: Pid<Message>,
  from: number,
  count: number,
  seed: number,
): Promise<void> {
  const random = new Random(seed);
  for (let n = 0; n < count; n++) {
    const seed = random.below(10) === 0 ? random.next() : 0;
    if (random.below(15) === 0) self.after(0, to, { type: "tick" });
    self.send(to, { type: "numbered", from, n, seed, value: seed === 0 ? null : valueFrom(seed) });
    if (random.below(3) === 0) await pause(self, random);
  }
}

async function fanIn(self: Actor<Message>, random: Random): Promise<void> {
  let missing = 0;
  const producers = times(1 + random.below(6), (from) => {
    const count = random.below(60);
    missing += count;
    return start(self, random, producer, self.pid, from, count, random.next());
  });
  const next = producers.map(() => 0);
  const never = self.channel<never>().receiver;
  while (missing > 0) {
    for (const message of await receiveSomehow(self, random, producers.length, never)) {
      if (message === undefined || message.type === "tick") continue;
      assertEquals(message.n, next[message.from]++, `the next message of producer ${message.from}`);
      if (message.seed !== 0) assertIsFrom(message.seed, message.value, "a message");
      missing--;
    }
  }
  for (const one of producers) await valueOf(one, "a producer");
  for (let extra; (extra = self.tryReceive()) !== undefined;) {
    assert(extra.type === "tick", `came twice: ${Deno.inspect(extra)}`);
  }
}

/** In the order in which the mailbox gave them. */
async function receiveSomehow(
  self: Actor<Message>,
  random: Random,
  producers: number,
  never: ReturnType<Actor["channel"]>["receiver"],
): Promise<(Message | undefined)[]> {
  const timeout = random.below(3);
  switch (random.below(7)) {
    case 0:
      return [await self.receive()];
    case 1:
      return [await unlessTimedOut(self.receive({ timeout }))];
    case 2:
      return [self.tryReceive()];
    case 3: {
      const wanted = random.below(producers);
      const matches = (message: Message) => message.type === "numbered" && message.from === wanted;
      const message = await unlessTimedOut(self.receive(matches, { timeout }));
      assert(message === undefined || matches(message), "a selective receive gave what does not match");
      return [message];
    }
    case 4:
      return [await givenUp(self, random)];
    case 5: {
      const selected = await unlessTimedOut(self.select({ mail: self, never }, { timeout }));
      assert(selected?.source !== "never", "a channel that nobody uses gave something");
      return [selected?.value];
    }
    default: // pending receives take messages in the order of the calls; the first may time out before the second
      return await Promise.all(
        [1, 2].map((timeout) => unlessTimedOut(self.receive({ timeout }))),
      );
  }
}

async function givenUp(self: Actor<Message>, random: Random): Promise<Message | undefined> {
  const controller = new AbortController();
  const received = self.receive({ signal: controller.signal });
  received.catch(() => {}); // looked at below; it may be settled before
  if (random.below(2) === 0) await pause(self, random);
  const reason = new Error("given up");
  controller.abort(reason);
  try {
    return await received;
  } catch (error) {
    if (error !== reason) throw error;
    return undefined;
  }
}

export async function leaf(self: Actor, to: Pid<number>, n: number): Promise<number> {
  if (n % 3 === 0) await self.yield();
  self.send(to, n);
  return n * 2;
}

/** Many that are spawned without a rest, and are over soon. */
async function burst(self: Actor<number>, random: Random): Promise<void> {
  const seen = new Uint8Array(100 + random.below(2000));
  const leaves = [];
  for (let i = 0; i < seen.length; i++) {
    leaves.push(self.spawn(leaf, self.pid, i));
    if (random.below(100) === 0) await self.check();
  }
  for (let i = 0; i < seen.length; i++) {
    const n = await self.receive();
    assertEquals(seen[n]++, 0, `leaf ${n} is heard twice`);
  }
  for (const [i, one] of leaves.entries()) assertEquals(await valueOf(one, "a leaf"), i * 2);
}

/** Fills a mailbox, and the way there, while its receiver does not look. */
export async function flood(self: Actor, to: Pid<[number, string]>, count: number, length: number) {
  for (let n = 0; n < count; n++) self.send(to, [n, "x".repeat(length)]);
  return await self.receive();
}

async function floods(self: Actor<[number, string]>, random: Random): Promise<void> {
  const count = random.below(3000), length = random.below(400);
  const from = start(self, random, flood, self.pid, count, length);
  await self.sleep(random.below(4));
  for (let n = 0; n < count; n++) {
    const [number, text] = await self.receive();
    assertEquals([number, text.length], [n, length]);
  }
  self.send(from, "end");
  assertEquals(await valueOf(from, "a flood"), "end");
}

export const messageScenes = { fanIn, burst, floods };
