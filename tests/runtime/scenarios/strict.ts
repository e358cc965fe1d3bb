// Programs of tests/runtime/strict_test.ts.
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Actor, Call, ChannelSender, Down, Handle } from "smarm";
import { mainOf, schedulerAt } from "../scenario_main.ts";
import * as scenarios from "./strict.ts";

export const main = mainOf(() => scenarios);

async function refusal(run: () => unknown): Promise<Error> {
  try {
    await run();
  } catch (error) {
    return error as Error;
  }
  throw new Error("it was accepted");
}

const bad = () => ({ user: { save: () => {} } });

export async function refuses(self: Actor<unknown>): Promise<void> {
  for (let where = 0; where < 2; where++) {
    const peer = self.spawnWith(schedulerAt(self, where), answersBadly);
    const { sender } = self.channel<unknown>();
    const ways: [string, () => unknown][] = [
      ["message", () => self.send(peer, bad() as never)],
      ["message", () => self.send(self.pid, bad())],
      ["message", () => self.after(1, peer.pid, bad() as never)],
      ["message", () => self.every(1, self.pid, bad())],
      ["request", () => self.call(peer as never, bad() as never)],
      ["value", () => sender.send(bad())],
      ["value", () => sender.trySend(bad())],
      ["reason", () => self.exit(peer, bad())],
      ["args[0]", () => self.spawn(answersBadly, bad() as never)],
      ["args[1]", () => self.spawnWith(schedulerAt(self, where), answersBadly, 1, bad() as never)],
    ];
    for (const [root, run] of ways) {
      const error = await refusal(run);
      assertEquals(error.name, "NotSendableError", root);
      assert(error.message.startsWith(`Cannot send ${root}.user.save: `), error.message);
    }
    assertMatch(await self.call(peer as never, 1 as never), /Cannot send reply\.user\.save/);
    self.exit(peer, "shutdown");
  }
}

export async function answersBadly(self: Actor<Call<unknown, unknown>>, ..._args: number[]): Promise<void> {
  for await (const call of self) {
    try {
      call.reply(bad());
    } catch (error) {
      call.reply(String(error));
    }
  }
}

export function returns(_self: Actor, isBad: boolean): unknown {
  return isBad ? bad() : { list: [{ n: 1 }] };
}

export async function returned(self: Actor<Down>): Promise<void> {
  for (let where = 0; where < 2; where++) {
    const options = { ...schedulerAt(self, where), monitor: true };
    const refused = self.spawnWith(options, returns, true);
    for (const outcome of [await refused.join(), (await self.receive()).outcome]) {
      assert(outcome.kind === "panic");
      assertMatch(outcome.error.message, /^Cannot send value\.user\.save: /);
    }
    const taken = self.spawnWith(options, returns, false);
    for (const outcome of [await taken.join(), (await self.receive()).outcome]) {
      assert(outcome.kind === "exit");
      const { list } = outcome.value as { list: unknown[] };
      assert(Object.isFrozen(outcome.value) && Object.isFrozen(list) && Object.isFrozen(list[0]));
    }
  }
}

export async function freezes(self: Actor<unknown>): Promise<void> {
  for (let where = 0; where < 2; where++) {
    const peer = self.spawnWith(schedulerAt(self, where), replies);
    const { sender } = self.channel<unknown>();
    const fresh = () => ({ list: [{ n: 1 }], map: new Map([[1, { n: 2 }]]) });
    const ways: ((message: unknown) => unknown)[] = [
      (message) => self.send(self.pid, message),
      (message) => self.send(peer, message as never),
      (message) => self.after(1, self.pid, message),
      (message) => self.call(peer as never, message as never),
      (message) => sender.send(message),
      (message) => sender.trySend(message),
      (message) =>
        self.exit(self.spawnWith({ ...schedulerAt(self, where), monitor: true }, replies), message),
      (message) => self.spawnWith(schedulerAt(self, where), takesArgs, message),
    ];
    for (const [i, send] of ways.entries()) {
      const message = fresh();
      await send(message);
      assert(
        Object.isFrozen(message) && Object.isFrozen(message.list[0]) && Object.isFrozen(message.map.get(1)),
        `way ${i}`,
      );
    }
    self.exit(peer, "shutdown");
  }
}

export async function replies(self: Actor<Call<unknown, unknown>>): Promise<void> {
  for await (const call of self) if (call.type === "CALL") call.reply(call.request);
}

export function takesArgs(_self: Actor, message: unknown): boolean {
  return Object.isFrozen(message);
}

export async function receivedIsFrozen(self: Actor<unknown>): Promise<void> {
  for (let where = 0; where < 2; where++) {
    const peer = self.spawnWith(schedulerAt(self, where), echoes, self.pid as never);
    self.send(peer, { deep: { n: 1 } });
    const back = await self.receive() as { deep: { n: number } };
    assert(Object.isFrozen(back) && Object.isFrozen(back.deep));
    const reply = await self.call(self.spawnWith(schedulerAt(self, where), replies), { deep: { n: 2 } }) as {
      deep: object;
    };
    assert(Object.isFrozen(reply.deep));
    assertEquals(await self.spawnWith(schedulerAt(self, where), takesArgs, { n: 1 }).join(), {
      kind: "exit",
      value: true,
    });
    self.exit(peer, "shutdown");
  }
}

export async function takesBoth(self: Actor<{ n: number }>, argument: { n: number }): Promise<boolean> {
  return Object.isFrozen(argument) && Object.isFrozen(await self.receive());
}

/** Actors that a thief may take, with what was sent to them before they began. */
export async function takenIsFrozen(self: Actor): Promise<void> {
  for (let round = 0; round < 20; round++) {
    const children = Array.from({ length: 20 }, () => {
      const child = self.spawn(takesBoth, { n: 1 });
      self.send(child, { n: 2 });
      return child;
    });
    for (const child of children) assertEquals(await child.join(), { kind: "exit", value: true });
  }
}

export async function echoes(self: Actor<unknown>, to: import("smarm").Pid<unknown>): Promise<void> {
  for await (const message of self) self.send(to, message);
}

export async function sleeps(self: Actor<unknown>): Promise<string> {
  await self.receive();
  return "ended";
}

export async function uses(
  self: Actor<{ handle: Handle<string>; sender: ChannelSender<number> }>,
): Promise<string> {
  const { handle, sender } = await self.receive();
  await sender.send(1);
  await sender.send(2);
  self.send(handle, "end" as never);
  const outcome = await handle.join();
  return outcome.kind === "exit" ? outcome.value : String(outcome.error);
}

export async function staysAlive(self: Actor<unknown>): Promise<void> {
  for (let where = 0; where < 2; where++) {
    const handle = self.spawnWith(schedulerAt(self, 1), sleeps);
    const { sender, receiver } = self.channel<number>(1);
    const user = self.spawnWith(schedulerAt(self, where), uses);
    self.send(user, { handle, sender } as never);
    assertEquals([await receiver.receive(), await receiver.receive()], [1, 2]);
    assertEquals(await user.join(), { kind: "exit", value: "ended" });
    assertEquals(await handle.join(), { kind: "exit", value: "ended" });
    await sender.send(3);
    const server = self.spawnWith(schedulerAt(self, where), replies);
    const proxy = self.spawnWith(schedulerAt(self, where), echoes, server.pid as never);
    assertEquals(await self.call(proxy as never, { n: 1 } as never), { n: 1 });
    self.exit(server, "shutdown");
    self.exit(proxy, "shutdown");
  }
}

export async function closures(self: Actor): Promise<void> {
  const child = self.spawn((_: Actor, f: () => number) => f(), () => 5);
  assertEquals(await child.join(), { kind: "exit", value: 5 });
  const outcome = await self.spawn(() => () => 6).join();
  assertEquals(outcome.kind === "exit" && outcome.value(), 6);
}

export async function transfers(self: Actor<unknown>): Promise<void> {
  const { port1, port2 } = new MessageChannel();
  const buffer = new ArrayBuffer(8);
  self.send(self.pid, { buffer, port2 }, { transfer: [buffer, port2] });
  assertEquals(buffer.byteLength, 0);
  const message = await self.receive() as { buffer: ArrayBuffer; port2: MessagePort };
  assertEquals(message.buffer.byteLength, 8);
  message.port2.close();
  port1.close();
}

export async function laxReason(self: Actor<unknown>): Promise<void> {
  const peer = self.spawnWith(schedulerAt(self, 1), sleeps);
  const error = await refusal(() => self.exit(peer, bad()));
  assertMatch(error.message, /^Cannot send reason\.user\.save: /);
  self.send(peer, "end");
}

export async function laxByReference(self: Actor<unknown>): Promise<void> {
  const message = { f: () => 1 };
  self.send(self.pid, message);
  assert(await self.receive() === message && !Object.isFrozen(message));
}
