// Programs of tests/runtime/call_test.ts.
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Actor, Call, Handle, NotSendableError, Outcome, Pid } from "smarm";
import { mainOf, rejection, schedulerAt } from "../scenario_main.ts";
import * as scenarios from "./call.ts";

export const main = mainOf(() => scenarios);

type Ask = Call<number, number>;

export async function doubler(self: Actor<Ask>): Promise<void> {
  for await (const call of self) {
    if (call.request < 0) call.fail(new RangeError(`negative: ${call.request}`));
    else call.reply(call.request * 2);
  }
}

export async function answers(self: Actor): Promise<void> {
  for (let where = 0; where < 2; where++) {
    const server = self.spawnWith(schedulerAt(self, where), doubler);
    for (let i = 0; i < 100; i++) assertEquals(await self.call(server, i), i * 2);
    const error = await rejection(self.call(server, -1));
    assertEquals([error.name, error.message], ["RangeError", "negative: -1"]);
    const many = await Promise.all(Array.from({ length: 50 }, (_, i) => self.call(server, i)));
    assertEquals(many, Array.from({ length: 50 }, (_, i) => i * 2));
    self.exit(server, "shutdown");
  }
}

export async function dies(self: Actor<Ask>): Promise<void> {
  await self.receive();
  throw new Error("broken");
}

export async function death(self: Actor): Promise<void> {
  for (let where = 0; where < 2; where++) {
    const server = self.spawnWith(schedulerAt(self, where), dies);
    const error = await rejection(self.call(server, 1));
    assertEquals(error.name, "DeadActorError");
    assertMatch(error.message, /ended before it answered/);
    assertEquals((error.cause as Error).message, "broken");
    await server.join();
    assertMatch((await rejection(self.call(server, 1))).message, /is dead/);
    assertEquals((await rejection(self.call("nobody", 1))).name, "DeadActorError");
  }
}

export function isOverAtOnce(_self: Actor<Ask>): void {}

export async function asksOneThatEnds(self: Actor): Promise<string> {
  return (await rejection(self.call(self.spawn(isOverAtOnce), 1))).name;
}

/** The callee has not begun when it is called, and where somebody has nothing to do it is given there with the call. */
export async function deathElsewhere(self: Actor): Promise<void> {
  for (let i = 0; i < 200; i++) {
    const outcome = await self.spawn(asksOneThatEnds).join();
    assertEquals(outcome, { kind: "exit", value: "DeadActorError" });
  }
}

export async function sleeper(self: Actor<Ask>, ready: Pid<string>): Promise<void> {
  const call = await self.receive();
  self.send(ready, "has it");
  await self.sleep(3_600_000);
  call.reply(1);
}

export async function timeoutTells(self: Actor<string>): Promise<void> {
  for (let where = 0; where < 2; where++) {
    const server = self.spawnWith(schedulerAt(self, where), sleeper, self.pid);
    const unanswered = rejection(self.call(server, 1));
    await self.receive(); // it sleeps from here on
    const error = await rejection(self.call(server, 2, { timeout: 30 }));
    assertEquals(error.name, "TimeoutError");
    assertMatch(
      error.message,
      /^call to <\d+\.\d+\.\d+> sleeper was not answered within \d+ ms: it is waiting in sleep for \d+ ms, with 1 message in its mailbox$/,
    );
    self.kill(server);
    await Promise.all([unanswered, server.join()]);
  }
}

export function spins(self: Actor<unknown>, ready: Pid<string>, ms: number): void {
  self.send(ready, "spinning");
  const until = performance.now() + ms;
  while (performance.now() < until);
}

export async function timeoutOfBusyScheduler(self: Actor<string>): Promise<void> {
  if (self.stats().schedulerCount === 1) return; // it could not hear of the timeout either
  const server = self.spawnWith(schedulerAt(self, 1), spins, self.pid, 400);
  await self.receive();
  const error = await rejection(self.call(server, 1, { timeout: 10 }));
  assertEquals(error.name, "TimeoutError");
  assertMatch(error.message, /spins|it is running, and has not given way/);
  assertEquals((await server.join()).kind, "exit");
}

export async function forwards(
  self: Actor<Call<Pid<Ask>, number> | Pid<Ask>>,
  ready?: Pid<string>,
): Promise<void> {
  const next = await self.receive() as Pid<Ask>;
  if (ready !== undefined) self.send(ready, "ready");
  for (;;) {
    const call = await self.receive() as Ask;
    try {
      call.reply(await self.call(next, call.request, { timeout: 60_000 }));
    } catch (error) {
      call.fail(error);
    }
  }
}

export async function circle(self: Actor<string>): Promise<void> {
  const ring = [1, 2, 3].map((i) => self.spawnWith(schedulerAt(self, i), forwards, self.pid));
  ring.forEach((one, i) => self.send(one, ring[(i + 1) % 3].pid as Pid<Ask>));
  for (let i = 0; i < 3; i++) await self.receive(); // a call could be there before they know whom to pass it on to
  const inACircle =
    /The calls wait for each other in a circle: <.*> forwards calls <.*> forwards calls <.*> forwards calls <.*> forwards$/;
  let asked: Error;
  do { // the first goes around; when it has closed the circle, a later one is told of it
    asked = await rejection(self.call(ring[0].pid as unknown as Pid<Ask>, 1, { timeout: 40 }));
  } while (!inACircle.test(asked.message));
  const own = await rejection(self.call(self.pid as unknown as Pid<Ask>, 1, { timeout: 5 }));
  assertMatch(own.message, /in a circle: <(.*)> circle calls <\1> circle$/);
  for (const one of ring) self.exit(one, "shutdown");
}

/** Waits for two answers at once, the first of which is owed by somebody outside of the circle. */
export async function callsTwo(self: Actor<Pid<Ask>>, sleeps: Pid<Ask>, ready: Pid<string>): Promise<void> {
  const back = await self.receive();
  const both = [sleeps, back].map((to) => self.call(to, 1, { timeout: 60_000 }).catch(() => {}));
  self.send(ready, "waits for both");
  await Promise.all(both);
}

export async function circleBesideACall(self: Actor<string>): Promise<void> {
  for (let where = 0; where < 2; where++) {
    const server = self.spawnWith(schedulerAt(self, 1), sleeper, self.pid);
    const other = self.spawnWith(schedulerAt(self, where), callsTwo, server.pid, self.pid);
    self.send(other, self.pid as unknown as Pid<Ask>);
    await self.receive((m) => m === "has it");
    await self.receive((m) => m === "waits for both");
    const error = await rejection(self.call(other.pid as unknown as Pid<Ask>, 1, { timeout: 30 }));
    assertMatch(error.message, /in a circle: <(.*)> circleBesideACall calls <.*> callsTwo calls <\1> /);
    for (const one of [server, other]) {
      self.kill(one);
      await one.join();
    }
    await self.receive((m) => (m as unknown as Ask).type === "CALL");
  }
}

export async function late(self: Actor<Ask>, ready: Pid<string>): Promise<void> {
  const first = await self.receive();
  self.send(ready, "has it");
  const second = await self.receive();
  first.reply(-1); // nobody waits for it any more
  first.reply(-2);
  second.reply(2);
  second.reply(-2);
}

export async function lateReplies(self: Actor<string>): Promise<void> {
  for (let where = 0; where < 2; where++) {
    const server = self.spawnWith(schedulerAt(self, where), late, self.pid);
    assertEquals((await rejection(self.call(server, 1, { timeout: 5 }))).name, "TimeoutError");
    assertEquals(await self.call(server, 2), 2);
    assertEquals(await server.join(), { kind: "exit", value: undefined });
    await self.receive();
    assertEquals(self.tryReceive(), undefined);
  }
}

export async function passesOn(self: Actor<Ask>, to: Pid<Ask>): Promise<void> {
  const call = await self.receive();
  self.send(to, call);
  await self.receive();
}

export async function forwardedCall(self: Actor): Promise<void> {
  const server = self.spawnWith(schedulerAt(self, 2), doubler);
  const proxy = self.spawnWith(schedulerAt(self, 1), passesOn, server.pid);
  assertEquals(await self.call(proxy, 21), 42);
  self.exit(proxy, "shutdown");
  self.exit(server, "shutdown");
}

export async function aborted(self: Actor): Promise<void> {
  const server = self.spawnWith(schedulerAt(self, 1), forwards);
  const controller = new AbortController();
  const call = rejection(self.call(server.pid as unknown as Pid<Ask>, 1, { signal: controller.signal }));
  controller.abort(new Error("enough"));
  assertEquals((await call).message, "enough");
  self.exit(server, "shutdown");
}

export async function unsendable(self: Actor): Promise<void> {
  const server = self.spawnWith(schedulerAt(self, 1), wrongReply);
  if (self.stats().schedulerCount === 1) return void self.exit(server, "shutdown");
  const request = await rejection(self.call(server, { f: () => {} } as unknown as number));
  assertEquals(request.name, "NotSendableError");
  assertEquals((request as NotSendableError).path, "request.f");
  assertMatch(request.message, /^Cannot send request\.f: /);
  assertMatch(
    request.stack!,
    /^NotSendableError: Cannot send request\.f: [^]*at unsendable \(.*scenarios\/call\.ts:/,
  );
  const whole = await rejection(self.call(server, { from: self } as unknown as number));
  assertMatch(whole.message, /request\.from: self stays with its actor\. Send self\.pid/);
  assertMatch(await self.call(server, 1), /NotSendableError: Cannot send reply\.f/);
}

/** What another scheduler is to start, and what it gives back: named as the program knows it. */
export async function unsendableEnds(self: Actor): Promise<void> {
  const elsewhere = schedulerAt(self, 1);
  if (self.stats().schedulerCount === 1) return;
  const args = await rejection(Promise.try(() => self.spawnWith(elsewhere, wrongEnd, { f: () => {} })));
  assertMatch(args.message, /^Cannot send args\[0\]\.f: /);
  const child = self.spawnWith(elsewhere, wrongEnd, null);
  const copy = self.spawnWith(elsewhere, joins, child);
  for (const outcome of [await child.join(), (await copy.join() as { value: Outcome }).value]) {
    assert(outcome.kind === "panic");
    assertMatch(outcome.error.message, /^Cannot send value\.f: /);
    assertEquals((outcome.error as NotSendableError).path, "value.f");
  }
}

export function wrongEnd(_self: Actor, _given: unknown): unknown {
  return { f: () => {} };
}

export async function joins(_self: Actor, other: Handle): Promise<Outcome> {
  return await other.join();
}

export async function wrongReply(self: Actor<Call<number, string>>): Promise<void> {
  const call = await self.receive();
  try {
    call.reply({ f: () => {} } as unknown as string);
  } catch (error) {
    call.reply(String(error)); // what could not be sent was no answer
  }
}

export async function badOptions(self: Actor): Promise<void> {
  for (const bad of [-1, NaN, Infinity, "5", 2 ** 53]) {
    const error = await rejection(self.call(self.pid, 1 as never, { timeout: bad as number }));
    assertEquals(error.name, typeof bad === "number" ? "RangeError" : "TypeError");
    assert(error.message.includes(Deno.inspect(bad)), error.message);
  }
  assertMatch((await rejection(self.call({} as never, 1 as never))).message, /call needs a pid, a handle or/);
}
